/* Writes and reads the messages that hold the state of a target. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/mqtt/payload.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/storable.h"
#include "lib/utf8.h"
#include "plugins/json/json_line.h"

/* Stands for an empty text in a plain payload: an empty one would delete the
 * retained message. */
static const char empty[] = " ";

static const char blanks[] = " \t\r\n";

/* ---- Writing ------------------------------------------------------------- */

static void
write_value(struct json *json, const struct mp_host *host,
            const struct mp_value *value)
{
  char number[DECIMAL_TEXT];

  if (value->kind == MP_TEXT) {
    json_text(json, "value", value->text);
    return;
  }
  host->decimal_format(value->number, number, sizeof(number));
  json_decimal(json, "value", number);
}

int
payload_write(struct text_buffer *text, const struct mp_host *host,
              const struct mp_value *value, const char *id)
{
  struct json json = { .text = text };
  char time[RFC3339_SIZE];

  json_object(&json, NULL);
  write_value(&json, host, value);
  if (value->unit)
    json_text(&json, "unit", value->unit);
  json_text(&json, "time", rfc3339_format(NULL, value->time_ms, time));
  if (value->serial)
    json_text(&json, "serial", value->serial);
  json_text(&json, "id", id);
  json_end_object(&json);
  return json.failed || text_buffer_add(text, "", 1) != MP_OK ? MP_ENOMEM
                                                              : MP_OK;
}

int
payload_write_plain(struct text_buffer *text, const struct mp_host *host,
                    const struct mp_value *value)
{
  char number[DECIMAL_TEXT];
  const char *plain = number;

  if (value->kind == MP_TEXT)
    plain = *value->text ? value->text : empty;
  else
    host->decimal_format(value->number, number, sizeof(number));
  return text_buffer_add(text, plain, strlen(plain) + 1);
}

static void
add_property(struct publication *p, const char *name, const char *value)
{
  if (value)
    p->properties[p->n_properties++] =
      (struct publication_property){ name, value };
}

void
payload_add_properties(struct publication *p, struct payload_texts *texts,
                       const struct mp_value *value, const char *id)
{
  add_property(p, "unit", value->unit);
  add_property(p, "time", rfc3339_format(NULL, value->time_ms, texts->time));
  add_property(p, "serial", value->serial);
  add_property(p, "id", id);
}

/* ---- Reading ------------------------------------------------------------- */

static int
take_number(const struct mp_host *host, struct mp_value *value,
            const char *text)
{
  value->kind = MP_GAUGE;
  return host->decimal_parse(text, &value->number) == MP_OK ? MP_OK : MP_EDATA;
}

static int
take_text(struct mp_value *value, const char *text)
{
  value->kind = MP_TEXT;
  value->text = text;
  return utf8_is_plain(text) ? MP_OK : MP_EDATA;
}

/* Takes a fact about the value.  A fact that the host would refuse is left
 * out. */
static void
take_fact(struct payload *p, const char *name, const char *text)
{
  int64_t time_ms;

  if (strcmp(name, "unit") == 0 && storable_unit(text))
    p->value.unit = *text ? text : NULL;
  else if (strcmp(name, "serial") == 0 && storable_symbol(text))
    p->value.serial = *text ? text : NULL;
  else if (strcmp(name, "id") == 0 && storable_updated(text))
    p->id = text;
  else if (strcmp(name, "time") == 0 && rfc3339_parse(text, &time_ms) &&
           storable_time(time_ms))
    p->value.time_ms = time_ms;
}

static int
read_object(const struct mp_host *host, struct payload *p, char *text)
{
  static const char *const facts[] = { "unit", "serial", "id", "time" };
  const struct json_member *member;
  struct json_line line;

  if (json_line_parse(text, &line))
    return MP_EDATA;
  member = json_line_find(&line, "value");
  if (!member || member->type == JSON_BOOL)
    return MP_EDATA;
  for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
    const struct json_member *fact = json_line_find(&line, facts[i]);

    if (fact && fact->type == JSON_TEXT)
      take_fact(p, facts[i], fact->text);
  }
  return member->type == JSON_TEXT ? take_text(&p->value, member->text)
                                   : take_number(host, &p->value, member->text);
}

/* Cuts the blanks around TEXT off; a file that was published can end with a
 * line feed. */
static char *
trim(char *text)
{
  size_t len;

  text += strspn(text, blanks);
  len = strcspn(text, blanks);
  if (text[len + strspn(text + len, blanks)] == '\0')
    text[len] = '\0';
  return text;
}

/* Copies the facts from the properties to AT. */
static void
take_properties(struct payload *p, char *at, const struct message *message)
{
  for (size_t i = 0; i < message->n_properties; i++) {
    size_t size = strlen(message->properties[i].value) + 1;

    memcpy(at, message->properties[i].value, size);
    take_fact(p, message->properties[i].name, at);
    at += size;
  }
}

/* Reads a payload with the property id: this program wrote it. */
static int
read_plain(const struct mp_host *host, struct payload *p)
{
  if (take_number(host, &p->value, p->text) == MP_OK)
    return MP_OK;
  return take_text(&p->value, strcmp(p->text, empty) == 0 ? "" : p->text);
}

/* Reads a payload that has all in itself. */
static int
read_alone(const struct mp_host *host, struct payload *p)
{
  char *text = p->text + strspn(p->text, blanks);

  return *text == '{' ? read_object(host, p, text)
                      : take_number(host, &p->value, trim(text));
}

static size_t
size_of(const struct message *message)
{
  size_t size = message->len + 1;

  for (size_t i = 0; i < message->n_properties; i++)
    size += strlen(message->properties[i].value) + 1;
  return size;
}

int
payload_read(const struct mp_host *host, const struct message *message,
             struct payload *ret)
{
  struct payload p = { .value = { .struct_size = sizeof(p.value) }, .id = "" };
  int r;

  if (strlen(message->payload) != message->len)
    return MP_EDATA;
  p.text = malloc(size_of(message));
  if (!p.text)
    return MP_ENOMEM;
  memcpy(p.text, message->payload, message->len + 1);
  take_properties(&p, p.text + message->len + 1, message);
  r = p.id[0] ? read_plain(host, &p) : read_alone(host, &p);
  if (r != MP_OK) {
    free(p.text);
    return r;
  }
  *ret = p;
  return MP_OK;
}

void
payload_free(struct payload *payload)
{
  free(payload->text);
}
