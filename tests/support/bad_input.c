/*
 * An input that breaks the contract of <meterpipe/plugin.h> as the environment
 * variable BAD selects; without BAD it keeps the contract.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <meterpipe/plugin.h>

#include "tests/support/bad.h"
#include "tests/support/manners.h"

static void *
stay(void *arg)
{
  for (;;)
    usleep(1000);
  return arg;
}

/* Starts a thread that keeps running the plugin's code. */
static void
leave_thread(void)
{
  pthread_t thread;

  if (pthread_create(&thread, NULL, stay, NULL) == 0)
    pthread_detach(thread);
}

static int
bad_create(const struct mp_host *host, void **ret_self)
{
  if (bad_is("create-thread"))
    leave_thread();
  return bad_new(host, ret_self);
}

/* ---- Fields: "a", also called "1", and "b" ---- */

static void
tell(const struct mp_field_sink *sink, const char *name, const char *number)
{
  struct mp_field field = { .struct_size = sizeof(field),
                            .kind = MP_GAUGE,
                            .name = name,
                            .number = number };

  if (bad_is("field-small"))
    field.struct_size = 8;
  if (bad_is("field-name"))
    field.name = "A field";
  if (bad_is("field-kind"))
    field.kind = 9;
  if (bad_is("field-open"))
    field.kind = 0;
  if (bad_is("field-counter"))
    field.kind = MP_COUNTER;
  if (bad_is("field-rate"))
    field.max_rate = (struct mp_decimal){ -4, 9999 };
  if (bad_is("field-label"))
    field.label = "one\ntwo";
  if (bad_is("field-unit"))
    field.unit = "G\aJ";
  if (bad_is("field-null")) {
    sink->field(sink, NULL);
    return;
  }
  sink->field(sink, &field);
  if (bad_is("field-twice"))
    sink->field(sink, &field);
}

static int
bad_field(const char *name, const struct mp_field_sink *sink)
{
  misbehave("field");
  bad_end("field");
  keep("field-keeps-name", name);
  keep("field-keeps-sink", sink);
  if (strcmp(name, "a") == 0 || strcmp(name, "1") == 0) {
    tell(sink, bad_is("field-other") ? "b" : "a", "1");
    return MP_OK;
  }
  if (strcmp(name, "b") == 0 && !bad_is("field-unknown")) {
    tell(sink, "b", NULL);
    return MP_OK;
  }
  return bad_is("field-code") ? MP_EIO : MP_ECONFIG;
}

static int
bad_list(const struct mp_field_sink *sink)
{
  misbehave("list_fields");
  if (bad_is("list-fails"))
    return MP_EIO;
  if (bad_is("list-none"))
    return MP_OK;
  tell(sink, "a", "1");
  tell(sink, "b", NULL);
  return MP_OK;
}

/* ---- Reading ---- */

/* Reports TIMES failures, each of a different register. */
static int
fail_often(const struct bad *b, const char *times)
{
  long n = strtol(times, NULL, 10);
  char object[32];

  for (long i = 0; i < n; i++) {
    snprintf(object, sizeof(object), "register.%ld", i);
    mp_fail(b->host, MP_EDATA, object, "is damaged");
  }
  return MP_OK;
}

/* Returns LEN digits, in static memory: only one instance may use it. */
static const char *
long_text(size_t len)
{
  static char text[(1 << 20) + 1];

  memset(text, '7', len);
  text[len] = '\0';
  return text;
}

static void
keep_much(const struct mp_host *host)
{
  if (bad_is("store-long"))
    host->store_set(host, "text", long_text(65537));
  if (bad_is("store-full"))
    host->store_set(host, "text", long_text(65536));
  if (bad_is("store-text"))
    host->store_set(host, "text", "\377");
  if (bad_is("store-key"))
    host->store_set(host, "a\nb", "text");
}

static int
bad_read(void *self, const struct mp_sink *sink)
{
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_GAUGE,
                            .number = { 1, 0 } };
  const char *times = bad_after("read-fails-");

  misbehave("read");
  keep("read-keeps-sink", sink);
  if (times)
    return fail_often(self, times);
  keep_much(((const struct bad *)self)->host);
  if (bad_is("read-exponent"))
    value.number.exp10 = INT32_MAX;
  if (bad_is("read-kind"))
    value.kind = 0;
  if (bad_is("read-small"))
    value.struct_size = 8;
  if (bad_is("read-unit"))
    value.unit = "\377";
  if (bad_is("read-serial"))
    sink->serial(sink, NULL, MP_SERIAL_READ);
  if (bad_is("read-serial-origin"))
    sink->serial(sink, "6789", 7);
  if (bad_is("read-serial-parts"))
    sink->serial(sink, "6789|", MP_SERIAL_READ);
  if (bad_is("read-serial-long"))
    sink->serial(sink, long_text(250), MP_SERIAL_READ);
  if (bad_is("read-serial-huge"))
    value.serial = long_text(1 << 20);
  if (bad_is("read-unit-blank"))
    value.unit = "GJ ";
  if (bad_is("read-past"))
    value.time_ms = -1;
  if (bad_is("read-future"))
    value.time_ms = INT64_MAX;
  if (bad_is("read-counter"))
    value.kind = MP_COUNTER;
  if (bad_is("read-no-name"))
    sink->emit(sink, NULL, &value);
  if (bad_is("read-name"))
    sink->emit(sink, "A field\t", &value);
  if (bad_is("read-late"))
    bad_be_late();
  while (bad_is("read-hangs"))
    pause();
  bad_end("read");
  if (bad_is("read-silent"))
    return MP_EIO;
  if (bad_is("read-null-meter"))
    sink->meter(sink, NULL);
  sink->emit(sink, "a", bad_is("read-null") ? NULL : &value);
  if (bad_is("read-end"))
    return MP_END;
  if (bad_is("read-skip"))
    return MP_SKIP;
  return bad_is("read-nonsense") ? MP_HOLD : MP_OK;
}

