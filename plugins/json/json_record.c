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
#include "plugins/json/json_record.h"

#include "lib/decimal.h"

static const char *const kinds[] = {
  [MP_COUNTER] = "counter",
  [MP_GAUGE] = "gauge",
  [MP_DELTA] = "delta",
  [MP_TEXT] = "text",
};

static int
result_of(const struct json_record *w)
{
  return w->json.failed ? MP_ENOMEM : MP_OK;
}

int
json_record_begin(struct json_record *w, const struct mp_record *record)
{
  char time[RFC3339_SIZE];

  if (json_record_end(w) != MP_OK)
    return MP_ENOMEM;
  w->unfinished = 1;
  w->json = (struct json){ .text = &w->text };
  rfc3339_format(&w->time, record->time_ms, time);
  json_object(&w->json, NULL);
  json_text(&w->json, "id", record->id);
  json_text(&w->json, "time", time);
  json_object(&w->json, "values");
  return result_of(w);
}

int
json_record_add(struct json_record *w, const struct mp_host *host,
                const char *name, const struct mp_value *value)
{
  char number[DECIMAL_TEXT], time[RFC3339_SIZE];

  if (value->kind != MP_TEXT)
    host->decimal_format(value->number, number, sizeof(number));
  rfc3339_format(&w->time, value->time_ms, time);
  json_object(&w->json, name);
  json_text(&w->json, "value", value->kind == MP_TEXT ? value->text : number);
  if (value->unit)
    json_text(&w->json, "unit", value->unit);
  json_text(&w->json, "kind", kinds[value->kind]);
  json_text(&w->json, "time", time);
  if (value->serial)
    json_text(&w->json, "serial", value->serial);
  json_end_object(&w->json);
  return result_of(w);
}

int
json_record_end(struct json_record *w)
{
  if (!w->unfinished)
    return MP_OK;
  w->unfinished = 0;
  json_end_object(&w->json);
  json_end_object(&w->json);
  return result_of(w) == MP_OK ? text_buffer_add_text(&w->text, "\n")
                               : MP_ENOMEM;
}

void
json_record_forget(struct json_record *w)
{
  w->text.len = 0;
  w->unfinished = 0;
}

void
json_record_free(struct json_record *w)
{
  text_buffer_free(&w->text);
}
