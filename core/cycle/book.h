/*
 * Booking: checks the values of a cycle against their targets, and puts them
 * into the ledgers.
 *
 * Pure: no I/O, no store.  What is to be said goes to d->evaluation.messages.
 */
#ifndef CORE_CYCLE_BOOK_H
#define CORE_CYCLE_BOOK_H

#include "core/cycle/cycle_data.h"

/* Returns the time of the cycle in ms: the newest reading of each input, the
 * earliest of several inputs.  0: nothing was read. */
int64_t book_time(const struct cycle_data *d);

/* Returns true if any target gets values in its ledger: else book_check and
 * book have nothing to do. */
static inline bool
books_values(const struct cycle_data *d)
{
  return d->books_all || d->plan->keeps_values;
}

/* Checks that each value is of the kind that its target got before, and that it
 * fits its target.  A value that does not is left out and blocks its base. */
void book_check(struct cycle_data *d);

/* Keeps the readings that the next cycle needs, and puts the values that count
 * into the ledgers: as pending in latest outputs, as the cells of a row in
 * queues. */
void book(struct cycle_data *d);

/* Returns true if a value of this cycle goes into the queue of OUTPUT. */
bool book_has_row(const struct cycle_data *d, const struct stage *output);

/* Marks the pending values as sent, so that the state is committed before
 * anything leaves.  NOW_MS: ms since 1970. */
void book_prepare(struct cycle_data *d, int64_t now_ms);
/* Marks the pending value of one target as sent, in the record that is being
 * put together.  Returns false if nothing is pending. */
bool book_prepare_target(struct cycle_data *d, const struct target *t,
                         int64_t now_ms);
/* Returns the number of the record of OUTPUT that is being put together. */
int64_t book_number(struct cycle_data *d, const struct stage *output,
                    int64_t now_ms);

#endif
