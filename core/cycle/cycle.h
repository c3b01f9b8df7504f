/*
 * A run: one cycle, or all cycles of a capture, and the handling of failures.
 *
 *   read -> ask -> settle -> evaluate -> book -> commit -> deliver -> commit
 */
#ifndef CORE_CYCLE_CYCLE_H
#define CORE_CYCLE_CYCLE_H

#include <pthread.h>

#include "core/cycle/cycle_data.h"
#include "core/ledger/record_id.h"
#include "core/pipeline/instance.h"
#include "core/run/run.h"

struct cycle;

/* The ctx of the sinks into which an input or output tells its values. */
struct teller {
  struct cycle *cycle;
  struct instance *instance;
  struct mp_sink sink; /* of an input */
};

/* What the cycle must do after a step of an output. */
enum verdict {
  VERDICT_GOOD,
  VERDICT_NOTHING, /* nothing is left to do in this run */
  VERDICT_GIVE_UP, /* do not use the output for the rest of this run */
};

/* An output in the delivery of a cycle. */
struct output_delivery {
  size_t pending_records; /* records begun since the last commit */
  bool is_broken;         /* begin or write failed: none of them is sent */
  unsigned explained;     /* n_explained before the first pending record */
  size_t rows;            /* rows acknowledged in this run */
  /* The id of the last record, and what it was made of; NULL: none. */
  const char *id;
  int64_t number, row;
  char id_text[RECORD_ID];
};

struct cycle {
  struct cycle_data d;
  struct plan *plan; /* the same as d.plan: new fields are added to it */
  struct instances *instances;
  struct run *run;
  const struct stage **order; /* the outputs, in the order of their service */
  size_t n_outputs;
  size_t n_loaded;       /* targets whose entry was looked up */
  struct record_ids ids; /* of the state */
  size_t reserved_turns; /* parts of the time kept for a later step */
  struct output_delivery *deliveries; /* per stage */
  char **delivered;   /* per target: values acknowledged in this run, as text */
  size_t n_delivered; /* room of that array */
  struct teller *tellers;  /* per stage */
  struct messages notices; /* to be logged when the cycle is committed */
  bool dry;                /* -n: nothing is delivered or recorded */
  pthread_mutex_t lock;    /* for data that threads of inputs share */
};

struct cycle *cycle_new(struct plan *plan, struct instances *instances,
                        struct run *run);
/* Call it when the instances are closed: they may ask for the last known values
 * until then.  NULL is allowed. */
void cycle_free(struct cycle *c);

/* Forgets what was loaded from the state, which another run may have changed
 * since. */
void cycle_reset(struct cycle *c);

/* Closes the inputs.  Closes the outputs that were given up, that have other
 * targets than when they were opened, or whose notes in the state were not
 * committed.  The others stay open: the next cycle of --every uses their
 * connections. */
void cycle_close(struct cycle *c);

/* Runs the pipeline, whose store is open and whose instances are created.  All
 * failures are reported.  Returns MP_OK, or MP_ECANCELED after a signal. */
int cycle_run(struct cycle *c);

/* Asks the outputs for their displayed values, and settles the ledgers. */
void cycle_ask(struct cycle *c);

/* Call it if the state cannot be opened: only live outputs are served. */
void cycle_fail_state(struct cycle *c);

/* ---- For the steps of a cycle ---- */

static inline struct instance *
instance_of(const struct cycle *c, const struct stage *stage)
{
  return &c->instances->list[stage->index];
}

static inline struct output_state *
output_state(struct cycle *c, const struct stage *output)
{
  return &c->d.outputs[output->index];
}

/* Forgets the last run of this cycle. */
void cycle_begin(struct cycle *c);

/* Makes room for fields and targets that were added to the plan. */
void cycle_grow(struct cycle *c);

/* Reports a failure of STAGE and returns CODE. */
int cycle_fail(struct cycle *c, const struct stage *stage, int code,
               const char *object, const char *fmt, ...) MP_PRINTF(5, 6);

/* Reports the failures and logs the lines in M; keeps its notices until the
 * cycle is committed. */
void cycle_say(struct cycle *c, struct messages *m);

/* Logs the notices in the order in which they were kept, and drops them.  With
 * -n, adds to each that it is not kept. */
void cycle_log_notices(struct cycle *c);

#endif
