/*
 * The queues of append and history outputs.
 */
#ifndef CORE_CYCLE_DELIVER_ROWS_H
#define CORE_CYCLE_DELIVER_ROWS_H

#include "core/cycle/deliver_results.h"
#include "core/cycle/queue_row.h"

/* Rows that are written in one commit, and their place in the output. */
struct batch {
  int64_t first, last; /* ids of the first and the last row */
  bool recovers;       /* an earlier run was writing them */
  char token[512];     /* then: of the place of the first row */
  /* of rows_send */
  struct results results;
  struct queue_row *rows; /* those that were written */
  int64_t *ids;
  size_t n;
  size_t set_aside;        /* rows that were set aside */
  long long dropped_aside; /* as set_aside_bound returned it */
};

/* Returns true if an earlier run ended while it wrote rows of OUTPUT. */
bool rows_need_recovery(const struct cycle *c, const struct stage *output);
/* Finds the rows that an earlier run was writing.  VERDICT_GOOD: rows_send
 * finds out their outcome, from the token in BATCH. */
enum verdict rows_recovery(struct cycle *c, const struct stage *output,
                           struct batch *batch);

/* Finds the next rows of OUTPUT.  Returns false if there are none. */
bool rows_next(const struct cycle *c, const struct stage *output,
               struct batch *batch);
/* Asks the plugin for a token of the place where the rows of BATCH go, and puts
 * it into the store. */
enum verdict rows_token(struct cycle *c, const struct stage *output,
                        const struct batch *batch);
/* Writes the rows of BATCH, or finds out their outcome.  Takes the accepted
 * ones off the queue, and sets aside those that the output will never take.
 * The caller commits that, and then calls rows_tell.  VERDICT_NOTHING: rows of
 * BATCH are still in the queue. */
enum verdict rows_send(struct cycle *c, const struct stage *output,
                       struct batch *batch);
/* Lists the delivered values; reports rows that were set aside, and results
 * that the plugin did not explain.  Frees what rows_send allocated. */
void rows_tell(struct cycle *c, struct batch *batch);

/* Drops the oldest rows beyond queue_max, and reports them. */
void rows_bound(struct cycle *c, const struct stage *output);

#endif
