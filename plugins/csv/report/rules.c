#include "plugins/csv/report/rules.h"

static const struct mp_decimal one = { 1, 0 };

/* Sets *ret to RETURNED minus the line from A to B at FLOW. */
static int
above_line(const struct rules_point *a, const struct rules_point *b,
           struct mp_decimal flow, struct mp_decimal returned,
           struct rules_fraction *ret)
{
  struct mp_decimal width, rise, along, over;
  int r = decimal_sub(b->flow, a->flow, &width);

  if (r == MP_OK)
    r = decimal_sub(b->expected, a->expected, &rise);
  if (r == MP_OK)
    r = decimal_sub(flow, a->flow, &along);
  if (r == MP_OK)
    r = decimal_mul(rise, along, &along);
  if (r == MP_OK)
    r = decimal_sub(returned, a->expected, &over);
  if (r == MP_OK)
    r = decimal_mul(over, width, &over);
  if (r == MP_OK)
    r = decimal_sub(over, along, &over);
  if (r == MP_OK)
    *ret = (struct rules_fraction){ over, width };
  return r;
}

static int
above_point(const struct rules_point *point, struct mp_decimal returned,
            struct rules_fraction *ret)
{
  struct mp_decimal over;
  int r = decimal_sub(returned, point->expected, &over);

  if (r == MP_OK)
    *ret = (struct rules_fraction){ over, one };
  return r;
}

int
rules_degrees(const struct rules *rules, struct mp_decimal flow,
              struct mp_decimal returned, struct rules_fraction *ret)
{
  const struct rules_point *points = rules->points;
  size_t last = rules->n_points - 1;

  if (last == 0 || decimal_compare(flow, points[0].flow) <= 0)
    return above_point(&points[0], returned, ret);
  for (size_t i = 1; i <= last; i++)
    if (decimal_compare(flow, points[i].flow) < 0)
      return above_line(&points[i - 1], &points[i], flow, returned, ret);
  return above_point(&points[last], returned, ret);
}

/* Sets *ret to the percentage, as a numerator over degrees->den. */
static int
percentage(const struct rules *rules, const struct rules_fraction *degrees,
           struct mp_decimal *ret)
{
  struct mp_decimal zone;
  struct mp_decimal num = degrees->num;
  int r = decimal_mul(rules->free_zone, degrees->den, &zone);

  if (r != MP_OK)
    return r;
  if (num.coef <= 0)
    return decimal_mul(num, rules->bonus, ret);
  if (decimal_compare(num, zone) <= 0) {
    *ret = (struct mp_decimal){ 0, 0 };
    return MP_OK;
  }
  if (rules->counts_excess)
    r = decimal_sub(num, zone, &num);
  return r == MP_OK ? decimal_mul(num, rules->malus, ret) : r;
}

/* Returns the greatest common divisor; B is above 0. */
static int64_t
common_divisor(int64_t a, int64_t b)
{
  while (a % b != 0) {
    int64_t rest = a % b;

    a = b;
    b = rest < 0 ? -rest : rest;
  }
  return b;
}

/* Reduces a fraction, and makes its denominator a whole number. */
static void
reduce(struct rules_fraction *fraction)
{
  int64_t divisor;

  decimal_trim(&fraction->num);
  decimal_trim(&fraction->den);
  divisor = common_divisor(fraction->num.coef, fraction->den.coef);
  fraction->num.coef /= divisor;
  fraction->den.coef /= divisor;
  fraction->num.exp10 -= fraction->den.exp10;
  fraction->den.exp10 = 0;
}

int
rules_money(const struct rules *rules, const struct rules_fraction *cost,
            const struct rules_fraction *degrees, struct rules_fraction *ret)
{
  struct rules_fraction money = *cost, part = { .den = degrees->den };
  int r = percentage(rules, degrees, &part.num);

  reduce(&money);
  reduce(&part);
  part.num.exp10 -= 2; /* % */
  if (r == MP_OK)
    r = decimal_mul(money.num, part.num, &money.num);
  if (r == MP_OK)
    r = decimal_mul(money.den, part.den, &money.den);
  if (r == MP_OK)
    *ret = money;
  return r;
}

int
rules_add(const struct rules_fraction *a, const struct rules_fraction *b,
          struct rules_fraction *ret)
{
  struct rules_fraction x = *a, y = *b;
  int64_t divisor;
  int r;

  reduce(&x);
  reduce(&y);
  divisor = common_divisor(x.den.coef, y.den.coef);
  r =
    decimal_mul(x.num, (struct mp_decimal){ y.den.coef / divisor, 0 }, &x.num);
  if (r == MP_OK)
    r = decimal_mul(y.num, (struct mp_decimal){ x.den.coef / divisor, 0 },
                    &y.num);
  if (r == MP_OK)
    r = decimal_add(x.num, y.num, &x.num);
  if (r == MP_OK)
    r = decimal_mul(x.den, (struct mp_decimal){ y.den.coef / divisor, 0 },
                    &x.den);
  if (r == MP_OK)
    *ret = x;
  return r;
}

int
rules_round(const struct rules_fraction *amount, struct mp_decimal *ret)
{
  int r = decimal_scale(amount->num, one, amount->den, RULES_MONEY_PLACE, ret);

  return r < 0 ? r : MP_OK;
}
