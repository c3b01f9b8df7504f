/* The server, the events, and the account of the true usage. */
#include "tests/exhaustive/world.h"

#include <string.h>

const char *const exception_names[EXCEPTIONS] = {
  [EXCEPTION_LATE] = "the server is very late",
  [EXCEPTION_BACKUP] = "an older backup of the server is restored",
  [EXCEPTION_HAND] = "a value is changed by hand while one is under way",
  [EXCEPTION_STEP] =
    "a value is changed by hand in a device with a coarse step",
  [EXCEPTION_UNTIMED] = "an output does not say when it stored a value",
  [EXCEPTION_AMOUNT] = "an output with ids forgets an amount without an answer",
  [EXCEPTION_STATE] = "the state is lost",
};

static int64_t
size_of(int64_t x)
{
  return x < 0 ? -x : x;
}

/* Returns true if the true usage goes into TARGET. */
static bool
is_sum(const struct world_plan *plan, size_t target)
{
  return plan->roles[target] == TARGET_USAGE ||
         plan->roles[target] == TARGET_TOTAL;
}

/* What a device displays counts as 0 if it is empty. */
static int64_t
displayed_number(const struct device *d)
{
  return d->now.is_set ? d->now.number : 0;
}

/* ---- Exceptions ---- */

/* Allows the totals and amounts of METER an error of AMOUNT, either way. */
static void
excuse(const struct world_plan *plan, struct world *w, size_t meter,
       int64_t amount, enum exception reason)
{
  if (amount == 0)
    return;
  w->reasons |= INT64_C(1) << reason;
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && is_sum(plan, i)) {
      w->targets[i].low -= size_of(amount);
      w->targets[i].high += size_of(amount);
    }
}

/* Allows TARGET an error of exactly AMOUNT, or less. */
static void
excuse_target(struct world *w, size_t target, int64_t amount,
              enum exception reason)
{
  if (amount == 0)
    return;
  w->reasons |= INT64_C(1) << reason;
  if (amount < 0)
    w->targets[target].low += amount;
  else
    w->targets[target].high += amount;
}

/* The same for all totals and amounts of METER. */
static void
excuse_meter(const struct world_plan *plan, struct world *w, size_t meter,
             int64_t amount, enum exception reason)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && is_sum(plan, i))
      excuse_target(w, i, amount, reason);
}

/* The same for an event at TARGET.  Nothing is computed from a copy. */
static void
excuse_event(const struct world_plan *plan, struct world *w, size_t target,
             int64_t amount, enum exception reason)
{
  if (plan->roles[target] != TARGET_COPY)
    excuse(plan, w, plan->meters[target], amount, reason);
}

/* Returns the amount of the true usage that TARGET does not display. */
static int64_t
missing_amount(const struct world_plan *plan, const struct world *w,
               size_t target)
{
  const struct base_account *base = &w->bases[plan->meters[target]];
  int64_t number = displayed_number(&w->devices[target]);

  switch (plan->roles[target]) {
  case TARGET_BASE:
    return base->known ? base->believed - number : 0;
  case TARGET_TOTAL:
    return w->targets[target].expected - number;
  default:
    return w->targets[target].expected;
  }
}

int64_t
world_lag(const struct world_plan *plan, const struct world *w, size_t meter)
{
  int64_t lag = 0;

  for (size_t i = 0; i < plan->n_targets; i++) {
    int64_t amount = size_of(missing_amount(plan, w, i));

    if (plan->meters[i] == meter &&
        (is_sum(plan, i) || plan->roles[i] == TARGET_BASE) && amount > lag)
      lag = amount;
  }
  return lag;
}

/* Returns the amount of TARGET that is under way: lost by the server, written
 * without the program's knowledge, or perhaps in flight. */
static int64_t
under_way(const struct world_plan *plan, const struct world *w, size_t target)
{
  const struct device *d = &w->devices[target];

  return d->lost + d->unconfirmed +
         (d->in_doubt ? size_of(missing_amount(plan, w, target)) : 0);
}

/* ---- The server ---- */

