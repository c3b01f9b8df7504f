/* One run of the real code: the fake input and output, and the state before and
 * after. */
#include "tests/exhaustive/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/book_state.h"
#include "core/cycle/cycle.h"
#include "core/ledger/record_id.h"
#include "core/pipeline/instance.h"
#include "tests/exhaustive/fakes.h"
#include "tests/exhaustive/normal.h"

#define OUTPUT "server"
#define FILE_OUTPUT "file"
#define FIELD "energy"
#define UNIT "GJ"
#define OTHER_UNIT "m3" /* to which it does not convert */

/* Times in seconds.  Where times are renamed, every run begins at the same
 * time; those before it are small numbers. */
#define BEGINS 1000000000
#define INTERVAL 1200
#define EVENT_BEFORE 600 /* an event happens so long before the next run */

struct driver {
  const struct house *house;
  struct loader *loader;
  struct config *config;
  struct run run;
  struct plan *plan;
  struct instances *instances;
  /* The numbers of the outputs' targets in the house. */
  size_t server[WORLD_TARGETS], columns[WORLD_TARGETS];
  uint32_t n_server, n_columns;
};

/* A row that is being written. */
struct row {
  int64_t time;
  int64_t has[WORLD_TARGETS], values[WORLD_TARGETS];
};

/* The run that the plugins are in. */
static struct {
  struct driver *driver;
  const struct state *before;
  const struct run_choice *choice;
  struct world world;
  struct run_facts facts;
  unsigned n_actions, n_writes;
  int64_t record, state;       /* the id of the record that is written */
  bool happened;               /* the failure */
  bool is_down;                /* the connection */
  bool unknown[WORLD_TARGETS]; /* no outcome of a write */
  int64_t written[WORLD_TARGETS];
  bool has_value[WORLD_TARGETS];
  struct row rows[WORLD_ROWS];
  uint32_t n_rows;
  bool keeps_crashes;
} now;

/* The states after a crash before each action. */
static struct state crashes[DRIVER_ACTIONS];

static bool
fails(enum failure_kind kind, unsigned at)
{
  const struct failure *f = &now.choice->failure;
  bool is = f->kind == kind && f->at == at;

  now.happened |= is;
  return is;
}

/* ---- The state ---- */

/* Returns the output that TARGET belongs to. */
static const char *
output_of(const struct house *house, size_t target)
{
  return house->plan.in_file[target] ? FILE_OUTPUT : OUTPUT;
}

static void
put_state(const struct driver *d, const struct state *s)
{
  const struct house *h = d->house;

  fake_store_begin();
  fake_next_state = s->world.states + 1;
  if (s->program.state)
    fake_put_state(s->program.state);
  for (size_t i = 0; i < h->plan.n_targets; i++)
    if (s->program.entries[i].present)
      fake_put_entry(output_of(h, i), h->targets[i], &s->program.entries[i]);
  if (h->has_file)
    fake_put_rows(h, &s->program);
  for (size_t i = 0; i < h->plan.n_meters; i++)
    if (s->program.readings[i].present)
      fake_put_reading(h->inputs[i], FIELD, &s->program.readings[i]);
  fake_store_loaded();
}

/* Takes the committed state, and the world as it is now. */
static void
get_state(const struct driver *d, struct state *s)
{
  const struct house *h = d->house;

  memset(s, 0, sizeof(*s));
  s->world = now.world;
  s->program.state = fake_get_state();
  if (s->program.state > s->world.states)
    s->world.states = s->program.state;
  if (h->keeps_older) {
    s->has_older = 1;
    s->older = now.before->program;
    s->older_world = now.before->world;
    world_shrink(&s->older_world);
  }
  for (size_t i = 0; i < h->plan.n_targets; i++)
    fake_get_entry(output_of(h, i), h->targets[i], &s->program.entries[i]);
  if (h->has_file)
    fake_get_rows(h, &s->program);
  for (size_t i = 0; i < h->plan.n_meters; i++)
    fake_get_reading(h->inputs[i], FIELD, &s->program.readings[i]);
  world_begin_run(&s->world);
  world_heal(&h->plan, &s->world);
  normal_form(h, s);
}

