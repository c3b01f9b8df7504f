/* Steps, and their words. */
#include "tests/exhaustive/choices.h"

#include <stdio.h>
#include <string.h>

/* ---- Events ---- */

static void
add_event(struct alphabet *a, enum event_kind kind, size_t target, int64_t n)
{
  if (a->n_events < MOST_EVENTS)
    a->events[a->n_events++] = (struct event){ kind, target, n };
}

/* Returns the amount of a reading "+1", or the next that the device can hold.
 */
static int64_t
unit_of(const struct house *house, size_t target)
{
  int64_t step = house->steps[target] ? house->steps[target] : 1;

  return (house->unit + step - 1) / step * step;
}

static void
add_target_events(struct alphabet *a, const struct house *house, size_t target)
{
  for (int64_t n = 1; n <= WORLD_UNDO; n++)
    add_event(a, EVENT_BACK, target, n);
  add_event(a, EVENT_SET_ZERO, target, 0);
  add_event(a, EVENT_SET, target, unit_of(house, target));
  add_event(a, EVENT_SET, target, -3 * unit_of(house, target));
  if (house->plan.has_ids && house->plan.roles[target] == TARGET_TOTAL)
    add_event(a, EVENT_FOREIGN, target, 7 * house->unit);
  if (house->plan.roles[target] == TARGET_COPY)
    add_event(a, EVENT_LABEL, target, 0);
  if (house->steps[target] == 1)
    add_event(a, EVENT_DIVIDER, target, 0);
}

void
alphabet_init(struct alphabet *a, const struct house *house,
              enum alphabet_kind kind)
{
  *a = (struct alphabet){ .kind = kind };
  add_event(a, EVENT_NONE, 0, 0);
  if (kind == ALPHABET_CLOSED) {
    for (size_t i = 0; i < house->plan.n_targets; i++)
      add_event(a, EVENT_BACK, i, 1);
    add_event(a, EVENT_BACK, ALL_TARGETS, 1);
  }
  if (kind != ALPHABET_FULL)
    return;
  if (!house->plan.is_blind) {
    for (int64_t n = 1; n <= WORLD_UNDO; n++)
      add_event(a, EVENT_BACK, ALL_TARGETS, n);
    add_event(a, EVENT_FORGET, ALL_TARGETS, 0);
    for (size_t i = 0; i < house->plan.n_targets; i++)
      if (!house->plan.in_file[i])
        add_target_events(a, house, i);
  }
  for (size_t m = 0; m < house->plan.n_meters; m++) {
    add_event(a, EVENT_EXCHANGE, m, 50 * house->unit);
    add_event(a, EVENT_EXCHANGE, m, -50 * house->unit);
  }
  add_event(a, EVENT_WRONG_SERIAL, 0, 0);
  add_event(a, EVENT_REBASE, 0, 0);
  if (!house->keeps_older)
    return;
  add_event(a, EVENT_LOSE_STATE, 0, 0);
  add_event(a, EVENT_RESTORE, 0, 0);
}

/* All devices that can lose N values lose them. */
static bool
all_go_back(const struct house *house, struct state *s, int64_t n)
{
  bool any = false;

  for (size_t i = 0; i < house->plan.n_targets; i++)
    any |=
      !house->plan.in_file[i] && world_go_back(&house->plan, &s->world, i, n);
  return any;
}

static bool
rebase(const struct house *house, struct state *s)
{
  bool any = false;

  for (size_t i = 0; i < house->plan.n_targets; i++) {
    struct entry *e = &s->program.entries[i];

    if (house->plan.roles[i] != TARGET_BASE || !e->present || e->rebase)
      continue;
    e->rebase = 1;
    s->world.bases[house->plan.meters[i]].rebase = 1;
    any = true;
  }
  return any;
}

static bool
lose_state(const struct house *house, struct state *s)
{
  world_lose_state(&house->plan, &s->world);
  memset(&s->program, 0, sizeof(s->program));
  return true;
}