static void
push_undo(struct device *d)
{
  memmove(&d->undo[1], &d->undo[0], sizeof(d->undo) - sizeof(d->undo[0]));
  d->undo[0] = d->now;
  if (d->n_undo < WORLD_UNDO)
    d->n_undo++;
}

static void
forget_undo(struct device *d)
{
  memset(d->undo, 0, sizeof(d->undo));
  d->n_undo = 0;
  d->n_lost = d->lost = 0;
}

/* Returns the amount of a write: of a value that counts as it is, its rise. */
static int64_t
amount_of(const struct world_plan *plan, const struct device *d, size_t target,
          int64_t number)
{
  return plan->roles[target] == TARGET_USAGE ? number
                                             : number - displayed_number(d);
}

/* Returns true if D displayed NUMBER before one of its last writes. */
static bool
was_displayed(const struct device *d, int64_t number)
{
  for (size_t i = 0; i < (size_t)d->n_undo; i++)
    if (d->undo[i].is_set && d->undo[i].number == number)
      return true;
  return d->now.is_set && d->now.number == number;
}

/* A reader of amounts passes over a record that it has seen. */
static void
give_amount(const struct world_plan *plan, struct world *w, size_t target,
            const struct write *write)
{
  struct device *d = &w->devices[target];

  if (plan->has_ids && d->seen_record == write->record)
    return;
  d->seen_record = plan->has_ids ? write->record : 0;
  w->targets[target].expected -= write->number;
}

void
world_write(const struct world_plan *plan, struct world *w, size_t target,
            const struct write *write)
{
  struct device *d = &w->devices[target];

  if (plan->is_untimed && was_displayed(d, write->number))
    excuse_event(plan, w, target, write->number, EXCEPTION_UNTIMED);
  d->unconfirmed += size_of(amount_of(plan, d, target, write->number));
  if (plan->roles[target] == TARGET_USAGE)
    give_amount(plan, w, target, write);
  if (plan->roles[target] == TARGET_BASE)
    w->bases[plan->meters[target]].is_vague =
      w->bases[plan->meters[target]].late_age = 0;
  push_undo(d);
  d->now = (struct shown){ .is_set = 1,
                           .number = write->number,
                           .time = write->time,
                           .state = write->state,
                           .record = write->record };
  d->n_lost = d->lost = d->is_foreign = 0;
}

void
world_write_late(const struct world_plan *plan, struct world *w, int64_t time)
{
  size_t target = (size_t)w->late.target - 1;
  struct write write = { .number = w->late.number,
                         .time = time,
                         .state = w->late.state,
                         .record = w->late.record };

  if (w->late.target == 0)
    return;
  excuse_event(plan, w, target,
               amount_of(plan, &w->devices[target], target, write.number),
               EXCEPTION_LATE);
  world_write(plan, w, target, &write);
  if (plan->roles[target] == TARGET_BASE && !plan->has_ids)
    w->bases[plan->meters[target]].late_age = 1;
  memset(&w->late, 0, sizeof(w->late));
}

static bool
same_values(const struct taken_record *a, const struct taken_record *b)
{
  for (size_t i = 0; i < WORLD_TARGETS; i++)
    if (b->has[i] && (!a->has[i] || a->values[i] != b->values[i]))
      return false;
  return true;
}

void
world_take_record(const struct world_plan *plan, struct world *w,
                  const struct taken_record *record, int64_t time)
{
  for (size_t i = 0; i < WORLD_RECORDS; i++)
    if (w->taken[i].number == record->number) {
      w->is_changed |= !same_values(&w->taken[i], record);
      return;
    }
  memmove(&w->taken[1], &w->taken[0], sizeof(w->taken) - sizeof(w->taken[0]));
  w->taken[0] = *record;
  for (size_t i = 0; i < plan->n_targets; i++)
    if (record->has[i]) {
      const struct write write = { .number = record->values[i], .time = time };

      world_write(plan, w, i, &write);
    }
}

