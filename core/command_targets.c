/* meterpipe targets: what an output could serve, and new targets in it. */
#include "core/app.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/adhoc.h"
#include "core/call.h"
#include "core/log.h"
#include "core/nearest.h"
#include "core/stage.h"
#include "core/table.h"
#include "core/unit.h"

/* ---- The list ------------------------------------------------------------ */

/* What is shown often ends with the unit, which has a column of its own. */
static void
add_value(struct table *table, const struct mp_listed *listed)
{
  const char *value = listed->value ? listed->value : "";
  size_t len = strlen(value);
  size_t unit = listed->unit ? strlen(listed->unit) : 0;
  char *bare;

  if (unit > 0 && len > unit && value[len - unit - 1] == ' ' &&
      strcmp(value + len - unit, listed->unit) == 0)
    len -= unit + 1;
  bare = strndup(value, len);
  table_add(table, bare);
  table->failed |= !bare;
  free(bare);
}

static void
add_row(const struct mp_list_sink *sink, const struct mp_listed *listed)
{
  struct table *table = sink->ctx;

  table_add(table, listed->name);
  table_add(table, listed->label);
  table_add(table, listed->type);
  add_value(table, listed);
  table_add(table, listed->unit ? unit_display(listed->unit) : NULL);
  table_add(table, listed->updated);
}

/* "IDX" of idx. */
static void
add_prefix(struct table *table, const char *prefix)
{
  char head[32];
  size_t i;

  for (i = 0; prefix[i] && i + 1 < sizeof(head); i++)
    head[i] = (char)toupper((unsigned char)prefix[i]);
  head[i] = '\0';
  table_add(table, head);
}

static int
list(struct stage *output)
{
  static const char *const heads[] = { "NAME", "TYPE", "VALUE", "UNIT",
                                       "LAST UPDATE" };
  struct table table = { .columns = 6 };
  const struct mp_list_sink sink = { .struct_size = sizeof(sink),
                                     .ctx = &table,
                                     .listed = add_row };
  struct call call = call_begin(output, "list");
  int r;

  if (!output->plugin->output.list) {
    log_line(MP_LOG_ERROR, output->name, NULL,
             "the plugin \"%s\" cannot list targets",
             output->plugin->table.name);
    return EX_USAGE;
  }
  add_prefix(&table, output->plugin->output.target_prefix);
  for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
    table_add(&table, heads[i]);
  r = call_end(&call, output->plugin->output.list(output->self, &sink), 0);
  if (table.failed)
    stage_fail(output, MP_ENOMEM, NULL, "out of memory");
  if (r == MP_OK)
    table_print(&table, 0, stdout);
  table_free(&table);
  return report_status(output->pipeline->run->report);
}

/* ---- New ones ------------------------------------------------------------ */

/* "idx.7 = VALUE ; Heat energy, Counter": a line of the pipeline file, once
 * VALUE is one. */
static void
show_new(const struct mp_list_sink *sink, const struct mp_listed *listed)
{
  const struct stage *output = sink->ctx;

  printf("%s.%s = VALUE ; %s, %s\n", output->plugin->output.target_prefix,
         listed->name, listed->label ? listed->label : "",
         listed->type ? listed->type : "");
  fflush(stdout);
}

/* NAME:TYPE, cut at the last colon. */
static int
create_one(struct stage *output, const char *text, uint32_t flags)
{
  const struct mp_list_sink sink = { .struct_size = sizeof(sink),
                                     .ctx = output,
                                     .listed = show_new };
  struct call call = call_begin(output, "create_target");
  const char *colon = strrchr(text, ':');
  char *label = strndup(text, (size_t)(colon - text));
  int r;

  if (!label)
    return stage_fail(output, MP_ENOMEM, NULL, "out of memory");
  r = output->plugin->output.create_target(output->self, label, colon + 1,
                                           flags, &sink);
  free(label);
  return call_end(&call, r, 0);
}

/* Each; MP_OK: all of them went well. */
static int
create_each(struct stage *output, const struct arguments *args, uint32_t flags)
{
  int r = MP_OK;

  for (size_t i = 0; i < args->n_creates && r >= 0; i++)
    r = create_one(output, args->creates[i], flags);
  return r;
}

/* Whether the user, who has seen the plan, says yes. */
static bool
is_confirmed(void)
{
  char answer[16];

  fputs("Type yes to do this: ", stdout);
  fflush(stdout);
  return fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0;
}

/* First the plan of all of them, which also finds what cannot be made; nothing
 * is made before there was a yes. */
static int
create(const struct arguments *args, struct stage *output)
{
  struct report *report = output->pipeline->run->report;
  int r;

  if (!output->plugin->output.create_target) {
    log_line(MP_LOG_ERROR, output->name, NULL,
             "the plugin \"%s\" cannot make targets",
             output->plugin->table.name);
    return EX_USAGE;
  }
  if (!args->yes && args->verbosity < 0)
    log_setup(0); /* what is asked about must be seen */
  r = create_each(output, args, MP_CREATE_PLAN);
  if (r == MP_ECONFIG) /* no such type: a word of the command line is wrong */
    return EX_USAGE;
  if (r != MP_OK)
    return report_status(report);
  if (!args->yes && !is_confirmed()) {
    log_line(MP_LOG_ERROR, output->name, NULL,
             "nothing was made: no yes came; --yes makes it without asking");
    return EX_USAGE;
  }
  create_each(output, args, 0);
  return report_status(report);
}

/* ---- The command --------------------------------------------------------- */

/* The output OPERANDS[0] of the pipeline file. */
static int
find_output(struct app *app, struct stage **ret)
{
  const char *name = app->args->operands[0];
  const struct pipeline *p;
  struct nearest nearest;
  char words[NEAREST_HINT];
  int status;

  if (app->args->n_operands > 1) {
    log_line(MP_LOG_ERROR, NULL, NULL,
             "with -c there is one more argument: the name of an output in the "
             "file");
    return EX_USAGE;
  }
  status = app_load(app);
  if (status != EX_OK)
    return status;
  p = app->pipeline;
  *ret = pipeline_stage(p, name);
  if (*ret && (*ret)->kind == PLUGIN_OUTPUT)
    return EX_OK;
  nearest_start(&nearest, name);
  for (size_t i = 0; i < p->n_stages; i++)
    if (p->stages[i]->kind == PLUGIN_OUTPUT)
      nearest_offer(&nearest, p->stages[i]->name);
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no output \"%s\" in %s%s", name,
           app->args->config_path,
           nearest_hint(nearest.best, words, sizeof(words)));
  return EX_USAGE;
}

static int
find_stage(struct app *app, struct stage **ret)
{
  int status;

  if (app->args->config_given)
    return find_output(app, ret);
  status = adhoc_load(app, PLUGIN_OUTPUT);
  if (status == EX_OK)
    *ret = app->pipeline->stages[0];
  return status;
}

static int
targets(struct app *app)
{
  struct stage *output;
  int status = find_stage(app, &output);

  if (status != EX_OK)
    return status;
  if (stage_open(output) != MP_OK)
    return report_status(app->report);
  status = app->args->n_creates > 0 ? create(app->args, output) : list(output);
  return app_flush(status);
}

int
command_targets(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app);

  if (status == EX_OK)
    status = targets(app);
  app_finish(app);
  return status;
}
