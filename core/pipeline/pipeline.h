/*
 * The pipeline: stages, the values they name, and the targets they feed.
 *
 *   config -> stages (configured instances of plugins)
 *          -> slots (named values: INPUT.FIELD and TRANSFORM)
 *          -> targets (places in outputs, with their ledgers)
 *          -> bases (targets that readings are measured from, each with all
 *             results computed from it: booked together or not at all)
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
struct target_options;

enum slot_state {
  SLOT_MISSING,  /* no value in this cycle; never counts as 0 */
  SLOT_VALUE,    /* has a value */
  SLOT_LEFT_OUT, /* left out on purpose: a first value or a rebase */
  SLOT_HELD,     /* not believed */
};

/* Why a reading is not used until the next one decides, and how it is kept. */
enum hold {
  HOLD_NONE,
  HOLD_UNKNOWN_METER, /* its serial number was not read: nothing is decided */
  HOLD_CANDIDATE,     /* another serial number: kept as the candidate */
  HOLD_IMPLAUSIBLE,   /* an implausible rise: kept as the held reading */
};

/* A named value of the pipeline. */
struct slot {
  char *name;           /* "meter.heat_energy_e1", "usage" */
  struct stage *stage;  /* the input or transform that makes it */
  char *field;          /* name of the input's field; else NULL */
  uint32_t kind;        /* MP_COUNTER ...; 0: not known beforehand */
  struct base *base;    /* the base it is computed from, also indirectly */
  struct reading *kept; /* last readings, if a transform measures it; NULL */
  struct mp_decimal max_rate; /* the input's limit per hour; coef 0: none */
  const char *max_rate_unit;
  const char *usual_unit;     /* according to the input; NULL: not known */
  const char *label, *number; /* likewise, interned */
  /* of this cycle */
  enum slot_state state;
  struct value value;
  enum hold hold;
  bool exchanged; /* a result is measured from its candidate */
  bool forgets;   /* its candidate had a misread serial number: drop it */
};

/* A target that readings are measured from, and all results computed from
 * it. */
struct base {
  struct base *next;
  struct base *leader; /* next on the way to the group's leader, or itself */
  struct target *target;
  bool advances; /* fed by the same values that are measured from it */
  /* of this cycle */
  bool rebased; /* one of its transforms took the reading as the base */
  bool blocked; /* one of its results is missing: none is booked */
  bool exchange_reported; /* the exchange of its meter was announced */
};

/* A place in an output that holds one value. */
struct target {
  struct stage *stage; /* the output */
  uint32_t number;     /* index in stage->targets */
  char *name;          /* "323" */
  char *part;          /* "power"; NULL: the value itself */
  char *full_name;     /* "house.323": its name in the pipeline file */
  char *object;        /* "idx.323": its name in its own section */
  struct slot *source; /* the slot that feeds it; NULL: it is only read */
  unsigned line;
  uint32_t operand_flags; /* MP_BASE, MP_TOTAL: its use as an operand */
  bool is_operand;
  struct mp_target public; /* as the plugin sees it */
  struct mp_value last;    /* the last known value, as the plugin sees it */
  struct ledger ledger;
  struct base *base; /* the base that this target is; NULL: none */
  bool loaded;       /* its entry in the state was looked up */
  bool unreadable;   /* that entry cannot be read; it is not overwritten */
  bool unreadable_reported; /* the unreadable entry was reported */
  /* of this run */
  uint32_t answer; /* MP_SHOWN_... from fetch; 0: not reached */
  struct ledger_displayed displayed;
  struct mp_decimal displayed_step;
  bool numbers_only; /* it does not take texts */
  int64_t ready_ms;  /* do not send before this time; monotonic clock */
  bool first;        /* never set in the output */
  bool changed;      /* its displayed value was changed by hand */
  bool failed;       /* reported in this run, and not sent to in it */
  bool unfit;        /* this cycle's value does not fit it */
  bool other_kind;   /* this cycle's value is of another kind than before */
  bool sending;      /* its value was prepared and has no answer yet */
  char *delivered;   /* acknowledged in this run, as text; NULL: none */
};

/* An operand option of a transform. */
struct operand {
  const char *key;
  uint32_t flags; /* MP_BASE, MP_TOTAL */
  struct target *target;
  struct mp_operand public; /* as the plugin sees it, in this cycle */
  struct mp_value value;
  const struct value *known; /* source of VALUE; NULL: no last known value */
  bool exchanged;            /* the candidate is used instead */
};

struct stage {
  enum plugin_kind kind;
  const char *name;
  const struct config_section *section;
  const struct plugin *plugin;
  struct options *options;
  struct config *replay; /* the section that --replay put in its place */
  struct pipeline *pipeline;
  bool is_sound; /* its options are valid: an instance can be made */
  struct mp_host host;
  atomic_uint n_explained; /* number of mp_fail calls, from any thread */
  void *self;
  bool created;
  bool is_open;
  bool took_part; /* it was used in this cycle */
  bool given_up;  /* output: not used for the rest of this run */
  bool has_turn;  /* output: still to be served in this step */