void
world_add_row(const struct world_plan *plan, struct world *w, int64_t time,
              const int64_t *has, const int64_t *values)
{
  struct file *f = &w->file;
  size_t at = 0;

  while (at < WORLD_ROWS - 1 && f->missing[at] != time)
    at++;
  f->is_wrong |= f->missing[at] != time || time <= f->time;
  memmove(&f->missing[at], &f->missing[at + 1],
          (WORLD_ROWS - 1 - at) * sizeof(f->missing[0]));
  f->missing[WORLD_ROWS - 1] = 0;
  f->rows++;
  f->time = time;
  for (size_t i = 0; i < plan->n_targets; i++) {
    if (!has[i])
      continue;
    f->has[i] = 1;
    f->values[i] = values[i];
    if (plan->roles[i] == TARGET_USAGE)
      w->targets[i].expected -= values[i];
  }
}

/* Notes a committed cycle, whose row must come into the file. */
static void
expect_row(struct world *w, int64_t time)
{
  size_t at = 0;

  while (at < WORLD_ROWS - 1 && w->file.missing[at])
    at++;
  w->file.missing[at] = time;
}

void
world_accept(struct world *w, size_t target)
{
  w->devices[target].accepted = 1;
}

/* ---- The program ---- */

static void
confirm(struct device *d)
{
  if (d->unconfirmed) {
    d->owned = 1;
    d->confirmed = displayed_number(d);
  }
  d->unconfirmed = d->accepted = d->in_doubt = 0;
}

void
world_begin_run(struct world *w)
{
  for (size_t i = 0; i < WORLD_TARGETS; i++)
    w->devices[i].accepted = 0;
}

void
world_commit_answers(const struct world_plan *plan, struct world *w)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (w->devices[i].accepted)
      confirm(&w->devices[i]);
}

void
world_end_run(const struct world_plan *plan, struct world *w,
              const bool *unknown)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (!unknown[i])
      w->devices[i].in_doubt = 0;
}

/* Adds to the true usage of METER. */
static void
add_usage(const struct world_plan *plan, struct world *w, size_t meter,
          int64_t amount)
{
  w->used[meter] += amount;
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && is_sum(plan, i))
      w->targets[i].expected += amount;
}

/* A reading without a total to add to is not booked, nor one whose total does
 * not fit a copy. */
static bool
is_blocked(const struct world_plan *plan, const struct world *w, size_t meter)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter &&
        ((plan->roles[i] == TARGET_TOTAL && !w->targets[i].seen) ||
         w->devices[i].is_unfit))
      return true;
  return false;
}

/* The table "Exchanged meters" of the manual.  Returns true if READING counts;
 * *ret_from is then the reading that it is measured from. */
static bool
counts(struct base_account *base, int64_t reading, int64_t serial,
       bool may_book, int64_t *ret_from)
{
  bool same = base->serial == 0 || base->serial == serial;
  bool again = !same && base->candidate_serial == serial;

  if (!same && !again) {
    base->candidate_serial = serial;
    base->candidate = reading;
    return false;
  }
  *ret_from = again ? base->candidate : base->believed;
  if (reading < *ret_from) /* a fall is not believed */
    return false;
  if (same || may_book)
    base->candidate_serial = base->candidate = 0;
  return may_book;
}

static void
believe(struct base_account *base, int64_t reading, int64_t serial)
{
  base->believed = reading;
  base->serial = base->meter = serial;
  base->begun = base->known = 1;
  base->rebase = base->lost_display = 0;
}

/* The program measures READING from FROM.  It is wrong if its state was lost:
 * it may take one meter for another, or for two. */
static void
book_usage(const struct world_plan *plan, struct world *w, size_t meter,
           int64_t reading, int64_t from, int64_t serial)
{
  struct base_account *base = &w->bases[meter];
  int64_t usage = reading - from;

  if (base->meter == serial && from != base->believed) {
    excuse_meter(plan, w, meter, base->believed - from, EXCEPTION_STATE);
    usage = reading - base->believed;
  }
  if (base->meter && base->meter != serial && base->serial == 0) {
    excuse_meter(plan, w, meter, usage, EXCEPTION_STATE);
    usage = 0;
  }
  add_usage(plan, w, meter, usage);
}

