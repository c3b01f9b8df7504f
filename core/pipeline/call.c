/* Checks and measures one call into a plugin. */
#include "core/pipeline/call.h"

#include "core/run/log.h"
#include "core/run/run_note.h"
#include "lib/clock.h"

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

/* Warns about a callback that returned too late.  One that began after the
 * deadline is measured from its beginning. */
static void
report_late(const struct instance *instance, const char *what, int64_t begun_ms)
{
  int64_t deadline = instance->run->deadline_ms;
  int64_t now = clock_mono_ms();
  int64_t due = begun_ms > deadline ? begun_ms : deadline;

  if (deadline && now - due > LATE_MS)
    log_line(MP_LOG_WARNING, instance->stage->name, NULL,
             "the plugin's %s returned %lld ms after its deadline", what,
             (long long)(now - due));
}

void
call_end_watch(struct instance *instance, const char *what, int64_t begun_ms)
{
  struct run *run = instance->run;

  if (run->begun_ms && instance->stage->kind == PLUGIN_OUTPUT)
    run_note_return(run, what);
  if (begun_ms)
    report_late(instance, what, begun_ms);
}

static bool
is_result(int r, unsigned allowed)
{
  return r >= MP_ECANCELED && r <= MP_SKIP &&
         (r <= MP_OK || (allowed & CALL_ALLOWS(r)));
}

int
call_check(struct instance *instance, const char *what, bool explained, int r,
           unsigned allowed)
{
  if (!is_result(r, allowed))
    return instance_fail(
      instance, MP_EINTERNAL, NULL,
      "the plugin's %s returned %d, which is not a valid result", what, r);
  if (r < 0 && r != MP_ECANCELED && !explained)
    instance_fail(instance, r, NULL,
                  "the plugin's %s failed (%d) and did not say why", what, r);
  return r;
}
