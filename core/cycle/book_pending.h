/*
 * Booking: puts the values of a cycle into ledgers, as pending, and into rows.
 */
#ifndef CORE_CYCLE_BOOK_PENDING_H
#define CORE_CYCLE_BOOK_PENDING_H

#include "core/pipeline/pipeline.h"

/* Returns the time of the cycle in ms: the newest reading of each input, the
 * earliest of several inputs.  0: nothing was read. */
int64_t book_time(const struct pipeline *p);
/* Checks that each value is of the kind that its target got before.  A value of
 * another kind is left out and blocks its base. */
void book_check_kinds(struct pipeline *p);
/* Checks that each value fits its target; one that does not blocks its base. */
void book_check_values(struct pipeline *p);
/* Puts the cycle's values into ledgers and rows. */
void book_pending(struct pipeline *p, int64_t time_ms);
/* Removes the rows up to NEWEST_MS from the queue.  Returns their number. */
size_t book_drop_rows(struct stage *output, int64_t newest_ms);
/* Marks the pending values as sent, so that the state is committed before
 * anything leaves. */
void book_prepare(struct pipeline *p);
/* Marks the pending value of one target as sent, in the record that is being
 * put together.  Returns false if nothing is pending. */
bool book_prepare_target(struct target *t);
/* Returns the number of the record of OUTPUT that is being put together. */
int64_t book_number(struct stage *output);

#endif
