/*
 * exec: reads values from a command.  The command prints a JSON line for each
 * value:
 *
 *     {"field":"energy","value":"84.208","unit":"GJ","kind":"counter"}
 *     {"field":"note","text":"sensor open"}
 *     {"serial":"6789012"}
 *
 * value is an exact decimal.  unit, kind (default: as the options counters and
 * amounts say, else gauge), time (default: now) and serial are optional.  A
 * line with a serial number and no field sets the serial number of the meter
 * for all values.  Exit status 0: the lines are valid; 75: nothing can be read
 * now; any other: the command failed.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "plugins/exec/child.h"
#include "plugins/exec/find_program.h"
#include "plugins/json/json_value.h"
#include "plugins/exec/command_words.h"

static const struct mp_option options[] = {
  { "command", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "the program that prints the readings, and its arguments; run without a "
    "shell" },
  { "timeout", MP_TYPE_DURATION, 0, "30s", "1ms..",
    "how long the command may run" },
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL,
    "fields to read besides those that stages name" },
  { "counters", MP_TYPE_FIELDS, 0, NULL, NULL, "fields that are counters" },
  { "amounts", MP_TYPE_FIELDS, 0, NULL, NULL,
    "fields that are amounts since the last reading" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_.-"

struct exec {
  const struct mp_host *host;
  char **command;
};

/* ---- Fields ---- */

/* Accepts any valid name: the fields that the command will print are not known
 * before it runs. */
static int
exec_field(const char *name, const struct mp_field_sink *sink)
{
  struct mp_field field = { .struct_size = sizeof(field), .name = name };

  if (*name == '\0' || name[strspn(name, NAME_CHARACTERS)] != '\0')
    return MP_ECONFIG;
  sink->field(sink, &field);
  return MP_OK;
}

/* Returns true if NAME is in the option KEY, a list of fields. */
static bool
is_listed(const struct mp_host *host, const char *key, const char *name)
{
  const char *p = host->option(host, key);
  size_t len = strlen(name);

  while (p && *p) {
    p += strspn(p, ", \t");
    if (strncmp(p, name, len) == 0 && strchr(", \t", p[len]))
      return true;
    p += strcspn(p, ", \t");
  }
  return false;
}

/* Returns the kind that the options give the field NAME; 0: none. */
static uint32_t
kind_of(const struct mp_host *host, const char *name)
{
  if (is_listed(host, "counters", name))
    return MP_COUNTER;
  return is_listed(host, "amounts", name) ? MP_DELTA : 0;
}

static int
exec_field_of(void *self, const char *name, const struct mp_field_sink *sink)
{
  const struct exec *e = self;
  struct mp_field field = { .struct_size = sizeof(field),
                            .name = name,
                            .kind = kind_of(e->host, name) };

  sink->field(sink, &field);
  return MP_OK;
}

/* ---- Instances ---- */

static void
exec_destroy(void *self)
{
  struct exec *e = self;

  if (!e)
    return;
  command_words_free(e->command);
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
  if (r != MP_OK) {
    exec_destroy(e);
    return r;
  }
  *ret_self = e;
  return MP_OK;
}

/* ---- Reading ---- */

struct reading {
  const struct mp_host *host;
  const struct mp_sink *sink;
  unsigned char *came; /* by number of the wanted field: it was printed */
};

/* Marks the field as printed.  A line with value null counts, too: it says that
 * the value is known to be missing. */
static void
note_field(const struct reading *r, const char *name)
{
  const char *wanted = r->host->field(r->host, 0);
  uint32_t i = 0;

  for (; wanted; wanted = r->host->field(r->host, ++i))
    if (strcmp(wanted, name) == 0)
      r->came[i] = 1;
}

/* Reports each wanted field that was not printed.  Otherwise a misspelt name
 * would stay unnoticed. */
static void
report_missing(const struct reading *r, const char *program)
{
  const char *wanted = r->host->field(r->host, 0);
  uint32_t i = 0;

  for (; wanted; wanted = r->host->field(r->host, ++i))
    if (!r->came[i])
      mp_fail(r->host, MP_EDATA, wanted, "%s did not print this field",
              program);
}

static uint32_t
count_wanted(const struct mp_host *host)
{
  uint32_t n = 0;

  while (host->field(host, n))
    n++;
  return n;
}

static const char *
take_input_line(void *ctx, const struct json_line *line)
{
  const struct reading *r = ctx;
  struct mp_value value;
  const char *field, *wrong = json_value_text(line, "field", &field);

  if (!wrong)
    wrong = json_value_read(r->host, line, &value);
  if (wrong)
    return wrong;
  if (!field && value.serial && value.kind == 0) {
    r->sink->serial(r->sink, value.serial, MP_SERIAL_READ);
    return NULL;
  }
  if (!field)
    return "has no field";
  if (*field == '\0' || field[strspn(field, NAME_CHARACTERS)] != '\0')
    return "has a field name with characters other than a-z, 0-9, _ . and -";
  wrong = json_value_given(line);
  if (wrong)
    return wrong;
  note_field(r, field);
  if (value.kind == MP_GAUGE && !json_line_has(line, "kind") &&
      kind_of(r->host, field) != 0)
    value.kind = kind_of(r->host, field);
  if (value.kind != 0)
    r->sink->emit(r->sink, field, &value);
  return NULL;
}

static int
reason_of_status(const struct child *child)
{
  child_log_errors(child, child->status == 0 ? MP_LOG_NOTICE : MP_LOG_INFO);
  if (child->status == 0)
    return MP_OK;
  return child_fail(child,
                    child->status == CHILD_TRY_LATER ? MP_EAGAIN : MP_EIO);
}

static int
take_lines(struct exec *e, const struct mp_sink *sink, char *text)
{
  struct reading reading = { e->host, sink, NULL };
  int r;

  reading.came = calloc(count_wanted(e->host) + 1, 1);
  if (!reading.came)
    return mp_fail(e->host, MP_ENOMEM, e->command[0], "out of memory");
  r = json_value_each(e->host, e->command[0], text, take_input_line, &reading);
  if (r == MP_OK)
    report_missing(&reading, e->command[0]);
  free(reading.came);
  return r;
}

static int
exec_read(void *self, const struct mp_sink *sink)
{
  struct exec *e = self;
  struct child child = {
    .host = e->host,
    .words = e->command,
    .timeout_ms = e->host->option_int(e->host, "timeout"),
    .wants_output = true,
  };
  int answer = child_run(&child);

  if (answer == MP_OK)
    answer = reason_of_status(&child);
  else
    child_log_errors(&child, MP_LOG_INFO);
  if (answer == MP_OK)
    answer = take_lines(e, sink, child.out.data);
  child_clear(&child);
  return answer;
}

static int
exec_check(void *self)
{
  struct exec *e = self;

  return find_program(e->host, e->command[0]);
}

static const struct mp_input_ops ops = {
  .struct_size = sizeof(struct mp_input_ops),
  .field = exec_field,
  .field_of = exec_field_of,
  .default_fields = "*",
  .read = exec_read,
  .check = exec_check,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "exec",
  .version = PACKAGE_VERSION,
  .summary = "reads the values that a command prints",
  .options = options,
  .create = exec_create,
  .destroy = exec_destroy,
  .input = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
