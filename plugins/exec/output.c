/*
 * exec: delivers values to a command.  The command reads the records as JSON
 * lines from its standard input, and its exit status is the acknowledgement:
 *
 *     0    delivered
 *     75   not now, try again later (EX_TEMPFAIL)
 *     else rejected
 *
 * An optional second command, fetch, prints the displayed values of the
 * targets.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "lib/json.h"
#include "plugins/exec/child.h"
#include "plugins/exec/find_program.h"
#include "plugins/json/json_value.h"
#include "plugins/exec/command_words.h"
#include "plugins/json/json_record.h"

static const struct mp_option options[] = {
  { "command", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "the program that delivers the records, and its arguments; run without a "
    "shell" },
  { "class", MP_TYPE_CHOICE, MP_REQUIRED, NULL, "live|latest|append|history",
    "the delivery class: see DELIVERY CLASSES in meterpipe-plugin(3)" },
  { "timeout", MP_TYPE_DURATION, 0, "30s", "1ms..",
    "how long a command may run" },
  { "fetch", MP_TYPE_STRING, 0, NULL, NULL,
    "a program that prints the displayed values, and its arguments" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

struct exec {
  const struct mp_host *host;
  char **command, **fetch;
  struct json_record writer;
  uint32_t records; /* begun since the last commit */
  int failed;       /* a reason: records are incomplete; commit sends none */
};

/* ---- Instances ----------------------------------------------------------- */

static void
exec_destroy(void *self)
{
  struct exec *e = self;

  if (!e)
    return;
  command_words_free(e->command);
  command_words_free(e->fetch);
  json_record_free(&e->writer);
  free(e);
}

static int
exec_create(const struct mp_host *host, void **ret_self)
{
  struct exec *e = calloc(1, sizeof(*e));
  int r;

  if (!e)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  e->host = host;
  r = command_words_of_option(host, "command", &e->command);
  if (r == MP_OK)
    r = command_words_of_option(host, "fetch", &e->fetch);
  if (r != MP_OK) {
    exec_destroy(e);
    return r;
  }
  *ret_self = e;
  return MP_OK;
}

static void
exec_close(void *self)
{
  struct exec *e = self;

  json_record_forget(&e->writer);
  e->records = 0;
  e->failed = MP_OK;
}

/* ---- Records ------------------------------------------------------------- */

/* Reports a lack of memory once.  The commit then delivers nothing. */
static int
keep_result(struct exec *e, int answer)
{
  if (answer != MP_OK && e->failed == MP_OK)
    e->failed = mp_fail(e->host, answer, e->command[0], "out of memory");
  return e->failed;
}

static int
exec_begin(void *self, const struct mp_record *record)
{
  struct exec *e = self;

  e->records++;
  return keep_result(e, json_record_begin(&e->writer, record));
}

static int
exec_write(void *self, uint32_t number, const struct mp_value *value)
{
  struct exec *e = self;
  const struct mp_target *target = e->host->target(e->host, number);

  if (!target)
    return mp_fail(e->host, MP_EINTERNAL, e->command[0],
                   "there is no target %lu", (unsigned long)number);
  return keep_result(e,
                     json_record_add(&e->writer, e->host, target->name, value));
}

/* ---- Delivering ---------------------------------------------------------- */

/* Returns the result of all records from the exit of the command. */
static uint32_t
result_of_records(const struct child *child, int answer)
{
  if (answer != MP_OK)
    return child->started ? MP_PERHAPS : MP_NOT_SENT;
  if (child->status == 0) {
    child_log_errors(child, MP_LOG_NOTICE);
    return MP_ACCEPTED;
  }
  child_log_errors(child, MP_LOG_INFO); /* child_fail logs the last line */
  if (child->status == CHILD_TRY_LATER) {
    child_fail(child, MP_EAGAIN);
    return MP_RETRY;
  }
  child_fail(child, MP_EREFUSED);
  return MP_REJECTED;
}

static int
run_command(struct exec *e, uint32_t *ret_result)
{
  struct child child = {
    .host = e->host,
    .words = e->command,
    .input = e->writer.text.data,
    .input_len = e->writer.text.len,
    .timeout_ms = e->host->option_int(e->host, "timeout"),
  };
  int r = child_run(&child);

  if (r != MP_OK)
    child_log_errors(&child, MP_LOG_INFO);
  *ret_result = result_of_records(&child, r);
  child_clear(&child);
  return r;
}

static int
deliver_by_command(struct exec *e, uint32_t *ret_result)
{
  int r;

  *ret_result = MP_NOT_SENT;
  if (keep_result(e, json_record_end(&e->writer)) != MP_OK)
    return e->failed;
  r = run_command(e, ret_result);
  return r;
}

static void
give_results(struct exec *e, const struct mp_output_sink *sink, uint32_t result)
{
  for (uint32_t i = 0; i < e->records; i++)
    sink->result(sink, i, MP_ALL_TARGETS, result);
  exec_close(e);
}

static int
exec_commit(void *self, const struct mp_output_sink *sink)
{
  struct exec *e = self;
  uint32_t result;
  int r = MP_OK;

  if (e->records > 0) {
    r = deliver_by_command(e, &result);
    give_results(e, sink, result);
  }
  return r;
}

/* ---- After a crash, class append ---- */

