/* What happens between two runs. */
#include "tests/exhaustive/world_impl.h"

#include <string.h>

/* ---- The server and the house ---- */

/* An amount that the program cannot know to be there is given again: in its
 * record, or with the next one. */
static void
lose_amount(struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  world_doubt(d, d->unconfirmed, EXCEPTION_AMOUNT);
}

static void
lose_last(const struct world_plan *plan, struct world *w, size_t target)
{
  struct device *d = &w->devices[target];
  struct shown before = d->now;
  bool is_amount = plan->roles[target] == TARGET_USAGE;

  if (plan->has_ids && is_amount)
    lose_amount(w, target);
  d->now = d->undo[0];
  memmove(&d->undo[0], &d->undo[1], sizeof(d->undo) - sizeof(d->undo[0]));
  memset(&d->undo[WORLD_UNDO - 1], 0, sizeof(d->undo[0]));
  d->n_undo--;
  d->unconfirmed = d->is_written = d->is_foreign = 0;
  if (plan->has_ids)
    return; /* the program notices it, and readers have seen the amounts */
  d->n_lost++;
  if (is_amount) {
    w->targets[target].expected += before.number;
    d->lost += world_size_of(before.number);
  } else
    d->lost += world_size_of(before.number - world_displayed_number(d));
}

/* Returns true if the program certainly takes the display of the base TARGET
 * for the new base: it knows every write to the device. */
static bool
is_sure_change(const struct world_plan *plan, const struct world *w,
               size_t target)
{
  const struct device *d = &w->devices[target];

  return !w->bases[plan->meters[target]].stale && !plan->is_untimed &&
         w->steps[target] == 0 && world_displayed_number(d) != 0 &&
         !d->is_written && !d->in_doubt && !d->is_set_by_hand;
}

/* The program takes what it does not know for a change by hand. */
static void
excuse_unknown(const struct world_plan *plan, struct world *w, size_t target,
               enum exception reason)
{
  size_t meter = plan->meters[target];
  bool is_sure =
    plan->roles[target] == TARGET_BASE && is_sure_change(plan, w, target);

  world_set_copies_free(plan, w, meter, true);
  if (!is_sure)
    world_excuse_event(plan, w, target,
                       world_under_way(plan, w, target) + w->steps[target] / 2,
                       reason);
  if (plan->roles[target] != TARGET_BASE)
    return;
  world_set_stale(w, meter, reason);
  w->bases[meter].is_sure = is_sure;
  w->bases[meter].lost = is_sure ? w->devices[target].lost : 0;
}

bool
world_go_back(const struct world_plan *plan, struct world *w, size_t target,
              int64_t n)
{
  struct device *d = &w->devices[target];

  if (d->n_undo < n)
    return false;
  for (; n > 0; n--)
    lose_last(plan, w, target);
  if (plan->is_untimed)
    world_excuse_event(plan, w, target, d->lost, EXCEPTION_UNTIMED);
  if (d->unguarded)
    world_excuse_event(plan, w, target, d->lost,
                       (enum exception)(d->unguarded - 1));
  if (d->n_lost > 1 && !plan->has_ids)
    excuse_unknown(plan, w, target, EXCEPTION_BACKUP);
  else if (d->now.is_late && !plan->has_ids)
    excuse_unknown(plan, w, target, EXCEPTION_LATE);
  return true;
}

/* The display of TARGET was replaced: the truth follows it.  That of a base
 * does so when the program sees it. */
static void
follow_hand(const struct world_plan *plan, struct world *w, size_t target,
            int64_t before)
{
  struct device *d = &w->devices[target];

  if (plan->roles[target] == TARGET_TOTAL)
    w->targets[target].expected += world_displayed_number(d) - before;
  if (plan->roles[target] == TARGET_BASE)
    d->is_set_by_hand = 1;
}

/* The display of TARGET is about to be replaced.  In a copy, a pending value
 * replaces it again. */
static void
free_copies(const struct world_plan *plan, struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  if (plan->roles[target] != TARGET_COPY)
    world_set_copies_free(plan, w, plan->meters[target], true);
  else if (d->n_lost > 0 || world_displayed_number(d) ==
                              w->targets[plan->totals[target]].expected)
    d->is_free = true;
}

