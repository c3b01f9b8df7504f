/* meterpipe run: runs one cycle, all cycles of a capture, or one cycle every
 * DURATION. */
#include "core/commands/app.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/cycle/book_state.h"
#include "core/cycle/cycle.h"
#include "core/run/log.h"
#include "core/run/watchdog.h"
#include "lib/clock.h"

/* The time limit for loading the pipeline file and its plugins.  Only they give
 * the deadline. */
#define LOAD_MS 60000

/* Returns the first output that would display old readings as if they were new;
 * NULL: none would. */
static const struct stage *
remote_output(const struct plan *p)
{
  for (size_t i = 0; i < p->n_stages; i++) {
    const struct stage *s = p->stages[i];

    if (s->kind == PLUGIN_OUTPUT &&
        (s->delivery == MP_LATEST || s->delivery == MP_HISTORY))
      return s;
  }
  return NULL;
}

/* Checks the arguments that depend on the pipeline.  Returns an exit status. */
static int
check_arguments(const struct app *app)
{
  const struct arguments *args = app->args;
  const struct plan *p = app->plan;
  const struct stage *output = remote_output(p);

  for (size_t i = 0; i < args->n_replays; i++) {
    const char *name = args->replays[i].input;
    const struct stage *input = name ? plan_stage(p, name) : NULL;

    if (name && (!input || input->kind != PLUGIN_INPUT)) {
      log_line(MP_LOG_ERROR, NULL, NULL,
               "--replay: there is no input \"%s\" in %s", name,
               args->config_path);
      return EX_USAGE;
    }
  }
  if (args->n_replays > 0 && !args->dry && output) {
    log_line(MP_LOG_ERROR, output->name, NULL,
             "--replay would deliver old readings to it: add -n to see what "
             "would be delivered");
    return EX_USAGE;
  }
  return EX_OK;
}

static enum store_mode
store_mode_of(const struct app *app)
{
  if (app->plan->only_captures &&
      !options_text(app->plan->options, "state_dir"))
    return STORE_MEMORY;
  return app->args->dry ? STORE_SCRATCH : STORE_WRITE;
}

/* Opens the state and loads the ledgers.  Returns an exit status.  If the state
 * cannot be opened, the run still serves the live outputs, except after
 * MP_EBUSY and MP_ECONFIG. */
static int
open_state(struct app *app)
{
  int r = app_open_store(app, store_mode_of(app));

  if (r == MP_OK) {
    if (!app->args->dry)
      report_use_store(app->report, app->run.store);
    book_load(app->cycle);
    return EX_OK;
  }
  if (r == MP_EBUSY || r == MP_ECONFIG)
    return report_status(app->report);
  cycle_fail_state(app->cycle);
  store_close(app->run.store);
  app->run.store = NULL;
  store_open(NULL, NULL, STORE_MEMORY, &app->run.store);
  book_load(app->cycle); /* records need ids in any case */
  return EX_OK;
}

/* Loads the pipeline of APP, which is new.  Returns an exit status. */
static int
load_pipeline(struct app *app)
{
  int status;

  watchdog_arm(LOAD_MS);
  status = app_load(app);
  return status == EX_OK ? check_arguments(app) : status;
}

/* Runs a cycle of APP, whose pipeline is loaded.  Returns an exit status. */
static int
run_cycle(struct app *app)
{
  int status;

  /* The user of a dry run wants to see all of it. */
  if (!app->args->dry)
    report_limit_lines(app->report);
  watchdog_arm(options_int(app->plan->options, "deadline"));
  status = open_state(app);
  if (status == EX_OK)
    cycle_run(app->cycle);
  return status;
}

/* Loads the pipeline of APP, which is new, and runs a cycle.  Returns an exit
 * status. */
static int
run_app(struct app *app)
{
  int status = load_pipeline(app);

  return status == EX_OK ? run_cycle(app) : status;
}

/* Returns true if a run that ended with STATUS makes no sense again: it would
 * not even begin. */
static bool
is_hopeless(int status)
{
  return status == EX_CONFIG || status == EX_USAGE;
}

