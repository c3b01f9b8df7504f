/*
 * Writes records as JSON lines, one for each cycle:
 *
 *     {"id":"hook-1795341600000-17","time":"2026-11-22T10:00:00Z",
 *     "values":{"energy":{"value":"84.208","unit":"GJ","kind":"counter",
 *     "time":"2026-11-22T10:00:00Z","serial":"6789012"}}}
 *
 * Numbers are texts, so that no parser turns them into doubles.  A missing
 * value has no member; nor has a missing unit or serial number.
 */
#include "plugins/exec/record.h"

#include <string.h>

/* Room for any number that the host formats. */
#define NUMBER_SIZE 128

static const char *const kinds[] = {
  [MP_COUNTER] = "counter",
  [MP_GAUGE] = "gauge",
  [MP_DELTA] = "delta",
  [MP_TEXT] = "text",
};

static int
add_character(struct text_buffer *out, unsigned char c)
{
  static const char digits[] = "0123456789abcdef";
  char escape[] = "\\u0000";

  if (c == '"' || c == '\\') {
    escape[1] = (char)c;
    return text_buffer_add(out, escape, 2);
  }
  if (c >= 0x20)
    return text_buffer_add(out, (const char *)&c, 1);
  escape[4] = digits[c >> 4];
  escape[5] = digits[c & 0xf];
  return text_buffer_add(out, escape, sizeof(escape) - 1);
}

int
record_add_string(struct text_buffer *out, const char *text)
{
  int answer = text_buffer_add_text(out, "\"");

  for (; answer == MP_OK && *text != '\0'; text++)
    answer = add_character(out, (unsigned char)*text);
  return answer == MP_OK ? text_buffer_add_text(out, "\"") : answer;
}

/* Adds LEAD (",\"unit\":", for example) and TEXT as a string; nothing if TEXT
 * is NULL. */
static int
add_member(struct text_buffer *out, const char *lead, const char *text)
{
  if (text == NULL)
    return MP_OK;
  if (text_buffer_add_text(out, lead) != MP_OK)
    return MP_ENOMEM;
  return record_add_string(out, text);
}

int
record_begin(struct record_writer *w, const struct mp_record *record)
{
  char time[RFC3339_SIZE];

  if (record_end(w) != MP_OK)
    return MP_ENOMEM;
  w->unfinished = 1;
  w->values = 0;
  rfc3339_format(&w->time, record->time_ms, time);
  if (add_member(&w->text, "{\"id\":", record->id) != MP_OK ||
      add_member(&w->text, ",\"time\":", time) != MP_OK)
    return MP_ENOMEM;
  return text_buffer_add_text(&w->text, ",\"values\":{");
}

int
record_add(struct record_writer *w, const struct mp_host *host,
           const char *name, const struct mp_value *value)
{
  struct text_buffer *out = &w->text;
  char number[NUMBER_SIZE], time[RFC3339_SIZE];

  if (value->kind != MP_TEXT)
    host->decimal_format(value, number, sizeof(number));
  rfc3339_format(&w->time, value->time_ms, time);
  if ((w->values++ > 0 && text_buffer_add_text(out, ",") != MP_OK) ||
      record_add_string(out, name) != MP_OK ||
      add_member(out, ":{\"value\":",
                 value->kind == MP_TEXT ? value->text : number) != MP_OK ||
      add_member(out, ",\"unit\":", value->unit) != MP_OK ||
      add_member(out, ",\"kind\":", kinds[value->kind]) != MP_OK ||
      add_member(out, ",\"time\":", time) != MP_OK ||
      add_member(out, ",\"serial\":", value->serial) != MP_OK)
    return MP_ENOMEM;
  return text_buffer_add_text(out, "}");
}

int
record_end(struct record_writer *w)
{
  if (!w->unfinished)
    return MP_OK;
  w->unfinished = 0;
  return text_buffer_add_text(&w->text, "}}\n");
}

void
record_forget(struct record_writer *w)
{
  w->text.len = 0;
  w->unfinished = 0;
}

void
record_free(struct record_writer *w)
{
  text_buffer_free(&w->text);
}