static void
replace_display(const struct world_plan *plan, struct world *w, size_t target,
                struct shown to)
{
  struct device *d = &w->devices[target];
  int64_t before = world_displayed_number(d);

  world_excuse_event(plan, w, target, world_under_way(plan, w, target),
                     EXCEPTION_HAND);
  world_excuse_event(plan, w, target, w->steps[target] / 2, EXCEPTION_STEP);
  free_copies(plan, w, target);
  if (plan->roles[target] == TARGET_BASE) {
    struct base_account *base = &w->bases[plan->meters[target]];

    base->is_sure = 0;
    if (world_under_way(plan, w, target) !=
        0) /* it may look as if it arrived */
      base->is_vague = 1;
  }
  if (plan->is_untimed)
    world_push_undo(d);
  d->now = to;
  if (plan->is_untimed)
    world_excuse_event(plan, w, target, world_displayed_number(d) - before,
                       EXCEPTION_UNTIMED);
  if (plan->is_untimed && plan->roles[target] == TARGET_USAGE)
    world_excuse_event(plan, w, target, before, EXCEPTION_UNTIMED);
  follow_hand(plan, w, target, before);
  if (plan->is_untimed)
    d->n_undo = d->n_lost = d->lost = 0; /* see excuse_untimed */
  else
    world_forget_undo(d);
  d->unconfirmed = d->is_written = 0;
}

/* An output with ids says that it has forgotten its values: the program's
 * count. */
static void
forget_ids(const struct world_plan *plan, struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  if (plan->roles[target] == TARGET_USAGE)
    lose_amount(w, target);
  memset(&d->now, 0, sizeof(d->now));
  world_forget_undo(d);
  d->unconfirmed = d->is_written = d->is_foreign = 0;
}

bool
world_forget(const struct world_plan *plan, struct world *w, int64_t time)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->in_file[i])
      continue;
    else if (plan->has_ids)
      forget_ids(plan, w, i);
    else
      replace_display(plan, w, i, (struct shown){ .time = time });
  return true;
}

/* The host sends nothing to the target until the value is gone. */
bool
world_write_foreign(const struct world_plan *plan, struct world *w,
                    size_t target, int64_t number)
{
  struct device *d = &w->devices[target];

  if (!plan->has_ids || !w->targets[target].seen || d->is_foreign)
    return false;
  world_push_undo(d);
  d->now = (struct shown){
    .is_set = 1, .number = number, .state = ++w->states, .record = 1
  };
  d->is_foreign = 1;
  return true;
}

bool
world_set(const struct world_plan *plan, struct world *w, size_t target,
          int64_t number, int64_t time)
{
  struct device *d = &w->devices[target];

  if (d->now.is_set && d->now.number == number)
    return false;
  replace_display(
    plan, w, target,
    (struct shown){ .is_set = 1, .number = number, .time = time });
  return true;
}

bool
world_exchange(struct world *w, size_t meter, int64_t rise)
{
  w->meters[meter].count += rise;
  w->meters[meter].serial = ++w->serials;
  return true;
}

static void
scale(struct shown *shown, bool up)
{
  shown->number = up ? shown->number * 10 : shown->number / 10;
}

/* The device keeps its number of steps. */
bool
world_change_divider(struct world *w, size_t target)
{
  struct device *d = &w->devices[target];
  bool up = w->steps[target] == 1;

  if (w->steps[target] == 0)
    return false;
  w->steps[target] = up ? 10 : 1;
  scale(&d->now, up);
  for (size_t i = 0; i < WORLD_UNDO; i++)
    scale(&d->undo[i], up);
  return true;
}

bool
world_change_label(const struct world_plan *plan, struct world *w,
                   size_t target)
{
  if (plan->roles[target] != TARGET_COPY)
    return false;
  w->devices[target].has_label = !w->devices[target].has_label;
  w->devices[target].is_free = 1;
  return true;
}

void
world_heal(const struct world_plan *plan, struct world *w)
{
  for (size_t i = 0; i < plan->n_targets; i++) {
    w->devices[i].has_label = 0;
    if (w->devices[i].is_foreign)
      lose_last(plan, w, i);
  }
}

/* ---- The state of the program ---- */

