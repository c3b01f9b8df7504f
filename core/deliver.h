/*
 * Calling outputs; what deliver*.c and dry.c share.
 */
#ifndef CORE_DELIVER_H
#define CORE_DELIVER_H

#include "core/cycle_parts.h"

/* What commit said: for each record, or for each target of the one record. */
struct results {
  struct stage *output; /* that is committing */
  bool nonsense;        /* it gave a result that is none; said once */
  bool by_record;
  size_t n;
  uint32_t *result;
  /* By record only: for each record the result of each target; 0: the record
   * has no value for it. */
  uint8_t *cells;
  bool *told; /* for each record: commit gave it a result as a whole */
};

void deliver_begin(struct stage *output, int64_t time_ms, int64_t id);
void deliver_write(struct stage *output, const struct target *t,
                   const struct value *v);
/* Opens it, unless it was given up; false: it is given up now. */
bool deliver_open(struct stage *output);
/* Results of N records or targets: each MP_PERHAPS until it is told. */
bool deliver_results_init(struct results *results, size_t n, bool by_record);
/* Room for the results of N records, target by target; false: out of memory. */
bool deliver_results_init_rows(struct results *results, struct stage *output,
                               size_t n);
void deliver_results_free(struct results *results);
/* The cell of target number TARGET in RECORD. */
uint8_t *deliver_cell(const struct results *results, size_t record,
                      size_t target);
/* What became of RECORD.  The output has taken it (MP_ACCEPTED) although it
 * rejected values of single targets. */
uint32_t deliver_record_result(const struct results *results, size_t record);
/* A record with all values of this cycle that count. */
void deliver_values(struct stage *output, int64_t time_ms);
/* With TOKEN: recover.  A failure gives the output up for this run. */
int deliver_commit(struct stage *output, const char *token,
                   struct results *results);

#endif