/* The token is a constant: the output cannot find out how far the command came.
 * The records are delivered once more, and the command recognises them by their
 * ids. */
static int
exec_token(void *self, char *ret_token, size_t size)
{
  static const char token[] = "redeliver";

  (void)self;
  if (size < sizeof(token))
    return MP_EINTERNAL;
  memcpy(ret_token, token, sizeof(token));
  return MP_OK;
}

static int
exec_recover(void *self, const char *token, const struct mp_output_sink *sink)
{
  struct exec *e = self;
  uint32_t result;
  int r = deliver_by_command(e, &result);

  (void)token;
  if (result == MP_RETRY || result == MP_REJECTED)
    result = MP_NOT_SENT; /* they stay pending */
  give_results(e, sink, result);
  return r;
}

/* ---- Displayed values ---- */

struct asked {
  const struct mp_host *host;
  const struct mp_output_sink *sink;
};

/* Returns the number of the target NAME; UINT32_MAX: there is none. */
static uint32_t
find_target(const struct mp_host *host, const char *name)
{
  const struct mp_target *target = host->target(host, 0);
  uint32_t i = 0;

  while (target) {
    if (strcmp(target->name, name) == 0)
      return i;
    target = host->target(host, ++i);
  }
  return UINT32_MAX;
}

/* Reads the displayed value of a target:
 * {"target":"energy","value":"84.208","unit":"GJ","updated":"..."}.  With
 * "rounded":true, the value is rounded to its last decimal. */
static const char *
take_shown(void *ctx, const struct json_line *line)
{
  const struct asked *asked = ctx;
  struct mp_shown shown = { .struct_size = sizeof(shown), .place = MP_EXACT };
  const struct json_member *rounded = json_line_find(line, "rounded");
  struct mp_value value;
  const char *name, *wrong = json_value_text(line, "target", &name);

  if (!wrong)
    wrong = json_value_read(asked->host, line, &value);
  if (!wrong)
    wrong = json_value_updated(line, &shown.updated);
  if (wrong)
    return wrong;
  if (!name)
    return "has no target";
  wrong = json_value_given(line);
  if (wrong)
    return wrong;
  shown.target = find_target(asked->host, name);
  if (shown.target == UINT32_MAX)
    return NULL; /* a target that is not configured */
  shown.answer = value.kind == 0 ? MP_SHOWN_EMPTY : MP_SHOWN_VALUE;
  shown.value = value.kind == 0 ? NULL : &value;
  if (rounded && strcmp(rounded->text, "true") == 0)
    shown.place = value.number.exp10;
  asked->sink->shown(asked->sink, &shown);
  return NULL;
}

/* Writes the names of the targets, one line each: {"target":"energy"}. */
static int
list_targets(const struct mp_host *host, struct text_buffer *out)
{
  const struct mp_target *target = host->target(host, 0);
  uint32_t i = 0;

  while (target) {
    struct json json = { .text = out };

    json_object(&json, NULL);
    json_text(&json, "target", target->name);
    json_end_object(&json);
    if (json.failed || text_buffer_add_text(out, "\n") != MP_OK)
      return MP_ENOMEM;
    target = host->target(host, ++i);
  }
  return MP_OK;
}

static int
judge_fetch(const struct child *child)
{
  child_log_errors(child, child->status == 0 ? MP_LOG_NOTICE : MP_LOG_INFO);
  if (child->status == 0)
    return MP_OK;
  return child_fail(child,
                    child->status == CHILD_TRY_LATER ? MP_EAGAIN : MP_EREFUSED);
}

static int
exec_fetch(void *self, const struct mp_output_sink *sink)
{
  struct exec *e = self;
  struct asked asked = { e->host, sink };
  struct text_buffer names = { 0 };
  struct child child = {
    .host = e->host,
    .words = e->fetch,
    .timeout_ms = e->host->option_int(e->host, "timeout"),
    .wants_output = true,
  };
  int answer;

  if (!e->fetch)
    return MP_SKIP;
  if (list_targets(e->host, &names) != MP_OK)
    answer = mp_fail(e->host, MP_ENOMEM, e->fetch[0], "out of memory");
  else {
    child.input = names.data;
    child.input_len = names.len;
    answer = child_run(&child);
    if (answer == MP_OK)
      answer = judge_fetch(&child);
  }
  if (answer == MP_OK)
    answer =
      json_value_each(e->host, e->fetch[0], child.out.data, take_shown, &asked);
  child_clear(&child);
  text_buffer_free(&names);
  return answer;
}

/* Checks only `command`: if `fetch` is given and cannot be run, exec_fetch has
 * reported that before. */
static int
exec_check(void *self)
{
  struct exec *e = self;

  return find_program(e->host, e->command[0]);
}

/* ---- The plugin ---- */

static const struct mp_append_ops append = {
  .struct_size = sizeof(struct mp_append_ops),
  .token = exec_token,
  .recover = exec_recover,
};

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "value",
  .close = exec_close,
  .fetch = exec_fetch,
  .begin = exec_begin,
  .write = exec_write,
  .commit = exec_commit,
  .append = &append,
  .check = exec_check,
  .delivery_option = "class",
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "exec",
  .version = PACKAGE_VERSION,
  .summary = "gives values to a command; its exit status is the result",
  .options = options,
  .create = exec_create,
  .destroy = exec_destroy,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
