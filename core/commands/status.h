/*
 * The status of a pipeline, read from its state, for meterpipe status.
 */
#ifndef CORE_COMMANDS_STATUS_H
#define CORE_COMMANDS_STATUS_H

#include <stdio.h>

#include "core/run/run_note.h"
#include "core/cycle/cycle.h"
#include "core/pipeline/repeated.h"

/* A failure that has not ended. */
struct outage {
  char *stage, *object, *reason; /* stage, object: "": none */
  int64_t since;
};

struct status {
  const struct cycle *cycle;       /* its ledgers are loaded */
  const struct repeated *repeated; /* repeated sections, or NULL */
  const char *only;                /* the row or section to show; NULL: all */
  const char *state_path;          /* NULL: no state is kept */
  int64_t now;
  bool written; /* the state exists */
  bool has_run;
  int64_t begun, ended;       /* of the last run, ms since 1970 */
  int result;                 /* its exit status */
  bool is_unfinished;         /* a run has begun and has not ended */
  bool in_progress;           /* that run is still at work */
  struct run_note unfinished; /* that run */
  struct outage *outages;     /* the oldest first */
  size_t n_outages;
};

/* Reads the last run and the outages from the store of CYCLE, if there is
 * one; `repeated` and `only` become NULL.  Call status_free afterwards. */
void status_read(struct status *status, const struct cycle *cycle);
void status_free(struct status *status);

/* Returns true if the state can hold values of T: it has a ledger, and its
 * output is not a live one. */
bool status_has_values(const struct target *t);

/* Returns the last known value to show.  That of a total that was never set is
 * none, although its ledger begins with 0. */
const struct value *status_last_value(const struct ledger *ledger);

/* Size of a text of status_device. */
#define STATUS_DEVICE 512

/* Writes what INPUT says about the use of its device to BUF.  Returns BUF;
 * NULL: nothing. */
const char *status_device(const struct status *status,
                          const struct stage *input, char buf[STATUS_DEVICE]);

/* Returns the number of rows in the queue of OUTPUT.  With any, *ret_since is
 * the time of the oldest one (ms since 1970; 0: not known). */
size_t status_queue(const struct cycle *c, const struct stage *output,
                    int64_t *ret_since);

/* The same for the rows of OUTPUT that were set aside; *ret_since is the time
 * when the first of them was. */
size_t status_set_aside(const struct cycle *c, const struct stage *output,
                        int64_t *ret_since);

/* Describes an exit status. */
const char *status_words(int result);

#endif