static int
run_once(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app), last;

  if (status == EX_OK)
    status = run_app(app);
  last = app_finish(app);
  return status == EX_OK ? last : status;
}

/* Returns true if the target of LINE has an acknowledged value, and none that
 * is pending or sent. */
static bool
has_value(const struct app *app, const struct stage *output,
          const struct added_line *line)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    const struct ledger *ledger = &app->cycle->d.ledgers[t->index];

    if (strcmp(t->object, line->key) == 0)
      return ledger->acknowledged.kind && !ledger->sent.kind &&
             !ledger->pending.kind;
  }
  return false;
}

static bool
all_have_values(const struct app *app)
{
  const struct stage *output =
    app->cycle ? plan_stage(app->plan, app->added_to) : NULL;

  for (size_t i = 0; output && i < app->n_added; i++)
    if (!has_value(app, output, &app->added[i]))
      return false;
  return output;
}

int
run_with_lines(const struct arguments *args, const char *name,
               const struct added_line *added, size_t n, bool *ret_delivered)
{
  struct app *app;
  int status = app_new(args, &app), last;

  *ret_delivered = false;
  if (status == EX_OK) {
    app->added_to = name;
    app->added = added;
    app->n_added = n;
    status = run_app(app);
    *ret_delivered = all_have_values(app);
  }
  last = app_finish(app);
  return status == EX_OK ? last : status;
}

/* Reaps the children that plugins left running.  Between two cycles no callback
 * runs, so no plugin waits for a child.  A command that outlived its plugin's
 * call, or that was reparented to the first process of a container, must not
 * stay a zombie. */
static void
reap_children(void)
{
  while (waitpid(-1, NULL, WNOHANG) > 0)
    continue;
}

/* Makes *APP ready for a cycle of --every.  Reads the pipeline file if *APP is
 * NULL, or if the file has changed.  Returns an exit status. */
static int
begin_every(const struct arguments *args, struct app **app)
{
  int status;

  if (*app && app_is_outdated(*app)) {
    app_finish(*app);
    *app = NULL;
  }
  if (*app) {
    app_begin_cycle(*app);
    return EX_OK;
  }
  status = app_new(args, app);
  return status == EX_OK ? load_pipeline(*app) : status;
}

/* Ends a cycle of --every.  *APP lives on, unless a thread still uses it.
 * Returns an exit status. */
static int
end_every(struct app **app)
{
  int status;

  if (!(*app)->run.abandoned)
    return app_end_cycle(*app);
  status = app_finish(*app);
  *app = NULL;
  return status;
}

/* Runs a cycle of --every.  *APP is NULL afterwards if the next cycle must load
 * the pipeline again.  Returns an exit status; *ret_hopeless: the next cycle
 * would not even begin. */
static int
run_every(const struct arguments *args, struct app **app, bool *ret_hopeless)
{
  int status = begin_every(args, app), last;

  if (status != EX_OK) {
    app_finish(*app);
    *app = NULL;
    *ret_hopeless = is_hopeless(status);
    return status;
  }
  status = run_cycle(*app);
  *ret_hopeless = is_hopeless(status);
  last = end_every(app);
  return status == EX_OK ? last : status;
}

/* Runs a cycle every args->every_ms, until a signal arrives. */
static int
repeat(const struct arguments *args)
{
  int64_t next = clock_mono_ms();
  struct app *app = NULL;
  bool hopeless;
  int status = run_every(args, &app, &hopeless);

  while (!run_stopped() && !hopeless) {
    next += args->every_ms;
    if (next < clock_mono_ms()) /* the cycle took longer: do not catch up */
      next = clock_mono_ms();
    watchdog_disarm();
    if (!run_sleep(next - clock_mono_ms()))
      break;
    reap_children();
    status = run_every(args, &app, &hopeless);
  }
  if (app)
    app_finish(app);
  /* This runs until a signal ends it, so its end is never a success. */
  return status == EX_OK ? EX_TEMPFAIL : status;
}

int
command_run(const struct arguments *args)
{
  return args->every_ms > 0 ? repeat(args) : run_once(args);
}
