/*
 * The pipeline: stages, the values they name, and the targets they feed.
 *
 *   config -> stages (configured instances of plugins)
 *          -> slots (named values: INPUT.FIELD and TRANSFORM)
 *          -> targets (places in outputs, with their ledgers)
 *          -> bases (targets that readings are measured from, each with all
 *             that is computed from it: they stand or fall together)
 */
#ifndef CORE_PIPELINE_PIPELINE_H
#define CORE_PIPELINE_PIPELINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config/config.h"
#include "core/ledger/ledger.h"
#include "core/plugin/loader.h"
#include "core/config/options.h"
#include "core/config/problems.h"
#include "core/ledger/reading.h"
#include "core/run/run.h"
#include "lib/value.h"
#include "meterpipe/plugin.h"

struct notice;
struct stage;
struct target;

enum slot_state {
  SLOT_MISSING,  /* not there; never 0 */
  SLOT_VALUE,    /* there */
  SLOT_LEFT_OUT, /* left out on purpose: first, or a rebase */
  SLOT_HELD,     /* not believed */
};

/* Why a reading is not used before the next one has decided, and what becomes
 * of it. */
enum doubt {
  DOUBT_NONE,
  DOUBT_UNKNOWN,   /* its serial number was not read: nothing is decided */
  DOUBT_CANDIDATE, /* another serial number: it is kept as the candidate */
  DOUBT_HELD,      /* an implausible rise: it is kept as the held reading */
};

/* A named value of the pipeline. */
struct slot {
  char *name;              /* "meter.heat_energy_e1", "usage" */
  struct stage *stage;     /* the input or transform that makes it */
  char *field;             /* of an input; else NULL */
  uint32_t kind;           /* MP_COUNTER ...; 0: not known beforehand */
  struct base *base;       /* what it is computed from, directly or not; NULL */
  struct reading *kept;    /* of a field that a transform measures; else NULL */
  struct decimal max_rate; /* what the input says: in an hour; coef 0: none */
  const char *max_rate_unit;
  const char *usual_unit; /* what the input says; NULL: not known */
  /* of this cycle */
  enum slot_state state;
  struct value value;
  enum doubt doubt;
  bool exchanged; /* its candidate is the base of a result */
  bool forgets;   /* its candidate was another meter's number read wrongly */
};

/* A target with all that is measured from it. */
struct base {
  struct base *next;
  struct base *leader; /* of bases that feed one another; itself mostly */
  struct target *target;
  bool advances; /* this pipeline writes what the transforms subtract from */
  /* of this cycle */
  bool rebased; /* one of its transforms took the reading as the base */
  bool blocked; /* one of its results is missing: nothing is due */
  bool told;    /* that the meter was exchanged */
};

/* A place in an output. */
struct target {
  struct stage *stage; /* the output */
  uint32_t number;     /* index in stage->targets */
  char *name;          /* "323" */
  char *part;          /* "power"; NULL: the value itself */
  char *full_name;     /* "house.323": what the pipeline file calls it */
  char *object;        /* "idx.323": what its own section calls it */
  struct slot *source; /* what feeds it; NULL: it is only read */
  unsigned line;
  uint32_t operand_flags; /* MP_BASE, MP_TOTAL: how it is an operand */
  bool is_operand;
  struct mp_target public; /* as the plugin sees it */
  struct ledger_target ledger;
  struct base *base; /* it is the base */
  bool loaded;       /* its entry of the state was looked for */
  bool unreadable;   /* that entry cannot be read: it is left as it is */
  bool told;         /* that was reported */
  /* of this run */
  uint32_t answer; /* MP_SHOWN_...; 0: not reached */
  struct ledger_shown shown;
  struct decimal shown_step;
  bool numbers_only; /* it takes no text */
  int64_t ready_ms;  /* on the monotonic clock: not sent to before */
  bool first;        /* never set */
  bool changed;      /* by somebody */
  bool failed;       /* reported in this run: not sent to in it */
  bool unfit;        /* this cycle's value does not fit it */
  bool other_kind;   /* this cycle's value is of another kind than before */
  bool sending;      /* M is committed and on its way */
  char *delivered;   /* acknowledged in this run, as text; NULL: nothing */
};

/* An operand option of a transform. */
struct operand {
  const char *key;
  uint32_t flags; /* MP_BASE, MP_TOTAL */
  struct target *target;
  struct mp_operand public; /* as the plugin sees it, in this cycle */
  struct mp_value value;
  const struct value *known; /* what it is of; NULL: nothing */
  bool exchanged;            /* it is the candidate's reading instead */
};

struct stage {
  enum plugin_kind kind;
  const char *name;
  const struct config_section *section;
  const struct plugin *plugin;
  struct options *options;
  struct config *replay; /* the section that --replay put in its place */
  struct pipeline *pipeline;
  bool is_sound; /* its options are in order: an instance can be made */
  struct mp_host host;
  atomic_uint n_explained; /* calls of mp_fail, from any thread */
  void *self;
  bool created;
  bool is_open;
  bool took_part; /* it was at work in this cycle */
  bool given_up;  /* an output: left alone for the rest of this run */
  bool has_turn;  /* an output: this step still has to serve it */