static _Noreturn void
fail_actions(void)
{
  fputs("driver.c: too many actions\n", stderr);
  abort();
}

/* Called before each commit and write: the program may be killed here. */
static void
before_action(void)
{
  if (now.keeps_crashes) {
    if (now.n_actions == DRIVER_ACTIONS)
      fail_actions();
    get_state(now.driver, &crashes[now.n_actions]);
  }
  now.n_actions++;
}

static void
after_commit(enum fake_commit what)
{
  const struct world_plan *plan = &now.driver->house->plan;

  if (what == FAKE_COMMIT_CYCLE)
    world_commit_cycle(plan, &now.world, &now.facts);
  else
    world_commit_answers(plan, &now.world);
}

/* ---- The meter ---- */

static const struct mp_option meter_options[] = {
  { "fields", MP_TYPE_FIELDS, MP_REQUIRED, NULL, NULL, "fields" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
meter_field(const char *name, const struct mp_field_sink *sink)
{
  const struct mp_field field = { .struct_size = sizeof(field),
                                  .kind = MP_COUNTER,
                                  .name = FIELD,
                                  .unit = UNIT };

  if (strcmp(name, FIELD) != 0)
    return MP_ECONFIG;
  sink->field(sink, &field);
  return MP_OK;
}

static int
plugin_create(const struct mp_host *host, void **ret_self)
{
  *ret_self = (void *)(uintptr_t)host;
  return MP_OK;
}

static void
plugin_destroy(void *self)
{
  (void)self;
}

static size_t
meter_number(const struct mp_host *host)
{
  size_t n = 0;

  while (strcmp(now.driver->house->inputs[n], host->name) != 0)
    n++;
  return n;
}

static int
meter_read(void *self, const struct mp_sink *sink)
{
  const struct mp_host *host = self;
  size_t m = meter_number(host);
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_COUNTER,
                            .number = { 0, WORLD_PLACE },
                            .unit = UNIT };

  if (!now.facts.has_reading[m])
    return mp_fail(host, MP_ETIMEOUT, NULL, "no answer");
  value.number.coef = now.facts.reading[m];
  sink->serial(sink, state_serial(now.facts.serial[m]), MP_SERIAL_READ);
  sink->emit(sink, FIELD, &value);
  return MP_OK;
}

static const struct mp_input_ops meter_ops = {
  .struct_size = sizeof(meter_ops),
  .field = meter_field,
  .read = meter_read,
};

static const struct mp_plugin meter_plugin = {
  .struct_size = sizeof(meter_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "meter",
  .version = "1",
  .summary = "the meter of a house",
  .options = meter_options,
  .create = plugin_create,
  .destroy = plugin_destroy,
  .input = &meter_ops,
};

/* ---- The server ---- */

static int64_t
server_time(void)
{
  return fake_now_ms / 1000;
}

/* An output with ids: a value that the pipeline did not write has none. */
static void
add_id(struct mp_shown *shown, const struct shown *now_shown, char *id)
{
  struct record_ids ids = { .from = 0 };

  shown->flags |= MP_SHOWN_IDS;
  shown->updated = NULL;
  if (!now_shown->is_set) {
    shown->answer = MP_SHOWN_FORGOTTEN;
    shown->value = NULL;
  } else if (now_shown->record) {
    state_format_uuid(now_shown->state, ids.uuid);
    record_id_format(&ids, "", now_shown->record, 0, id);
    shown->id = id;
  }
}

static void
show_target(const struct mp_output_sink *sink, uint32_t target, size_t n)
{
  const struct house *h = now.driver->house;
  const struct device *d = &now.world.devices[n];
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_GAUGE,
                            .number = { d->now.is_set ? d->now.number : 0,
                                        WORLD_PLACE },
                            .unit = UNIT };
  bool has_value =
    d->now.is_set || h->shows_zero || h->plan.roles[n] == TARGET_COPY;
  char time[STATE_TIME_TEXT], id[RECORD_ID];
  struct mp_shown shown = { .struct_size = sizeof(shown),
                            .target = target,
                            .answer =
                              has_value ? MP_SHOWN_VALUE : MP_SHOWN_EMPTY,
                            .place = MP_EXACT,
                            .value = has_value ? &value : NULL,
                            .updated = h->plan.is_untimed ? NULL : time,
                            .step = { now.world.steps[n], 0 } };

  if (d->has_label)
    value.unit = OTHER_UNIT;
  state_format_time(d->now.time, time);
  if (h->plan.has_ids)
    add_id(&shown, &d->now, id);
  if (shown.step.coef) /* a divider is a power of ten */
    for (shown.step.exp10 = WORLD_PLACE; shown.step.coef % 10 == 0;
         shown.step.exp10++)
      shown.step.coef /= 10;
  if (fails(FAILURE_ABSENT, (unsigned)n)) {
    shown = (struct mp_shown){ .struct_size = sizeof(shown),
                               .target = target,
                               .answer = MP_SHOWN_ABSENT };
  } else
    now.facts.displayed[n] = true;
  sink->shown(sink, &shown);
}

static int
server_fetch(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = self;

  if (now.driver->house->plan.is_blind)
    return MP_SKIP;
  if (fails(FAILURE_AWAY, 0))
    return mp_fail(host, MP_EAGAIN, NULL, "away");
  for (uint32_t i = 0; i < now.driver->n_server; i++)
    show_target(sink, i, now.driver->server[i]);
  world_write_late(&now.driver->house->plan, &now.world, server_time());
  return MP_OK;
}

static int
server_write(void *self, uint32_t target, const struct mp_value *value)
{
  const struct mp_host *host = self;
  size_t n = now.driver->server[target];

  /* A refusal depends on the value alone: one that was sent is not refused. */
  if ((!now.driver->house->plan.is_blind ||
       !now.before->program.entries[n].sent.kind) &&
      fails(FAILURE_REFUSED, (unsigned)n))
    return mp_fail(host, MP_EDATA, NULL, "refused");
  now.written[n] = world_number(value->number);
  now.has_value[n] = true;
  return MP_OK;
}

static void
carry_out(size_t n)
{
  const struct world_plan *plan = &now.driver->house->plan;
  const struct write write = { .number = now.written[n],
                               .time = server_time(),
                               .state = plan->has_ids ? now.state : 0,
                               .record = plan->has_ids ? now.record : 0 };

  world_write(plan, &now.world, n, &write);
}

/* Sends write K, to target N, and returns its result. */
static uint32_t
send_value(size_t n, unsigned k)
{
  const struct failure *f = &now.choice->failure;
  bool is =
    f->kind >= FAILURE_NOT_SENT && f->kind <= FAILURE_RETRY && f->at == k;

  now.happened |= is;
  switch (is ? f->kind : FAILURE_NONE) {
  case FAILURE_NOT_SENT:
    now.is_down = true;
    return MP_NOT_SENT;
  case FAILURE_LOST_BEFORE:
    now.is_down = true;
    return MP_PERHAPS;
  case FAILURE_LOST_AFTER:
    now.is_down = true;
    carry_out(n);
    return MP_PERHAPS;
  case FAILURE_LATE:
    now.is_down = true;
    now.world.late = (struct late_write){ .target = (int64_t)n + 1,
                                          .number = now.written[n],
                                          .state = now.state,
                                          .record = now.record };
    return MP_PERHAPS;
  case FAILURE_REJECTED:
    return MP_REJECTED;
  case FAILURE_REJECTED_DONE:
    carry_out(n);
    return MP_REJECTED;
  case FAILURE_RETRY:
    return MP_RETRY;
  default:
    carry_out(n);
    world_accept(&now.world, n);
    return MP_ACCEPTED;
  }
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
    before_action();
    results[i] = send_value(n, now.n_writes++);
  }
}

