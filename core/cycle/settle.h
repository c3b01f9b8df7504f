/*
 * Settles the ledgers: compares what the outputs display with what was sent.
 */
#ifndef CORE_CYCLE_SETTLE_H
#define CORE_CYCLE_SETTLE_H

#include "core/cycle/cycle_data.h"

/* Compares the answers of all outputs with the ledgers.  Changes the ledgers,
 * the outcomes, the progress of targets that failed, and when a target may be
 * sent to; adds to M.  NOW_MS: ms since 1970. */
void settle(struct cycle_data *d, int64_t now_ms, struct messages *m);

/* Returns the time of the newest row that OUTPUT, which has a queue, displays
 * and that is newer than LAST_ROW_MS, the newest one that the state knows; 0:
 * none.  Then an older copy of the state was put back: the values of that row
 * become the last known values. */
int64_t settle_unknown_row(struct cycle_data *d, const struct stage *output,
                           int64_t last_row_ms, int64_t now_ms);

#endif
