/*
 * Checks whether the reading of a counter is plausible, given the ones before
 * it.
 *
 * Pure: no I/O, no clock, no store.
 */
#ifndef CORE_LEDGER_PLAUSIBLE_H
#define CORE_LEDGER_PLAUSIBLE_H

#include "lib/value.h"

enum plausible {
  PLAUSIBLE_BELIEVE, /* use the reading */
  PLAUSIBLE_FORGET,  /* use it; the held reading was wrong */
  PLAUSIBLE_HOLD,    /* hold it; the next reading decides */
};

/*
 * Judges the reading NOW by LAST, the last believed reading, and HELD, the
 * reading held since (NULL: none).  LIMIT is the most that the counter can rise
 * in an hour, in the unit of NOW; coef 0 or below: not known.
 *
 * A rise is suspicious if it exceeds LIMIT times the time between the two
 * readings, counted as at least one hour.  A suspicious reading is believed
 * only if it lies between HELD and HELD plus the rise that the limit allows.  A
 * reading is never suspicious if there is no last reading, the serial number
 * differs, time does not go forward, or the units do not convert.
 */
enum plausible plausible_judge(const struct value *last,
                               const struct value *held,
                               const struct value *now,
                               struct mp_decimal limit);

#endif
