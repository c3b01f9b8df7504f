/*
 * KMP registers: lookups in the table, and the field names of the inputs.
 */
#include "plugins/kmp/codec/kmp_register.h"

#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/digit.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/codec/model.h"

#define REGISTER_MAX 65535
/* Room for the first of a register's usual units. */
#define UNIT_SIZE 16

static const struct kmp_register registers[] = {
#include "plugins/kmp/codec/kmp_register_table.inc"
};

#define REGISTER_COUNT ARRAY_SIZE(registers)

const struct kmp_register *
kmp_register_find(uint16_t id)
{
  size_t low = 0, high = REGISTER_COUNT;

  while (low < high) {
    size_t middle = (low + high) / 2;

    if (registers[middle].id == id)
      return &registers[middle];
    if (registers[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

const struct kmp_register *
kmp_register_at(size_t index)
{
  return index < REGISTER_COUNT ? &registers[index] : NULL;
}

static int32_t
parse_number(const char *text)
{
  int32_t number = 0;
  int base = 10;

  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text += 2;
  }
  if (*text == '\0')
    return -1;
  for (; *text; text++) {
    int digit = digit_value(*text, base);

    if (digit < 0)
      return -1;
    number = number * base + digit;
    if (number > REGISTER_MAX)
      return -1;
  }
  return number;
}

/* Names that earlier versions gave to registers whose meaning was not known:
 * these words, followed by the register's number.  Pipeline files still use
 * them. */
static const struct {
  const char *words;
  uint16_t first, last;
} old_names[] = {
  { "reactive_energy_", 3, 6 },
  { "tariff_energy_", 17, 34 },
  { "max_demand_", 35, 46 },
  { "number_", 50, 58 },
  { "reg_", 1021, 1086 },
  { "energy_", 1059, 1066 },
  { "reactive_energy_", 1067, 1074 },
  { "interval_", 1112, 1115 },
  { "energy_", 1121, 1121 },
  { "rtc_", 1181, 1181 },
  { "flags_", 1189, 1189 },
};

/* Returns the id that an earlier version named NAME, or -1. */
static int32_t
find_old_name(const char *name)
{
  if (strcmp(name, "firmware_revision_b") == 0)
    return 6031;
  for (size_t i = 0; i < ARRAY_SIZE(old_names); i++) {
    size_t len = strlen(old_names[i].words);
    int32_t id;

    if (strncmp(name, old_names[i].words, len) != 0)
      continue;
    id = parse_number(name + len);
    if (id >= old_names[i].first && id <= old_names[i].last &&
        kmp_register_find((uint16_t)id))
      return id;
  }
  return -1;
}

int32_t
kmp_register_id(const char *name)
{
  int32_t id;

  for (size_t i = 0; i < REGISTER_COUNT; i++)
    if (strcmp(registers[i].name, name) == 0)
      return registers[i].id;
  id = parse_number(name);
  if (id < 0)
    id = find_old_name(name);
  return id == KMP_REGISTER_PASSWORD ? -1 : id;
}

const char *
kmp_register_name(uint16_t id, char buf[KMP_NUMBER_SIZE])
{
  const struct kmp_register *reg = kmp_register_find(id);

  if (reg)
    return reg->name;
  snprintf(buf, KMP_NUMBER_SIZE, "%u", (unsigned)id);
  return buf;
}

uint32_t
kmp_register_number_kind(const struct kmp_register *reg)
{
  return reg && reg->kind == MP_COUNTER ? MP_COUNTER : MP_GAUGE;
}

/*
 * The largest rise of a counter in an hour, by its usual units.  The data
 * sheets of MULTICAL 402, 403, 602 and 603 end at 180 C and a difference of 178
 * K.  1,000 m3 and 100 GJ (28 MW) in an hour supply a small town.  Flow sensors
 * that can measure more belong to heating plants; there the user raises the
 * limit with the option max_rate of the transform.  E8 to E11 count m3 times C.
 * Electricity meters with current transformers count the primary side: 100 MW.
 * Counters of hours have no limit: after a power cut the clock of the computer
 * may be hours behind.
 */
static const struct {
  const char *units; /* as in the table of registers */
  int64_t rate;
  const char *unit;
} limits[] = {
  { "MWh|kWh|GJ|Gcal", 100, "GJ" },
  { "MWh|kWh|GJ|Gcal|m3", 100, "GJ" },
  { "Wh", 100, "GJ" },
  { "m3", 1000, "m3" },
  { "l|m3", 1000, "m3" },
  { "m3|kWh|number", 1000, "m3" },
  { "ton", 1000, "ton" },
  { "m3xC", 200000, "m3xC" },
  { "m3xC|MWh|kWh|GJ|Gcal", 200000, "m3xC" },
  { "kWh", 100000, "kWh" },
  { "kvarh", 100000, "kvarh" },
  { "kVAh", 100000, "kVAh" },
};

static void
give_limit(const struct kmp_register *reg, struct mp_field *field)
{
  for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
    if (reg->kind == MP_COUNTER && strcmp(limits[i].units, reg->unit) == 0) {
      field->max_rate.coef = limits[i].rate;
      field->max_rate_unit = limits[i].unit;
    }
}

/* Copies the first of the usual units to BUF.  Returns BUF, or NULL when no
 * unit is known. */
static const char *
first_unit(const struct kmp_register *reg, char buf[UNIT_SIZE])
{
  size_t len = strcspn(reg->unit, "|");

  if (len == 0 || len >= UNIT_SIZE)
    return NULL;
  memcpy(buf, reg->unit, len);
  buf[len] = '\0';
  return buf;
}

/* Returns a field's kind if it is known in advance, else 0: a frame can hold a
 * number where a date is usual, and a register that is not in the table can be
 * anything. */
static uint32_t
field_kind(const struct kmp_register *reg)
{
  return reg && reg->kind != MP_TEXT ? reg->kind : 0;
}

static void
give_field(uint16_t id, const struct mp_field_sink *sink)
{
  const struct kmp_register *reg = kmp_register_find(id);
  char number[KMP_NUMBER_SIZE], unit[UNIT_SIZE];
  struct mp_field field = { .struct_size = sizeof(field),
                            .kind = field_kind(reg) };

  snprintf(number, sizeof(number), "%u", (unsigned)id);
  if (reg) {
    field.name = reg->name;
    field.number = number;
    field.label = reg->label;
    field.unit = first_unit(reg, unit);
    give_limit(reg, &field);
  } else {
    field.name = number;
  }
  sink->field(sink, &field);
}

/* Describes the one field that is not a register: an info code in words. */
static void
give_info_text(const struct mp_field_sink *sink)
{
  const struct mp_field field = { .struct_size = sizeof(field),
                                  .kind = MP_TEXT,
                                  .name = MODEL_FIELD,
                                  .label = "Current info code in words" };

  sink->field(sink, &field);
}

int
kmp_field(const char *name, const struct mp_field_sink *sink)
{
  int32_t id = kmp_register_id(name);

  if (strcmp(name, MODEL_FIELD) == 0) {
    give_info_text(sink);
    return MP_OK;
  }
  if (id < 0)
    return MP_ECONFIG;
  give_field((uint16_t)id, sink);
  return MP_OK;
}

int
kmp_list_fields(const struct mp_field_sink *sink)
{
  for (size_t i = 0; i < REGISTER_COUNT; i++)
    give_field(registers[i].id, sink);
  give_info_text(sink);
  return MP_OK;
}
