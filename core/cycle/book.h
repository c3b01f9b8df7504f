/*
 * Pending values: what a cycle puts into ledgers and rows.
 */
#ifndef CORE_CYCLE_BOOK_H
#define CORE_CYCLE_BOOK_H

#include "core/pipeline/pipeline.h"

/* Loads what the store has of the targets and of the readings.  MP_OK, or
 * MP_ENOMEM (reported). */
int book_load(struct pipeline *pipeline);

/* Puts the ledgers into the store; committed with it. */
int book_save(struct pipeline *pipeline);
/* The time of the cycle: the end of the reading, the earliest of several
 * inputs; 0: nothing was read. */
int64_t book_time(const struct pipeline *p);
/* Reports the targets whose entry of the state cannot be read; once a run. */
void book_tell_unreadable(struct pipeline *p);
/* Checks that each value is of the kind that its target got before; one of
 * another kind is left out, and blocks its base. */
void book_check_kinds(struct pipeline *p);
/* Checks that each value fits its target; what does not blocks its base. */
void book_check_values(struct pipeline *p);
/* Loads the ledgers of targets that are new since book_load.  Returns as it. */
int book_load_targets(struct pipeline *p);
/* Puts the cycle's values into ledgers and rows. */
void book_due(struct pipeline *p, int64_t time_ms);
/* The time of the newest row that was ever booked for OUTPUT, in ms; 0: none
 * is known. */
int64_t book_last_row(const struct stage *output);
/* Takes the rows up to NEWEST_MS off the queue; how many there were. */
size_t book_drop_rows(struct stage *output, int64_t newest_ms);
/* Marks the pending values as sent, so that the state is committed before
 * anything leaves. */
void book_prepare(struct pipeline *p);
/* The same for one target, in the record that is being put together; false:
 * nothing is pending. */
bool book_prepare_target(struct target *t);
/* The number of the record of OUTPUT that is being put together. */
int64_t book_number(struct stage *output);
/* Puts the ledgers of OUTPUT into the store: MP_OK or MP_ENOMEM (reported). */
int book_save_output(struct stage *output);

#endif