/* Sends the values as one record, which is carried out as a whole or not. */
static void
send_record(uint32_t *results)
{
  const struct world_plan *plan = &now.driver->house->plan;
  struct taken_record record = { .number = now.record };
  const struct failure *f = &now.choice->failure;
  bool is = f->kind >= FAILURE_NOT_SENT && f->kind <= FAILURE_RETRY &&
            f->at == now.n_writes;
  uint32_t result = MP_ACCEPTED;
  bool any = false;

  for (size_t n = 0; n < plan->n_targets; n++)
    any |= now.has_value[n];
  if (!any) /* all were refused */
    return;
  before_action();
  now.n_writes++;
  now.happened |= is;
  if (is)
    result = f->kind == FAILURE_NOT_SENT   ? MP_NOT_SENT
             : f->kind == FAILURE_REJECTED ? MP_REJECTED
             : f->kind == FAILURE_RETRY    ? MP_RETRY
                                           : MP_PERHAPS;
  if (now.is_down)
    result = MP_NOT_SENT;
  for (uint32_t i = 0; i < now.driver->n_server; i++) {
    size_t n = now.driver->server[i];

    if (!now.has_value[n])
      continue;
    record.has[n] = 1;
    record.values[n] = now.written[n];
    results[i] = result;
  }
  if (result == MP_ACCEPTED || (is && f->kind == FAILURE_LOST_AFTER))
    world_take_record(plan, &now.world, &record, server_time());
  for (size_t n = 0; n < plan->n_targets && result == MP_ACCEPTED; n++)
    if (record.has[n])
      world_accept(&now.world, n);
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

static const struct mp_plugin server_plugin = {
  .struct_size = sizeof(server_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "server",
  .version = "1",
  .summary = "the server of a house",
  .create = plugin_create,
  .destroy = plugin_destroy,
  .output = &server_ops,
};

/* ---- The file ---- */

/* Shows the last row that has a value in each column. */
static int
file_fetch(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = self;
  const struct file *f = &now.world.file;

  if (fails(FAILURE_NO_FILE, 0))
    return mp_fail(host, MP_EIO, NULL, "not writable");
  for (uint32_t i = 0; i < now.driver->n_columns; i++) {
    size_t n = now.driver->columns[i];
    struct mp_value value = { .struct_size = sizeof(value),
                              .kind = MP_GAUGE,
                              .number = { f->values[n], WORLD_PLACE },
                              .unit = UNIT,
                              .time_ms = f->time * 1000 };
    struct mp_shown shown = { .struct_size = sizeof(shown),
                              .target = i,
                              .answer =
                                f->has[n] ? MP_SHOWN_VALUE : MP_SHOWN_EMPTY,
                              .place = MP_EXACT,
                              .value = f->has[n] ? &value : NULL };

    sink->shown(sink, &shown);
  }
  return MP_OK;
}

static int
file_token(void *self, char *ret_token, size_t size)
{
  const struct mp_host *host = self;

  if (fails(FAILURE_NO_FILE, 0))
    return mp_fail(host, MP_EIO, NULL, "not writable");
  snprintf(ret_token, size, "%lld", (long long)now.world.file.rows);
  return MP_OK;
}

static int
file_begin(void *self, const struct mp_record *record)
{
  const struct mp_host *host = self;

  if (now.n_rows == WORLD_ROWS)
    return mp_fail(host, MP_EINTERNAL, NULL, "too many rows");
  now.rows[now.n_rows++] = (struct row){ .time = record->time_ms / 1000 };
  return MP_OK;
}

/* Returns true if an earlier run wrote the row of that time, with an unknown
 * outcome. */
static bool
was_written(int64_t time)
{
  const struct program *p = &now.before->program;

  for (int64_t i = p->token.first; p->token.present && i <= p->token.last; i++)
    if (i > 0 && p->rows[i - 1].time == time)
      return true;
  return false;
}

static int
file_write(void *self, uint32_t target, const struct mp_value *value)
{
  const struct mp_host *host = self;
  size_t n = now.driver->columns[target];
  struct row *row = &now.rows[now.n_rows - 1];

  if (!was_written(row->time) && fails(FAILURE_REFUSED, (unsigned)n))
    return mp_fail(host, MP_EDATA, NULL, "refused");
  row->values[n] = world_number(value->number);
  row->has[n] = 1;
  return MP_OK;
}

/* Writes all rows: a disk that is full takes none of them. */
static int
file_commit(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = self;
  const struct failure *f = &now.choice->failure;
  bool is = f->kind >= FAILURE_NOT_SENT && f->kind <= FAILURE_RETRY &&
            f->at == now.n_writes++;
  bool is_done = !is || f->kind == FAILURE_LOST_AFTER;
  uint32_t result = MP_ACCEPTED;

  now.happened |= is;
  if (is) {
    result = f->kind == FAILURE_REJECTED                 ? MP_REJECTED
             : f->kind == FAILURE_RETRY                  ? MP_RETRY
             : f->kind == FAILURE_LOST_BEFORE || is_done ? MP_PERHAPS
                                                         : MP_NOT_SENT;
    mp_fail(host, MP_EIO, NULL, "failed");
  }
  for (uint32_t i = 0; i < now.n_rows; i++) {
    before_action();
    if (is_done)
      world_add_row(&now.driver->house->plan, &now.world, now.rows[i].time,
                    now.rows[i].has, now.rows[i].values);
    sink->result(sink, i, MP_ALL_TARGETS, result);
  }
  now.n_rows = 0;
  return MP_OK;
}

/* The rows after the place in TOKEN were written. */
static int
file_recover(void *self, const char *token, const struct mp_output_sink *sink)
{
  int64_t written = now.world.file.rows - atoll(token);

  (void)self;
  for (uint32_t i = 0; i < now.n_rows; i++)
    sink->result(sink, i, MP_ALL_TARGETS,
                 i < written ? MP_ACCEPTED : MP_NOT_SENT);
  now.n_rows = 0;
  return MP_OK;
}

static void
file_close(void *self)
{
  (void)self;
  now.n_rows = 0;
}

static const struct mp_append_ops append_ops = {
  .struct_size = sizeof(append_ops),
  .token = file_token,
  .recover = file_recover,
};

static const struct mp_output_ops file_ops = {
  .struct_size = sizeof(file_ops),
  .flags = MP_OUTPUT_TELLS_TIME,
  .delivery = MP_APPEND,
  .target_prefix = "column",
  .close = file_close,
  .fetch = file_fetch,
  .begin = file_begin,
  .write = file_write,
  .commit = file_commit,
  .append = &append_ops,
};

static const struct mp_plugin file_plugin = {
  .struct_size = sizeof(file_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "file",
  .version = "1",
  .summary = "a file with a row for each cycle",
  .create = plugin_create,
  .destroy = plugin_destroy,
  .output = &file_ops,
};

/* ---- The pipeline ---- */

static _Noreturn void
fail_setup(const struct house *house, struct problems *problems)
{
  fprintf(stderr, "%s: the pipeline cannot be built\n", house->name);
  problems_print(problems, stderr);
  exit(70);
}

static void
find_targets(struct driver *d)
{
  const struct house *h = d->house;

  for (size_t i = 0; i < h->plan.n_targets; i++) {
    const struct stage *output = plan_stage(d->plan, output_of(h, i));
    uint32_t number = stage_target(output, h->targets[i], NULL)->number;

    if (h->plan.in_file[i]) {
      d->columns[number] = i;
      d->n_columns++;
    } else {
      d->server[number] = i;
      d->n_server++;
    }
  }
}

static void
build_plan(struct driver *d)
{
  const char *text = d->house->config;
  struct plan_source source = { .loader = d->loader };
  struct problems problems;

  problems_init(&problems);
  d->config = config_parse("house.ini", text, strlen(text), &problems);
  source.config = d->config;
  plan_build(&source, &problems, &d->plan);
  d->instances = instances_new(d->plan, "house.ini", &d->run);
  if (problems_errors(&problems) > 0 ||
      instances_create(d->instances, &problems) != MP_OK)
    fail_setup(d->house, &problems);
  plan_connect(d->plan, d->instances, &problems);
  if (problems_errors(&problems) > 0)
    fail_setup(d->house, &problems);
  problems_free(&problems);
}

struct driver *
driver_new(const struct house *house, const char *plugin_dir)
{
  struct driver *d = calloc(1, sizeof(*d));

  if (!d)
    return NULL;
  fake_hooks.before_commit = before_action;
  fake_hooks.after_commit = after_commit;
  fake_add_plugin(PLUGIN_INPUT, &meter_plugin);
  fake_add_plugin(PLUGIN_OUTPUT, &server_plugin);
  fake_add_plugin(PLUGIN_OUTPUT, &file_plugin);
  d->house = house;
  d->loader = loader_new(plugin_dir);
  d->run.store = fake_store();
  d->run.queue_max = 10000;
  build_plan(d);
  find_targets(d);
  return d;
}

void
driver_free(struct driver *d)
{
  instances_free(d->instances);
  plan_free(d->plan);
  config_free(d->config);
  loader_free(d->loader);
  free(d);
}

/* ---- Runs ---- */

static void
read_meters(const struct house *h, struct world *w,
            const struct run_choice *choice)
{
  for (size_t m = 0; m < h->plan.n_meters; m++) {
    int64_t rise = (m == 0 ? choice->rise : 1) * h->unit;

    if (rise > 0)
      w->meters[m].count += rise;
    now.facts.has_reading[m] =
      !choice->no_reading || (m > 0 && !choice->all_silent);
    now.facts.reading[m] = w->meters[m].count + (rise < 0 ? rise : 0);
    now.facts.serial[m] =
      choice->wrong_serial && m == 0 ? ++w->serials : w->meters[m].serial;
  }
}

/* A cycle has a row in the file if a meter was read. */
static void
expect_row(const struct house *h)
{
  for (size_t m = 0; m < h->plan.n_meters; m++)
    if (h->has_file && now.facts.has_reading[m])
      now.facts.row_time = server_time();
}

static void
begin_run(struct driver *d, const struct state *s,
          const struct run_choice *choice)
{
  memset(&now, 0, sizeof(now));
  now.driver = d;
  now.before = s;
  now.choice = choice;
  now.world = s->world;
  world_begin_run(&now.world);
  read_meters(d->house, &now.world, choice);
  now.world.runs++;
  fake_now_ms = (BEGINS + now.world.runs * INTERVAL) * INT64_C(1000);
  expect_row(d->house);
  put_state(d, s);
}

static void
finish_run(struct driver *d)
{
  struct cycle *c = cycle_new(d->plan, d->instances, &d->run);

  book_load(c);
  cycle_run(c);
  for (size_t i = 0; i < d->instances->n; i++)
    instance_close(&d->instances->list[i]);
  cycle_free(c);
  world_end_run(&d->house->plan, &now.world, now.unknown);
}

bool
driver_run(struct driver *d, struct state *s, const struct run_choice *choice)
{
  struct state before = *s;

  if (choice->failure.kind == FAILURE_CRASH) {
    if (choice->failure.at >= driver_run_crashes(d, &before, choice))
      return false;
    *s = *driver_crash(choice->failure.at);
    return true;
  }
  begin_run(d, &before, choice);
  finish_run(d);
  get_state(d, s);
  return choice->failure.kind == FAILURE_NONE || now.happened;
}

unsigned
driver_run_crashes(struct driver *d, const struct state *s,
                   const struct run_choice *choice)
{
  begin_run(d, s, choice);
  now.keeps_crashes = true;
  finish_run(d);
  return now.n_actions;
}

const struct state *
driver_crash(unsigned at)
{
  return &crashes[at];
}

int64_t
driver_event_time(const struct state *s)
{
  return BEGINS + s->world.runs * INTERVAL + EVENT_BEFORE;
}

void
driver_first(const struct driver *d, struct state *s)
{
  const struct house *h = d->house;

  memset(s, 0, sizeof(*s));
  for (size_t i = 0; i < h->plan.n_meters; i++) {
    s->world.meters[i].count = NORMAL_COUNT;
    s->world.meters[i].serial = ++s->world.serials;
  }
  for (size_t i = 0; i < h->plan.n_targets; i++) {
    struct device *device = &s->world.devices[i];

    s->world.steps[i] = h->steps[i];
    device->now.time = 1;
    device->now.is_set = h->start[i] != 0;
    device->now.number = h->start[i];
    if (h->plan.roles[i] == TARGET_TOTAL)
      s->world.targets[i].expected = h->start[i];
  }
  normal_form(h, s);
}
