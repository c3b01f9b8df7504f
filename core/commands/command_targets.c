/* meterpipe targets: lists the targets that an output could serve, or makes new
 * ones. */
#include "core/commands/app.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/commands/one_stage.h"
#include "core/commands/commands.h"
#include "core/memory/memory.h"
#include "core/pipeline/call.h"
#include "core/pipeline/target_fit.h"
#include "core/run/log.h"
#include "core/run/table.h"
#include "lib/array.h"
#include "lib/nearest.h"
#include "lib/unit.h"

/* ---- The list ------------------------------------------------------------ */

/* Adds the value without the unit at its end: the unit has a column of its
 * own. */
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
  bare = memory_text_of(value, len);
  table_add(table, bare);
  free(bare);
}

static void
add_row(const struct mp_output_sink *sink, const struct mp_listed *listed)
{
  struct table *table = sink->ctx;

  table_add(table, listed->name);
  table_add(table, listed->label);
  table_add(table, listed->type);
  add_value(table, listed);
  table_add(table, listed->unit ? unit_display(listed->unit) : NULL);
  table_add(table, listed->updated);
}

/* Adds PREFIX in capitals as the head of a column: "IDX" for idx. */
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
list_targets(struct cycle *c, const struct stage *output)
{
  struct instance *instance = instance_of(c, output);
  static const char *const heads[] = { "NAME", "TYPE", "VALUE", "UNIT",
                                       "LAST UPDATE" };
  struct table table = { .columns = 6 };
  const struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                       .ctx = &table,
                                       .listed = add_row };
  struct call call;
  int r;

  if (!output->plugin->output.list) {
    log_line(MP_LOG_ERROR, output->name, NULL,
             "the plugin \"%s\" cannot list targets",
             output->plugin->table.name);
    return EX_USAGE;
  }
  add_prefix(&table, output->plugin->output.target_prefix);
  for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
    table_add(&table, heads[i]);
  call = call_begin(instance, "list");
  r = call_end(&call, output->plugin->output.list(instance->self, &sink), 0);
  if (r == MP_OK)
    table_print(&table, 0, stdout);
  table_free(&table);
  return report_status(c->run->report);
}

/* ---- New targets --------------------------------------------------------- */

/* The lines of the new targets that get their first value at once. */
struct new_lines {
  struct added_line lines[MAX_CREATES];
  size_t n, n_made;
  bool has_list; /* the pipeline file has [fleet] */
};

/* One target being made. */
struct making {
  const struct stage *output;
  const char *value; /* feeds it; NULL: the user names one later */
  char *key;         /* "idx.7"; NULL: the plugin listed no target */
  const char *unit;  /* of the planned target, interned; NULL: not known */
};

static void
note_planned(const struct mp_output_sink *sink, const struct mp_listed *listed)
{
  struct making *making = sink->ctx;

  making->unit = memory_intern(listed->unit);
}

/* Prints the line of a new target: "idx.7 = VALUE ; Heat energy, Counter".  It
 * fits into the pipeline file once the user has replaced VALUE. */
static void
show_new(const struct mp_output_sink *sink, const struct mp_listed *listed)
{
  struct making *making = sink->ctx;
  const char *prefix = making->output->plugin->output.target_prefix;

  printf("%s.%s = %s ; %s, %s\n", prefix, listed->name,
         making->value ? making->value : "VALUE",
         listed->label ? listed->label : "", listed->type ? listed->type : "");
  fflush(stdout);
  free(making->key);
  making->key = memory_format("%s.%s", prefix, listed->name);
}

/* Makes one target or, with MP_CREATE_PLAN, plans it.  Returns the plugin's
 * result.  ret->key, which the caller frees, is the key of the target, or
 * NULL. */
static int
create_one(struct cycle *c, const struct stage *output,
           const struct creation *creation, uint32_t flags, struct making *ret)
{
  struct instance *instance = instance_of(c, output);
  const struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                       .ctx = ret,
                                       .listed = flags & MP_CREATE_PLAN
                                                   ? note_planned
                                                   : show_new };
  struct call call;
  int r;

  *ret = (struct making){ .output = output, .value = creation->value };
  call = call_begin(instance, "create_target");
  r = output->plugin->output.create_target(instance->self, creation->label,
                                           creation->type, flags, &sink);
  return call_end(&call, r, 0);
}

