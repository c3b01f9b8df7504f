/* One run of the real code: the fake input and output, and the state before and
 * after. */
#include "tests/exhaustive/driver_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/book_state.h"
#include "core/cycle/cycle.h"
#include "core/pipeline/instance.h"
#include "tests/exhaustive/fakes.h"
#include "tests/exhaustive/normal.h"

/* Times in seconds.  Where times are renamed, every run begins at the same
 * time; those before it are small numbers. */
#define BEGINS 1000000000
#define INTERVAL 1200
#define EVENT_BEFORE 600 /* an event happens so long before the next run */

struct running now;

/* The states after a crash before each action. */
static struct state crashes[DRIVER_ACTIONS];

bool
driver_fails(enum failure_kind kind, unsigned at)
{
  const struct failure *f = &now.choice->failure;
  bool is = f->kind == kind && f->at == at;

  now.happened |= is;
  return is;
}

const struct outcome *
driver_next_outcome(void)
{
  static const struct outcome outcomes[FAILURE_KINDS] = {
    [FAILURE_NONE] = { .result = MP_ACCEPTED, .is_done = true },
    [FAILURE_NOT_SENT] = { .result = MP_NOT_SENT, .breaks = true },
    [FAILURE_LOST_BEFORE] = { .result = MP_PERHAPS, .breaks = true },
    [FAILURE_LOST_AFTER] = { .result = MP_PERHAPS,
                             .is_done = true,
                             .breaks = true },
    [FAILURE_LATE] = { .result = MP_PERHAPS, .is_late = true, .breaks = true },
    [FAILURE_REJECTED] = { .result = MP_REJECTED },
    [FAILURE_REJECTED_DONE] = { .result = MP_REJECTED, .is_done = true },
    [FAILURE_RETRY] = { .result = MP_RETRY },
  };
  enum failure_kind kind = now.choice->failure.kind;
  bool fails = kind >= FAILURE_NOT_SENT && kind <= FAILURE_RETRY &&
               driver_fails(kind, now.n_writes);

  now.n_writes++;
  return &outcomes[fails ? kind : FAILURE_NONE];
}

int64_t
driver_time(void)
{
  return fake_now_ms / 1000;
}

int
driver_create(const struct mp_host *host, void **ret_self)
{
  *ret_self = (void *)(uintptr_t)host;
  return MP_OK;
}

void
driver_destroy(void *self)
{
  (void)self;
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

void
driver_before_action(void)
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

  if (what == FAKE_COMMIT_CYCLE) {
    world_commit_cycle(plan, &now.world, &now.facts);
    if (now.is_asked) /* after the question, before the next writes */
      world_write_late(plan, &now.world, driver_time());
  } else
    world_commit_answers(plan, &now.world);
}

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
  fake_hooks.before_commit = driver_before_action;
  fake_hooks.after_commit = after_commit;
  fake_add_plugin(PLUGIN_INPUT, &driver_meter);
  fake_add_plugin(PLUGIN_OUTPUT, &driver_server);
  fake_add_plugin(PLUGIN_OUTPUT, &driver_file);
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
    now.facts.serial[m] = choice->wrong_serial && m == 0 ? w->meters[m].misread
                                                         : w->meters[m].serial;
  }
}

/* A cycle has a row in the file if a meter was read. */
static void
expect_row(const struct house *h)
{
  for (size_t m = 0; m < h->plan.n_meters; m++)
    if (h->has_file && now.facts.has_reading[m])
      now.facts.row_time = driver_time();
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
  fake_notices = 0;
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

unsigned
driver_writes(void)
{
  return now.n_writes;
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
    s->world.meters[i].misread = ++s->world.serials;
  }
  for (size_t i = 0; i < h->plan.n_targets; i++) {
    struct device *device = &s->world.devices[i];

    s->world.steps[i] = h->steps[i];
    device->now.time = 1;
    device->is_free = h->plan.roles[i] == TARGET_COPY;
    device->now.is_set = h->start[i] != 0;
    device->now.number = h->start[i];
    if (h->plan.roles[i] == TARGET_TOTAL)
      s->world.targets[i].expected = h->start[i];
  }
  normal_form(h, s);
}
