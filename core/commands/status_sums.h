/* Targets and queues of repeated options and sections: one row of the status
 * for all of them. */
#ifndef CORE_COMMANDS_STATUS_SUMS_H
#define CORE_COMMANDS_STATUS_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/commands/status.h"

/* The targets, or the queues, with one name in the pipeline file. */
struct status_sum {
  char *name; /* "dom.{idx_base}"; "log_{name}" for queues */
  bool is_queue;
  size_t n;          /* how many there are */
  size_t n_set;      /* how many have a value */
  int64_t oldest_ms; /* the time of their oldest value; 0: not known */
  size_t waiting;    /* pending values, or rows of all queues */
  int64_t since_ms;  /* since when the first of them waits; 0: not known */
  size_t set_aside;  /* rows, of all queues */
  bool is_printed;
};

struct status_sums {
  struct status_sum *list;
  size_t n;
};

/* Sums up all that STATUS shows, or nothing if it shows only one row or
 * section. Call status_sums_clear afterwards. */
void status_sums_read(const struct status *status, struct status_sums *ret);
void status_sums_clear(struct status_sums *sums);

/* Return the sum that the target, or the queue of OUTPUT, is a part of; NULL:
 * it is shown alone. */
struct status_sum *status_sums_of_target(struct status_sums *sums,
                                         const struct status *status,
                                         const struct target *target);
struct status_sum *status_sums_of_queue(struct status_sums *sums,
                                        const struct status *status,
                                        const struct stage *output);

#endif
