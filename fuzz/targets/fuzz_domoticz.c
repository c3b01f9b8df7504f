/*
 * Fuzz target: a whole conversation with a Domoticz server.  Calls the domoticz
 * output through its table; only http.c is replaced.  The input file holds the
 * server's replies (domoticz_line.c), and in its first line the call to make
 * (domoticz_order.h).
 *
 * Also checks that the output sends only known queries (domoticz_query.c), and
 * none after the point of giving up; that the core accepts the displayed
 * values; that a device is sent to once, and only if it was displayed; that the
 * sent value is the one written; that the result follows from the answer; that
 * every failure is explained and no password is logged.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/oracles/domoticz_check.h"
#include "fuzz/oracles/domoticz_line.h"
#include "fuzz/oracles/domoticz_order.h"
#include "lib/array.h"
#include "lib/decimal.h"
#include "lib/value.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PASSWORD "pass-word-not-to-be-shown"

/* One conversation at a time: static. */
static struct {
  struct fake_host *host;
  struct fake_sink *sink;
  const struct mp_output_ops *ops;
  void *self;
  struct order order;
  unsigned shown[ORDER_TARGETS_MAX]; /* number of calls */
} fuzz;

/* ---- Checks of fetch, list and log --------------------------------------- */

/* Checks the return value R of a call: a failure must be explained. */
static void
check_return(int r)
{
  uint32_t i, n = fake_host_failures(fuzz.host);

  require(r <= MP_OK);
  for (i = 0; i < n && fake_host_failure(fuzz.host, i) != r; i++)
    ;
  require(r == MP_OK || r == MP_ECANCELED || i < n);
}

static void
check_log(void)
{
  const char *log = fake_host_log(fuzz.host), *line_end;
  char line[4096];

  require(!strstr(log, PASSWORD));
  for (; *log != '\0'; log = line_end + 1) {
    line_end = strchr(log, '\n');
    require(line_end);
    snprintf(line, sizeof(line), "%.*s", (int)(line_end - log), log);
    require_clean(line);
  }
}

/* Returns whether the core accepts VALUE. */
static bool
is_sound(const struct mp_value *value)
{
  struct value imported = { 0 };
  bool sound = !value_import(&imported, value);

  value_clear(&imported);
  return sound;
}

/* mp_output_sink.shown: checks a displayed value. */
static int
take_shown(const struct mp_output_sink *sink, const struct mp_shown *shown)
{
  const struct line_device *device;

  (void)sink;
  require(shown->struct_size == sizeof(*shown));
  require(shown->target < fuzz.order.target_count);
  require(++fuzz.shown[shown->target] == 1);
  device = fuzz.order.targets[shown->target].device;
  require(shown->answer == MP_SHOWN_ABSENT ? device->denied : device->shown);
  require(shown->answer != MP_SHOWN_UNFIT || fake_host_failures(fuzz.host) > 0);
  require(shown->answer != MP_SHOWN_VALUE || shown->value);
  require(shown->answer != MP_SHOWN_EMPTY || !shown->value ||
          shown->value->number.coef == 0);
  require(!shown->value || is_sound(shown->value));
  require(shown->step.coef >= 0);
  require(decimal_valid(shown->step));
  require(shown->wait_ms <= 4000);
  if (shown->updated)
    require_clean(shown->updated);
  return fuzz.sink->output.shown(&fuzz.sink->output, shown);
}

/* Checks that the plugin reports every device that the server's replies
 * describe. */
static void
check_answers(void)
{
  for (uint32_t i = 0; i < fuzz.order.target_count; i++) {
    const struct line_device *device = fuzz.order.targets[i].device;

    require(fuzz.shown[i] > 0 ||
            !(device->denied ||
              (device->shown && device->device.state != DEVICE_GARBLED)));
  }
}

static void
check_listed(bool planned)
{
  const struct mp_listed *listed;

  for (uint32_t i = 0; (listed = fake_sink_listed(fuzz.sink, i)); i++) {
    require(planned == !listed->name);
    if (planned)
      continue; /* it only repeats the user's words */
    require_clean(listed->label);
    require_clean(listed->type);
    require_clean(listed->value);
    require_clean(listed->unit ? listed->unit : "");
    require_clean(listed->updated ? listed->updated : "");
  }
}

/* ---- Checks of updates --------------------------------------------------- */

static bool
can_take(uint32_t target)
{
  const struct mp_shown *shown = fake_sink_shown(fuzz.sink, target);

  return shown &&
         (shown->answer == MP_SHOWN_VALUE || shown->answer == MP_SHOWN_EMPTY);
}

/* Checks that the update of DEVICE carries the values that were written, and no
 * others. */
static void
check_update(const struct line_device *device)
{
  const struct mp_value *parts[2] = { NULL, NULL };
  bool has_power_target = false, may = false;
  const struct wanted *w;

  for (uint32_t i = 0; i < fuzz.order.target_count; i++) {
    w = &fuzz.order.targets[i];
    if (w->device != device)
      continue;
    has_power_target |= w->is_power;
    may |= w->written && can_take(i);
    if (w->written)
      parts[w->is_power] = &w->value;
  }
  require(may);
  check_sent(device, parts[0], parts[1], has_power_target);
}

static void
check_result(uint32_t target)
{
  const struct line_device *device = fuzz.order.targets[target].device;
  uint32_t result = fake_sink_result(fuzz.sink, 0, target);

  if (device->updates > 0 && can_take(target))
    require(result == device->result);
  else
    require(result == MP_NOT_SENT || result == MP_REJECTED);
  if (result == MP_RETRY || result == MP_REJECTED)
    require(fake_host_failures(fuzz.host) > 0);
}

