/*
 * Whether a counter's reading can be right, given the ones before it.
 *
 * Pure: no I/O, no clock, no store.
 */
#ifndef CORE_LEDGER_PLAUSIBLE_H
#define CORE_LEDGER_PLAUSIBLE_H

#include "lib/value.h"

enum plausible {
  PLAUSIBLE_BELIEVE, /* it is used */
  PLAUSIBLE_FORGET,  /* it is used, and the held reading was wrong */
  PLAUSIBLE_HOLD,    /* it is held; the next reading decides */
};

/*
 * Judges NOW by LAST, the last believed reading, and HELD, the one held since
 * (NULL: none).  LIMIT is the most that the counter can rise by in an hour, in
 * the unit of NOW; coef 0 or below: not known.
 *
 * A rise is suspicious where it exceeds LIMIT times the time between the two
 * readings, counted as at least one hour.  A suspicious reading is believed
 * only if it lies between HELD and what the limit allows above that.  Nothing
 * is suspicious without a last reading, from another serial number, when time
 * does not go forward, or where the units do not convert.
 */
enum plausible plausible_judge(const struct value *last,
                               const struct value *held,
                               const struct value *now, struct decimal limit);

#endif
