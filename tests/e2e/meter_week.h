/*
 * A week of readings of an emulated meter, which the program takes every 20
 * minutes.  The meter is exchanged twice: for a new one, and for a used one
 * with a higher counter.  The clock in Copenhagen goes back, and the program
 * does not run for a day.
 *
 *     meter_week_run(s, f);
 *     ck_assert_double_eq(meter_week_use(WEEK_POINTS, WEEK_ENERGY, from, to),
 *                         450);
 */
#ifndef E2E_METER_WEEK_H
#define E2E_METER_WEEK_H

#include <stdint.h>
#include <stdio.h>

#include "tests/support/sandbox.h"

#define DAY INT64_C(86400)

/* Midnight in Copenhagen, two hours after the first reading.  The clock there
 * goes back two days later. */
#define WEEK_SINCE INT64_C(1792706400)           /* 2026-10-22T22:00:00Z */
#define WEEK_LAST (WEEK_SINCE + 5 * DAY + 36000) /* the last reading */
#define WEEK_UNTIL (WEEK_LAST + 300)

/* In kWh, m3, kW, l/h, C, C, K. */
enum week_quantity {
  WEEK_ENERGY,
  WEEK_VOLUME,
  WEEK_POWER,
  WEEK_FLOW,
  WEEK_T1,
  WEEK_T2,
  WEEK_DIFFERENCE,
  WEEK_QUANTITIES
};

/* The samples: InfluxDB has a point for each reading, and Prometheus a scrape
 * each minute. */
enum week_site { WEEK_POINTS, WEEK_SCRAPES };

/* Runs the pipeline house.ini for each reading.  It reads the meter at the tty
 * "eye", and writes the file house.prom, whose scrapes F gets as OpenMetrics.
 */
void meter_week_run(struct sandbox *s, FILE *f);

/* These return the true value from FROM on, before TO; NAN: there is none. */

/* The use.  Each meter is counted from its last reading before FROM. */
double meter_week_use(enum week_site site, enum week_quantity quantity,
                      int64_t from, int64_t to);
/* The mean.  Prometheus has a series for each meter: the mean of their means.
 */
double meter_week_mean(enum week_site site, enum week_quantity quantity,
                       int64_t from, int64_t to);
double meter_week_last(enum week_site site, enum week_quantity quantity,
                       int64_t from, int64_t to);

#endif
