/*
 * Delivery: calls the outputs with the records that their class gets.  Each
 * step is one record, or one batch of rows, and returns a verdict; the cycle
 * commits the answers, and then lets the step tell about them.
 */
#ifndef CORE_CYCLE_DELIVER_H
#define CORE_CYCLE_DELIVER_H

#include "core/cycle/deliver_results.h"

/* Returns true if OUTPUT has something to send, and so gets a part of the time
 * for sending. */
bool deliver_is_needed(const struct cycle *c, const struct stage *output);

/* ---- Records ---- */

/*
 * Begin a record, and write a value of it.  RESULTS notes the value; NULL: no
 * results are kept.  A value that the plugin refuses (MP_EDATA, MP_ERANGE,
 * MP_ECONFIG) is rejected, also if commit reports another result.  After any
 * other failure nothing of this commit is sent: the output is closed, which
 * makes the plugin forget the records.
 *
 * NUMBER and ROW (0: no row) are those of its id; see record_id.h.
 */
void deliver_begin(struct cycle *c, const struct stage *output, int64_t time_ms,
                   int64_t number, int64_t row);
void deliver_write(struct cycle *c, const struct target *t,
                   const struct value *v, struct results *results);
/* Closes OUTPUT, so that the plugin drops the values written since the last
 * commit: they count as not sent. */
void deliver_break_off(struct cycle *c, const struct stage *output);
/* Writes the record NUMBER with all values of this cycle that count. */
void deliver_values(struct cycle *c, const struct stage *output,
                    int64_t time_ms, int64_t number, struct results *results);
/* Calls commit, or recover if there is a TOKEN. */
enum verdict deliver_commit(struct cycle *c, const struct stage *output,
                            const char *token, struct results *results);

/* ---- Live outputs ---- */

/* Delivers the values of this cycle. */
enum verdict deliver_live(struct cycle *c, const struct stage *output,
                          int64_t time_ms);

/* ---- Latest outputs (deliver_latest.c) ---- */

/* Returns when OUTPUT is ready for its next record, on the monotonic clock;
 * INT64_MAX: nothing is to be sent. */
int64_t latest_ready(const struct cycle *c, const struct stage *output);
/* Returns the first output that is ready to be sent to at NOW, else the one
 * that will be ready first; NULL: nothing is left to send. */
const struct stage *latest_next(const struct cycle *c, int64_t now,
                                int64_t *ret_ready);
/* Writes the oldest record of which a value is ready.  Returns true if write
 * refused a value: then the ledger and the store no longer have it in the
 * record.  The caller commits that before latest_commit, so that a run that is
 * killed in between does not take the value for sent. */
bool latest_write(struct cycle *c, const struct stage *output,
                  struct results *results);
/* Sends what was written, and puts the results into ledgers and store.  The
 * caller commits them, and then calls latest_tell. */
enum verdict latest_commit(struct cycle *c, const struct stage *output,
                           struct results *results);
/* Lists the delivered values, and reports results that the plugin did not
 * explain.  Frees RESULTS. */
void latest_tell(struct cycle *c, struct results *results);
/* Marks the values that are still to be sent as not sent, because OUTPUT is not
 * served any more in this run.  Returns their number. */
size_t latest_leave(struct cycle *c, const struct stage *output);

/* ---- Captures whose state is in memory (deliver_direct.c) ---- */

/* Hands the values of this cycle to OUTPUT; commits many cycles at a time. */
enum verdict direct_deliver(struct cycle *c, const struct stage *output,
                            int64_t time_ms);
/* Commits the last ones. */
enum verdict direct_flush(struct cycle *c, const struct stage *output);

#endif
