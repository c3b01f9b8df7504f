/*
 * An older copy of the state was put back: the outputs have rows that it does
 * not know.
 */
#ifndef CORE_CYCLE_OLDER_STATE_H
#define CORE_CYCLE_OLDER_STATE_H

#include "core/cycle/cycle.h"

/* Returns true if asking OUTPUT can reveal that an older copy of the state was
 * put back: it tells the time of its rows, and rows were booked for it. */
bool older_state_is_noticed(const struct cycle *c, const struct stage *output);

/* Adopts rows that an output has and this state does not know.  Rows of the
 * queue that are not newer were delivered before, and are dropped. */
void older_state_adopt_rows(struct cycle *c);

#endif
