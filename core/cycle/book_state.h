/*
 * The entries of the outputs in the state: ledgers, numbers and times.
 */
#ifndef CORE_CYCLE_BOOK_STATE_H
#define CORE_CYCLE_BOOK_STATE_H

#include "core/cycle/cycle.h"

/* Loads the ledgers of the targets and the kept readings from the
 * store. */
void book_load(struct cycle *c);
/* Loads the ledgers of targets added since book_load. */
void book_load_targets(struct cycle *c);
/* Tells the plugins the kinds of targets that the state or a first value
 * decided. */
void book_show_kinds(struct cycle *c);
/* Reports the targets with an unreadable entry in the state, once a run. */
void book_report_unreadable(struct cycle *c);

/* Puts the ledgers and the kept readings into the store, to be committed with
 * it. */
void book_save(struct cycle *c);
/* Puts the ledgers of OUTPUT into the store. */
void book_save_output(struct cycle *c, const struct stage *output);

/* Returns the time of the newest row that was ever booked for OUTPUT, in ms; 0:
 * not known. */
int64_t book_last_row(const struct cycle *c, const struct stage *output);
/* Keeps the time of the newest row.  After the clock was set back, later rows
 * have earlier times and do not count. */
void book_keep_last_row(struct cycle *c, const struct stage *output,
                        int64_t time_ms);

/* Adds a row of this cycle to each queue that gets one.  Nothing is added
 * without a state on disk, or if TIME_MS, the time of the cycle, is 0. */
void book_add_rows(struct cycle *c, int64_t time_ms);

#endif
