/*
 * An output of class history that sets aside each record with a number that the
 * file "refused" has in a line of its own.  It appends each other record to the
 * file "taken": a line "TARGET=NUMBER...".  The file "seen" has all records
 * that it was given, as "ID TARGET=NUMBER...".
 *
 * With a file "away" it takes nothing.  With a file "silent" it does not say
 * why it refuses a record.  With a file "dies" it kills the process
 * after it has given its results.  In another class it rejects a refused
 * record, but with a file "careless" it sets it aside.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <meterpipe/plugin.h>

#define MAX_RECORDS 256

struct record {
  char line[512];    /* for "seen" */
  char refused[128]; /* the number that is refused; "": none */
};

struct shelf {
  const struct mp_host *host;
  struct record records[MAX_RECORDS];
  uint32_t n;
  bool is_history;
};

static int
shelf_create(const struct mp_host *host, void **ret_self)
{
  struct shelf *s = calloc(1, sizeof(*s));

  if (!s)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  s->host = host;
  s->is_history = host->option_int(host, "class") == 0;
  *ret_self = s;
  return MP_OK;
}

static void
shelf_close(void *self)
{
  ((struct shelf *)self)->n = 0;
}

static int
shelf_begin(void *self, const struct mp_record *record)
{
  struct shelf *s = self;
  struct record *r;

  if (s->n == MAX_RECORDS)
    return mp_fail(s->host, MP_ENOMEM, NULL, "too many records");
  r = &s->records[s->n++];
  snprintf(r->line, sizeof(r->line), "%s", record->id);
  r->refused[0] = '\0';
  return MP_OK;
}

static bool
is_refused(const char *number)
{
  FILE *f = fopen("refused", "r");
  char line[64];
  bool found = false;

  while (f && !found && fgets(line, sizeof(line), f)) {
    line[strcspn(line, "\n")] = '\0';
    found = strcmp(line, number) == 0;
  }
  if (f)
    fclose(f);
  return found;
}

static int
shelf_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct shelf *s = self;
  struct record *r = &s->records[s->n - 1];
  size_t len = strlen(r->line);
  char number[128];

  s->host->decimal_format(value->number, number, sizeof(number));
  snprintf(r->line + len, sizeof(r->line) - len, " %s=%s",
           s->host->target(s->host, target)->name, number);
  if (is_refused(number))
    snprintf(r->refused, sizeof(r->refused), "%s", number);
  return MP_OK;
}

static uint32_t
send_record(struct shelf *s, const struct record *r, FILE *taken)
{
  if (access("away", F_OK) == 0) {
    mp_fail(s->host, MP_EAGAIN, NULL, "is away");
    return MP_RETRY;
  }
  if (*r->refused) {
    if (access("silent", F_OK) != 0)
      mp_fail(s->host, MP_EREFUSED, NULL, "does not take %s", r->refused);
    return s->is_history || access("careless", F_OK) == 0 ? MP_SET_ASIDE
                                                          : MP_REJECTED;
  }
  fprintf(taken, "%s\n", strchr(r->line, ' ') + 1);
  return MP_ACCEPTED;
}

static int
shelf_commit(void *self, const struct mp_output_sink *sink)
{
  struct shelf *s = self;
  FILE *taken = fopen("taken", "a"), *seen = fopen("seen", "a");

  if (!taken || !seen)
    return mp_fail(s->host, MP_EIO, NULL, "cannot write its files");
  for (uint32_t i = 0; i < s->n; i++) {
    fprintf(seen, "%s\n", s->records[i].line);
    sink->result(sink, i, MP_ALL_TARGETS,
                 send_record(s, &s->records[i], taken));
  }
  fclose(taken);
  fclose(seen);
  s->n = 0;
  if (access("dies", F_OK) == 0)
    raise(SIGKILL);
  return MP_OK;
}

static const struct mp_option options[] = {
  { "class", MP_TYPE_CHOICE, 0, "history", "history|live|latest",
    "the delivery class" },
  { 0 },
};

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_HISTORY,
  .delivery_option = "class",
  .target_prefix = "place",
  .close = shelf_close,
  .begin = shelf_begin,
  .write = shelf_write,
  .commit = shelf_commit,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "shelf",
  .version = "1",
  .summary = "sets records aside",
  .options = options,
  .create = shelf_create,
  .destroy = free,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
