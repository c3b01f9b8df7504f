/*
 * Functions that all transforms share.  Between cycles an instance keeps only
 * the memory of the unit that it returned last.
 */
#include "plugins/transforms/transform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
transform_create(const struct mp_host *host, void **ret_self)
{
  struct transform *t = calloc(1, sizeof(*t));

  if (!t)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  t->host = host;
  *ret_self = t;
  return MP_OK;
}

void
transform_destroy(void *self)
{
  struct transform *t = self;

  if (!t)
    return;
  free(t->unit);
  free(t);
}

const char *
transform_object(const struct transform *t)
{
  return t->host->option(t->host, "value");
}

const char *
transform_show(const struct transform *t, const struct mp_value *value,
               char *buf, size_t size)
{
  int len = t->host->decimal_format(value->number, buf, size);

  if (len >= 0 && (size_t)len < size && value->unit)
    snprintf(buf + len, size - (size_t)len, " %s", value->unit);
  return buf;
}

int
transform_check_number(const struct transform *t, const struct mp_value *value)
{
  if (value->kind != MP_TEXT)
    return MP_OK;
  return mp_fail(t->host, MP_ECONFIG, transform_object(t),
                 "is a text; this transform needs a number");
}

int
transform_check_operand(const struct transform *t, const char *key,
                        const struct mp_value *operand)
{
  if (operand->kind != MP_TEXT)
    return MP_OK;
  return mp_fail(t->host, MP_ECONFIG, transform_object(t),
                 "%s holds the text \"%s\"; this transform needs a number: set "
                 "the target to one",
                 t->host->option(t->host, key), operand->text);
}

int
transform_fail_range(const struct transform *t, const struct mp_value *a,
                     const char *operation, const struct mp_value *b)
{
  char first[TRANSFORM_TEXT], second[TRANSFORM_TEXT];

  return mp_fail(t->host, MP_ERANGE, transform_object(t),
                 "%s %s %s has too many digits for an exact number",
                 transform_show(t, a, first, sizeof(first)), operation,
                 transform_show(t, b, second, sizeof(second)));
}

struct mp_value
transform_number(const struct mp_value *value)
{
  struct mp_value number = { .struct_size = sizeof(number) };

  number.kind = value->kind;
  number.number = value->number;
  number.unit = value->unit;
  return number;
}

static bool
has_unit(const struct mp_value *value)
{
  return value->unit && value->unit[0] != '\0';
}

const char *
transform_unit_name(const struct mp_value *value)
{
  return has_unit(value) ? value->unit : "no unit";
}

bool
transform_is_convertible(const struct transform *t,
                         const struct mp_value *value, const char *unit)
{
  struct mp_decimal zero = { 0, 0 };

  return t->host->unit_convert(&zero, value->unit, unit, 0) >= 0;
}

static int
fail_units(const struct transform *t, int code, const struct mp_value *value,
           const struct mp_value *operand)
{
  if (code == MP_ERANGE)
    return mp_fail(t->host, MP_ERANGE, transform_object(t),
                   "too large to be converted between %s and %s",
                   transform_unit_name(value), transform_unit_name(operand));
  if (!transform_is_convertible(t, value, operand->unit))
    return mp_fail(t->host, MP_ECONFIG, transform_object(t),
                   "is in %s, but the operand is in %s, and these units do not "
                   "convert; name another operand",
                   transform_unit_name(value), transform_unit_name(operand));
  return mp_fail(
    t->host, MP_ECONFIG, transform_object(t),
    "is in %s, but the operand is in %s, and neither converts exactly to "
    "the other; put a transform with plugin = convert before it",
    transform_unit_name(value), transform_unit_name(operand));
}

/* Converts *value exactly to UNIT. */
static int
convert_to(const struct transform *t, struct mp_value *value, const char *unit)
{
  int r = t->host->unit_convert(&value->number, value->unit, unit, MP_EXACT);

  if (r == MP_OK)
    value->unit = unit;
  return r;
}

int
transform_align(const struct transform *t, struct mp_value *value,
                struct mp_value *operand)
{
  int there, back;

  if (!has_unit(operand))
    operand->unit = value->unit;
  if (operand->unit == value->unit)
    return MP_OK;
  there = convert_to(t, operand, has_unit(value) ? value->unit : "");
  if (there == MP_OK)
    return MP_OK;
  back = convert_to(t, value, operand->unit);
  if (back == MP_OK)
    return MP_OK;
  return fail_units(t, back == MP_ERANGE ? back : there, value, operand);
}

int
transform_finish(struct transform *t, struct mp_value *value,
                 const struct mp_value *result, uint32_t kind)
{
  char *unit = NULL;

  /* the operand's unit is valid only during the callback */
  if (result->unit != value->unit && result->unit) {
    unit = strdup(result->unit);
    if (!unit)
      return mp_fail(t->host, MP_ENOMEM, transform_object(t), "out of memory");
  }
  if (unit) {
    free(t->unit);
    t->unit = unit;
    value->unit = unit;
  }
  value->number = result->number;
  value->kind = kind;
  return MP_OK;
}
