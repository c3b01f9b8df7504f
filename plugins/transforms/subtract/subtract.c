/*
 * subtract: the increase of a counter since the reading that a target was last
 * given (the base).  Most of the code is about implausible readings, and bases
 * that cannot be used.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>

#include <meterpipe/plugin.h>

#include "lib/decimal.h"
#include "plugins/transforms/transform.h"

/* In the order of the options' `allowed`. */
enum first { FIRST_SKIP, FIRST_ZERO };
enum decrease { DECREASE_HOLD, DECREASE_ALLOW, DECREASE_REBASE };

/* To compare a reading with a rounded base, it is converted to this many places
 * more than the base has.  The rounding of the conversion then does not
 * count. */
#define FINER_PLACES 6

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the reading" },
  { "minus", MP_TYPE_OPERAND, MP_REQUIRED | MP_BASE, NULL, NULL,
    "OUTPUT.TARGET that holds the previous reading" },
  { "first", MP_TYPE_CHOICE, 0, "skip", "skip|zero",
    "the first reading gives no result, or all of its value" },
  { "decrease", MP_TYPE_CHOICE, 0, NULL, "hold|allow|rebase",
    "if the reading is below the last one (default: hold for counters, else "
    "allow)" },
  { "wrap", MP_TYPE_DECIMAL, 0, NULL, "0..",
    "the counter begins again at 0 when it reaches this, in its own unit" },
  { "max", MP_TYPE_DECIMAL, 0, NULL, "0..",
    "hold a reading with a higher result, in the unit of the result" },
  { "max_rate", MP_TYPE_DECIMAL, MP_PLAUSIBLE, NULL, "0..",
    "the highest increase of a counter in an hour, in the unit of value "
    "(default: the input's limit for the field)" },
  { "plausible", MP_TYPE_BOOL, MP_PLAUSIBLE, "yes", NULL,
    "hold a reading that rises faster until the next one confirms it" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static enum decrease
decrease_of(const struct transform *t, const struct mp_value *value)
{
  if (t->host->option(t->host, "decrease"))
    return (enum decrease)t->host->option_int(t->host, "decrease");
  return value->kind == MP_COUNTER ? DECREASE_HOLD : DECREASE_ALLOW;
}

/* *ret_shows: the base is known only rounded, as its target displays it, and
 * READING would be displayed the same. */
static int
shows_reading(const struct transform *t, const struct mp_operand *operand,
              const struct mp_value *reading, int *ret_shows)
{
  struct mp_decimal number = reading->number;
  const char *unit = operand->value->unit;
  int answer = MP_OK;

  *ret_shows = 0;
  if (operand->place == MP_EXACT)
    return MP_OK;
  if (unit && unit[0] != '\0')
    answer = t->host->unit_convert(&number, reading->unit, unit,
                                   operand->place - FINER_PLACES);
  if (answer < 0)
    return mp_fail(t->host, answer, transform_object(t),
                   "cannot be compared in %s with the rounded base", unit);
  *ret_shows = decimal_shows(operand->value->number, operand->place, number);
  return MP_OK;
}

/* Adds `wrap` to the negative DIFFERENCE of a counter that began again at 0.
 * MP_DROP: there is no wrap, or the result is implausible (negative, or half of
 * wrap and more). */
static int
unwrap_difference(const struct transform *t, const struct mp_value *value,
                  struct mp_value *difference)
{
  const struct mp_host *host = t->host;
  const struct mp_decimal zero = { 0, 0 };
  struct mp_decimal wrap, sum, twice;

  if (host->option_decimal(host, "wrap", &wrap) != MP_OK)
    return MP_DROP;
  /* wrap is in the counter's unit, that of the reading */
  if (host->unit_convert(&wrap, value->unit, difference->unit, MP_EXACT) !=
      MP_OK)
    return MP_ERANGE;
  if (host->decimal_add(difference->number, wrap, &sum) != MP_OK ||
      host->decimal_add(sum, sum, &twice) != MP_OK)
    return MP_ERANGE;
  if (host->decimal_compare(sum, zero) < 0 ||
      host->decimal_compare(twice, wrap) >= 0)
    return MP_DROP;
  difference->number = sum;
  return MP_OK;
}

/* Returns true if a register of DIGITS digits may have begun again at 0: the
 * base is in the last hundredth below *WRAP, and the reading in the first above
 * 0. */
static bool
is_near_wrap(const struct transform *t, const struct mp_value *value,
             const struct mp_value *base, int32_t digits,
             struct mp_decimal *wrap)
{
  const struct mp_host *host = t->host;
  const struct mp_decimal hundredth = { 1, value->number.exp10 + digits - 2 };
  struct mp_decimal rest;

  *wrap = (struct mp_decimal){ 1, hundredth.exp10 + 2 };
  return host->decimal_sub(*wrap, base->number, &rest) == MP_OK &&
         rest.coef > 0 && host->decimal_compare(rest, hundredth) <= 0 &&
         host->decimal_compare(value->number, hundredth) < 0;
}

/* Writes to HINT that the register may have begun again at 0, after 7 or 8
 * digits; "" if the values are not near such a point. */
static void
hint_at_wrap(const struct transform *t, const struct mp_value *value,
             const struct mp_value *base, char *hint, size_t size)
{
  char at[DECIMAL_TEXT];
  struct mp_decimal wrap;

  hint[0] = '\0';
  if (base->unit != value->unit || t->host->option(t->host, "wrap") ||
      (!is_near_wrap(t, value, base, 7, &wrap) &&
       !is_near_wrap(t, value, base, 8, &wrap)))
    return;
  t->host->decimal_format(wrap, at, sizeof(at));
  snprintf(hint, size, "; if the register began again at 0, set wrap = %s", at);
}

static int
hold_decrease(const struct transform *t, const struct mp_value *value,
              const struct mp_value *base)
{
  char below[TRANSFORM_TEXT], above[TRANSFORM_TEXT];
  char hint[TRANSFORM_TEXT + 64];

  hint_at_wrap(t, value, base, hint, sizeof(hint));
  mp_fail(t->host, MP_EDATA, transform_object(t),
          "%s is below the last known %s, held; if it is right: "
          "meterpipe rebase %s%s",
          transform_show(t, value, below, sizeof(below)),
          transform_show(t, base, above, sizeof(above)), t->host->name, hint);
  return MP_HOLD;
}

static int
check_max(const struct transform *t, const struct mp_value *value,
          const struct mp_value *result)
{
  struct mp_value max = transform_number(result);
  char reading[TRANSFORM_TEXT], more[TRANSFORM_TEXT], limit[TRANSFORM_TEXT];

  if (t->host->option_decimal(t->host, "max", &max.number) != MP_OK ||
      t->host->decimal_compare(result->number, max.number) <= 0)
    return MP_OK;
  mp_fail(t->host, MP_EDATA, transform_object(t),
          "%s is %s more than the last known value, and max is %s, held; "
          "if it is right: meterpipe rebase %s",
          transform_show(t, value, reading, sizeof(reading)),
          transform_show(t, result, more, sizeof(more)),
          transform_show(t, &max, limit, sizeof(limit)), t->host->name);
  return MP_HOLD;
}

/* Turns *RESULT, the reading in the unit of the base, into the difference. */
static int
take_difference(const struct transform *t, const struct mp_value *value,
                const struct mp_value *base, struct mp_value *result)
{
  bool fell = t->host->decimal_compare(result->number, base->number) < 0;
  int r;

  if (t->host->decimal_sub(result->number, base->number, &result->number) !=
      MP_OK)
    return transform_fail_range(t, value, "minus", base);
  if (!fell)
    return MP_OK;
  r = unwrap_difference(t, value, result);
  if (r == MP_ERANGE)
    return transform_fail_range(t, value, "minus", base);
  if (r == MP_OK)
    return MP_OK;
  switch (decrease_of(t, value)) {
  case DECREASE_ALLOW:
    return MP_OK;
  case DECREASE_REBASE:
    return MP_REBASE;
  default:
    return hold_decrease(t, value, base);
  }
}

/* Subtracts a known base from the reading. */
static int
subtract(struct transform *t, const struct mp_operand *operand,
         struct mp_value *value)
{
  struct mp_value result = transform_number(value);
  struct mp_value base = transform_number(operand->value);
  int shows;
  int r = transform_check_operand(t, "minus", operand->value);

  if (r == MP_OK)
    r = transform_align(t, &result, &base);
  if (r == MP_OK)
    r = shows_reading(t, operand, value, &shows);
  if (r != MP_OK)
    return r;
  if (shows)
    result.number.coef = 0;
  else
    r = take_difference(t, value, &base, &result);
  if (r == MP_OK)
    r = check_max(t, value, &result);
  return r != MP_OK ? r : transform_finish(t, value, &result, MP_DELTA);
}

static int
subtract_apply(void *self, struct mp_value *value)
{
  struct transform *t = self;
  const struct mp_operand *operand = t->host->operand(t->host, "minus");
  const struct mp_value zero = { .struct_size = sizeof(zero) };
  struct mp_operand first = { .struct_size = sizeof(first),
                              .value = &zero,
                              .place = MP_EXACT };

  if (transform_check_number(t, value) != MP_OK)
    return MP_ECONFIG;
  if (!operand)
    return MP_DROP;
  if (operand->value)
    return subtract(t, operand, value);
  if (t->host->option_int(t->host, "first") == FIRST_SKIP)
    return MP_REBASE;
  return subtract(t, &first, value);
}

static const struct mp_transform_ops ops = {
  .struct_size = sizeof(struct mp_transform_ops),
  .apply = subtract_apply,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "subtract",
  .version = PACKAGE_VERSION,
  .summary = "usage: a reading minus the one before",
  .options = options,
  .create = transform_create,
  .destroy = transform_destroy,
  .transform = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
