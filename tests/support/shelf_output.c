/*
 * An output of class history that sets aside each record with a number that the
 * file "refused" has in a line of its own.  It appends each other record to the
 * file "taken": a line "TARGET=NUMBER...".  The file "seen" has all records
 * that it was given, as "ID TARGET=NUMBER...".
 *
 * With a file "away" it takes nothing.  With a file "silent" it does not say
 * why it refuses a record.  With a file "dies" it kills the process
 * after it has given its results, or only one of the name in that file.
 * With a file "counts" it keeps texts: how often it was opened, and how often
 * it committed; it appends the earlier counts to that file at each open.  With
 * a file "lose" that begins with "before" it takes nothing, or else all that it
 * does not refuse, and does not know the outcome; it then creates a file "hit".
 * In another class it rejects a refused record, but with a file "careless" it
 * sets it aside.  With a file "strict", write refuses the number alone; with a
 * file "full", the process then cannot write to files any more.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* Adds 1 to the count that is kept as KEY, and returns the count before. */
static int
count(const struct shelf *s, const char *key)
{
  const char *kept = s->host->store_get(s->host, key);
  int n = kept ? atoi(kept) : 0;
  char text[16];

  snprintf(text, sizeof(text), "%d", n + 1);
  s->host->store_set(s->host, key, text);
  return n;
}

static int
shelf_open(void *self)
{
  const struct shelf *s = self;
  const char *sent = s->host->store_get(s->host, "sent");
  FILE *f;

  if (access("counts", F_OK) != 0)
    return MP_OK;
  f = fopen("counts", "a");
  if (!f)
    return mp_fail(s->host, MP_EIO, "counts", "cannot be written");
  fprintf(f, "%s opened %d sent %s\n", s->host->name, count(s, "opened"),
          sent ? sent : "0");
  fclose(f);
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

/* Finds out whether NUMBER is in the file "refused". */
static int
find_refused(const struct shelf *s, const char *number, bool *ret)
{
  FILE *f = fopen("refused", "r");
  char line[64];
  bool found = false, failed;

  if (!f && errno != ENOENT)
    return mp_fail(s->host, MP_EIO, "refused", "cannot be read");
  while (f && !found && fgets(line, sizeof(line), f)) {
    line[strcspn(line, "\n")] = '\0';
    found = strcmp(line, number) == 0;
  }
  failed = f && ferror(f);
  if (f)
    fclose(f);
  if (failed)
    return mp_fail(s->host, MP_EIO, "refused", "cannot be read");
  *ret = found;
  return MP_OK;
}

static void
fill_disk(void)
{
  const struct rlimit none = { 0, 0 };

  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &none);
}

static int
shelf_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct shelf *s = self;
  struct record *r = &s->records[s->n - 1];
  size_t len = strlen(r->line);
  char number[128];
  bool refused = false;
  int status;

  s->host->decimal_format(value->number, number, sizeof(number));
  snprintf(r->line + len, sizeof(r->line) - len, " %s=%s",
           s->host->target(s->host, target)->name, number);
  status = find_refused(s, number, &refused);
  if (status == MP_OK && refused && access("strict", F_OK) == 0) {
    r->line[len] = '\0';
    if (access("full", F_OK) == 0)
      fill_disk();
    return mp_fail(s->host, MP_EDATA, NULL, "does not take %s", number);
  }
  if (status == MP_OK && refused)
    snprintf(r->refused, sizeof(r->refused), "%s", number);
  return status;
}

static const char *
line_without_id(const struct record *r)
{
  return strchr(r->line, ' ') + 1;
}

static uint32_t
result_of(struct shelf *s, const struct record *r)
{
  if (access("away", F_OK) == 0) {
    mp_fail(s->host, MP_EAGAIN, NULL, "is away");
    return MP_RETRY;
  }
  if (!*r->refused)
    return MP_ACCEPTED;
  if (access("silent", F_OK) != 0)
    mp_fail(s->host, MP_EREFUSED, NULL, "does not take %s", r->refused);
  return s->is_history || access("careless", F_OK) == 0 ? MP_SET_ASIDE
                                                        : MP_REJECTED;
}

/* Appends the records to the file NAME: all with their ids, or only those that
 * are taken. */
static int
append_to(const struct shelf *s, const char *name, bool all)
{
  FILE *f = fopen(name, "a");
  bool failed = !f;

  for (uint32_t i = 0; f && i < s->n; i++) {
    const struct record *r = &s->records[i];

    if (all || (!*r->refused && access("away", F_OK) != 0))
      fprintf(f, "%s\n", all ? r->line : line_without_id(r));
  }
  if (f && fclose(f) != 0)
    failed = true;
  return failed ? mp_fail(s->host, MP_EIO, name, "cannot be written") : MP_OK;
}

/* Returns the first letter of the file "lose"; 0: there is none. */
static int
loses(void)
{
  FILE *f = fopen("lose", "r");
  int letter = f ? fgetc(f) : 0;

  if (!f)
    return 0;
  fclose(f);
  f = fopen("hit", "w");
  if (f)
    fclose(f);
  return letter;
}

/* Returns true if there is a file "dies" that is empty or has this name. */
static bool
dies(const struct shelf *s)
{
  FILE *f = fopen("dies", "r");
  char name[64] = "";

  if (!f)
    return false;
  if (!fgets(name, sizeof(name), f))
    name[0] = '\0';
  fclose(f);
  return !*name || strcmp(name, s->host->name) == 0;
}

static int
shelf_commit(void *self, const struct mp_output_sink *sink)
{
  struct shelf *s = self;
  int lost = loses(), r = append_to(s, "seen", true);

  if (r == MP_OK && lost != 'b')
    r = append_to(s, "taken", false);
  if (lost && r == MP_OK)
    r = mp_fail(s->host, MP_EIO, NULL, "gives no answer");
  for (uint32_t i = 0; i < s->n; i++)
    sink->result(sink, i, MP_ALL_TARGETS,
                 r == MP_OK ? result_of(s, &s->records[i]) : MP_PERHAPS);
  s->n = 0;
  if (access("counts", F_OK) == 0)
    count(s, "sent");
  if (dies(s))
    raise(SIGKILL);
  return r;
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
  .open = shelf_open,
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
