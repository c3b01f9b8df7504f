/*
 * Points in InfluxDB's line protocol:
 *
 *     heat_meter,meter=house,serial=68500001 energy=84.208 1795341600000
 *
 * Numbers keep the digits of the meter, and have no suffix: a field that was
 * once written as a float can never become an integer.
 */
#ifndef INFLUXDB_LINE_H
#define INFLUXDB_LINE_H

#include <meterpipe/plugin.h>

#include "lib/text_buffer.h"

/* Returns NULL if TEXT can be a measurement, a tag or a field, or its problem
 * in words. */
const char *line_name_problem(const char *text);

/* The parts of a point, in this order.  Each returns MP_OK or MP_ENOMEM. */
int line_begin(struct text_buffer *out, const char *measurement);
/* VALUE must not be empty. */
int line_tag(struct text_buffer *out, const char *key, const char *value);
/* IS_FIRST: of this point. */
int line_field(struct text_buffer *out, const struct mp_host *host,
               const char *key, const struct mp_value *value, int is_first);
/* TIME_MS is written in ms: with seconds, a second point of the same second
 * would replace the first. */
int line_end(struct text_buffer *out, int64_t time_ms);

#endif
