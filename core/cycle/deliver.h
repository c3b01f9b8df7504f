/*
 * Delivery: calls the outputs, with the records that their class gets.
 */
#ifndef CORE_CYCLE_DELIVER_H
#define CORE_CYCLE_DELIVER_H

#include "core/cycle/deliver_results.h"
#include "core/cycle/cycle.h"

/*
 * Begin a record, and write a value of it.  RESULTS notes the value; NULL: no
 * results are kept.  A value that the plugin refuses (MP_EDATA, MP_ERANGE,
 * MP_ECONFIG) is rejected, whatever commit says.  After any other failure
 * nothing of this commit is sent: the output is closed, which makes the plugin
 * forget the records, and given up.
 *
 * NUMBER and ROW (0: no row) are those of its id; see record_id.h.
 */
void deliver_begin(struct cycle *c, const struct stage *output, int64_t time_ms,
                   int64_t number, int64_t row);
void deliver_write(struct cycle *c, const struct target *t,
                   const struct value *v, struct results *results);
/* Closes OUTPUT, which makes the plugin forget the records, and gives it up for
 * this run. */
void deliver_give_up(struct cycle *c, const struct stage *output);
/* Opens OUTPUT, unless it was given up.  Returns false if it is given up
 * now. */
bool deliver_open(struct cycle *c, const struct stage *output);
/* Writes a record with all values of this cycle that count. */
void deliver_values(struct cycle *c, const struct stage *output,
                    int64_t time_ms, struct results *results);
/* Calls commit, or recover if there is a TOKEN.  If that fails, gives OUTPUT up
 * for this run.  Each result but MP_ACCEPTED is then explained, by the plugin
 * or here. */
void deliver_commit(struct cycle *c, const struct stage *output,
                    const char *token, struct results *results);

/* Commits the store with HOW.  Returns false if it cannot be written: that is
 * reported, and only live outputs are served from then on. */
bool deliver_commit_with(struct cycle *c, int (*how)(struct store *store));
/* Commits the answers of the outputs that were called so far, so that a failure
 * in the next one cannot undo them.  Returns false if the state failed. */
bool deliver_commit_state(struct cycle *c);
/* Marks the outputs that get a part of the time for sending.  Call it when
 * sending begins, and again after a commit. */
void deliver_mark(struct cycle *c);
/* Finds out the outcome of rows that an earlier run was writing when it
 * ended. */
void deliver_recover(struct cycle *c);
/* Asks each append output for a token of the rows that are written first.  Call
 * it before the commit. */
void deliver_tokens(struct cycle *c);
/* Delivers to live outputs, which need no state. */
void deliver_live(struct cycle *c, int64_t time_ms);
/* Deliver the queues of append and history outputs; then to latest outputs. */
void deliver_rows(struct cycle *c);
void deliver_latest(struct cycle *c);

/* deliver_direct.c: delivers a capture whose state is in memory.  Rows go
 * straight to the outputs, many to a commit. */
void direct_deliver(struct cycle *c, int64_t time_ms);
void direct_flush(struct cycle *c);

#endif
