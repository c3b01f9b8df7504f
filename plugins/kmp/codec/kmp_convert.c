/*
 * Converts records to the structs of the host: values, and items of a probe.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <string.h>

#include "lib/rare.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_convert.h"
#include "plugins/kmp/codec/kmp_unit.h"

/* kmp_convert of any record. */
RARE static int
convert_any(const struct kmp_record *record, uint32_t kind,
            struct kmp_value *space, struct mp_value *ret_value, int *ret_error)
{
  int r = kmp_value_decode(record, space);

  if (r != KMP_OK) {
    *ret_error = r;
    return r == KMP_ERANGE ? MP_ERANGE : MP_EDATA;
  }
  if (space->form == KMP_FORM_NONE)
    return MP_DROP;
  *ret_value = (struct mp_value){ .struct_size = sizeof(*ret_value) };
  if (space->form == KMP_FORM_TEXT) {
    ret_value->kind = MP_TEXT;
    ret_value->text = space->text;
    return MP_OK;
  }
  ret_value->kind = kind;
  ret_value->number = space->number;
  ret_value->unit = space->unit;
  return MP_OK;
}

int
kmp_convert(const struct kmp_record *record, uint32_t kind,
            struct kmp_value *space, struct mp_value *ret_value, int *ret_error)
{
  const struct kmp_unit *unit = kmp_unit_find(record->unit);
  struct mp_decimal number;

  /* The short way for nearly all records. */
  if (unit && unit->layout == KMP_LAYOUT_NUMBER &&
      record->nob == KMP_MANTISSA_USUAL) {
    number = kmp_number(record, kmp_mantissa_usual(record), unit->scale);
    if (decimal_valid(number)) {
      *ret_value = (struct mp_value){ .struct_size = sizeof(*ret_value),
                                      .kind = kind,
                                      .number = number,
                                      .unit = unit->symbol };
      return MP_OK;
    }
  }
  return convert_any(record, kind, space, ret_value, ret_error);
}

/* ---- Facts -------------------------------------------------------------- */

void
kmp_probe_fact(const struct mp_probe_sink *sink, const char *label,
               const char *text)
{
  struct mp_value value = {
    .struct_size = sizeof(value),
    .kind = MP_TEXT,
    .text = text,
  };
  struct mp_probe_item item = {
    .struct_size = sizeof(item),
    .label = label,
    .value = &value,
  };

  if (text[0] != '\0')
    sink->item(sink, &item);
}

void
kmp_probe_type(const struct mp_probe_sink *sink,
               const struct kmp_answer *answer)
{
  char text[80];

  model_name(answer->type, text, sizeof(text));
  kmp_probe_fact(sink, "meter type", text);
  model_revision(answer->revision, text, sizeof(text));
  kmp_probe_fact(sink, "software revision", text);
}

/* ---- Registers ---------------------------------------------------------- */

/* True if VALUE equals N, whatever its number of decimals. */
static bool
is_number(const struct mp_host *host, const struct mp_value *value, int64_t n)
{
  return host->decimal_compare(value->number, (struct mp_decimal){ n, 0 }) == 0;
}

/* Returns a remark for a temperature that means a sensor fault (KMP 7.4), or
 * NULL. */
static const char *
remark_temperature(const struct mp_host *host, uint16_t id,
                   const struct mp_value *value)
{
  /* Only for t1, t2, t3: elsewhere 0.00 need not be a fault. */
  if (id >= 86 && id <= 88 && is_number(host, value, 0))
    return "sensor shorted, or below its range?";
  if (is_number(host, value, 185) || is_number(host, value, 200))
    return "sensor open, or above its range?";
  return NULL;
}

/* Returns a remark on the value of a register, or NULL. */
static const char *
remark_on(const struct mp_host *host, const struct model *model,
          const struct kmp_record *record, const struct mp_value *value,
          char buf[MODEL_TEXT_SIZE])
{
  uint16_t id = record->id;

  if (kmp_value_has_unknown_unit(record)) {
    snprintf(buf, MODEL_TEXT_SIZE, "%s: %02x", kmp_error_text(KMP_EUNIT),
             record->unit);
    return buf;
  }
  if (value->kind == MP_TEXT)
    return NULL;
  if (model_is_info(id) && value->number.exp10 == 0) {
    model_info(model, id, value->number.coef, buf, MODEL_TEXT_SIZE);
    return buf[0] != '\0' ? buf : NULL;
  }
  if (value->unit && strcmp(value->unit, "C") == 0)
    return remark_temperature(host, id, value);
  return NULL;
}

void
kmp_probe_register(const struct mp_host *host, const struct mp_probe_sink *sink,
                   const struct model *model, const struct kmp_record *record,
                   int64_t time_ms)
{
  const struct kmp_register *reg = kmp_register_find(record->id);
  char name[KMP_NUMBER_SIZE], number[KMP_NUMBER_SIZE];
  char remark[MODEL_TEXT_SIZE];
  struct kmp_value space;
  struct mp_value value;
  int error = KMP_OK;
  struct mp_probe_item item = {
    .struct_size = sizeof(item),
    .field = kmp_register_name(record->id, name),
    .number = number,
    .label = reg ? reg->label : NULL,
  };
  int r =
    kmp_convert(record, kmp_register_number_kind(reg), &space, &value, &error);

  snprintf(number, sizeof(number), "%u", (unsigned)record->id);
  if (r == MP_OK) {
    value.time_ms = time_ms;
    item.value = &value;
    item.remark = remark_on(host, model, record, &value, remark);
  } else {
    item.remark = r == MP_DROP ? "no value yet" : kmp_error_text(error);
  }
  sink->item(sink, &item);
}
