/*
 * Packets of MQTT 5 and 3.1.1, for tests: as much as a subscriber and an
 * observer of a connection need.  Independent of libmosquitto.
 */
#ifndef SUPPORT_MQTT_PACKET_H
#define SUPPORT_MQTT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Protocol levels in CONNECT. */
#define MQTT_3_1_1 4
#define MQTT_5 5

/* Types of packets, MQTT 5 section 2.1.2. */
enum mqtt_type {
  MQTT_CONNECT = 1,
  MQTT_CONNACK,
  MQTT_PUBLISH,
  MQTT_PUBACK,
  MQTT_SUBSCRIBE = 8,
  MQTT_SUBACK,
  MQTT_UNSUBSCRIBE,
  MQTT_UNSUBACK,
  MQTT_PINGREQ,
  MQTT_PINGRESP,
  MQTT_DISCONNECT
};

struct mqtt_packet {
  unsigned type, flags;
  const uint8_t *body;
  size_t body_len, size; /* size: with the fixed header */
};

/* Parses the packet at the beginning of BUF.  Returns false if it is not
 * complete yet. */
bool mqtt_packet_parse(const uint8_t *buf, size_t len, struct mqtt_packet *ret);

#define MQTT_MAX_TOPIC 256

struct mqtt_publish {
  char topic[MQTT_MAX_TOPIC];
  const char *payload; /* in the packet, not terminated */
  size_t payload_len;
  char id[64];     /* the user property "id"; "": none */
  uint32_t expiry; /* seconds; 0: none */
  unsigned packet_id, qos;
  bool retain, dup;
};

/* Parses PACKET, of a connection of LEVEL.  Returns false if it is malformed.
 */
bool mqtt_publish_parse(const struct mqtt_packet *packet, unsigned level,
                        struct mqtt_publish *ret);

/* Returns the protocol level that a CONNECT asks for. */
unsigned mqtt_connect_level(const struct mqtt_packet *packet);
/* Returns the packet identifier of a PUBACK, and its reason code, 0 where it
 * has none. */
unsigned mqtt_puback_parse(const struct mqtt_packet *packet, unsigned *reason);

/* ---- Writing ---- */

struct mqtt_writer {
  uint8_t buf[16384];
  size_t len;
};

void mqtt_put_byte(struct mqtt_writer *w, unsigned byte);
void mqtt_put_number(struct mqtt_writer *w, unsigned number); /* two bytes */
void mqtt_put_text(struct mqtt_writer *w, const char *text);  /* with length */
void mqtt_put_bytes(struct mqtt_writer *w, const void *bytes, size_t len);
/* Puts the fixed header in front of the body that was written to W. */
void mqtt_finish(struct mqtt_writer *w, unsigned type, unsigned flags);

#endif
