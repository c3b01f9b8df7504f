#include "plugins/csv/report/months.h"

#include <stdlib.h>

#include "lib/civil.h"
#include "lib/unit.h"

static const struct mp_decimal one = { 1, 0 };
static const struct rules_fraction zero = { { 0, 0 }, { 1, 0 } };

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
  int year = (int)civil_from_days(m->first).year;
  int64_t days = civil_to_days(year + 1, 1, 1) - civil_to_days(year, 1, 1);
  struct rules_fraction *sum = &m->costs.fixed;
  int r = MP_OK;

  sum->den = (struct mp_decimal){ days, 0 };
  for (int64_t day = m->first; day <= m->last && r == MP_OK; day++) {
    const struct section_price *price = section_price_of(prices, day);

    if (price)
      r = decimal_add(sum->num, price->amount, &sum->num);
  }
  return r;
}

/* Sets the bonus or malus.  MP_DROP: a mean temperature is missing. */
static int
set_returns(struct month *m, const struct rules *rules)
{
  struct mp_decimal flow = { 0, 0 }, returned;
  struct rules_fraction degrees;
  int r = uses_mean(&m->sum.means[USES_RETURN_T], &returned);

  if (r == MP_OK && rules->n_points > 1)
    r = uses_mean(&m->sum.means[USES_FLOW_T], &flow);
  if (r == MP_OK)
    r = rules_degrees(rules, flow, returned, &degrees);
  if (r == MP_OK)
    r = rules_money(rules, &m->costs.energy, &degrees, &m->costs.returns);
  m->costs.has_returns = r == MP_OK;
  return r;
}

static int
add_costs(struct rules_fraction *sum, const struct rules_fraction *a)
{
  return rules_add(sum, a, sum);
}

static int
set_costs(struct month *m, const struct uses_record *records, size_t n,
          const struct section *section)
{
  struct costs *costs = &m->costs;
  struct mp_decimal sum;
  int r = section->price.n > 0 ? sum_cost(records, n, &section->price, &sum)
                               : MP_DROP;

  if (r == MP_OK)
    r = convert_cost(section, sum, &costs->energy);
  costs->has_energy = r == MP_OK;
  if (r == MP_OK)
    r = set_fixed(m, &section->fixed);
  if (r == MP_OK && section->rules.n_points > 0)
    r = set_returns(m, &section->rules);
  if (r != MP_OK && r != MP_DROP)
    return r;
  costs->total = costs->energy;
  costs->has_total =
    costs->has_energy && add_costs(&costs->total, &costs->fixed) == MP_OK &&
    (!costs->has_returns || add_costs(&costs->total, &costs->returns) == MP_OK);
  return MP_OK;
}

/* Adds up the costs of all months. */
static void
sum_costs(struct months *months)
{
  struct costs *sum = &months->costs;

  sum->has_energy = sum->has_total = true;
  sum->energy = sum->returns = sum->fixed = sum->total = zero;
  for (size_t i = 0; i < months->n; i++) {
    const struct costs *costs = &months->list[i].costs;

    sum->has_energy = sum->has_energy && costs->has_energy &&
                      add_costs(&sum->energy, &costs->energy) == MP_OK &&
                      add_costs(&sum->fixed, &costs->fixed) == MP_OK;
    sum->has_total = sum->has_total && costs->has_total &&
                     add_costs(&sum->total, &costs->total) == MP_OK;
    sum->has_returns = (sum->has_returns || costs->has_returns) &&
                       add_costs(&sum->returns, &costs->returns) == MP_OK;
  }
}

static int
set_month(struct month *m, const struct uses_record *records, size_t n,
          const struct section *section)
{
  int r = MP_OK;

  m->sum.day = month_of(m->first);
  m->costs.energy = m->costs.returns = m->costs.fixed = zero;
  for (size_t i = 0; i < n && r == MP_OK; i++)
    r = uses_sum(&m->sum, &records[i]);
  return r == MP_OK ? set_costs(m, records, n, section) : r;
}

/* Returns the last day of the month of DAY. */
static int64_t
month_end(int64_t day)
{
  return month_of(month_of(day) + 31) - 1;
}

static size_t
count_months(int64_t from, int64_t to)
{
  size_t n = 0;

  for (; from <= to; from = month_end(from) + 1)
    n++;
  return n;
}

int
months_new(const struct uses_record *records, size_t n, int64_t from,
           int64_t to, const struct section *section, struct months *ret)
{
  struct months months = { .n = count_months(from, to) };
  size_t i = 0, end;
  int r = MP_OK;

  months.list = calloc(months.n + 1, sizeof(*months.list));
  if (!months.list)
    return MP_ENOMEM;
  for (size_t k = 0; k < months.n && r == MP_OK; k++, i = end) {
    struct month *m = &months.list[k];

    m->first = k == 0 ? from : months.list[k - 1].last + 1;
    m->last = month_end(m->first) < to ? month_end(m->first) : to;
    for (end = i; end < n && records[end].day <= m->last;)
      end++;
    r = set_month(m, &records[i], end - i, section);
  }
  if (r != MP_OK) {
    free(months.list);
    return r;
  }
  sum_costs(&months);
  *ret = months;
  return MP_OK;
}
