/* Each service unpacks the decimal of a value, and packs the result. */
#include "lib/number_services.h"

#include <string.h>

#include "lib/unit.h"

static struct mp_decimal
number_of(const struct mp_value *v)
{
  return (struct mp_decimal){ .coef = v->coef, .exp10 = v->exp10 };
}

static int
return_decimal(struct mp_value *v, struct mp_decimal d, int r)
{
  if (r >= 0) {
    v->coef = d.coef;
    v->exp10 = d.exp10;
  }
  return r;
}

static int
host_decimal_parse(const char *text, struct mp_value *ret_value)
{
  struct mp_decimal d = { 0, 0 };
  int r = decimal_parse(text, strlen(text), &d);

  return return_decimal(ret_value, d, r);
}

static int
host_decimal_format(const struct mp_value *value, char *buf, size_t size)
{
  return decimal_format(number_of(value), buf, size);
}

static int
host_decimal_add(struct mp_value *value, const struct mp_value *other)
{
  struct mp_decimal d = number_of(value);
  int r = decimal_add(d, number_of(other), &d);

  return return_decimal(value, d, r);
}

static int
host_decimal_sub(struct mp_value *value, const struct mp_value *other)
{
  struct mp_decimal d = number_of(value);
  int r = decimal_sub(d, number_of(other), &d);

  return return_decimal(value, d, r);
}

static int
host_decimal_compare(const struct mp_value *a, const struct mp_value *b)
{
  return decimal_compare(number_of(a), number_of(b));
}

static int
host_decimal_round(struct mp_value *value, int32_t place)
{
  struct mp_decimal d = number_of(value);
  int r = decimal_round(&d, place);

  return return_decimal(value, d, r);
}

static int
host_decimal_shows(const struct mp_value *shown, int32_t place,
                   const struct mp_value *value)
{
  return decimal_shows(number_of(shown), place, number_of(value));
}

static int
host_unit_convert(struct mp_value *value, const char *unit, int32_t place)
{
  struct mp_decimal d = number_of(value);
  int r = unit_convert(&d, value->unit, unit, place);

  if (r >= 0)
    value->unit = unit;
  return return_decimal(value, d, r);
}

void
number_services_set(struct mp_host *host)
{
  host->decimal_parse = host_decimal_parse;
  host->decimal_format = host_decimal_format;
  host->decimal_add = host_decimal_add;
  host->decimal_sub = host_decimal_sub;
  host->decimal_compare = host_decimal_compare;
  host->decimal_round = host_decimal_round;
  host->decimal_shows = host_decimal_shows;
  host->unit_convert = host_unit_convert;
}

void
number_services_fill(struct mp_value *to, struct mp_decimal d)
{
  const size_t size = offsetof(struct mp_value, text) + sizeof(to->text);
  struct mp_value value = { .struct_size = to->struct_size,
                            .kind = MP_GAUGE,
                            .coef = d.coef,
                            .exp10 = d.exp10 };

  if (value.struct_size < size)
    value.struct_size = (uint32_t)size;
  memcpy(to, &value, size);
}
