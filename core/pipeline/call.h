/*
 * One call into a plugin.  Every call is enclosed like this:
 *
 *     struct call call = call_begin(instance, "read");
 *
 *     r = call_end(&call, ops->read(self, &sink), CALL_ALLOWS(MP_END));
 *
 * Calls that do no I/O, of transforms and of inputs that read a capture, begin
 * with call_begin_direct: a replay makes millions of them.  A call without a
 * result to check (field, list_fields, field_of, files) is only marked with
 * progress_begin, so that the plugin is named if it ends the process there.
 */
#ifndef CORE_PIPELINE_CALL_H
#define CORE_PIPELINE_CALL_H

#include "core/pipeline/instance.h"
#include "core/run/progress.h"

struct call {
  struct instance *instance;
  const char *what;   /* the name of the callback, for messages */
  unsigned explained; /* instance->n_explained at the beginning */
  bool is_watched;    /* it is in the run note, or its time is measured */
  int64_t begun_ms;   /* on the monotonic clock; 0: the cycle has no deadline */
};

/* The bit of an outcome that the callback may return besides MP_OK. */
#define CALL_ALLOWS(outcome) (1u << (outcome))

/* For call_begin and call_end: the parts that most calls of a replay do not
 * need.  They do not take a struct call, which the compiler can then keep in
 * registers.  call_watch returns begun_ms; call_check the result. */
int64_t call_watch(struct instance *instance, const char *what);
void call_end_watch(struct instance *instance, const char *what,
                    int64_t begun_ms);
int call_check(struct instance *instance, const char *what, bool explained,
               int r, unsigned allowed);

static inline struct call
call_begin_direct(struct instance *instance, const char *what)
{
  progress_begin(instance->stage->name, what);
  return (struct call){
    .instance = instance,
    .what = what,
    .explained =
      atomic_load_explicit(&instance->n_explained, memory_order_relaxed),
  };
}

static inline struct call
call_begin(struct instance *instance, const char *what)
{
  struct call call = call_begin_direct(instance, what);

  call.is_watched = instance->run->begun_ms || instance->run->deadline_ms;
  if (call.is_watched)
    call.begun_ms = call_watch(instance, what);
  return call;
}

/* Returns true if the plugin has explained a failure since call_begin. */
static inline bool
call_explained(const struct call *call)
{
  return atomic_load(&call->instance->n_explained) != call->explained;
}

/*
 * Checks the result R of the callback and returns it; returns MP_EINTERNAL if R
 * is not a reason, MP_OK or one of the ALLOWED outcomes.  Reports a reason that
 * the plugin did not explain with mp_fail, an invalid result, and a callback
 * that returned long after the deadline.
 */
static inline int
call_end(const struct call *call, int r, unsigned allowed)
{
  progress_end();
  if (r != MP_OK)
    r =
      call_check(call->instance, call->what, call_explained(call), r, allowed);
  if (call->is_watched)
    call_end_watch(call->instance, call->what, call->begun_ms);
  return r;
}

#endif
