/*
 * The field info_text of the kmp input.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/input/ask_model.h"
#include "plugins/kmp/input/info.h"
#include "plugins/kmp/input/memory.h"

static const uint16_t registers[INFO_REGISTERS] = {
  MODEL_INFO,
  MODEL_INFO_BITS,
  MODEL_INFO_WATER,
};

void
info_begin(struct info *info, struct kmp *kmp, const char *name)
{
  memset(info, 0, sizeof(*info));
  info->kmp = kmp;
  info->name = name;
  for (size_t i = 0; i < INFO_REGISTERS; i++)
    info->codes[i] = -1;
  info->due = !memory_model(kmp, &info->model) || memory_serial_due(kmp);
}

size_t
info_registers(const struct info *info, uint16_t ids[INFO_REGISTERS])
{
  if (!info->name)
    return 0;
  if (info->due || !model_has_words(&info->model)) {
    memcpy(ids, registers, sizeof(registers));
    return INFO_REGISTERS;
  }
  ids[0] = model_info_register(&info->model);
  return 1;
}

bool
info_decode(const struct kmp_record *record, int64_t *ret_code)
{
  struct kmp_value value;

  if (kmp_value_decode(record, &value) != KMP_OK ||
      value.form != KMP_FORM_NUMBER || value.number.exp10 != 0)
    return false;
  *ret_code = value.number.coef;
  return true;
}

void
info_take(struct info *info, const struct kmp_record *record)
{
  for (size_t i = 0; i < INFO_REGISTERS; i++)
    if (info->name && registers[i] == record->id)
      info_decode(record, &info->codes[i]);
}

/* Returns the code from the register of the model, else from register 99; -1
 * when neither was read.  *ret_id is that register. */
static int64_t
find_code(const struct info *info, uint16_t *ret_id)
{
  uint16_t wanted = model_info_register(&info->model);

  for (size_t i = 0; i < INFO_REGISTERS; i++) {
    *ret_id = registers[i];
    if (registers[i] == wanted && info->codes[i] >= 0)
      return info->codes[i];
  }
  *ret_id = MODEL_INFO;
  return info->codes[0];
}

/* Decides whether to use the stored model: not if the meter may have been
 * exchanged.  Call this after the registers, and perhaps the serial number,
 * were read. */
static void
check_model(struct info *info)
{
  if (!memory_serial_due(info->kmp) && memory_model(info->kmp, &info->model))
    return;
  info->due = 1;
  memset(&info->model, 0, sizeof(info->model));
}

int
info_emit(struct info *info, const struct mp_sink *sink)
{
  struct mp_value value = { .struct_size = sizeof(value), .kind = MP_TEXT };
  char text[MODEL_TEXT_SIZE];
  int64_t code;
  uint16_t id;
  int r = MP_OK;

  if (!info->name)
    return 0;
  check_model(info);
  if (info->due)
    r = ask_model(info->kmp, sink, &info->model);
  if (r == MP_ECANCELED)
    return r;
  if (info->due && r == MP_OK)
    memory_note_model(info->kmp, &info->model);
  code = find_code(info, &id);
  if (code < 0) {
    mp_fail(info->kmp->host, MP_EDATA, info->name,
            "the meter has no info code whose meaning is known");
    return 0;
  }
  model_info_text(&info->model, id, code, text);
  value.text = text;
  value.time_ms = info->kmp->session.time_ms;
  return sink->emit(sink, info->name, &value) >= 0;
}