  /* input: the slots it fills; all_fields: and any other that comes */
  struct slot **fields;
  size_t n_fields;
  size_t next_field; /* the place after the last one that was filled */
  bool all_fields;
  bool ended;         /* there is nothing more to read in this run */
  bool abandoned;     /* its thread did not come back in time */
  const char *serial; /* of this cycle, interned */
  uint32_t serial_how;
  bool asked_serial;   /* by identify, in this cycle */
  const char *told[2]; /* the two serial numbers of the last notice */
  int result;          /* of the last read */

  /* transform */
  struct slot *input, *output;
  const char *input_text; /* how the file names what comes in */
  struct operand *operands;
  size_t n_operands;
  bool judges;             /* it holds implausible readings */
  struct decimal max_rate; /* its own limit in an hour; coef 0: none */

  /* output */
  struct target **targets;
  size_t n_targets;
  bool takes_all;
  uint32_t delivery;      /* MP_LIVE ...: the plugin's, or as its option says */
  bool asks_nothing;      /* this instance cannot be asked what it shows */
  size_t pending_records; /* begun since the last commit */
  int64_t last_number;    /* of the records of a latest output; in the state */
  int64_t number;         /* of the one that is being put together; 0: none */
  unsigned explained;     /* n_explained, as the first of them began */
  size_t delivered;       /* rows acknowledged in this run */
};

struct pipeline {
  const struct config *config;
  struct run *run;
  struct options *options; /* of [pipeline] */
  struct stage **stages;   /* in the file's order */
  size_t n_stages;
  struct stage **outputs; /* in the order in which they are served */
  size_t n_outputs;
  size_t reserved_turns;     /* parts of the time kept for the next step */
  struct stage **transforms; /* in dependency order */
  size_t n_transforms;
  struct slot **slots;
  size_t n_slots;
  size_t n_loaded;     /* slots whose targets have been loaded */
  size_t n_unreadable; /* targets whose entry in the state cannot be read */
  struct base *bases;
  char *state_dir;           /* NULL: the state is kept in memory */
  struct notice *notices;    /* to be said when the cycle is committed */
  bool recording;            /* every input reads a recording */
  struct problems *problems; /* takes what create finds wrong; else NULL */
  pthread_mutex_t lock;      /* what threads of inputs share */
};

/* Replaces an input's plugin by the one that reads its recordings. */
struct replay {
  const char *input; /* NULL: every input without one of its own */
  const char *path;
};

/*
 * Builds the pipeline of CONFIG, makes its instances and checks all of it;
 * nothing is opened.  MP_OK with problems_errors() == 0; or MP_ECONFIG,
 * MP_ENOMEM, or another reason of a create, which is in the report.
 */
int pipeline_build(const struct config *config, struct loader *loader,
                   struct run *run, const struct replay *replays,
                   size_t n_replays, struct problems *problems,
                   struct pipeline **ret);

/* Finds the directory of the state and tells the stages; before create.
 * CONFIG_PATH is the pipeline file that the state belongs to. */
void pipeline_find_state_dir(struct pipeline *pipeline,
                             const char *config_path);

/* Destroys the instances and frees everything.  NULL is allowed. */
void pipeline_free(struct pipeline *pipeline);

/* Names and their stages. */
struct stage *pipeline_stage(const struct pipeline *pipeline, const char *name);
struct target *stage_target(const struct stage *stage, const char *name,
                            const char *part);

/* Adds what an input brings without having been named; outputs that take all
 * get a target for it; its kind is not known.  Called with the pipeline's lock
 * where there are threads.  NULL: out of memory. */
struct slot *pipeline_add_field(struct stage *input, const char *field);

/* The kind of what TRANSFORM makes of a value of KIND; 0: not known yet. */
uint32_t graph_result_kind(const struct stage *transform, uint32_t kind);

/* The field of an input whose reading SLOT is, as it came or through transforms
 * without an operand; NULL: it is calculated from something else, too. */
struct slot *slot_field(struct slot *slot);

/* The leader of a base, and so the one that speaks for all of its group. */
struct base *base_leader(struct base *base);

/* Each stage of KIND. */
#define FOR_EACH_STAGE(p, var, wanted)                                         \
  for (size_t var##_i = 0; var##_i < (p)->n_stages; var##_i++)                 \
    for (struct stage *var = (p)->stages[var##_i];                             \
         var && var->kind == (wanted); var = NULL)

/* Whether TARGET has a ledger: it is written, by itself. */
static inline bool
target_is_kept(const struct target *target)
{
  return target->source && !target->part;
}

static inline uint32_t
delivery(const struct stage *output)
{
  return output->delivery;
}

/* Whether the values of OUTPUT wait in rows. */
static inline bool
is_queued(const struct stage *output)
{
  return delivery(output) == MP_APPEND || delivery(output) == MP_HISTORY;
}

/* Whether OUTPUT can tell what its targets show. */
static inline bool
can_be_asked(const struct stage *output)
{
  return output->plugin->output.fetch && !output->asks_nothing;
}

#endif
