/*
 * The probe of a recording: who answered in it, and the last value of every
 * register that it holds.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/input/kmp/kmp_register.h"
#include "plugins/input/kmp/model.h"
#include "plugins/input/replay/replay.h"

struct found {
  struct kmp_record record; /* its mantissa is the one below */
  uint8_t mantissa[KMP_MANTISSA_MAX];
  int64_t time_ms;
};

struct replay_probe {
  int has_type;
  struct kmp_answer type;
  int failed;           /* out of memory */
  struct found **found; /* by register */
};

/* ---- Keeping ------------------------------------------------------------- */

void
replay_keep_type(struct replay *r, const struct kmp_answer *answer)
{
  if (!r->probe)
    return;
  r->probe->has_type = 1;
  r->probe->type = *answer;
}

void
replay_keep_record(struct replay *r, const struct kmp_record *record)
{
  const struct capture_line *line = &r->events.line;
  struct found **found;

  if (record->id == KMP_REGISTER_PASSWORD)
    return;
  found = &r->probe->found[record->id];
  if (!*found)
    *found = calloc(1, sizeof(**found));
  if (!*found) {
    r->probe->failed = 1;
    return;
  }
  (*found)->record = *record;
  memcpy((*found)->mantissa, record->mantissa, record->nob);
  (*found)->record.mantissa = (*found)->mantissa;
  (*found)->time_ms = line->has_time ? line->time_ms : r->host->now(r->host);
}

/* ---- Telling ------------------------------------------------------------- */

static void
tell_fact(const struct mp_probe_sink *sink, const char *label, const char *text)
{
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_TEXT,
                            .text = text };
  struct mp_probe_item item = { .struct_size = sizeof(item),
                                .label = label,
                                .value = &value };

  if (text[0] != '\0')
    sink->item(sink, &item);
}

static void
tell_facts(const struct replay *r, const struct mp_probe_sink *sink)
{
  char text[80];

  if (r->probe->has_type) {
    model_name(r->probe->type.type, text, sizeof(text));
    tell_fact(sink, "meter type", text);
    model_revision(r->probe->type.revision, text, sizeof(text));
    tell_fact(sink, "software revision", text);
  }
  tell_fact(sink, "serial number", r->serial);
}

static void
fill_value(struct mp_value *value, const struct kmp_value *decoded,
           const struct found *found)
{
  memset(value, 0, sizeof(*value));
  value->struct_size = sizeof(*value);
  value->time_ms = found->time_ms;
  if (decoded->form == KMP_FORM_TEXT) {
    value->kind = MP_TEXT;
    value->text = decoded->text;
    return;
  }
  value->kind = kmp_register_number_kind(found->record.id);
  value->coef = decoded->coef;
  value->exp10 = decoded->exp10;
  value->unit = decoded->unit;
}

/* NULL: none. */
static const char *
remark_on(const struct replay *r, const struct kmp_record *record,
          const struct kmp_value *value, char buf[MODEL_TEXT_SIZE])
{
  buf[0] = '\0';
  if (kmp_value_has_unknown_unit(record))
    snprintf(buf, MODEL_TEXT_SIZE, "%s: %02x", kmp_error_text(KMP_EUNIT),
             record->unit);
  else if ((record->id == MODEL_INFO || record->id == MODEL_INFO_BITS ||
            record->id == MODEL_INFO_WATER) &&
           value->form == KMP_FORM_NUMBER && value->exp10 == 0)
    model_info(&r->model, record->id, value->coef, buf, MODEL_TEXT_SIZE);
  return buf[0] != '\0' ? buf : NULL;
}

static void
tell_register(const struct replay *r, const struct mp_probe_sink *sink,
              const struct found *found)
{
  const struct kmp_register *reg = kmp_register_find(found->record.id);
  char name[KMP_NUMBER_SIZE], number[KMP_NUMBER_SIZE];
  char remark[MODEL_TEXT_SIZE];
  struct kmp_value decoded;
  struct mp_value value;
  int error = kmp_value_decode(&found->record, &decoded);
  struct mp_probe_item item = {
    .struct_size = sizeof(item),
    .field = kmp_register_name(found->record.id, name),
    .number = number,
    .label = reg ? reg->label : NULL,
  };

  snprintf(number, sizeof(number), "%u", (unsigned)found->record.id);
  if (error != KMP_OK)
    item.remark = kmp_error_text(error);
  else if (decoded.form == KMP_FORM_NONE)
    item.remark = "no value yet";
  else {
    fill_value(&value, &decoded, found);
    item.value = &value;
    item.remark = remark_on(r, &found->record, &decoded, remark);
  }
  sink->item(sink, &item);
}

/* Those of the table in its order, then those that have no name. */
static void
tell_registers(const struct replay *r, const struct mp_probe_sink *sink)
{
  struct found **found = r->probe->found;
  const struct kmp_register *reg;
  uint32_t i;

  for (i = 0; (reg = kmp_register_at(i)) != NULL; i++)
    if (found[reg->id])
      tell_register(r, sink, found[reg->id]);
  for (i = 0; i < REGISTER_COUNT; i++)
    if (found[i] && !kmp_register_find((uint16_t)i))
      tell_register(r, sink, found[i]);
}

/* ---- The probe ----------------------------------------------------------- */

/* The values of a cycle are not for a sink: replay_keep_record has them. */
static int
drop_value(const struct mp_sink *sink, const char *field,
           const struct mp_value *value)
{
  (void)sink;
  (void)field;
  (void)value;
  return MP_OK;
}

static int
drop_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  (void)sink;
  (void)serial;
  (void)how;
  return MP_OK;
}

static int
read_all(struct replay *r)
{
  const struct mp_sink nowhere = { .struct_size = sizeof(nowhere),
                                   .emit = drop_value,
                                   .serial = drop_serial };
  int code;

  r->wants_all = 1;
  do
    code = replay_read(r, &nowhere);
  while (code == MP_OK);
  return code == MP_END ? MP_OK : code;
}

static void
free_found(struct found **found)
{
  uint32_t i;

  for (i = 0; found && i < REGISTER_COUNT; i++)
    free(found[i]);
  free(found);
}

int
replay_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink)
{
  struct replay_probe probe = { .found = NULL };
  struct replay *r = self;
  int code;

  if (flags & MP_PROBE_WATCH)
    return mp_fail(r->host, MP_ECONFIG, NULL,
                   "a recording does not change: leave out --watch");
  code = replay_open(r);
  if (code != MP_OK)
    return code;
  probe.found = calloc(REGISTER_COUNT, sizeof(*probe.found));
  r->probe = &probe;
  if (probe.found)
    code = read_all(r);
  if (!probe.found || probe.failed)
    code = mp_fail(r->host, MP_ENOMEM, NULL, "out of memory");
  else {
    tell_facts(r, sink);
    tell_registers(r, sink);
  }
  free_found(probe.found);
  r->probe = NULL;
  replay_close(r);
  return code;
}
