/* Writes points: the escapes of the line protocol. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/influxdb/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/decimal.h"
#include "lib/utf8.h"

const char *
line_name_problem(const char *text)
{
  if (text[0] == '\0')
    return "is empty";
  if (text[0] == '_')
    return "begins with _, which is for InfluxDB's own names";
  if (!utf8_is_plain(text))
    return "contains a control character";
  /* A backslash before a blank or at the end would escape what follows. */
  return strchr(text, '\\') ? "contains a backslash" : NULL;
}

/* Adds TEXT with a backslash before each of SPECIAL. */
static int
add_escaped(struct text_buffer *out, const char *text, const char *special)
{
  int r = MP_OK;

  while (r == MP_OK && *text) {
    size_t n = strcspn(text, special);

    r = text_buffer_add(out, text, n);
    text += n;
    if (r == MP_OK && *text) {
      const char escaped[] = { '\\', *text++ };

      r = text_buffer_add(out, escaped, sizeof(escaped));
    }
  }
  return r;
}

int
line_begin(struct text_buffer *out, const char *measurement)
{
  return add_escaped(out, measurement, ", ");
}

int
line_tag(struct text_buffer *out, const char *key, const char *value)
{
  int r = text_buffer_add_text(out, ",");

  if (r == MP_OK)
    r = add_escaped(out, key, ",= ");
  if (r == MP_OK)
    r = text_buffer_add_text(out, "=");
  return r == MP_OK ? add_escaped(out, value, ",= ") : r;
}

static int
add_text(struct text_buffer *out, const char *text)
{
  int r = text_buffer_add_text(out, "\"");

  if (r == MP_OK)
    r = add_escaped(out, text, "\"\\");
  return r == MP_OK ? text_buffer_add_text(out, "\"") : r;
}

int
line_field(struct text_buffer *out, const struct mp_host *host, const char *key,
           const struct mp_value *value, int is_first)
{
  char number[DECIMAL_TEXT];
  int r = text_buffer_add_text(out, is_first ? " " : ",");

  if (r == MP_OK)
    r = add_escaped(out, key, ",= ");
  if (r == MP_OK)
    r = text_buffer_add_text(out, "=");
  if (r != MP_OK)
    return r;
  if (value->kind == MP_TEXT)
    return add_text(out, value->text);
  host->decimal_format(value->number, number, sizeof(number));
  return text_buffer_add_text(out, number);
}

int
line_end(struct text_buffer *out, int64_t time_ms)
{
  char text[24];

  snprintf(text, sizeof(text), " %" PRId64 "\n", time_ms);
  return text_buffer_add_text(out, text);
}