/* Checks that the value for a new target suits its UNIT: a server cannot undo
 * its creation.  Returns MP_OK, or MP_ECONFIG with a message. */
static int
check_value(const struct stage *output, const struct creation *creation,
            const struct target *target, const char *unit)
{
  const struct target_facts facts = { .target = target, .unit = unit };
  char words[TARGET_FIT_TEXT];
  const char *from;

  if (target_fit_can_convert(&facts))
    return MP_OK;
  from = target_fit_usual_unit(target->source);
  log_line(MP_LOG_ERROR, output->name, creation->label,
           "nothing was made: it would take %s, and %s is in %s: %s",
           unit_display(unit), creation->value, unit_display(from),
           target_fit_way_out(&facts, from, unit, words, sizeof(words)));
  return MP_ECONFIG;
}

/* Plans each target.  Returns MP_OK if all of them can be made. */
static int
plan_each(struct cycle *c, const struct stage *output,
          const struct arguments *args)
{
  struct making planned;
  size_t n_values = 0;
  int r = MP_OK;

  for (size_t i = 0; i < args->n_creates && r >= 0; i++) {
    const struct creation *creation = &args->creates[i];

    r = create_one(c, output, creation, MP_CREATE_PLAN, &planned);
    if (r == MP_OK && creation->value)
      r = check_value(output, creation, app_added_target(output, n_values++),
                      planned.unit);
  }
  return r;
}

/* Makes each target, and adds the lines of those that get their first value
 * now. */
static void
create_each(struct cycle *c, const struct stage *output,
            const struct arguments *args, struct new_lines *lines)
{
  struct making made;
  int r = MP_OK;

  for (size_t i = 0; i < args->n_creates && r >= 0; i++) {
    r = create_one(c, output, &args->creates[i], 0, &made);
    if (made.key)
      lines->n_made++;
    if (made.key && made.value)
      lines->lines[lines->n++] =
        (struct added_line){ .key = made.key, .value = made.value };
    else
      free(made.key);
  }
}

/* Asks for confirmation after the plan.  Returns true if the answer is yes. */
static bool
is_confirmed(void)
{
  char answer[16];

  fputs("Type yes to do this: ", stdout);
  fflush(stdout);
  return fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0;
}

/* Plans all targets, which also finds those that cannot be made; then makes
 * them, but only after --yes or the user's yes.  Returns an exit status. */
static int
create_targets(struct app *app, const struct stage *output,
               struct new_lines *lines)
{
  const struct arguments *args = app->args;
  int r;

  lines->has_list = app->config->fleet;
  if (!output->plugin->output.create_target) {
    log_line(MP_LOG_ERROR, output->name, NULL,
             "the plugin \"%s\" cannot make targets",
             output->plugin->table.name);
    return EX_USAGE;
  }
  if (!args->yes && args->verbosity < 0)
    log_setup(0); /* the plan must be visible, even with -q */
  r = plan_each(app->cycle, output, args);
  if (r == MP_ECONFIG) /* no such type: a word of the command line is wrong */
    return EX_USAGE;
  if (r != MP_OK)
    return report_status(app->report);
  if (!args->yes && !is_confirmed()) {
    log_line(MP_LOG_ERROR, output->name, NULL,
             "nothing was made: the answer was not yes; --yes makes it without "
             "asking");
    return EX_USAGE;
  }
  create_each(app->cycle, output, args, lines);
  return report_status(app->report);
}

/* ---- First values -------------------------------------------------------- */

#define RUN_AT_ONCE " and run at once: until its first value, a device holds 0"
#define NAME_VALUES ", with the name of a value in place of VALUE," RUN_AT_ONCE
#define RIGHT_AWAY "--create NAME:TYPE=VALUE delivers that value right away)"

/* Returns the end of a message: what the user must still do for the first
 * values.  A server can log a new device as 0 before it gets a value, and then
 * count the whole reading as used. */
static const char *
next_step(const struct arguments *args, const struct new_lines *lines,
          bool delivered)
{
  if (lines->n == lines->n_made)
    return delivered ? "; the first value was delivered" : RUN_AT_ONCE;
  return args->config_given ? NAME_VALUES " (" RIGHT_AWAY
                            : NAME_VALUES " (with -c FILE OUTPUT, " RIGHT_AWAY;
}