/* Of the values that D can lose, the program knows only those of the state that
 * wrote the displayed one. */
static void
keep_adopted_undo(struct device *d)
{
  int64_t n = 0;

  while (n < d->n_undo && d->now.record != 0 && d->undo[n].record != 0 &&
         d->undo[n].state == d->now.state)
    n++;
  memset(&d->undo[n], 0, (size_t)(WORLD_UNDO - n) * sizeof(d->undo[0]));
  d->n_undo = n;
  d->n_lost = d->lost = 0;
}

/* Without its state the program takes what is displayed for the truth. */
static void
adopt_display(const struct world_plan *plan, struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  world_excuse_doubtful(w, target);
  if (plan->has_ids)
    keep_adopted_undo(d);
  d->n_lost = 1; /* it would not notice that a value is lost */
  d->lost = d->unconfirmed = d->is_written = d->in_doubt = 0;
  d->owned = d->confirmed = 0;
  d->is_unfit = 0;
  w->targets[target].seen = 0;
  if (plan->roles[target] == TARGET_BASE) {
    struct base_account *base = &w->bases[plan->meters[target]];

    base->lost_display = base->begun ? world_displayed_number(d) : 0;
    base->known = base->serial = base->rebase = 0;
    base->candidate_serial = base->candidate = 0;
  }
}

/* Returns what the base of METER does not display. */
static int64_t
missing_of_base(const struct world_plan *plan, const struct world *w,
                size_t meter)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && plan->roles[i] == TARGET_BASE &&
        world_displayed_number(&w->devices[i]) != 0)
      return world_missing_amount(plan, w, i);
  return 0;
}

void
world_lose_state(const struct world_plan *plan, struct world *w)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (world_is_sum(plan, i))
      world_excuse_target(w, i,
                          missing_of_base(plan, w, plan->meters[i]) -
                            world_missing_amount(plan, w, i),
                          EXCEPTION_STATE);
  for (size_t i = 0; i < plan->n_targets; i++)
    adopt_display(plan, w, i);
}

static void
restore_base(struct base_account *base, const struct base_account *old)
{
  base->known = old->known;
  base->serial = old->serial;
  base->candidate_serial = old->candidate_serial;
  base->candidate = old->candidate;
  base->rebase = old->rebase;
  base->lost_display = old->lost_display;
  base->stale = EXCEPTION_STATE + 1;
  base->is_sure = 0;
  base->is_vague = 1;
}

void
world_shrink(struct world *old)
{
  struct world w = { .runs = 0 };

  memcpy(w.bases, old->bases, sizeof(w.bases));
  for (size_t i = 0; i < WORLD_TARGETS; i++) {
    w.targets[i].seen = old->targets[i].seen;
    w.targets[i].expected = old->targets[i].expected;
    w.devices[i].now.number = world_displayed_number(&old->devices[i]);
    w.devices[i].now.is_set = old->devices[i].now.is_set;
    w.devices[i].owned = old->devices[i].owned;
    w.devices[i].confirmed = old->devices[i].confirmed;
    w.devices[i].unconfirmed = old->devices[i].unconfirmed;
  }
  *old = w;
}

void
world_restore_state(const struct world_plan *plan, struct world *w,
                    const struct world *old)
{
  for (size_t i = 0; i < plan->n_targets; i++) {
    size_t m = plan->meters[i];

    if (world_is_sum(plan, i))
      world_excuse(
        plan, w, m,
        world_size_of(w->bases[m].believed - old->bases[m].believed) +
          world_size_of(missing_of_base(plan, w, m)) +
          world_size_of(world_missing_amount(plan, w, i)) +
          world_size_of(world_missing_amount(plan, old, i)) +
          old->devices[i].unconfirmed,
        EXCEPTION_STATE);
    w->targets[i].seen = old->targets[i].seen;
    w->devices[i].owned = old->devices[i].owned;
    w->devices[i].confirmed = old->devices[i].confirmed;
    w->devices[i].n_lost = 1;
    w->devices[i].is_newer = 1;
    world_excuse_doubtful(w, i);
  }
  for (size_t m = 0; m < plan->n_meters; m++)
    restore_base(&w->bases[m], &old->bases[m]);
}
