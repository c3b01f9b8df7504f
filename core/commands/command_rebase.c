/* meterpipe rebase: takes the next reading as the base, on request.  For
 * --forget see command_forget.c. */
#include "core/commands/app.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/commands/rebase_fit.h"
#include "core/cycle/book_state.h"
#include "core/run/log.h"
#include "lib/nearest.h"

static bool
is_named(const struct arguments *args, const char *name)
{
  for (int i = 0; i < args->n_operands; i++)
    if (strcmp(args->operands[i], name) == 0)
      return true;
  return args->n_operands == 0;
}

/* Returns the base of a transform; NULL: it measures from no target that this
 * pipeline writes. */
static const struct target *
base_target(const struct stage *transform)
{
  for (size_t i = 0; i < transform->n_operands; i++) {
    const struct operand *o = &transform->operands[i];

    if ((o->flags & MP_BASE) && o->target->source)
      return o->target;
  }
  return NULL;
}

/* Returns true if S is a transform with a base, and so can be rebased. */
static bool
measures_readings(const struct stage *s)
{
  return s->kind == PLUGIN_TRANSFORM && base_target(s);
}

static void
report_unknown_operand(const struct app *app, const char *name)
{
  const struct plan *p = app->plan;
  struct nearest nearest;
  char words[NEAREST_HINT];

  nearest_start(&nearest, name);
  for (size_t i = 0; i < p->n_stages; i++)
    if (measures_readings(p->stages[i]))
      nearest_offer(&nearest, p->stages[i]->name);
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no transform \"%s\" in %s%s",
           name, app->args->config_path,
           nearest_hint(&nearest, words, sizeof(words)));
}

static bool
names_are_good(const struct app *app)
{
  const struct arguments *args = app->args;
  bool good = true;

  for (int i = 0; i < args->n_operands; i++) {
    const struct stage *s = plan_stage(app->plan, args->operands[i]);

    if (!s)
      report_unknown_operand(app, args->operands[i]);
    else if (!measures_readings(s))
      log_line(MP_LOG_ERROR, s->name, NULL,
               "cannot be rebased: name a transform whose base (minus) this "
               "pipeline writes");
    good &= s && measures_readings(s);
  }
  return good;
}

static bool
has_measuring(const struct app *app)
{
  const struct plan *p = app->plan;

  for (size_t i = 0; i < p->n_stages; i++)
    if (measures_readings(p->stages[i]))
      return true;
  log_line(MP_LOG_ERROR, NULL, app->args->config_path,
           "no transform can be rebased: none has a base (minus) that this "
           "pipeline writes");
  return false;
}

/* Marks the named transforms for a rebase.  Returns false if the next reading
 * cannot be the base of one of them yet. */
static bool
mark_for_rebase(const struct app *app)
{
  const struct plan *p = app->plan;
  bool fits = true;

  for (size_t i = 0; i < p->n_transforms; i++) {
    const struct target *base = base_target(p->transforms[i]);

    if (!base || !is_named(app->args, p->transforms[i]->name))
      continue;
    app->cycle->d.ledgers[base->index].rebase = true;
    /* It begins anew: book_save may overwrite it. */
    app->cycle->d.entries[base->index] = ENTRY_GOOD;
    if (rebase_fit(app->cycle, p->transforms[i], base))
      printf("%s: the next reading is the base (%s)\n", p->transforms[i]->name,
             base->full_name);
    else
      fits = false;
  }
  return fits;
}

static int
rebase_operands(struct app *app)
{
  bool fits;
  int r;

  if (app->args->forget)
    return forget_targets(app);
  if (!names_are_good(app) || !has_measuring(app))
    return EX_USAGE;
  r = app_open_store(app, STORE_WRITE);
  if (r != MP_OK)
    return report_status(app->report);
  book_load(app->cycle);
  fits = mark_for_rebase(app);
  book_save(app->cycle);
  r = store_commit(app->run.store);
  if (r != MP_OK)
    report_failure(app->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(app->run.store));
  if (r == MP_OK && !fits)
    return EX_CONFIG;
  return report_status(app->report);
}

int
command_rebase(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app), last;

  if (status == EX_OK)
    status = app_load(app);
  if (status == EX_OK)
    status = rebase_operands(app);
  last = app_finish(app);
  return status == EX_OK ? last : status;
}
