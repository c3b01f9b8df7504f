/* Checks and measures one call into a plugin. */
#include "core/pipeline/call.h"

#include "lib/clock.h"
#include "core/run/log.h"
#include "core/run/run_note.h"

/* A callback polls cancel_fd and may return this much after the deadline. */
#define LATE_MS 1000

int64_t
call_watch(struct instance *instance, const char *what)
{
  struct run *run = instance->run;

  if (run->begun_ms && instance->stage->kind == PLUGIN_OUTPUT)
    run_note_call(run, instance->stage->name, what);
  return run->deadline_ms ? clock_mono_ms() : 0;
}

bool
call_explained(const struct call *call)
{
  return atomic_load(&call->instance->n_explained) != call->explained;
}

static bool
is_result(int r, unsigned allowed)
{
  return r >= MP_ECANCELED && r <= MP_SKIP &&
         (r <= MP_OK || (allowed & CALL_ALLOWS(r)));
}

/* Warns about a callback that returned too late.  One that began after the
 * deadline is measured from its beginning. */
static void
report_late(const struct call *call)
{
  int64_t deadline = call->instance->run->deadline_ms;
  int64_t now = clock_mono_ms();
  int64_t due = call->begun_ms > deadline ? call->begun_ms : deadline;

  if (deadline && now - due > LATE_MS)
    log_line(MP_LOG_WARNING, call->instance->stage->name, NULL,
             "the plugin's %s returned %lld ms after its deadline", call->what,
             (long long)(now - due));
}

int
call_check(const struct call *call, int r, unsigned allowed)
{
  struct run *run = call->instance->run;

  if (call->is_watched && run->begun_ms &&
      call->instance->stage->kind == PLUGIN_OUTPUT)
    run_note_return(run, call->what);
  if (!is_result(r, allowed))
    r =
      instance_fail(call->instance, MP_EINTERNAL, NULL,
                    "the plugin's %s returned %d, which is not a valid result",
                    call->what, r);
  else if (r < 0 && r != MP_ECANCELED && !call_explained(call))
    instance_fail(call->instance, r, NULL,
                  "the plugin's %s failed (%d) and did not say why", call->what,
                  r);
  if (call->begun_ms)
    report_late(call);
  return r;
}
