/*
 * The results of a commit: of its records, and of their values.
 */
#ifndef CORE_CYCLE_DELIVER_RESULTS_H
#define CORE_CYCLE_DELIVER_RESULTS_H

#include "core/cycle/cycle.h"

/* The results of the records of a commit, and of their values. */
struct results {
  const struct stage *output; /* the output that is committing */
  uint32_t nonsense;          /* the first invalid result; 0: none */
  size_t n;                   /* number of records */
  size_t n_written; /* records that commit was called for; 0: it was not */
  uint32_t *result; /* of each record as a whole; 0: none was given */
  uint8_t
    *cells; /* of each target in each record (deliver_results.c); or NULL */
  struct instance *instance; /* of the output; for the reasons */
  char **reasons; /* of each record that is set aside; NULL: none is known */
  struct value *sent; /* latest: the value that each target was sent; or NULL */
  int64_t number;     /* latest: of the record; 0: nothing was ready */
};

/* Makes RESULTS ready for N records of OUTPUT, target by target. */
void deliver_results_init(struct results *results, const struct stage *output,
                          size_t n);
void deliver_results_free(struct results *results);
/* Returns the result of RECORD.  MP_ACCEPTED: the output has taken the record,
 * although it may have rejected values of single targets. */
uint32_t deliver_record_result(const struct results *results, size_t record);
/* Returns the words of the plugin about a record that is set aside; NULL: none
 * were said before its result. */
const char *deliver_record_reason(const struct results *results, size_t record);
/* Returns the result of the value for T in RECORD; 0: there is no value. */
uint32_t deliver_target_result(const struct results *results, size_t record,
                               const struct target *t);

/* Returns true if write refused the value for T in RECORD. */
bool deliver_target_refused(const struct results *results, size_t record,
                            const struct target *t);

/* ---- For deliver.c ---- */

/* Notes whether the plugin took a value that was written, or refused it. */
void deliver_results_note(struct results *results, size_t record, size_t target,
                          bool taken);
/* Takes a result of commit; the `result` of struct mp_output_sink, whose ctx is
 * a struct results. */
void deliver_results_take(const struct mp_output_sink *sink, uint32_t record,
                          uint32_t target, uint32_t result);
/* Sets the results after begin or write failed.  Nothing was sent now, but in
 * recovery an earlier run may have sent the rows. */
void deliver_results_leave(struct results *results, bool recovers);
/* Reports each result but MP_ACCEPTED and MP_SET_ASIDE, unless the plugin has
 * explained a failure since the first begin: a run must not end with "all
 * delivered" if nothing was.  Counts the records of a queue; names the targets
 * of other outputs. */
void deliver_results_explain(struct cycle *c, const struct results *results,
                             bool recovers);

#endif
