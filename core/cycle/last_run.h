/*
 * The run before this one, and what the next one finds of this.
 */
#ifndef CORE_CYCLE_LAST_RUN_H
#define CORE_CYCLE_LAST_RUN_H

#include "core/cycle/cycle.h"

/* Reports a run before this one that did not end.  Orders the outputs: those in
 * which runs fail or hang are served last.  Begins the note of this run. */
void last_run_begin_note(struct cycle *c);

/* Stores begin (BEGUN, ms since 1970), end and status of this run, for the
 * command status. */
void last_run_keep(struct cycle *c, int64_t begun);

#endif