static void
take_reading(const struct world_plan *plan, struct world *w, size_t meter,
             int64_t reading, int64_t serial)
{
  struct base_account *base = &w->bases[meter];
  int64_t from;

  if (base->rebase)
    base->candidate_serial = base->candidate = 0;
  else if (counts(base, reading, serial, !is_blocked(plan, w, meter), &from))
    book_usage(plan, w, meter, reading, from, serial);
  else
    return;
  believe(base, reading, serial);
}

/* The base's device is seen for the first time: its value is the base.  If it
 * has none, the first reading is. */
static void
begin_base(const struct world_plan *plan, struct world *w, size_t target,
           const struct run_facts *facts)
{
  size_t meter = plan->meters[target];
  struct base_account *base = &w->bases[meter];
  int64_t number = displayed_number(&w->devices[target]);

  if (base->known || (!facts->displayed[target] && !plan->is_blind))
    return;
  if (number != 0 && !plan->is_blind) {
    if (!base->begun)
      base->believed = number;
    else
      excuse_meter(plan, w, meter, base->lost_display - number,
                   EXCEPTION_STATE);
    base->known = base->begun = 1;
    base->lost_display = 0;
    w->devices[target].owned = 1;
    w->devices[target].confirmed = number;
  } else if (facts->has_reading[meter] && !base->rebase) {
    int64_t lost = base->begun ? facts->reading[meter] - base->believed : 0;

    if (base->lost_display)
      lost += base->believed - base->lost_display;
    excuse_meter(plan, w, meter, -lost, EXCEPTION_STATE);
    believe(base, facts->reading[meter], facts->serial[meter]);
  }
}

/* The program takes the display of a base for the new base, and drops what is
 * pending from the old one.  The next result covers that, if it is what was
 * counted BEYOND the old base. */
static void
follow_base(const struct world_plan *plan, struct world *w, size_t target,
            int64_t beyond, enum exception reason)
{
  size_t meter = plan->meters[target];

  for (size_t i = 0; i < plan->n_targets; i++) {
    if (plan->meters[i] != meter || !is_sum(plan, i))
      continue;
    if (plan->in_file[i]) /* its rows are not dropped */
      excuse_target(w, i, beyond, reason);
    else
      excuse(plan, w, meter, missing_amount(plan, w, i) - beyond, reason);
  }
  add_usage(plan, w, meter, -beyond);
  w->bases[meter].believed = displayed_number(&w->devices[target]);
}

/* The base displays a reading that came late: to the program, it was changed by
 * hand. */
static void
follow_late_base(const struct world_plan *plan, struct world *w, size_t target)
{
  struct base_account *base = &w->bases[plan->meters[target]];

  if (!w->devices[target].owned) /* the first value only follows later */
    base->late_age = 0;
  else if (base->late_age == 1)
    base->late_age = 2;
  else if (base->late_age == 2) {
    follow_base(plan, w, target,
                base->believed - displayed_number(&w->devices[target]),
                EXCEPTION_LATE);
    base->late_age = 0;
  }
}

void
world_commit_cycle(const struct world_plan *plan, struct world *w,
                   const struct run_facts *facts)
{
  for (size_t i = 0; i < plan->n_targets; i++) {
    if (!facts->displayed[i] && !plan->is_blind)
      continue;
    confirm(&w->devices[i]);
    w->devices[i].is_unfit = w->devices[i].has_label;
    if (plan->roles[i] == TARGET_TOTAL)
      w->targets[i].seen = 1;
    if (plan->roles[i] == TARGET_BASE) {
      begin_base(plan, w, i, facts);
      follow_late_base(plan, w, i);
    }
  }
  for (size_t m = 0; m < plan->n_meters; m++)
    if ((w->bases[m].known || w->bases[m].rebase) && facts->has_reading[m])
      take_reading(plan, w, m, facts->reading[m], facts->serial[m]);
  if (facts->row_time)
    expect_row(w, facts->row_time);
  /* Its values are in flight from now on. */
  for (size_t i = 0; i < plan->n_targets; i++)
    if (facts->displayed[i])
      w->devices[i].in_doubt = 1;
}

/* ---- Events ---- */

/* An amount that the program cannot know to be there is given again, with the
 * next one. */