static void
report_next_step(const struct arguments *args, const struct new_lines *lines,
                 bool delivered)
{
  const char *what = lines->n_made == 1 ? "this line" : "these lines";
  const char *step = next_step(args, lines, delivered);

  if (args->config_given)
    log_line(MP_LOG_NOTICE, args->operands[0], NULL,
             "put %s into the section of this output in %s%s%s", what,
             args->config_path,
             lines->has_list ? ", or the name into a column of its list" : "",
             step);
  else
    log_line(MP_LOG_NOTICE, NULL, NULL, "put %s into the pipeline file%s", what,
             step);
}

/* Delivers the first values, tells the user the next step, and frees the lines.
 * Returns an exit status. */
static int
finish_new(const struct arguments *args, struct new_lines *lines, int status)
{
  bool delivered = false;
  int last = EX_OK;

  if (lines->n > 0)
    last = run_with_lines(args, args->operands[0], lines->lines, lines->n,
                          &delivered);
  if (lines->n_made > 0)
    report_next_step(args, lines, delivered);
  for (size_t i = 0; i < lines->n; i++)
    free(lines->lines[i].key);
  return status == EX_OK ? last : status;
}

/* ---- The command --------------------------------------------------------- */

/* Finds the output that OPERANDS[0] names in the pipeline file.  Returns an
 * exit status. */
static int
find_output(struct app *app, const struct stage **ret)
{
  const char *name = app->args->operands[0];
  const struct plan *p;
  struct nearest nearest;
  char words[NEAREST_HINT];
  int status;

  if (app->args->n_operands > 1) {
    log_line(MP_LOG_ERROR, NULL, NULL,
             "-c needs one more argument: the name of an output in the file");
    return EX_USAGE;
  }
  status = app_load(app);
  if (status != EX_OK)
    return status;
  p = app->plan;
  *ret = plan_stage(p, name);
  if (*ret && (*ret)->kind == PLUGIN_OUTPUT)
    return EX_OK;
  nearest_start(&nearest, name);
  for (size_t i = 0; i < p->n_stages; i++)
    if (p->stages[i]->kind == PLUGIN_OUTPUT)
      nearest_offer(&nearest, p->stages[i]->name);
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no output \"%s\" in %s%s", name,
           app->args->config_path,
           nearest_hint(&nearest, words, sizeof(words)));
  return EX_USAGE;
}

static int
find_stage(struct app *app, const struct stage **ret)
{
  int status;

  if (app->args->config_given)
    return find_output(app, ret);
  status = one_stage_load(app, PLUGIN_OUTPUT);
  if (status == EX_OK)
    *ret = app->plan->stages[0];
  return status;
}

/* Adds a placeholder for the line of each new target with a value.  Loading the
 * pipeline file then checks the values before any target is made. */
static void
add_placeholders(struct app *app, struct new_lines *lines)
{
  const struct arguments *args = app->args;

  app->creating = args->n_creates > 0;
  if (!args->config_given)
    return;
  for (size_t i = 0; i < args->n_creates; i++)
    if (args->creates[i].value)
      lines->lines[lines->n++].value = args->creates[i].value;
  app->added_to = args->operands[0];
  app->added = lines->lines;
  app->n_added = lines->n;
}

static int
list_or_create(struct app *app, struct new_lines *lines)
{
  struct new_lines placeholders = { .n = 0 };
  const struct stage *output;
  int status;

  add_placeholders(app, &placeholders);
  status = find_stage(app, &output);
  if (status != EX_OK)
    return status;
  if (instance_open(instance_of(app->cycle, output)) != MP_OK)
    return report_status(app->report);
  status = app->args->n_creates > 0 ? create_targets(app, output, lines)
                                    : list_targets(app->cycle, output);
  return app_flush(status);
}

int
command_targets(const struct arguments *args)
{
  struct new_lines lines = { .n = 0 };
  struct app *app;
  int status = app_new(args, &app);

  if (status == EX_OK)
    status = list_or_create(app, &lines);
  app_finish(app);
  return finish_new(args, &lines, status);
}
