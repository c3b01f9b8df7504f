/* The fake output "server": the devices of a house. */
#include "tests/exhaustive/driver_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/ledger/record_id.h"

/* An output with ids: a value that the pipeline did not write has none. */
static void
add_id(struct mp_shown *shown, const struct shown *now_shown, char *id)
{
  struct record_ids ids = { .from = 0 };

  shown->id = "";
  if (!now_shown->is_set) {
    shown->answer = MP_SHOWN_FORGOTTEN;
    shown->value = NULL;
  } else if (now_shown->record) {
    state_format_uuid(now_shown->state, ids.uuid);
    shown->id = record_id_format(&ids, "", now_shown->record, 0, id);
  }
}

static void
show_device(const struct mp_output_sink *sink, uint32_t target, size_t n)
{
  const struct house *h = now.driver->house;
  const struct device *d = &now.world.devices[n];
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_GAUGE,
                            .number = { d->now.number, WORLD_PLACE },
                            .unit = d->has_label ? OTHER_UNIT : UNIT };
  char time[STATE_TIME_TEXT], id[RECORD_ID];
  struct mp_shown shown = { .struct_size = sizeof(shown),
                            .target = target,
                            .answer = MP_SHOWN_EMPTY,
                            .place = MP_EXACT,
                            .updated = h->plan.is_untimed ? NULL : time,
                            .step = state_step(now.world.steps[n]) };

  if (d->now.is_set || h->shows_zero || h->plan.roles[n] == TARGET_COPY) {
    shown.answer = MP_SHOWN_VALUE;
    shown.value = &value;
  }
  state_format_time(d->now.time, time);
  if (h->plan.has_ids)
    add_id(&shown, &d->now, id);
  now.facts.displayed[n] = true;
  sink->shown(sink, &shown);
}

static void
show_target(const struct mp_output_sink *sink, uint32_t target, size_t n)
{
  const struct mp_shown absent = { .struct_size = sizeof(absent),
                                   .target = target,
                                   .answer = MP_SHOWN_ABSENT };

  if (driver_fails(FAILURE_ABSENT, (unsigned)n))
    sink->shown(sink, &absent);
  else
    show_device(sink, target, n);
}

static int
server_fetch(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = self;

  if (now.driver->house->plan.is_blind)
    return MP_SKIP;
  if (driver_fails(FAILURE_AWAY, 0))
    return mp_fail(host, MP_EAGAIN, NULL, "away");
  for (uint32_t i = 0; i < now.driver->n_server; i++)
    show_target(sink, i, now.driver->server[i]);
  now.is_asked = true;
  return MP_OK;
}

static int
server_write(void *self, uint32_t target, const struct mp_value *value)
{
  const struct mp_host *host = self;
  size_t n = now.driver->server[target];
  const struct world_plan *plan = &now.driver->house->plan;
  const struct entry *before = &now.before->program.entries[n];
  bool was_sent =
    plan->has_ids ? before->record : plan->is_blind && before->sent.kind;

  /* A refusal depends on the value alone: one that was sent is not refused. */
  if (!was_sent && driver_fails(FAILURE_REFUSED, (unsigned)n)) {
    now.unknown[n] = true; /* the host does not trust a refusal */
    return mp_fail(host, MP_EDATA, NULL, "refused");
  }
  now.written[n] = world_number(value->number);
  now.has_value[n] = true;
  return MP_OK;
}

static void
carry_out(size_t n)
{
  const struct world_plan *plan = &now.driver->house->plan;
  const struct write write = { .number = now.written[n],
                               .time = driver_time(),
                               .state = plan->has_ids ? now.state : 0,
                               .record = plan->has_ids ? now.record : 0 };

  world_write(plan, &now.world, n, &write);
}

/* Sends the value of target N, and returns the result. */
static uint32_t
send_value(size_t n)
{
  const struct outcome *outcome = driver_next_outcome();

  now.is_down |= outcome->breaks;
  if (outcome->is_done)
    carry_out(n);
  if (outcome->is_late)
    now.world.late = (struct late_write){ .target = (int64_t)n + 1,
                                          .number = now.written[n],
                                          .state = now.state,
                                          .record = now.record };
  if (outcome->result == MP_ACCEPTED)
    world_accept(&now.world, n);
  return outcome->result;
}

/* The record's number is at the end of its id. */
static int
server_begin(void *self, const struct mp_record *record)
{
  (void)self;
  now.record = atoll(strrchr(record->id, '-') + 1);
  now.state = state_of_uuid(record->id);
  return MP_OK;
}