static void
lose_amount(struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  excuse_target(w, target, d->unconfirmed, EXCEPTION_AMOUNT);
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
  d->unconfirmed = d->is_foreign = 0;
  if (plan->has_ids)
    return; /* the program notices it, and readers have seen the amounts */
  d->n_lost++;
  if (is_amount) {
    w->targets[target].expected += before.number;
    d->lost += size_of(before.number);
  } else
    d->lost += size_of(before.number - displayed_number(d));
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
    excuse_event(plan, w, target, d->lost, EXCEPTION_UNTIMED);
  if (d->n_lost > 1 && !plan->has_ids)
    excuse_event(plan, w, target, d->lost + w->steps[target] / 2,
                 EXCEPTION_BACKUP);
  return true;
}

/* The display of TARGET was replaced: the truth follows it. */
static void
follow_hand(const struct world_plan *plan, struct world *w, size_t target,
            int64_t before)
{
  struct device *d = &w->devices[target];
  int64_t now = displayed_number(d);

  if (plan->roles[target] == TARGET_TOTAL)
    w->targets[target].expected += now - before;
  if (plan->roles[target] == TARGET_BASE && now != 0 && now != before &&
      d->owned) {
    follow_base(plan, w, target,
                w->bases[plan->meters[target]].believed - d->confirmed,
                EXCEPTION_HAND);
    w->bases[plan->meters[target]].meter = 0;
    d->confirmed = now;
  }
}

static void
replace_display(const struct world_plan *plan, struct world *w, size_t target,
                struct shown to)
{
  struct device *d = &w->devices[target];
  int64_t before = displayed_number(d);

  excuse_event(plan, w, target, under_way(plan, w, target), EXCEPTION_HAND);
  excuse_event(plan, w, target, w->steps[target] / 2, EXCEPTION_STEP);
  d->now = to;
  if (plan->is_untimed)
    excuse_event(plan, w, target, displayed_number(d) - before,
                 EXCEPTION_UNTIMED);
  follow_hand(plan, w, target, before);
  forget_undo(d);
  d->unconfirmed = 0;
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
  forget_undo(d);
  d->unconfirmed = d->is_foreign = 0;
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
  push_undo(d);
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

/* Without its state the program takes what is displayed for the truth. */
static void
adopt_display(const struct world_plan *plan, struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  d->n_lost = 1; /* it would not notice that a value is lost */
  d->lost = d->unconfirmed = d->in_doubt = d->owned = d->confirmed = 0;
  d->is_unfit = 0;
  w->targets[target].seen = 0;
  if (plan->roles[target] == TARGET_BASE) {
    struct base_account *base = &w->bases[plan->meters[target]];

    base->lost_display = base->begun ? displayed_number(d) : 0;
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
        displayed_number(&w->devices[i]) != 0)
      return missing_amount(plan, w, i);
  return 0;
}

void
world_lose_state(const struct world_plan *plan, struct world *w)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (is_sum(plan, i))
      excuse_target(w, i,
                    missing_of_base(plan, w, plan->meters[i]) -
                      missing_amount(plan, w, i),
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
    w.devices[i].now.number = displayed_number(&old->devices[i]);
    w.devices[i].now.is_set = old->devices[i].now.is_set;
    w.devices[i].owned = old->devices[i].owned;
    w.devices[i].confirmed = old->devices[i].confirmed;
  }
  *old = w;
}

void
world_restore_state(const struct world_plan *plan, struct world *w,
                    const struct world *old)
{
  for (size_t i = 0; i < plan->n_targets; i++) {
    size_t m = plan->meters[i];

    if (is_sum(plan, i))
      excuse(plan, w, m,
             size_of(w->bases[m].believed - old->bases[m].believed) +
               size_of(missing_of_base(plan, w, m)) +
               size_of(missing_amount(plan, w, i)) +
               size_of(missing_amount(plan, old, i)),
             EXCEPTION_STATE);
    w->targets[i].seen = old->targets[i].seen;
    w->devices[i].owned = old->devices[i].owned;
    w->devices[i].confirmed = old->devices[i].confirmed;
    w->devices[i].n_lost = 1;
  }
  for (size_t m = 0; m < plan->n_meters; m++)
    restore_base(&w->bases[m], &old->bases[m]);
}
