/*
 * The state of a target, as the message retained on its topic.
 *
 * payload = json:
 *
 *     {"value":84.208,"unit":"GJ","time":"2026-11-22T10:00:00Z",
 *      "serial":"84968362","id":"UUID-N"}
 *
 * payload = plain: the value alone, a blank for an empty text; unit, time,
 * serial and id are user properties of MQTT 5, which the broker keeps with the
 * message.
 */
#ifndef MQTT_PAYLOAD_H
#define MQTT_PAYLOAD_H

#include <stdbool.h>

#include <meterpipe/plugin.h>

#include "lib/decimal.h"
#include "lib/rfc3339.h"
#include "lib/text_buffer.h"
#include "plugins/mqtt/connection.h"

/* The texts of a message, while it is sent. */
struct payload_texts {
  struct text_buffer payload;
  char time[RFC3339_SIZE];
};

/* Appends the payload of VALUE, sent with record ID, to TEXT.  MP_OK or
 * MP_ENOMEM. */
int payload_write(struct text_buffer *text, const struct mp_host *host,
                  const struct mp_value *value, const char *id);
/* The same for payload = plain. */
int payload_write_plain(struct text_buffer *text, const struct mp_host *host,
                        const struct mp_value *value);
/* Adds the properties of such a payload to P, which borrows the texts. */
void payload_add_properties(struct publication *p, struct payload_texts *texts,
                            const struct mp_value *value, const char *id);

/* What a topic displays. */
struct payload {
  struct mp_value value; /* its texts are in `text` */
  const char *id;        /* of the record; "": something else wrote it */
  char *text;            /* from malloc */
};

/* Reads MESSAGE into *RET, for payload_free.  Any JSON object of texts and
 * numbers that has a value is accepted, and a number alone.  MP_OK, MP_EDATA:
 * it has no value that can be understood; or MP_ENOMEM. */
int payload_read(const struct mp_host *host, const struct message *message,
                 struct payload *ret);
void payload_free(struct payload *payload);

#endif
