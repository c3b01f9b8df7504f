/*
 * Months: the sums of uses, and what they cost.  Pure.
 */
#ifndef REPORT_MONTHS_H
#define REPORT_MONTHS_H

#include "plugins/csv/report/rules.h"
#include "plugins/csv/report/section.h"
#include "plugins/csv/report/uses.h"

/* Exact amounts.  An item that is missing counts as 0 in the total. */
struct costs {
  bool has_energy, has_returns; /* has_energy: each use has a price */
  bool has_total;               /* has_energy, and the total has not too many
                                   digits */
  struct rules_fraction energy, returns, fixed, total;
};

struct month {
  struct uses_record sum; /* its day is the first of the month */
  int64_t first, last;    /* the days of the month that are shown */
  struct costs costs;
};

struct months {
  struct month *list;
  size_t n;
  struct costs costs; /* of all months */
};

/* Makes the months from the day FROM to the day TO, of the N records between
 * them, which are in order.  MP_OK; MP_ERANGE; MP_ENOMEM.  The caller frees the
 * list. */
int months_new(const struct uses_record *records, size_t n, int64_t from,
               int64_t to, const struct section *section, struct months *ret);

#endif