  /* input: the slots it fills; all_fields: other fields add slots */
  struct slot **fields;
  size_t n_fields;
  size_t next_field; /* the index after the last slot that was filled */
  bool all_fields;
  bool ended;         /* nothing more to read in this run */
  bool abandoned;     /* its thread did not return in time */
  char *meter_id;     /* mp_meter.id: PIPELINE.SECTION */
  const char *serial; /* serial number in this cycle, interned */
  uint32_t serial_how;
  bool asked_serial; /* identify was called in this cycle */
  const char
    *reported_serials[2]; /* the two serial numbers of the last notice */
  int result;             /* result of the last read */

  /* transform */
  struct slot *input, *output;
  const char *input_text; /* the name of its input in the file */
  struct operand *operands;
  size_t n_operands;
  bool judges;                /* it holds implausible readings */
  struct mp_decimal max_rate; /* its own limit per hour; coef 0: none */

  /* output */
  struct target **targets;
  size_t n_targets;
  bool takes_all;
  struct target_options *target_options; /* see target_options.h */
  uint32_t delivery;      /* MP_LIVE ...: from the plugin or its option */
  bool asks_nothing;      /* fetch returned MP_SKIP: it cannot be asked */
  size_t pending_records; /* records begun since the last commit */
  int64_t last_number;    /* latest: newest record number; kept in the state */
  int64_t number;         /* latest: number of the open record; 0: none */
  unsigned explained;     /* n_explained before the first pending record */
  size_t delivered;       /* rows acknowledged in this run */
};

struct pipeline {
  const struct config *config;
  char *name; /* of the file, without the folder and ".ini" */
  struct run *run;
  struct options *options; /* options of [pipeline] */
  struct stage **stages;   /* in the file's order */
  size_t n_stages;
  struct stage **outputs; /* in the order in which they are served */
  size_t n_outputs;
  size_t reserved_turns;     /* parts of the time kept for a later step */
  struct stage **transforms; /* in dependency order */
  size_t n_transforms;
  struct slot **slots;
  size_t n_slots;
  size_t n_loaded;     /* slots whose targets have been loaded */
  size_t n_unreadable; /* targets with an unreadable entry in the state */
  struct base *bases;
  char *state_dir;           /* NULL: the state is kept in memory */
  struct notice *notices;    /* to be logged when the cycle is committed */
  bool only_captures;        /* every input reads a capture */
  struct problems *problems; /* takes the errors of create; NULL after that */
  pthread_mutex_t lock;      /* for data that threads of inputs share */
};

/* Replaces an input's plugin by the one that reads its captures. */
struct replay {
  const char *input; /* NULL: all inputs that have none of their own */
  const char *path;
};

/*
 * Builds the pipeline of CONFIG, creates its instances and checks everything;
 * opens nothing.  Returns MP_OK if problems_errors() == 0, and the caller frees
 * *RET with pipeline_free.  Else returns MP_ECONFIG, MP_ENOMEM, or the reason
 * of a create that failed, which is in the report.
 */
int pipeline_build(const struct config *config, struct loader *loader,
                   struct run *run, const struct replay *replays,
                   size_t n_replays, struct problems *problems,
                   struct pipeline **ret);

/* Returns the name of the pipeline in the file PATH: the file's name without
 * ".ini".  The caller frees it.  NULL: out of memory. */
char *pipeline_name_of(const char *path);

/* Finds the directory of the state and gives it to the stages; call it before
 * create.  CONFIG_PATH is the pipeline file that the state belongs to. */
void pipeline_find_state_dir(struct pipeline *pipeline,
                             const char *config_path);

/* Destroys the instances and frees everything.  NULL is allowed. */
void pipeline_free(struct pipeline *pipeline);

/* Return the stage or target of that name; NULL: there is none. */
struct stage *pipeline_stage(const struct pipeline *pipeline, const char *name);
struct target *stage_target(const struct stage *stage, const char *name,
                            const char *part);

/* Adds a field that the pipeline file does not name, and a target for it in
 * each output that takes all.  Its kind is not known.  The caller holds the
 * pipeline's lock while there are threads.  Returns NULL if out of memory. */
struct slot *pipeline_add_field(struct stage *input, const char *field);

/* Returns the kind of TRANSFORM's result for values of KIND; 0: not known. */
uint32_t graph_result_kind(const struct stage *transform, uint32_t kind);

/* Returns the field whose reading SLOT holds, as read or after transforms
 * without operands.  NULL: SLOT is calculated from something else, too. */
struct slot *slot_field(struct slot *slot);

/* Returns the field whose reading SLOT is made of, through all transforms;
 * NULL: none. */
struct slot *slot_origin(struct slot *slot);

/* Returns the leader of BASE: one base for each group of connected bases.  Its
 * flag `blocked` applies to the whole group. */
struct base *base_leader(struct base *base);

/* Loops over the stages of a kind. */
#define FOR_EACH_STAGE(p, var, wanted)                                         \
  for (size_t var##_i = 0; var##_i < (p)->n_stages; var##_i++)                 \
    for (struct stage *var = (p)->stages[var##_i];                             \
         var && var->kind == (wanted); var = NULL)

/* Returns true if TARGET has a ledger: it is written, and is not a part. */
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

/* Returns true if OUTPUT has a queue of rows. */
static inline bool
is_queued(const struct stage *output)
{
  return delivery(output) == MP_APPEND || delivery(output) == MP_HISTORY;
}

/* Returns true if OUTPUT can be asked for displayed values. */
static inline bool
can_be_asked(const struct stage *output)
{
  return output->plugin->output.fetch && !output->asks_nothing;
}

#endif
