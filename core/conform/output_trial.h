/*
 * The life of one output instance: what a run calls, and the checks of each
 * answer.
 */
#ifndef CORE_CONFORM_OUTPUT_TRIAL_H
#define CORE_CONFORM_OUTPUT_TRIAL_H

#include "core/conform/conform.h"

#define OUTPUT_TRIAL_RECORDS 3

/* What is known of a target in the current cycle. */
struct place {
  bool answered;                   /* by fetch */
  bool takes_none;                 /* it is absent or unfit */
  bool takes_numbers;              /* only: the host writes no text to it */
  bool open[OUTPUT_TRIAL_RECORDS]; /* written, and without a result */
};

struct output_trial {
  struct conform *c;
  struct conform_host *h;
  void *self;
  uint32_t class;
  int64_t ms; /* time left for all cycles */
  void (*run)(struct output_trial *t);
  const struct mp_value *sample;

  struct loan loan; /* the targets, between open and close */
  struct place *places;
  uint32_t n_targets;

  uint32_t records;
  unsigned explained; /* c->n_explained before the first record */
  bool silent;        /* a result that needs an explanation was given */
  bool given_up;      /* the host would not use the output again in this run */
  int skipped;        /* of fetch: -1: no result yet, 1: MP_SKIP, 0: MP_OK */
};

/* Lends the plugin its targets and opens the output.  false: it failed. */
bool output_trial_open(struct output_trial *t);
/* Closes the output and takes the targets back. */
void output_trial_close(struct output_trial *t);

/* Calls fetch, if the plugin has it, and checks the answer.  Returns false if
 * fetch failed: a run would not call the output again. */
bool output_trial_fetch(struct output_trial *t);

/* Fetches and delivers once.  After a failure, a run would close the output; so
 * this opens it again for the next cycle.  CTX is the trial.  false: it is no
 * longer open. */
bool output_trial_cycle(struct conform *c, void *ctx);
/* One cycle from open to close.  Returns true. */
bool output_trial_once(struct conform *c, void *ctx);

/* ---- output_offers.c ---- */

/* From open to close: fetch, list, create_target and check. */
void output_trial_offers(struct output_trial *t);
/* Calls list, check, and create_target with MP_CREATE_PLAN, of an open output.
 * Returns true. */
bool output_trial_ask(struct conform *c, void *ctx);

#endif
