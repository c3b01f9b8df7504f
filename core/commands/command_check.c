/* meterpipe check: finds the mistakes in a pipeline before it runs. */
#include "core/commands/app.h"

#include <stdio.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/cycle/ask_outputs.h"
#include "core/pipeline/call.h"
#include "core/pipeline/target_fit.h"
#include "core/pipeline/stage.h"
#include "core/run/log.h"

/* The shortest deadline without a warning.  A value may have to wait for two
 * seconds before it is sent. */
#define LEAST_DEADLINE_MS 4000

/* Warns about settings that are allowed but probably mistakes. */
static void
check_meaning(const struct pipeline *p)
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
check_inputs(struct pipeline *p)
{
  FOR_EACH_STAGE(p, input, PLUGIN_INPUT)
  {
    struct call call = call_begin(input, "check");

    if (input->plugin->input.check)
      call_end(&call, input->plugin->input.check(input->self), 0);
  }
}

/* Opens the outputs, which check the names of their targets when they are
 * opened. */
static void
open_outputs(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    stage_open(output);
  }
}

static void
check_outputs(struct pipeline *p)
{
  ask_outputs(p);
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    struct call call;

    if (output->given_up || stage_open(output) != MP_OK)
      continue;
    for (size_t i = 0; i < output->n_targets; i++)
      target_fit_check(output->targets[i]);
    if (!output->plugin->output.check)
      continue;
    call = call_begin(output, "check");
    call_end(&call, output->plugin->output.check(output->self), 0);
  }
}

static void
report_result(const struct app *app)
{
  const struct pipeline *p = app->pipeline;
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

int
command_check(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app), last;

  if (status == EX_OK)
    status = app_load(app);
  if (status == EX_OK)
    status = app_open_store(app, STORE_MEMORY) == MP_OK ? EX_OK : EX_SOFTWARE;
  if (status == EX_OK) {
    check_meaning(app->pipeline);
    if (!args->offline) {
      run_set_deadline(&app->run,
                       options_int(app->pipeline->options, "deadline"));
      check_inputs(app->pipeline);
      check_outputs(app->pipeline);
    } else
      open_outputs(app->pipeline);
    report_result(app);
  }
  last = app_finish(app);
  return status == EX_OK ? last : status;
}