/* Sends the values one by one.  Without a connection, the rest is not sent. */
static void
send_values(uint32_t *results)
{
  for (uint32_t i = 0; i < now.driver->n_server; i++) {
    size_t n = now.driver->server[i];

    if (!now.has_value[n])
      continue;
    results[i] = MP_NOT_SENT;
    if (now.is_down)
      continue;
    driver_before_action();
    results[i] = send_value(n);
  }
}

/* Fills RECORD with the values that were written.  Returns false if there are
 * none: all were refused. */
static bool
fill_record(struct taken_record *record)
{
  bool any = false;

  for (uint32_t i = 0; i < now.driver->n_server; i++) {
    size_t n = now.driver->server[i];

    record->has[n] = now.has_value[n];
    record->values[n] = now.has_value[n] ? now.written[n] : 0;
    any |= now.has_value[n];
  }
  return any;
}

static bool
has_record(int64_t number)
{
  for (size_t i = 0; i < WORLD_RECORDS; i++)
    if (now.world.taken[i].number == number)
      return true;
  return false;
}

/* Returns MP_RETRY or MP_NOT_SENT if the server takes RECORD without the value
 * of target N, but with others; else 0.  It does not do so with a value that an
 * earlier run sent. */
static uint32_t
leaves_out(const struct taken_record *record, size_t n)
{
  int64_t values = 0;

  for (size_t i = 0; i < WORLD_TARGETS; i++)
    values += record->has[i];
  if (values < 2 || now.before->program.entries[n].sent.kind ||
      has_record(record->number))
    return 0;
  if (driver_fails(FAILURE_PUT_OFF, (unsigned)n))
    return MP_RETRY;
  return driver_fails(FAILURE_LEFT_OUT, (unsigned)n) ? MP_NOT_SENT : 0;
}

/* Sends the values as one record, which is carried out as a whole or not, or
 * without one value.  A refusal is final: nothing was done. */
static void
send_record(uint32_t *results)
{
  struct taken_record record = { .number = now.record };
  const struct outcome *outcome;

  if (!fill_record(&record))
    return;
  driver_before_action();
  outcome = driver_next_outcome();
  for (uint32_t i = 0; i < now.driver->n_server; i++) {
    size_t n = now.driver->server[i];
    uint32_t left_out;

    if (!record.has[n])
      continue;
    results[i] = now.is_down ? MP_NOT_SENT : outcome->result;
    left_out = now.is_down ? 0 : leaves_out(&record, n);
    if (left_out) {
      results[i] = left_out;
      record.has[n] = record.values[n] = 0;
    }
    if (results[i] == MP_ACCEPTED)
      world_accept(&now.world, n);
  }
  if (outcome->is_done && outcome->result != MP_REJECTED && !now.is_down)
    world_take_record(&now.driver->house->plan, &now.world, &record,
                      driver_time());
}

static int
server_commit(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = self;
  const struct house *h = now.driver->house;
  uint32_t results[WORLD_TARGETS] = { 0 };
  bool good = true;

  if (now.choice->failure.kind == FAILURE_AWAY) /* it cannot be asked */
    now.is_down = now.happened = true;
  if (h->plan.is_blind)
    send_record(results);
  else
    send_values(results);
  for (uint32_t i = 0; i < now.driver->n_server; i++)
    good &= results[i] == 0 || results[i] == MP_ACCEPTED;
  if (!good)
    mp_fail(host, MP_EAGAIN, NULL, "failed");
  for (uint32_t i = 0; i < now.driver->n_server; i++) {
    size_t n = now.driver->server[i];

    if (results[i] == 0)
      continue;
    now.unknown[n] = results[i] != MP_ACCEPTED && results[i] != MP_NOT_SENT;
    sink->result(sink, 0, i, results[i]);
  }
  memset(now.has_value, 0, sizeof(now.has_value));
  return MP_OK;
}

static void
server_close(void *self)
{
  (void)self;
  memset(now.has_value, 0, sizeof(now.has_value));
}

static const struct mp_output_ops server_ops = {
  .struct_size = sizeof(server_ops),
  .delivery = MP_LATEST,
  .target_prefix = "idx",
  .close = server_close,
  .fetch = server_fetch,
  .begin = server_begin,
  .write = server_write,
  .commit = server_commit,
};

const struct mp_plugin driver_server = {
  .struct_size = sizeof(driver_server),
  .abi_version = MP_ABI_VERSION,
  .name = "server",
  .version = "1",
  .summary = "the server of a house",
  .create = driver_create,
  .destroy = driver_destroy,
  .output = &server_ops,
};
