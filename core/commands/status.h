/*
 * What is known of a pipeline from its state, for meterpipe status.
 */
#ifndef CORE_COMMANDS_STATUS_H
#define CORE_COMMANDS_STATUS_H

#include <stdio.h>

#include "core/run/note.h"
#include "core/pipeline/pipeline.h"

/* A failure that goes on. */
struct outage {
  char *stage, *object, *reason; /* stage and object: "" where there is none */
  int64_t since;
};

struct status {
  const struct pipeline *pipeline;
  const char *state_path; /* NULL: it keeps none */
  int64_t now;
  bool written; /* the state exists */
  bool has_run;
  int64_t begun, ended;   /* of the last run, ms since 1970 */
  int result;             /* its exit status */
  bool is_unfinished;     /* a run has begun and has not ended */
  bool in_progress;       /* it is still at work */
  struct note unfinished; /* that run */
  struct outage *outages; /* the oldest first */
  size_t n_outages;
};

/* Reads the last run and the outages from the pipeline's store, where there is
 * one.  MP_OK or MP_ENOMEM; status_free in either case. */
int status_read(struct status *status, const struct pipeline *pipeline);
void status_free(struct status *status);

/* How many rows of OUTPUT wait, and since when. */
size_t status_queue(const struct stage *output, int64_t *ret_since);

/* What an exit status means. */
const char *status_words(int result);

#endif