static void
check_results(void)
{
  uint32_t written = 0;

  for (uint32_t i = 0; i < fuzz.order.target_count; i++) {
    if (!fuzz.order.targets[i].written)
      continue;
    written++;
    check_result(i);
    if (fuzz.order.targets[i].device->updates > 0)
      check_update(fuzz.order.targets[i].device);
  }
  require(fake_sink_result_count(fuzz.sink) == written);
}

/* ---- Calls --------------------------------------------------------------- */

/* Converts the value as the core does before it sends: to the target's unit and
 * a whole number of its step. */
static void
fit_value(struct mp_value *value, uint32_t target)
{
  const struct mp_shown *shown = fake_sink_shown(fuzz.sink, target);
  value->unit = NULL;
  if (!shown || value->kind == MP_TEXT)
    return;
  if (shown->step.coef > 0)
    decimal_round_step(&value->number, shown->step);
  value->unit = shown->value ? shown->value->unit : NULL;
}

static void
write_all(void)
{
  const struct mp_record record = { .struct_size = sizeof(record),
                                    .id = "1-1" };
  struct wanted *w;
  int r;

  require(fuzz.ops->begin(fuzz.self, &record) == MP_OK);
  for (uint32_t i = 0; i < fuzz.order.target_count; i++) {
    struct mp_value value;

    w = &fuzz.order.targets[i];
    if (w->is_read)
      continue;
    fit_value(&w->value, i);
    value = w->value;
    r = fuzz.ops->write(fuzz.self, i, &value);
    check_return(r);
    w->written = r == MP_OK;
  }
}

static void
call_run(void)
{
  struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                 .shown = take_shown };
  int r;

  memset(fuzz.shown, 0, sizeof(fuzz.shown));
  line_run(LINE_RUN);
  r = fuzz.ops->fetch(fuzz.self, &sink);
  check_return(r);
  check_answers();
  write_all();
  r = fuzz.ops->commit(fuzz.self, &fuzz.sink->output);
  require((r == MP_OK) == !line_is_dead());
  check_return(r);
  check_results();
  require(fuzz.ops->check(fuzz.self) == MP_OK);
}

static void
call_create(unsigned flags)
{
  const struct order *o = &fuzz.order;
  int r;

  line_run(flags & MP_CREATE_PLAN ? LINE_PLAN : LINE_CREATE);
  r = fuzz.ops->create_target(fuzz.self, o->label, o->type, flags,
                              &fuzz.sink->output);
  check_return(r);
  check_listed(flags & MP_CREATE_PLAN);
}

static void
call_list(void)
{
  line_run(LINE_LIST);
  check_return(fuzz.ops->list(fuzz.self, &fuzz.sink->output));
  check_listed(false);
}

static void
call(const char *verb)
{
  if (strcmp(verb, "list") == 0) {
    call_list();
  } else if (strcmp(verb, "create") == 0) {
    call_create(0);
  } else if (strcmp(verb, "plan") == 0) {
    call_create(MP_CREATE_PLAN);
  } else {
    call_run();
    if (strcmp(verb, "again") != 0)
      return;
    check_log();
    fake_host_forget(fuzz.host);
    fake_sink_forget(fuzz.sink);
    call_run();
  }
}

static void
prepare_host(const struct mp_plugin *plugin)
{
  static const uint32_t flags[] = { MP_TARGET_BASE, MP_TARGET_TOTAL, 0, 0 };

  fuzz.host = fake_host_new(plugin, "house");
  fuzz.sink = fake_sink_new(&fuzz.host->table);
  fake_host_set_now(fuzz.host, INT64_C(1795341600000));
  fake_host_set(fuzz.host, "url", "http://house.example:8080/");
  fake_host_set(fuzz.host, "username", "user");
  fake_host_set(fuzz.host, "password", PASSWORD);
  if (fuzz.order.stored)
    fake_host_store(fuzz.host, "api", fuzz.order.stored);
  for (uint32_t i = 0; i < fuzz.order.target_count; i++) {
    const struct wanted *w = &fuzz.order.targets[i];

    fake_host_add_target(fuzz.host, w->name, w->is_power ? "power" : NULL,
                         w->is_read ? NULL : "meter.value",
                         w->is_read ? MP_TARGET_READ
                                    : flags[i % ARRAY_SIZE(flags)]);
  }
}

static void
converse(void)
{
  const struct mp_plugin *plugin = meterpipe_plugin();
  int r;

  prepare_host(plugin);
  fuzz.ops = plugin->output;
  require(plugin->create(&fuzz.host->table, &fuzz.self) == MP_OK);
  r = fuzz.ops->open(fuzz.self);
  check_return(r);
  if (r == MP_OK) {
    call(fuzz.order.verb);
    fuzz.ops->close(fuzz.self);
  }
  check_log();
  plugin->destroy(fuzz.self);
  fake_sink_free(fuzz.sink);
  fake_host_free(fuzz.host);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  size_t len;

  /* The server's own texts may be logged. */
  if (memmem(data, size, PASSWORD, strlen(PASSWORD)))
    return 0;
  memset(&fuzz, 0, sizeof(fuzz));
  len = order_length(data, size);
  line_begin(data + len, size - len);
  order_read(&fuzz.order, data, len);
  converse();
  line_end();
  order_clear(&fuzz.order);
  return 0;
}
