/*
 * An output of class latest that behaves like a message broker: it keeps the
 * last value of each target, and the id of its record, in the file
 * "topic.TARGET": "NUMBER ID" ("-": no id).  A missing file is a target that it
 * has forgotten.  It appends what it takes to the file "taken".
 *
 * If the file "answer" exists, its one word decides about all values: "lost"
 * takes them, but the result is not known; "refused" takes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#define MAX_TARGETS 8

struct bus {
  const struct mp_host *host;
  char id[128];
  char numbers[MAX_TARGETS][128]; /* of this record; "": none */
};

static int
bus_create(const struct mp_host *host, void **ret_self)
{
  struct bus *b = calloc(1, sizeof(*b));

  if (!b)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  b->host = host;
  *ret_self = b;
  return MP_OK;
}

static int
bus_open(void *self)
{
  struct bus *b = self;

  return b->host->target(b->host, MAX_TARGETS)
           ? mp_fail(b->host, MP_ECONFIG, NULL, "too many targets")
           : MP_OK;
}

static void
bus_close(void *self)
{
  memset(((struct bus *)self)->numbers, 0, sizeof(((struct bus *)0)->numbers));
}

static FILE *
open_topic(const struct mp_target *target, const char *mode)
{
  char path[64];

  snprintf(path, sizeof(path), "topic.%s", target->name);
  return fopen(path, mode);
}

static void
show(const struct bus *b, const struct mp_output_sink *sink, uint32_t i,
     const struct mp_target *target)
{
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_GAUGE,
                            .unit = "GJ" };
  struct mp_shown shown = { .struct_size = sizeof(shown),
                            .target = i,
                            .answer = MP_SHOWN_FORGOTTEN,
                            .place = MP_EXACT };
  FILE *f = open_topic(target, "r");
  char number[128], id[128];

  if (f && fscanf(f, "%127s %127s", number, id) == 2 &&
      b->host->decimal_parse(number, &value.number) == MP_OK) {
    shown.answer = MP_SHOWN_VALUE;
    shown.value = &value;
    shown.id = strcmp(id, "-") == 0 ? "" : id;
  }
  if (f)
    fclose(f);
  sink->shown(sink, &shown);
}

static int
bus_fetch(void *self, const struct mp_output_sink *sink)
{
  struct bus *b = self;
  const struct mp_target *target;

  for (uint32_t i = 0; (target = b->host->target(b->host, i)); i++)
    show(b, sink, i, target);
  return MP_OK;
}

static int
bus_begin(void *self, const struct mp_record *record)
{
  struct bus *b = self;

  snprintf(b->id, sizeof(b->id), "%s", record->id);
  return MP_OK;
}

static int
bus_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct bus *b = self;

  b->host->decimal_format(value->number, b->numbers[target],
                          sizeof(b->numbers[target]));
  return MP_OK;
}

static int
take(const struct bus *b, uint32_t i)
{
  const struct mp_target *target = b->host->target(b->host, i);
  FILE *topic = open_topic(target, "w"), *taken = fopen("taken", "a");
  int r = MP_OK;

  if (topic && taken) {
    fprintf(topic, "%s %s\n", b->numbers[i], b->id);
    fprintf(taken, "%s %s\n", target->name, b->numbers[i]);
  } else
    r = mp_fail(b->host, MP_EIO, target->name, "cannot write its file");
  if (topic)
    fclose(topic);
  if (taken)
    fclose(taken);
  return r;
}

/* Returns the result that the file "answer" orders. */
static uint32_t
ordered_result(void)
{
  FILE *f = fopen("answer", "r");
  char word[16] = "";

  if (f && fscanf(f, "%15s", word) != 1)
    word[0] = '\0';
  if (f)
    fclose(f);
  if (strcmp(word, "lost") == 0)
    return MP_PERHAPS;
  return strcmp(word, "refused") == 0 ? MP_NOT_SENT : MP_ACCEPTED;
}

static int
bus_commit(void *self, const struct mp_output_sink *sink)
{
  struct bus *b = self;
  uint32_t result = ordered_result();

  if (result != MP_ACCEPTED)
    mp_fail(b->host, MP_EAGAIN, NULL, "was told to fail");
  for (uint32_t i = 0; i < MAX_TARGETS; i++) {
    if (!b->numbers[i][0])
      continue;
    if (result == MP_NOT_SENT || take(b, i) == MP_OK)
      sink->result(sink, 0, i, result);
    b->numbers[i][0] = '\0';
  }
  return MP_OK;
}

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "topic",
  .open = bus_open,
  .close = bus_close,
  .fetch = bus_fetch,
  .begin = bus_begin,
  .write = bus_write,
  .commit = bus_commit,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "bus",
  .version = "1",
  .summary = "keeps the last values with the ids of their records",
  .create = bus_create,
  .destroy = free,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
