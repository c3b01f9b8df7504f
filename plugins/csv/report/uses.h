/*
 * Uses: the differences of neighbouring rows, added up by local day.  Pure.
 *
 * A use belongs to the day of the later row.  If more than one midnight is
 * between the rows, it is a gap: it has a record of its own, and counts only in
 * that day's month.
 */
#ifndef REPORT_USES_H
#define REPORT_USES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/decimal.h"

enum uses_counter { USES_ENERGY, USES_VOLUME, USES_COUNTERS };
enum uses_temperature { USES_FLOW_T, USES_RETURN_T, USES_TEMPERATURES };

/* A sum of temperature x volume, and the volume. */
struct uses_mean {
  struct mp_decimal weighted, volume;
};

struct uses_record {
  int64_t day;  /* since 1970-01-01 */
  int64_t span; /* days since the earlier row: 0 or 1; above: a gap */
  struct mp_decimal used[USES_COUNTERS];
  bool has[USES_COUNTERS];
  unsigned falls; /* exchanged or reset */
  struct uses_mean means[USES_TEMPERATURES];
  bool has_night;
  struct mp_decimal night; /* the smallest flow at night */
};

struct uses_state {
  bool known, fell;
  struct mp_decimal last;   /* value of the last row that had one */
  int64_t day;              /* of that row */
  struct mp_decimal before; /* the last value before the last fall */
  int64_t fell_day;
};

/* The last row that had both. */
struct uses_pair {
  bool known;
  struct mp_decimal product, volume;
  int64_t day;
};

/* Initialise with zeros. */
struct uses {
  bool by_product[USES_TEMPERATURES]; /* means come from these counters; set
                                         before the first row */
  struct uses_record *records; /* in the order of days; memory grows with the
                                  days, not with the rows */
  size_t n, size;
  struct uses_state state[USES_COUNTERS];
  struct uses_pair pairs[USES_TEMPERATURES];
};

struct uses_row {
  int64_t day;
  bool is_night;
  bool has[USES_COUNTERS], has_t[USES_TEMPERATURES], has_flow;
  bool has_product[USES_TEMPERATURES];
  struct mp_decimal value[USES_COUNTERS], t[USES_TEMPERATURES], flow;
  struct mp_decimal product[USES_TEMPERATURES]; /* counters: volume x t */
};

/* Adds a row.  MP_OK; MP_EDATA: a counter fell and soon came back, so the rows
 * are of two meters or one is wrong; MP_ERANGE; MP_ENOMEM.  After a failure the
 * sums are not to be used. */
int uses_add(struct uses *uses, const struct uses_row *row);

void uses_free(struct uses *uses);

/* Adds the sums of FROM to TO, whose day and span stay.  MP_OK or MP_ERANGE. */
int uses_sum(struct uses_record *to, const struct uses_record *from);

/* Sets *ret to the mean, rounded half to even to 0.01.  MP_OK; MP_DROP: no
 * volume, no mean; MP_ERANGE. */
int uses_mean(const struct uses_mean *mean, struct mp_decimal *ret);

#endif
