/* meterpipe check: finds the mistakes in a pipeline before it runs. */
#include "core/commands/app.h"

#include <stdio.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/pipeline/call.h"
#include "core/pipeline/target_fit.h"
#include "core/run/log.h"

/* The shortest deadline without a warning.  A value may have to wait for two
 * seconds before it is sent. */
#define LEAST_DEADLINE_MS 4000

/* Warns about settings that are allowed but probably mistakes. */
static void
check_meaning(const struct plan *p)
{
  if (!p->only_captures &&
      options_int(p->options, "deadline") < LEAST_DEADLINE_MS)
    log_line(MP_LOG_WARNING, NULL, "deadline",
             "is below 4 s, but some values are sent two seconds after the "
             "others: set it to 4s or more");
  for (const struct base *b = p->bases; b; b = b->next)
    if (!b->advances)
      log_line(MP_LOG_WARNING, b->target->stage->name, b->target->object,
               "is a base, but this pipeline does not write the same reading "
               "to it: the results are differences from its value, not usages; "
               "for usages, write that reading to it");
  for (size_t i = 0; i < p->n_stages; i++) {
    const struct stage *s = p->stages[i];

    if (s->kind == PLUGIN_INPUT && s->n_fields == 0 && !s->all_fields)
      log_line(MP_LOG_WARNING, s->name, NULL,
               "no stage uses its values, so none is read: name one of its "
               "fields in a stage, or remove the input");
  }
}

static void
check_inputs(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, input, PLUGIN_INPUT)
  {
    struct instance *instance = instance_of(c, input);
    struct call call = call_begin(instance, "check");

    if (input->plugin->input.check)
      call_end(&call, input->plugin->input.check(instance->self), 0);
  }
}

/* Opens the outputs, which check the names of their targets when they are
 * opened. */
static void
open_outputs(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    instance_open(instance_of(c, output));
  }
}

static void
check_target(struct cycle *c, const struct target *t)
{
  const struct answer *answer = &c->d.answers[t->index];
  const struct target_facts facts = { .target = t,
                                      .numbers_only = answer->numbers_only,
                                      .unit = answer->displayed.value.unit,
                                      .step = answer->step };
  struct messages m = { .first = NULL };

  if (!t->source || c->d.progress[t->index] == TARGET_FAILED ||
      !answer->displayed.known)
    return;
  target_fit_check(&facts, &m);
  cycle_say(c, &m);
}

static void
check_output(struct cycle *c, const struct stage *output)
{
  struct instance *instance = instance_of(c, output);
  struct call call;

  if (output_state(c, output)->given_up || instance_open(instance) != MP_OK)
    return;
  for (size_t i = 0; i < output->n_targets; i++)
    check_target(c, output->targets[i]);
  if (!output->plugin->output.check)
    return;
  call = call_begin(instance, "check");
  call_end(&call, output->plugin->output.check(instance->self), 0);
}

static void
check_outputs(struct cycle *c)
{
  cycle_ask(c);
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    check_output(c, output);
  }
}

static void
report_result(const struct app *app)
{
  const struct plan *p = app->plan;
  size_t n[PLUGIN_KINDS] = { 0 };

  for (size_t i = 0; i < p->n_stages; i++)
    n[p->stages[i]->kind]++;
  if (report_status(app->report) == EX_OK && log_is_terminal())
    printf("%s: no problems: %zu input%s, %zu transform%s, %zu output%s\n",
           app->args->config_path, n[PLUGIN_INPUT],
           n[PLUGIN_INPUT] == 1 ? "" : "s", n[PLUGIN_TRANSFORM],
           n[PLUGIN_TRANSFORM] == 1 ? "" : "s", n[PLUGIN_OUTPUT],
           n[PLUGIN_OUTPUT] == 1 ? "" : "s");
}

/* Prints the expanded pipeline file.  Returns an exit status. */
static int
expand_file(struct app *app)
{
  struct config_file file;
  struct problems problems;
  int r;

  problems_init(&problems);
  r = app_read_file(app, &problems, &file);
  if (r == MP_OK) {
    fwrite(file.text.data, 1, file.text.len, stdout);
    config_file_clear(&file);
  }
  if (r == MP_OK && problems_errors(&problems) > 0)
    r = MP_ECONFIG;
  problems_report(&problems);
  problems_free(&problems);
  return app_flush(r == MP_OK ? EX_OK : report_exit_status(REPORT_OTHER, r));
}

static int
check_pipeline(struct app *app)
{
  int status = app_load(app);

  if (status == EX_OK)
    status = app_open_store(app, STORE_MEMORY) == MP_OK ? EX_OK : EX_SOFTWARE;
  if (status == EX_OK) {
    check_meaning(app->plan);
    if (!app->args->offline) {
      run_set_deadline(&app->run, options_int(app->plan->options, "deadline"));
      check_inputs(app->cycle);
      check_outputs(app->cycle);
    } else
      open_outputs(app->cycle);
    report_result(app);
  }
  return status;
}

int
command_check(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app), last;

  if (status == EX_OK)
    status = args->expand ? expand_file(app) : check_pipeline(app);
  last = app_finish(app);
  return status == EX_OK ? last : status;
}
