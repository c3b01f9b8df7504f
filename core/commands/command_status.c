/* meterpipe status: shows the state.  It takes no lock, and contacts neither
 * meters nor outputs. */
#include "core/commands/app.h"

#include <stdio.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/commands/status.h"
#include "core/commands/status_print.h"
#include "core/commands/status_select.h"
#include "core/cycle/book_state.h"

/* Returns true if the pipeline has a state.  A pipeline that reads only
 * captures has none unless it sets state_dir. */
static bool
keeps_state(const struct plan *p)
{
  return !p->only_captures || options_text(p->options, "state_dir");
}

static int
open_state(struct app *app)
{
  if (!keeps_state(app->plan))
    return EX_OK;
  if (app_open_store(app, STORE_READ) != MP_OK)
    return report_status(app->report);
  book_load(app->cycle);
  return EX_OK;
}

static int
show_status(struct app *app)
{
  static void (*const print[2][2])(const struct status *status, FILE *out) = {
    { status_print, status_print_json },
    { status_print_aside, status_print_aside_json },
  };
  struct status status = { .cycle = NULL };

  status_read(&status, app->cycle);
  status.repeated = app->repeated;
  status.only = app->args->n_operands > 0 ? app->args->operands[0] : NULL;
  print[app->args->set_aside][app->args->json](&status, stdout);
  status_free(&status);
  return app_flush(EX_OK);
}

int
command_status(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app), last;

  if (status == EX_OK)
    status = app_load(app);
  if (status == EX_OK && args->n_operands > 0 &&
      !status_knows(app->plan, args->operands[0]))
    status = EX_USAGE;
  if (status == EX_OK)
    status = open_state(app);
  if (status == EX_OK)
    status = show_status(app);
  last = app_finish(app);
  return status == EX_OK ? last : status;
}
