#include "plugins/csv/report/months.h"

#include <stdlib.h>

#include "lib/civil.h"
#include "lib/unit.h"

static const struct mp_decimal one = { 1, 0 };

static int64_t
month_of(int64_t day)
{
  struct civil_date date = civil_from_days(day);

  return civil_to_days((int)date.year, date.month, 1);
}

/* Sets *ret to the cost of ENERGY x price, in whose sum NUM is.  One unit of
 * the price is exact in units of energy, or the other way round. */
static int
convert_cost(const struct section *section, struct mp_decimal num,
             struct rules_fraction *ret)
{
  const char *energy = section->units[COLUMN_ENERGY];
  struct mp_decimal factor = one;
  int r = unit_convert(&factor, section->price.per, energy, MP_EXACT);

  *ret = (struct rules_fraction){ num, factor };
  if (r == MP_OK)
    return MP_OK;
  factor = one;
  r = unit_convert(&factor, energy, section->price.per, MP_EXACT);
  if (r == MP_OK)
    r = decimal_mul(num, factor, &ret->num);
  ret->den = one;
  return r;
}

/* Sets *ret to the sum of energy x price.  MP_DROP: a use has no price. */
static int
sum_cost(const struct uses_record *records, size_t n,
         const struct section_prices *prices, struct mp_decimal *ret)
{
  struct mp_decimal sum = { 0, 0 };

  for (size_t i = 0; i < n; i++) {
    const struct section_price *price =
      section_price_of(prices, records[i].day);
    struct mp_decimal product;
    int r;

    if (!price)
      return MP_DROP;
    r = decimal_mul(records[i].used[USES_ENERGY], price->amount, &product);
    if (r == MP_OK)
      r = decimal_add(sum, product, &sum);
    if (r != MP_OK)
      return r;
  }
  *ret = sum;
  return MP_OK;
}

/* Sets the fixed price of the days of a month, each the part of its year. */
static int
set_fixed(struct month *m, const struct section_prices *prices)
{
  int64_t year = civil_from_days(m->first).year;
  int64_t days =
    civil_to_days((int)year + 1, 1, 1) - civil_to_days((int)year, 1, 1);
  struct rules_fraction sum = { { 0, 0 }, { days, 0 } };
  int r = MP_OK;

  for (int64_t day = m->first; day <= m->last && r == MP_OK; day++) {
    const struct section_price *price = section_price_of(prices, day);

    if (price)
      r = decimal_add(sum.num, price->amount, &sum.num);
  }
  return r == MP_OK ? rules_round(&sum, &m->fixed) : r;
}

/* Sets the bonus or malus.  MP_DROP: a mean temperature is missing. */
static int
set_returns(struct month *m, const struct rules *rules,
            const struct rules_fraction *cost)
{
  struct mp_decimal flow = { 0, 0 }, returned;
  struct rules_fraction degrees;
  int r = uses_mean(&m->sum.means[USES_RETURN_T], &returned);

  if (r == MP_OK && rules->n_points > 1)
    r = uses_mean(&m->sum.means[USES_FLOW_T], &flow);
  if (r == MP_OK)
    r = rules_degrees(rules, flow, returned, &degrees);
  if (r == MP_OK)
    r = rules_money(rules, cost, &degrees, &m->returns);
  m->has_returns = r == MP_OK;
  return r;
}

/* Sets the cost of a month.  Each item is rounded once, and the total is the
 * sum of the items, as on a bill. */
static int
set_cost(struct month *m, const struct uses_record *records, size_t n,
         const struct section *section)
{
  struct rules_fraction cost;
  struct mp_decimal sum;
  int r = section->price.n > 0 ? sum_cost(records, n, &section->price, &sum)
                               : MP_DROP;

  if (r == MP_OK)
    r = convert_cost(section, sum, &cost);
  if (r == MP_OK)
    r = rules_round(&cost, &m->energy);
  if (r == MP_OK)
    r = set_fixed(m, &section->fixed);
  if (r == MP_OK && section->rules.n_points > 0)
    r = set_returns(m, &section->rules, &cost);
  if (r == MP_OK)
    r = decimal_add(m->energy, m->fixed, &m->total);
  if (r == MP_OK && m->has_returns)
    r = decimal_add(m->total, m->returns, &m->total);
  m->has_cost = r == MP_OK;
  return r == MP_DROP ? MP_OK : r;
}

static int
sum_month(struct month *m, const struct uses_record *records, size_t n)
{
  int r = MP_OK;

  *m = (struct month){ .first = records[0].day, .last = records[n - 1].day };
  m->sum.day = month_of(m->first);
  for (size_t i = 0; i < n && r == MP_OK; i++)
    r = uses_sum(&m->sum, &records[i]);
  return r;
}

int
months_new(const struct uses_record *records, size_t n,
           const struct section *section, struct month **ret, size_t *ret_n)
{
  struct month *months = calloc(n + 1, sizeof(*months));
  size_t count = 0, end;
  int r = months ? MP_OK : MP_ENOMEM;

  for (size_t i = 0; i < n && r == MP_OK; i = end) {
    for (end = i + 1; end < n; end++)
      if (month_of(records[end].day) != month_of(records[i].day))
        break;
    r = sum_month(&months[count], &records[i], end - i);
    if (r == MP_OK)
      r = set_cost(&months[count++], &records[i], end - i, section);
  }
  if (r != MP_OK) {
    free(months);
    return r;
  }
  *ret = months;
  *ret_n = count;
  return MP_OK;
}
