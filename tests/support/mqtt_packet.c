/* Reads and writes packets of MQTT for tests. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/mqtt_packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading ---- */

/* The rest of a packet's body; BAD after an attempt to read past its end. */
struct reader {
  const uint8_t *at;
  size_t left;
  bool bad;
};

static const uint8_t *
take(struct reader *r, size_t n)
{
  const uint8_t *at = r->at;

  if (r->bad || n > r->left) {
    r->bad = true;
    return NULL;
  }
  r->at += n;
  r->left -= n;
  return at;
}

/* Reads a big endian number of N bytes. */
static uint32_t
take_number(struct reader *r, size_t n)
{
  const uint8_t *at = take(r, n);
  uint32_t number = 0;

  for (size_t i = 0; at && i < n; i++)
    number = number << 8 | at[i];
  return number;
}

/* Reads a variable byte integer, MQTT 5 section 1.5.5. */
static uint32_t
take_varint(struct reader *r)
{
  uint32_t number = 0, byte = 0x80;

  for (unsigned shift = 0; byte & 0x80 && shift < 28 && !r->bad; shift += 7) {
    byte = take_number(r, 1);
    number |= (byte & 0x7f) << shift;
  }
  return number;
}

static void
take_text(struct reader *r, char *buf, size_t size)
{
  size_t len = take_number(r, 2);
  const uint8_t *at = take(r, len);

  snprintf(buf, size, "%.*s", at ? (int)len : 0, at ? (const char *)at : "");
}

/* Reads one property of a PUBLISH, MQTT 5 section 3.3.2.3. */
static void
take_property(struct reader *r, struct mqtt_publish *ret)
{
  char name[64], value[64];

  switch (take_number(r, 1)) {
  case 0x01: /* payload format */
    take_number(r, 1);
    return;
  case 0x02:
    ret->expiry = take_number(r, 4);
    return;
  case 0x03: /* content type */
    take_text(r, name, sizeof(name));
    return;
  case 0x26:
    take_text(r, name, sizeof(name));
    take_text(r, value, sizeof(value));
    if (strcmp(name, "id") == 0)
      memcpy(ret->id, value, sizeof(value));
    return;
  default:
    r->bad = true;
  }
}

static void
take_properties(struct reader *r, struct mqtt_publish *ret)
{
  size_t len = take_varint(r);
  struct reader properties = { .left = len };

  properties.at = take(r, len);
  while (!r->bad && properties.left > 0) {
    take_property(&properties, ret);
    r->bad = properties.bad;
  }
}

bool
mqtt_packet_parse(const uint8_t *buf, size_t len, struct mqtt_packet *ret)
{
  struct reader r = { .at = buf, .left = len };
  uint32_t first = take_number(&r, 1), body_len = take_varint(&r);
  const uint8_t *body = take(&r, body_len);

  if (r.bad)
    return false;
  *ret = (struct mqtt_packet){ .type = first >> 4,
                               .flags = first & 0xf,
                               .body = body,
                               .body_len = body_len,
                               .size = len - r.left };
  return true;
}

bool
mqtt_publish_parse(const struct mqtt_packet *packet, unsigned level,
                   struct mqtt_publish *ret)
{
  struct reader r = { .at = packet->body, .left = packet->body_len };

  memset(ret, 0, sizeof(*ret));
  ret->retain = packet->flags & 1;
  ret->qos = packet->flags >> 1 & 3;
  ret->dup = packet->flags & 8;
  take_text(&r, ret->topic, sizeof(ret->topic));
  if (ret->qos > 0)
    ret->packet_id = take_number(&r, 2);
  if (level == MQTT_5)
    take_properties(&r, ret);
  ret->payload = (const char *)r.at;
  ret->payload_len = r.left;
  return !r.bad;
}

unsigned
mqtt_connect_level(const struct mqtt_packet *packet)
{
  struct reader r = { .at = packet->body, .left = packet->body_len };
  char name[8];

  take_text(&r, name, sizeof(name));
  return take_number(&r, 1);
}

unsigned
mqtt_puback_parse(const struct mqtt_packet *packet, unsigned *reason)
{
  struct reader r = { .at = packet->body, .left = packet->body_len };
  unsigned id = take_number(&r, 2);

  *reason = r.left > 0 ? take_number(&r, 1) : 0;
  return id;
}

/* ---- Writing ---- */

void
mqtt_put_bytes(struct mqtt_writer *w, const void *bytes, size_t len)
{
  if (len > sizeof(w->buf) - w->len) {
    fputs("mqtt_packet: a test writes a packet that is too long\n", stderr);
    abort();
  }
  memcpy(w->buf + w->len, bytes, len);
  w->len += len;
}

void
mqtt_put_byte(struct mqtt_writer *w, unsigned byte)
{
  uint8_t b = (uint8_t)byte;

  mqtt_put_bytes(w, &b, 1);
}

void
mqtt_put_number(struct mqtt_writer *w, unsigned number)
{
  mqtt_put_byte(w, number >> 8);
  mqtt_put_byte(w, number & 0xff);
}

void
mqtt_put_text(struct mqtt_writer *w, const char *text)
{
  mqtt_put_number(w, (unsigned)strlen(text));
  mqtt_put_bytes(w, text, strlen(text));
}

void
mqtt_finish(struct mqtt_writer *w, unsigned type, unsigned flags)
{
  struct mqtt_writer body = *w;
  size_t left = body.len;

  w->len = 0;
  mqtt_put_byte(w, type << 4 | flags);
  do {
    mqtt_put_byte(w, (unsigned)(left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  mqtt_put_bytes(w, body.buf, body.len);
}
