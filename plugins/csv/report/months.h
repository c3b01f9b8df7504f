/*
 * Months: the sums of uses, and what they cost.  Pure.
 */
#ifndef REPORT_MONTHS_H
#define REPORT_MONTHS_H

#include "plugins/csv/report/section.h"
#include "plugins/csv/report/uses.h"

struct month {
  struct uses_record sum;     /* its day is the first of the month */
  int64_t first, last;        /* the days from the first use to the last */
  bool has_cost, has_returns; /* there is a price; there is a bonus or malus */
  struct mp_decimal energy, returns, fixed, total; /* money */
};

/* Makes the months of the N records, which are in order.  MP_OK; MP_ERANGE;
 * MP_ENOMEM.  The caller frees *ret. */
int months_new(const struct uses_record *records, size_t n,
               const struct section *section, struct month **ret,
               size_t *ret_n);

#endif