static void
bad_close(void *self)
{
  (void)self;
  misbehave("close");
  if (bad_is("close-late"))
    bad_be_late();
}

/* ---- Probing ---- */

/* Two attempts, one of them answered. */
static void
give_attempts(const struct mp_probe_sink *sink)
{
  struct mp_value round_trip = { .struct_size = sizeof(round_trip),
                                 .kind = MP_GAUGE };
  struct mp_probe_item attempt = { .struct_size = sizeof(attempt),
                                   .value = &round_trip };

  if (bad_is("watch-tenths"))
    round_trip.number.exp10 = -1;
  if (bad_is("watch-field"))
    attempt.field = "a";
  sink->item(sink, &attempt);
  attempt.value = NULL;
  sink->item(sink, &attempt);
}

/* The field "a", also called "1". */
static void
give_findings(const struct mp_probe_sink *sink)
{
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_GAUGE,
                            .number = { 1, 0 } };
  struct mp_probe_item item = {
    .struct_size = sizeof(item), .field = "a", .number = "1", .value = &value
  };

  if (bad_is("probe-exponent"))
    value.number.exp10 = INT32_MAX;
  if (bad_is("probe-small"))
    item.struct_size = 8;
  if (bad_is("probe-name"))
    item.field = "A field";
  if (bad_is("probe-unknown"))
    item.field = "c";
  if (bad_is("probe-number"))
    item.number = "2";
  if (bad_is("probe-nothing"))
    item.field = NULL;
  if (bad_is("probe-text"))
    item.remark = "one\ntwo";
  sink->progress(sink, bad_is("probe-progress") ? 2 : 1, 1);
  sink->item(sink, bad_is("probe-null") ? NULL : &item);
}

static int
bad_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink)
{
  const struct bad *b = self;

  misbehave("probe");
  keep("probe-keeps-sink", sink);
  if (bad_is("probe-silent"))
    return MP_EIO;
  if (bad_is("probe-outcome"))
    return MP_SKIP;
  if (bad_is("probe-late"))
    bad_be_late();
  while (bad_is("watch-hangs") && (flags & MP_PROBE_WATCH))
    pause();
  if (bad_is("probe-fails"))
    return mp_fail(b->host, MP_EIO, NULL, "fails as it was told");
  if (flags & MP_PROBE_WATCH)
    give_attempts(sink);
  else
    give_findings(sink);
  return MP_OK;
}

/* ---- Asking ---- */

static int
bad_identify(void *self, const struct mp_sink *sink)
{
  (void)self;
  misbehave("identify");
  keep("identify-keeps-sink", sink);
  if (bad_is("identify-late"))
    bad_be_late();
  if (bad_is("identify-silent"))
    return MP_ETIMEOUT;
  if (bad_is("identify-outcome"))
    return MP_SKIP;
  if (!bad_is("identify-nothing"))
    sink->serial(sink, bad_is("identify-parts") ? "6789|" : "6789",
                 bad_is("identify-assumes") ? MP_SERIAL_ASSUMED
                                            : MP_SERIAL_READ);
  return MP_OK;
}

static const struct mp_option options[] = {
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL,
    "fields to read besides those that stages name" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
bad_status(void *self, char *ret_text, size_t size)
{
  (void)self;
  misbehave("status");
  if (bad_is("status-nonsense"))
    return 77;
  memset(ret_text, 'a', size);
  if (!bad_is("status-endless"))
    ret_text[1] = bad_is("status-lines") ? '\n' : '\0';
  ret_text[2] = bad_is("status-endless") ? 'a' : '\0';
  return MP_OK;
}

static uint32_t
bad_files(void *self)
{
  (void)self;
  misbehave("files");
  return 1;
}

/* Filled in again at each call, as in bad_plugin.c. */
static struct mp_input_ops ops;

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "bad",
  .version = "1",
  .summary = "breaks the contract",
  .options = options,
  .create = bad_create,
  .destroy = free,
  .input = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  ops = (struct mp_input_ops){
    .struct_size = sizeof(struct mp_input_ops),
    .field = bad_field,
    .list_fields = bad_list,
    .default_fields = bad_is("fields-long") ? long_text(1400)
                      : bad_is("read-name") ? "*"
                                            : "a,b",
    .read = bad_read,
    .close = bad_close,
    .identify = bad_identify,
    .check = bad_check,
    .probe = bad_probe,
    .files = bad_files,
    .status = bad_status,
  };
  if (bad_is("ops-small"))
    ops.struct_size = 16;
  if (bad_is("ops-no-field"))
    ops.field = NULL;
  if (bad_is("ops-no-read"))
    ops.read = NULL;
  return &plugin;
}
