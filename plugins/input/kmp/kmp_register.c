/*
 * KMP registers: lookups in the table, and the field names of the inputs.
 */
#include "plugins/input/kmp/kmp_register.h"

#include <stdio.h>
#include <string.h>

#define REGISTER_MAX 65535
/* Room for the first of a register's usual units. */
#define UNIT_SIZE 16

static const struct kmp_register registers[] = {
#include "plugins/input/kmp/kmp_register_table.inc"
};

#define REGISTER_COUNT (sizeof(registers) / sizeof(registers[0]))

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

/* The value of a digit, or -1. */
static int
digit_value(char c, int base)
{
  int value = -1;

  if (c >= '0' && c <= '9')
    value = c - '0';
  else if (c >= 'a' && c <= 'f')
    value = c - 'a' + 10;
  else if (c >= 'A' && c <= 'F')
    value = c - 'A' + 10;
  return value < base ? value : -1;
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

int32_t
kmp_register_id(const char *name)
{
  size_t i;

  for (i = 0; i < REGISTER_COUNT; i++)
    if (strcmp(registers[i].name, name) == 0)
      return registers[i].id;
  return parse_number(name);
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
kmp_register_number_kind(uint16_t id)
{
  const struct kmp_register *reg = kmp_register_find(id);

  return reg && reg->kind == MP_COUNTER ? MP_COUNTER : MP_GAUGE;
}

/* Of the usual units the first; NULL when none is known. */
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

/* A frame can hold a number where a date is usual, and a register that is not
 * in the table can be anything: these kinds are not known beforehand. */
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
  } else {
    field.name = number;
  }
  sink->field(sink, &field);
}

int
kmp_field(const char *name, const struct mp_field_sink *sink)
{
  int32_t id = kmp_register_id(name);

  if (id < 0)
    return MP_ECONFIG;
  give_field((uint16_t)id, sink);
  return MP_OK;
}

int
kmp_list_fields(const struct mp_field_sink *sink)
{
  size_t i;

  for (i = 0; i < REGISTER_COUNT; i++)
    give_field(registers[i].id, sink);
  return MP_OK;
}
