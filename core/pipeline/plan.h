/*
 * The plan of a pipeline: stages, the values they name, and the targets they
 * feed.
 *
 *   config -> stages (the sections, with their plugins and options)
 *          -> slots (named values: INPUT.FIELD and TRANSFORM)
 *          -> targets (places in outputs)
 *          -> bases (targets that readings are measured from, each with all
 *             results computed from it: booked together or not at all)
 *
 * plan_build makes it, and then it is constant.  All that changes is in the
 * arrays of a cycle (core/cycle/cycle.h); `index` is a place in them.
 */
#ifndef CORE_PIPELINE_PLAN_H
#define CORE_PIPELINE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config/config.h"
#include "core/config/options.h"
#include "core/config/problems.h"
#include "core/ledger/ledger.h"
#include "core/memory/name_index.h"
#include "core/plugin/loader.h"
#include "meterpipe/plugin.h"

struct instances;
struct stage;
struct target;
struct target_options;

/* A named value of the pipeline. */
struct slot {
  size_t index;
  char *name;                /* "meter.heat_energy_e1", "usage" */
  const struct stage *stage; /* the input or transform that makes it */
  char *field;               /* name of the input's field; else NULL */
  uint32_t kind;             /* MP_COUNTER ...; 0: not known beforehand */
  struct base *base;         /* the base it is computed from, also indirectly */
  bool is_measured; /* a transform measures it: the state keeps its readings */
  struct mp_decimal max_rate; /* the input's limit per hour; coef 0: none */
  const char *max_rate_unit;
  const char *usual_unit;     /* according to the input; NULL: not known */
  const char *label, *number; /* likewise, interned */
};

/* A target that readings are measured from, and all results computed from
 * it. */
struct base {
  size_t index;
  struct base *next;
  struct base *leader; /* next on the way to the group's leader, or itself */
  const struct target *target;
  const struct stage *first_user; /* the first transform in the file that
                                     measures from it */
  bool advances; /* fed by the same values that are measured from it */
};

/* A place in an output that holds one value. */
struct target {
  size_t index;
  const struct stage *stage; /* the output */
  uint32_t number;           /* index in stage->targets */
  char *name;                /* "323" */
  char *part;                /* "power"; NULL: the value itself */
  struct target *parts;      /* the parts of this target, by next_part */
  struct target *next_part;
  char *full_name;           /* "house.323": its name in the pipeline file */
  char *object;              /* "idx.323": its name in its own section */
  const struct slot *source; /* the slot that feeds it; NULL: it is only read */
  unsigned line;
  uint32_t operand_flags; /* MP_BASE, MP_TOTAL: its use as an operand */
  bool is_operand;
  enum ledger_role role; /* of a delta that is not known beforehand: PLAIN */
  struct base *base;     /* the base that this target is; NULL: none */
  /* of the field that feeds it; NULL: not known */
  const char *label, *register_number, *unit;
};

/* An operand option of a transform. */
struct operand {
  size_t index;
  const char *key;
  uint32_t flags; /* MP_BASE, MP_TOTAL */
  struct target *target;
};

struct stage {
  size_t index;
  enum plugin_kind kind;
  const struct stage *next; /* of its kind */
  const char *name;
  const struct config_section *section;
  const struct plugin *plugin;
  struct options *options;
  struct config *replay; /* the section that --replay put in its place */
  bool is_sound;         /* its options are valid: an instance can be made */

  /* input: the slots it fills; all_fields: other fields add slots */
  struct slot **fields;
  size_t n_fields;
  struct name_index field_names; /* places in FIELDS */
  bool all_fields;

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
  struct name_index target_names; /* places in TARGETS, of those without part */
  bool takes_all;
  struct target_options *target_options; /* see target_options.h */
  uint32_t delivery; /* MP_LIVE ...: from the plugin or its option */
};

struct plan {
  const struct config *config;
  char *name;              /* of the file, without the folder and ".ini" */
  struct options *options; /* options of [pipeline] */
  struct stage **stages;   /* in the file's order */
  size_t n_stages;
  const struct stage *first[PLUGIN_KINDS]; /* the list of each kind */
  struct name_index stage_names;           /* places in STAGES */
  struct stage **transforms;               /* in dependency order */
  size_t n_transforms;
  struct slot **slots;
  size_t n_slots;
  struct target **targets; /* of all outputs */
  size_t n_targets;
  struct base *bases;
  size_t n_bases, n_operands;
  bool only_captures; /* every input reads a capture */
  bool keeps_values;  /* even without a state on disk, a target needs its last
                         known value: an operand, or one of a latest output */
};

/* Replaces an input's plugin by the one that reads its captures. */
struct replay {
  const char *input; /* NULL: all inputs that have none of their own */
  const char *path;
};

/* What plan_build makes a plan from. */
struct plan_source {
  const struct config *config;
  struct loader *loader;
  const struct replay *replays;
  size_t n_replays;
  bool dry;      /* -n: nothing is delivered */
  bool alone;    /* one stage of the command line, which feeds nothing */
  bool creating; /* targets --create: an output may have no targets yet */
};

/*
 * Makes the plan of SOURCE's config and checks it; calls no instance.  *RET is
 * always a plan, which the caller frees with plan_free; with errors in PROBLEMS
 * it is only good for more checks.  Create its instances, and then call
 * plan_connect.
 */
void plan_build(const struct plan_source *source, struct problems *problems,
                struct plan **ret);

/* Asks INSTANCES what their fields mean, and builds the graph of the transforms
 * from that. */
void plan_connect(struct plan *plan, const struct instances *instances,
                  struct problems *problems);

/* Returns the name of the pipeline in the file PATH: the file's name without
 * ".ini".  The caller frees it. */
char *plan_name_of(const char *path);

/* NULL is allowed. */
void plan_free(struct plan *plan);

/* Return the stage or target of that name; NULL: there is none. */
const struct stage *plan_stage(const struct plan *plan, const char *name);
const struct target *stage_target(const struct stage *stage, const char *name,
                                  const char *part);

/* Adds a field that the pipeline file does not name, and a target for it in
 * each output that takes all.  Its kind is not known.  This is the only change
 * of a plan after plan_build: call it under the lock of the cycle. */
const struct slot *plan_add_field(struct plan *plan, const struct stage *input,
                                  const char *field);

/* Returns the kind of TRANSFORM's result for values of KIND; 0: not known. */
uint32_t graph_result_kind(const struct stage *transform, uint32_t kind);

/* Returns the field whose reading SLOT holds, as read or after transforms
 * without operands.  NULL: SLOT is calculated from something else, too. */
const struct slot *slot_field(const struct slot *slot);

/* Returns the field whose reading SLOT is made of, through all transforms;
 * NULL: none. */
const struct slot *slot_origin(const struct slot *slot);

/* Returns the leader of BASE: one base for each group of connected bases.  Its
 * flag `blocked` applies to the whole group. */
const struct base *base_leader(const struct base *base);

/* Loops over the stages of a kind, in the file's order. */
#define FOR_EACH_STAGE(p, var, kind)                                           \
  for (const struct stage *var = (p)->first[kind]; var; var = var->next)

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

#endif
