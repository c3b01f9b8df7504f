/* meterpipe retry: makes the rows pending again that were set aside, or deletes
 * them. */
#include "core/commands/app.h"

#include <stdio.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/commands/status_print.h"
#include "core/cycle/deliver_rows.h"
#include "core/run/log.h"
#include "lib/nearest.h"

static void
report_unknown_output(const struct app *app, const char *name)
{
  struct nearest nearest;
  char words[NEAREST_HINT];

  nearest_start(&nearest, name);
  FOR_EACH_STAGE(app->plan, output, PLUGIN_OUTPUT)
  {
    if (is_queued(output))
      nearest_offer(&nearest, output->name);
  }
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no output \"%s\" in %s%s", name,
           app->args->config_path,
           nearest_hint(&nearest, words, sizeof(words)));
}

/* Returns the output that the command line names; NULL: it has no queue, which
 * is reported. */
static const struct stage *
named_output(const struct app *app)
{
  const char *name = app->args->operands[0];
  const struct stage *output = plan_stage(app->plan, name);

  if (!output || output->kind != PLUGIN_OUTPUT)
    report_unknown_output(app, name);
  else if (is_queued(output))
    return output;
  else
    log_line(MP_LOG_ERROR, name, NULL,
             "has no queue: rows are set aside only for an output of class "
             "history");
  return NULL;
}

/* Rows between those of a token would be taken for rows that a run was
 * writing. */
static bool
has_unknown_rows(const struct app *app, const struct stage *output)
{
  if (!rows_need_recovery(app->cycle, output))
    return false;
  report_failure(app->report, REPORT_OTHER, output->name, MP_EAGAIN, NULL,
                 "a run ended while it wrote rows: repeat this after the next "
                 "run, which finds out their outcome");
  return true;
}

/* Commits the state.  Returns true, or false with a report. */
static bool
has_committed(const struct app *app)
{
  struct store *store = app->run.store;
  int r = store_commit(store);

  if (r != MP_OK)
    report_failure(app->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(store));
  return r == MP_OK;
}

static int
say_no_rows(const struct app *app)
{
  printf("%s: no rows are set aside\n", app->args->operands[0]);
  return app_flush(report_status(app->report));
}

static int
retry_rows(struct app *app, const struct stage *output)
{
  size_t n = set_aside_retry(app->run.store, output->name);

  if (!has_committed(app))
    return report_status(app->report);
  if (n == 0)
    return say_no_rows(app);
  printf("%s: %zu row%s pending again; the next run sends %s first\n",
         output->name, n, n == 1 ? " is" : "s are", n == 1 ? "it" : "them");
  return app_flush(report_status(app->report));
}

static int
retry_output(struct app *app)
{
  const struct stage *output = named_output(app);

  if (!output)
    return EX_USAGE;
  if (app_open_store(app, STORE_WRITE) != MP_OK ||
      has_unknown_rows(app, output))
    return report_status(app->report);
  return retry_rows(app, output);
}

/* ---- --discard ---- */

/* Prints the rows before they are deleted: nothing else has their values. */
static int
discard_rows(struct app *app, const struct rows_aside *rows)
{
  const char *name = app->args->operands[0];

  status_print_rows(rows, stdout);
  if (app_flush(EX_OK) != EX_OK)
    return EX_IOERR;
  set_aside_discard(app->run.store, name);
  if (!has_committed(app))
    return report_status(app->report);
  printf("%s: %zu row%s deleted\n", name, rows->n,
         rows->n == 1 ? " was" : "s were");
  return app_flush(report_status(app->report));
}

/* The output may be one that the pipeline file no longer has. */
static int
discard_output(struct app *app)
{
  struct rows_aside rows;
  int status;

  if (app_open_store(app, STORE_WRITE) != MP_OK)
    return report_status(app->report);
  set_aside_list(app->run.store, app->args->operands[0], &rows);
  if (rows.n > 0)
    status = discard_rows(app, &rows);
  else
    status = named_output(app) ? say_no_rows(app) : EX_USAGE;
  set_aside_free(&rows);
  return status;
}

int
command_retry(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app), last;

  if (status == EX_OK)
    status = app_load(app);
  if (status == EX_OK)
    status = args->discard ? discard_output(app) : retry_output(app);
  last = app_finish(app);
  return status == EX_OK ? last : status;
}
