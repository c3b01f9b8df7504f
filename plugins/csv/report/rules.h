/*
 * What a return temperature costs: bonus below the expected one, malus above.
 * Pure; all numbers are exact, and money is rounded once.
 */
#ifndef REPORT_RULES_H
#define REPORT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/decimal.h"

#define RULES_POINTS_MAX 32
#define RULES_MONEY_PLACE (-2) /* two decimals */

/* The expected return temperature at a flow temperature. */
struct rules_point {
  struct mp_decimal flow, expected;
};

struct rules {
  struct rules_point points[RULES_POINTS_MAX]; /* the flow rises */
  size_t n_points;                /* 1: constant, and its flow is not used */
  struct mp_decimal bonus, malus; /* % per degree */
  struct mp_decimal free_zone;    /* no malus up to and including */
  bool counts_excess; /* the malus counts the degrees beyond free_zone only */
};

/* The exact fraction num / den; den is above 0. */
struct rules_fraction {
  struct mp_decimal num, den;
};

/* Sets *ret to the degrees of RETURNED above the expected return temperature,
 * which is read linearly between two points, and held beyond them.  MP_OK or
 * MP_ERANGE.  FLOW is not used if there is one point. */
int rules_degrees(const struct rules *rules, struct mp_decimal flow,
                  struct mp_decimal returned, struct rules_fraction *ret);

/* Sets *ret to the malus (above 0) or bonus (below 0) on COST.  MP_OK or
 * MP_ERANGE. */
int rules_money(const struct rules *rules, const struct rules_fraction *cost,
                const struct rules_fraction *degrees,
                struct rules_fraction *ret);

/* *ret = a + b, exactly.  MP_OK or MP_ERANGE. */
int rules_add(const struct rules_fraction *a, const struct rules_fraction *b,
              struct rules_fraction *ret);

/* Rounds an amount half to even to two decimals, which it always shows. */
int rules_round(const struct rules_fraction *amount, struct mp_decimal *ret);

#endif