static bool
restore_state(const struct house *house, struct state *s)
{
  if (!s->has_older)
    return false;
  world_restore_state(&house->plan, &s->world, &s->older_world);
  s->program = s->older;
  return true;
}

bool
event_apply(const struct house *house, struct state *s,
            const struct event *event)
{
  const struct world_plan *plan = &house->plan;
  struct world *w = &s->world;
  int64_t time = driver_event_time(s), number;

  switch (event->kind) {
  case EVENT_BACK:
    return event->target == ALL_TARGETS
             ? all_go_back(house, s, event->n)
             : world_go_back(plan, w, event->target, event->n);
  case EVENT_FORGET:
    return world_forget(plan, w, time);
  case EVENT_SET_ZERO:
    return world_set(plan, w, event->target, 0, time);
  case EVENT_SET:
    number = w->devices[event->target].now.is_set
               ? w->devices[event->target].now.number
               : 0;
    return world_set(plan, w, event->target, number + event->n, time);
  case EVENT_LABEL:
    return world_change_label(plan, w, event->target);
  case EVENT_FOREIGN:
    return world_write_foreign(plan, w, event->target, event->n);
  case EVENT_EXCHANGE:
    return world_exchange(w, event->target, event->n);
  case EVENT_REBASE:
    return rebase(house, s);
  case EVENT_DIVIDER:
    return world_change_divider(w, event->target);
  case EVENT_LOSE_STATE:
    return lose_state(house, s);
  case EVENT_RESTORE:
    return restore_state(house, s);
  default:
    return true;
  }
}

/* ---- Steps ---- */

#define FAILURE_PLACES 16

uint32_t
step_number(const struct step *step)
{
  uint32_t failure =
    (uint32_t)step->failure.kind * FAILURE_PLACES + step->failure.at;

  return ((uint32_t)step->event * READINGS + step->reading) *
           (FAILURE_KINDS * FAILURE_PLACES) +
         failure;
}

struct step
step_of(uint32_t number)
{
  uint32_t failure = number % (FAILURE_KINDS * FAILURE_PLACES);
  uint32_t rest = number / (FAILURE_KINDS * FAILURE_PLACES);

  return (struct step){
    .event = rest / READINGS,
    .reading = rest % READINGS,
    .failure = { (enum failure_kind)(failure / FAILURE_PLACES),
                 failure % FAILURE_PLACES },
  };
}

static const struct {
  int64_t rise;
  bool none;
  const char *name;
} readings[READINGS] = {
  { 0, false, "+0" },  { 1, false, "+1" },  { 2, false, "+2" },
  { -1, false, "-1" }, { 0, true, "none" },
};

unsigned
step_cost(const struct step *step)
{
  return (step->event != 0) + (step->reading >= FREE_READINGS);
}

static bool
is_closed_step(const struct alphabet *a, const struct house *house,
               const struct state *s, const struct step *step)
{
  const struct event *event = &a->events[step->event];
  const struct device *d = s->world.devices;

  if (step->failure.kind == FAILURE_LATE || step->reading == 2 ||
      step->reading == 3)
    return false;
  for (size_t i = 0; i < house->plan.n_targets; i++)
    if (event->kind == EVENT_BACK && d[i].n_lost > 0 &&
        (event->target == i || event->target == ALL_TARGETS))
      return false;
  return readings[step->reading].rise == 0 ||
         world_lag(&house->plan, &s->world, 0) < CLOSED_LAG;
}

bool
step_is_known(const struct alphabet *a, const struct house *house,
              const struct state *s, const struct step *step)
{
  switch (a->kind) {
  case ALPHABET_FAILURES:
    return step->reading < FREE_READINGS;
  case ALPHABET_CLOSED:
    return is_closed_step(a, house, s, step);
  default:
    return true;
  }
}

