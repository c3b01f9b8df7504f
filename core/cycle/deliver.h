/*
 * Delivery: calling outputs, and what each class of them gets.
 */
#ifndef CORE_CYCLE_DELIVER_H
#define CORE_CYCLE_DELIVER_H

#include "core/pipeline/pipeline.h"

/* What became of the records of a commit, and of their values. */
struct results {
  struct stage *output; /* that is committing */
  bool nonsense;        /* it gave a result that is none; said once */
  size_t n;             /* records */
  uint32_t *result;     /* of each record as a whole; 0: none was given */
  uint8_t *cells;       /* of each target in each record (deliver.c); NULL */
};

/* Results of N records of OUTPUT, target by target.  False: out of memory,
 * which is reported. */
bool deliver_results_init(struct results *results, struct stage *output,
                          size_t n);
void deliver_results_free(struct results *results);
/* What became of RECORD.  The output has taken it (MP_ACCEPTED) although it
 * rejected values of single targets. */
uint32_t deliver_record_result(const struct results *results, size_t record);
/* What became of the value for T in RECORD; 0: there was none. */
uint32_t deliver_target_result(const struct results *results, size_t record,
                               const struct target *t);

/*
 * Begins a record, and writes a value of it.  RESULTS (NULL: nothing is kept of
 * them) notes the value; one that the plugin refuses (MP_EDATA, MP_ERANGE,
 * MP_ECONFIG) is rejected whatever commit says.  After another failure nothing
 * of this commit is sent: the output is closed, which makes the plugin forget
 * the records, and given up.
 *
 * The id of the record is NAME-NUMBER, of a row NAME-NUMBER-ROW.
 */
void deliver_begin(struct stage *output, int64_t time_ms, int64_t number,
                   int64_t row);
void deliver_write(struct stage *output, const struct target *t,
                   const struct value *v, struct results *results);
/* Closes it, which makes the plugin forget the records, and leaves it alone for
 * this run. */
void deliver_give_up(struct stage *output);
/* Opens it, unless it was given up; false: it is given up now. */
bool deliver_open(struct stage *output);
/* A record with all values of this cycle that count. */
void deliver_values(struct stage *output, int64_t time_ms,
                    struct results *results);
/* Calls commit, or with TOKEN recover.  A failure gives the output up for this
 * run.  Whatever was not accepted has been explained then, by the plugin or
 * here. */
void deliver_commit(struct stage *output, const char *token,
                    struct results *results);

/* Commits the store with HOW.  False: it cannot be written; that is reported,
 * and only live outputs are served from then on. */
bool deliver_commit_with(struct pipeline *p, int (*how)(struct store *store));
/* Commits the answers of the outputs that were called so far, so that nothing
 * that happens to the next one undoes them.  False: the state failed. */
bool deliver_commit_state(struct pipeline *p);
/* Sending begins, or goes on after a commit: who gets a part of the time. */
void deliver_mark(struct pipeline *p);
/* What became of rows that an earlier run was writing when it ended. */
void deliver_recover(struct pipeline *p);
/* Takes a token for the rows that are written first; before the commit. */
void deliver_tokens(struct pipeline *p);
/* Outputs of class live, which need no state. */
void deliver_live(struct pipeline *p, int64_t time_ms);
/* The queues of append and history outputs, then the latest outputs. */
void deliver_rows(struct pipeline *p);
void deliver_latest(struct pipeline *p);

/* deliver_direct.c: a recording whose state is in memory; rows go straight to
 * the outputs, many to a commit. */
void direct_deliver(struct pipeline *p, int64_t time_ms);
void direct_flush(struct pipeline *p);

#endif
