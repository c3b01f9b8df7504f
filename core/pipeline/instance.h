/*
 * Instances: the plugins at work.  An instance belongs to one stage of the plan
 * and lives as long as the process; its host table lives here, and so do the
 * targets and operands as its plugin sees them.
 */
#ifndef CORE_PIPELINE_INSTANCE_H
#define CORE_PIPELINE_INSTANCE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/pipeline/messages.h"
#include "core/pipeline/plan.h"
#include "core/run/run.h"

struct instances;

struct instance {
  const struct instances *all;
  const struct stage *stage;
  const struct plan *plan;
  struct run *run;
  struct mp_host host;
  struct problems *problems; /* takes the errors of create; NULL after that */
  struct messages *messages; /* takes what the plugin says; NULL: it is reported
                                at once */
  atomic_uint n_explained;   /* number of mp_fail calls, from any thread */
  pthread_mutex_t lock;      /* guards failure */
  char failure[512];         /* text of the newest mp_fail; "": none */
  void *self;
  bool created;
  bool is_open;
  bool is_stale;              /* its targets have changed since it was opened */
  struct mp_target **targets; /* of an output, as its plugin sees them */
  struct mp_value *last;      /* last known values, as the plugin sees them */
  size_t n_targets;
  struct mp_operand *operands; /* of a transform, as its plugin sees them;
                                  struct_size 0: missing */
  struct mp_value *values;     /* of the operands */
};

/* The instances of a plan. */
struct instances {
  struct instance *list; /* in the order of plan->stages */
  size_t n;
  char *state_dir;                     /* NULL: the state is kept in memory */
  const struct ledger *const *ledgers; /* the cycle's, per target; NULL */
};

/* Prepares an instance for each stage of PLAN; calls no plugin.  CONFIG_PATH is
 * the pipeline file that the state belongs to. */
struct instances *instances_new(const struct plan *plan,
                                const char *config_path, struct run *run);

/* Creates the instances whose options are sound.  Errors in options that only a
 * plugin can find go to PROBLEMS.  Returns MP_OK, or the last failure. */
int instances_create(struct instances *all, struct problems *problems);

/* Closes and destroys them.  NULL is allowed. */
void instances_free(struct instances *all);

/* Open the instance if it is not open, and close it, if its plugin has such a
 * callback.  Opening returns MP_OK or a reason, which is reported here if the
 * plugin did not explain it. */
int instance_open_closed(struct instance *instance);
void instance_close(struct instance *instance);

static inline int
instance_open(struct instance *instance)
{
  return instance->is_open ? MP_OK : instance_open_closed(instance);
}

/* Makes the targets that were added to the plan visible to the plugin. */
void instance_add_targets(struct instance *output);

/* Shows the plugin the kind of the values for TARGET, which was not known
 * beforehand. */
void instance_set_kind(struct instance *output, const struct target *target,
                       uint32_t kind);

/* Shows the plugin operand I of this cycle, or that it is missing.  V must live
 * until the next call; NULL: the target was never set, or IS_MISSING. */
void instance_show_operand(struct instance *transform, size_t i,
                           bool is_missing, const struct value *v,
                           int32_t place);

/* Returns whether operand I is missing in this cycle. */
bool instance_lacks_operand(const struct instance *transform, size_t i);

/* Reports a failure of this instance and returns CODE. */
int instance_fail(struct instance *instance, int code, const char *object,
                  const char *fmt, ...) MP_PRINTF(4, 5);

/* The text of the newest mp_fail of this instance, without what messages hide.
 * Any thread.  instance_newest_failure returns a copy that the caller frees;
 * NULL: there was none since instance_forget_failure, or out of memory. */
void instance_keep_failure(struct instance *instance, const char *text);
void instance_forget_failure(struct instance *instance);
char *instance_newest_failure(struct instance *instance);

enum report_side stage_side(const struct stage *stage);

/* Names of targets for a message: the first few, and the number of the
 * others. */
struct target_list {
  size_t n;
  char text[1024];
};

void target_list_add(struct target_list *list, const struct target *target);
const char *target_list_text(struct target_list *list);

#endif
