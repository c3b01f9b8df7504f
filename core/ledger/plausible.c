/* Plausibility of a counter's reading. */
#include "core/ledger/plausible.h"

#include "lib/unit.h"

#define HOUR_MS 3600000
/* A reading in another unit is rounded to this many more places than the
 * reading it is compared with. */
#define FINER_PLACES 6

/* Converts FROM to the unit of TO; false if that is not possible. */
static bool
in_unit_of(const struct value *from, const struct value *to,
           struct mp_decimal *ret)
{
  *ret = from->number;
  return unit_convert(ret, from->unit, to->unit,
                      to->number.exp10 - FINER_PLACES) >= 0;
}

/* Returns true if a rise between the two readings means anything: both are
 * numbers, of the same meter, and TO is later. */
static bool
is_comparable(const struct value *from, const struct value *to)
{
  if (from->kind == 0 || from->text || to->text)
    return false;
  if (from->serial && to->serial && from->serial != to->serial)
    return false;
  return to->time_ms > from->time_ms;
}

/* Returns true if RISE within SPAN_MS is more than LIMIT per hour.  A product
 * that overflows counts as the larger one. */
static bool
exceeds_limit(struct mp_decimal rise, int64_t span_ms, struct mp_decimal limit)
{
  struct mp_decimal hour = { HOUR_MS, 0 }, span = { span_ms, 0 };

  if (span_ms < HOUR_MS)
    span.coef = HOUR_MS;
  if (decimal_mul(limit, span, &limit) != MP_OK)
    return false;
  return decimal_mul(rise, hour, &rise) != MP_OK ||
         decimal_compare(rise, limit) > 0;
}

static bool
is_suspicious(const struct value *from, const struct value *to,
              struct mp_decimal limit)
{
  struct mp_decimal before, rise;

  if (!is_comparable(from, to) || !in_unit_of(from, to, &before) ||
      decimal_compare(to->number, before) <= 0)
    return false;
  return decimal_sub(to->number, before, &rise) != MP_OK ||
         exceeds_limit(rise, to->time_ms - from->time_ms, limit);
}

static bool
confirms_held(const struct value *held, const struct value *now,
              struct mp_decimal limit)
{
  struct mp_decimal before;

  return in_unit_of(held, now, &before) &&
         decimal_compare(now->number, before) >= 0 &&
         !is_suspicious(held, now, limit);
}

enum plausible
plausible_judge(const struct value *last, const struct value *held,
                const struct value *now, struct mp_decimal limit)
{
  if (limit.coef <= 0 || !is_suspicious(last, now, limit))
    return held ? PLAUSIBLE_FORGET : PLAUSIBLE_BELIEVE;
  return held && confirms_held(held, now, limit) ? PLAUSIBLE_BELIEVE
                                                 : PLAUSIBLE_HOLD;
}