void
step_choice(const struct alphabet *a, const struct step *step,
            struct run_choice *ret)
{
  *ret = (struct run_choice){
    .rise = readings[step->reading].rise,
    .no_reading = readings[step->reading].none,
    .wrong_serial = a->events[step->event].kind == EVENT_WRONG_SERIAL,
    .failure = step->failure,
  };
}

/* ---- Words ---- */

static const char *
target_name(const struct house *house, size_t target)
{
  return target == ALL_TARGETS ? "all targets" : house->targets[target];
}

static void
describe_event(const struct house *house, const struct event *event, char *buf,
               size_t size)
{
  static const struct {
    const char *text;
    bool has_number;
  } words[EVENT_KINDS] = {
    [EVENT_NONE] = { "", false },
    [EVENT_BACK] = { "back by", true },
    [EVENT_FORGET] = { "forgotten", false },
    [EVENT_SET_ZERO] = { "set to 0", false },
    [EVENT_SET] = { "changed by", true },
    [EVENT_EXCHANGE] = { "exchanged, by", true },
    [EVENT_WRONG_SERIAL] = { "wrong serial number", false },
    [EVENT_REBASE] = { "rebase", false },
    [EVENT_DIVIDER] = { "divider changed", false },
    [EVENT_LABEL] = { "unit changed", false },
    [EVENT_FOREIGN] = { "written by another pipeline", false },
    [EVENT_LOSE_STATE] = { "the state is lost", false },
    [EVENT_RESTORE] = { "an older state is restored", false },
  };
  const char *name = event->kind == EVENT_EXCHANGE
                       ? house->inputs[event->target]
                       : target_name(house, event->target);
  const char *text = words[event->kind].text;

  *buf = '\0';
  if (words[event->kind].has_number)
    snprintf(buf, size, "%s: %s %lld; ", name, text, (long long)event->n);
  else if (event->kind != EVENT_NONE)
    snprintf(buf, size, "%s: %s; ", name, text);
}

static void
describe_failure(const struct house *house, const struct failure *f, char *buf,
                 size_t size)
{
  static const char *const names[FAILURE_KINDS] = {
    [FAILURE_NONE] = "good",
    [FAILURE_AWAY] = "away",
    [FAILURE_NO_FILE] = "file not writable",
    [FAILURE_ABSENT] = "not listed",
    [FAILURE_REFUSED] = "refused",
    [FAILURE_NOT_SENT] = "not sent",
    [FAILURE_LOST_BEFORE] = "lost before",
    [FAILURE_LOST_AFTER] = "lost after",
    [FAILURE_LATE] = "carried out late",
    [FAILURE_REJECTED] = "rejected",
    [FAILURE_REJECTED_DONE] = "rejected but done",
    [FAILURE_RETRY] = "retry",
    [FAILURE_PUT_OFF] = "left out of its record, retry",
    [FAILURE_LEFT_OUT] = "left out of its record, not sent",
    [FAILURE_CRASH] = "killed",
  };

  if (f->kind == FAILURE_ABSENT || f->kind == FAILURE_REFUSED ||
      f->kind == FAILURE_PUT_OFF || f->kind == FAILURE_LEFT_OUT)
    snprintf(buf, size, "%s: %s", house->targets[f->at], names[f->kind]);
  else if (f->kind == FAILURE_CRASH)
    snprintf(buf, size, "killed before action %u", f->at + 1);
  else if (f->kind >= FAILURE_NOT_SENT)
    snprintf(buf, size, "write %u: %s", f->at + 1, names[f->kind]);
  else
    snprintf(buf, size, "%s", names[f->kind]);
}

void
step_describe(const struct house *house, const struct alphabet *a,
              const struct step *step, char *buf, size_t size)
{
  char event[80], failure[80];

  describe_event(house, &a->events[step->event], event, sizeof(event));
  describe_failure(house, &step->failure, failure, sizeof(failure));
  snprintf(buf, size, "%s%s %s", event, readings[step->reading].name, failure);
}
