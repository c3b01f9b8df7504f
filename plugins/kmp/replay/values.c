/*
 * Converts the records of an answer to values and emits them.
 */
#include <stdio.h>
#include <string.h>

#include "lib/rare.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_convert.h"
#include "plugins/kmp/replay/replay.h"

/* The host stores each failure, and a capture can have any number of them.
 * Failures after this many are only logged. */
#define KEPT_MAX 100

RARE static void
name_register(struct replay_register *reg, uint16_t id)
{
  reg->kind = kmp_register_number_kind(kmp_register_find(id));
  reg->name = kmp_register_name(id, reg->number);
}

/* Returns register ID, with its name. */
static const struct replay_register *
find_register(struct replay *r, uint16_t id)
{
  struct replay_register *reg = &r->registers[id];

  if (!reg->name)
    name_register(reg, id);
  return reg;
}

void
replay_emit_serial(struct replay *r, const struct mp_sink *sink,
                   const char *serial)
{
  snprintf(r->serial, sizeof(r->serial), "%s", serial);
  if (r->serial[0] == '\0')
    return;
  r->serial_reported = true;
  sink->serial(sink, r->serial, MP_SERIAL_READ);
}

/* Reports a record without a value.  The object names the register, so that two
 * records of one answer are two failures. */
RARE static void
leave_out_record(struct replay *r, const struct kmp_record *record, int code,
                 int error)
{
  char at[PLACE_SIZE], object[PLACE_SIZE + sizeof(": register 65535")];

  snprintf(object, sizeof(object), "%s: register %u",
           replay_place(r, r->events.lines.number, at), (unsigned)record->id);
  replay_leave_out(r, code, object, kmp_error_text(error));
}

/* Warns, once for each unit code, that the code is unknown. */
RARE static void
report_unit(struct replay *r, const struct kmp_record *record)
{
  uint8_t bit = (uint8_t)(1u << record->unit % 8);
  char at[PLACE_SIZE];

  if (r->units_reported[record->unit / 8] & bit)
    return;
  r->units_reported[record->unit / 8] |= bit;
  mp_log(r->host, MP_LOG_WARNING, replay_place(r, r->events.lines.number, at),
         "register %u has the unknown unit code %02x: its value has no unit; "
         "this is reported once",
         (unsigned)record->id, record->unit);
}

/* Keeps the first info code of the cycle; one in the model's own info register
 * replaces it. */
RARE static void
take_info(struct replay *r, const struct kmp_record *record)
{
  struct kmp_value space;
  struct mp_value value;
  int error;

  if (!model_is_info(record->id) ||
      kmp_convert(record, MP_GAUGE, &space, &value, &error) != MP_OK ||
      value.kind == MP_TEXT || value.number.exp10 != 0)
    return;
  if (r->info_code >= 0 && record->id != model_info_register(&r->model))
    return;
  r->info_code = value.number.coef;
  r->info_id = record->id;
  r->info_time = replay_time(r);
}

void
replay_emit_info(struct replay *r, const struct mp_sink *sink)
{
  struct mp_value value = { .struct_size = sizeof(value), .kind = MP_TEXT };
  char text[MODEL_TEXT_SIZE];

  model_info_text(&r->model, r->info_id, r->info_code, text);
  value.text = text;
  value.time_ms = r->info_time;
  r->info_reported = true;
  sink->emit(sink, MODEL_FIELD, &value);
}

RARE static void
take_serial(struct replay *r, const struct mp_sink *sink,
            const struct kmp_record *record)
{
  char serial[KMP_FORMAT_SIZE];

  kmp_serial_format(record, serial);
  replay_emit_serial(r, sink, serial);
}

void
replay_take_record(struct replay *r, const struct mp_sink *sink,
                   const struct kmp_record *record)
{
  const struct replay_register *reg;
  struct kmp_value space;
  struct mp_value value;
  int error = KMP_OK;
  int code;

  r->registers[record->id].cycle = r->cycle;
  register_set_add(&r->seen, record->id);
  if (record->id == KMP_REGISTER_SERIAL)
    take_serial(r, sink, record);
  if (r->wants_info || r->probe)
    model_note_register(&r->model, record->id);
  if (r->wants_info)
    take_info(r, record);
  if (!replay_wants(r, record->id))
    return;
  if (r->probe) {
    replay_keep_record(r, record);
    return;
  }
  reg = find_register(r, record->id);
  code = kmp_convert(record, reg->kind, &space, &value, &error);
  if (error != KMP_OK)
    leave_out_record(r, record, code, error);
  if (code != MP_OK)
    return;
  if (!value.unit && kmp_value_has_unknown_unit(record))
    report_unit(r, record);
  value.time_ms = replay_time(r);
  sink->emit(sink, reg->name, &value);
}

void
replay_leave_out(struct replay *r, int code, const char *object,
                 const char *why)
{
  if (r->failures++ < KEPT_MAX)
    mp_fail(r->host, code, object, "left out: %s", why);
  else
    mp_log(r->host, MP_LOG_ERROR, object, "left out: %s", why);
}

const char *
replay_place(const struct replay *r, uint64_t line, char buf[PLACE_SIZE])
{
  snprintf(buf, PLACE_SIZE, "%.480s:%llu", r->events.lines.name,
           (unsigned long long)line);
  return buf;
}
