/*
 * The input replay: reads a capture as if it were the meter.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/replay/replay.h"

/* Returns the first wanted register from ID on that the capture lacks, or
 * REGISTER_COUNT. */
static uint32_t
next_unseen(const struct replay *r, uint32_t id)
{
  while (id < REGISTER_COUNT) {
    unsigned left = (r->wanted.bits[id / 8] & ~r->seen.bits[id / 8]) >> id % 8;

    if (left & 1)
      break;
    id += left ? 1 : 8 - id % 8;
  }
  return id;
}

/* Returns true if the capture has any register, wanted or not. */
static bool
has_register(const struct replay *r)
{
  for (size_t i = 0; i < sizeof(r->seen.bits); i++)
    if (r->seen.bits[i])
      return true;
  return false;
}

/* Reports that the file has no register, unless damage was reported already. */
static void
report_empty(struct replay *r)
{
  if (r->failures == 0)
    mp_fail(r->host, MP_EDATA, r->events.lines.name, "contains no %s; %s",
            r->answered ? "register" : "reply of a meter",
            "see meterpipe-capture(5) for the form of a capture");
}

/* Reports the wanted registers that the file lacks. */
static void
report_unseen(struct replay *r)
{
  static const char more[] = " ...";
  char list[1024] = "", number[KMP_NUMBER_SIZE];
  const size_t room = sizeof(list) - sizeof(more);
  size_t len = 0;

  for (uint32_t id = next_unseen(r, r->wants_all ? REGISTER_COUNT : 0);
       id < REGISTER_COUNT; id = next_unseen(r, id + 1)) {
    int n = snprintf(list + len, room - len, "%s%s", len > 0 ? ", " : "",
                     kmp_register_name((uint16_t)id, number));

    if (n < 0 || (size_t)n >= room - len) { /* print no part of a name */
      memcpy(list + len, more, sizeof(more));
      break;
    }
    len += (size_t)n;
  }
  if (len > 0)
    mp_fail(r->host, MP_EDATA, r->events.lines.name,
            "does not contain these registers: %s", list);
}

/* Reports how many more lines of the file are not of a capture. */
static void
report_nonsense(const struct replay *r)
{
  if (r->nonsense > REPLAY_NONSENSE_REPORTED)
    mp_log(r->host, MP_LOG_ERROR, r->events.lines.name,
           "%llu more such lines left out, which -v shows: is this a capture?",
           (unsigned long long)(r->nonsense - REPLAY_NONSENSE_REPORTED));
}

/* Makes the reports at the end of the file.  Returns MP_END. */
static int
finish_replay(struct replay *r)
{
  r->stopped = 1;
  report_nonsense(r);
  if (has_register(r))
    report_unseen(r);
  else
    report_empty(r);
  if (r->wants_info && !r->info_reported)
    mp_fail(r->host, MP_EDATA, r->events.lines.name,
            "contains no info code: %s has no value", MODEL_FIELD);
  return MP_END;
}

int
replay_read(void *self, const struct mp_sink *sink)
{
  struct replay *r = self;
  int code;

  if (r->stopped)
    return MP_END;
  code = r->ended ? MP_END : replay_take_cycle(r, sink);
  if (code == MP_END)
    return finish_replay(r);
  r->stopped = code < 0;
  return code;
}

static void
learn_fields(struct replay *r)
{
  uint32_t i = 0;

  memset(&r->wanted, 0, sizeof(r->wanted));
  r->wants_info = r->info_reported = false;
  for (const char *name = r->host->field(r->host, i); name;
       name = r->host->field(r->host, ++i)) {
    int32_t id = kmp_register_id(name);

    r->wants_info |= strcmp(name, MODEL_FIELD) == 0;
    if (id >= 0)
      register_set_add(&r->wanted, (uint16_t)id);
  }
  r->wants_all = i == 0;
}

int
replay_open(void *self)
{
  struct replay *r = self;
  int code;

  code = line_reader_open(&r->events.lines, r->host,
                          r->host->option(r->host, "path"));
  if (code != MP_OK)
    return code;
  events_begin(&r->events);
  learn_fields(r);
  memset(&r->seen, 0, sizeof(r->seen));
  memset(r->units_reported, 0, sizeof(r->units_reported));
  r->stopped = r->ended = r->held = r->answered = r->has_request = false;
  r->separated = -1;
  r->damage.count = 0;
  r->failures = r->nonsense = 0;
  r->old_answer_len = 0;
  r->serial[0] = '\0';
  r->model = (struct model){ .partial = true };
  return MP_OK;
}

void
replay_close(void *self)
{
  struct replay *r = self;

  line_reader_close(&r->events.lines);
}

static int
replay_check(void *self)
{
  int r = replay_open(self);

  if (r == MP_OK)
    replay_close(self);
  return r;
}

static void
replay_destroy(void *self)
{
  struct replay *r = self;

  if (!r)
    return;
  free(r->registers);
  free(r);
}

static int
replay_create(const struct mp_host *host, void **ret_self)
{
  struct replay *r = calloc(1, sizeof(*r));

  if (r)
    r->registers = calloc(REGISTER_COUNT, sizeof(r->registers[0]));
  if (!r || !r->registers) {
    replay_destroy(r);
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  }
  r->host = host;
  r->strict = host->option_int(host, "strict") != 0;
  *ret_self = r;
  return MP_OK;
}

static const struct mp_input_ops input = {
  .struct_size = sizeof(input),
  .flags = MP_INPUT_RECORDING,
  .field = kmp_field,
  .list_fields = kmp_list_fields,
  .default_fields = "*",
  .open = replay_open,
  .close = replay_close,
  .read = replay_read,
  .check = replay_check,
  .probe = replay_probe,
};

static const struct mp_option options[] = {
  { "path", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL,
    "the capture to read; - is standard input" },
  { "strict", MP_TYPE_BOOL, 0, "no", NULL, "stop at the first damaged frame" },
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL,
    "registers to read besides those named elsewhere; without it, all" },
  { NULL, 0, 0, NULL, NULL, NULL }
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "replay",
  .version = PACKAGE_VERSION,
  .summary = "reads a capture of a Kamstrup meter's frames",
  .options = options,
  .create = replay_create,
  .destroy = replay_destroy,
  .input = &input,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
