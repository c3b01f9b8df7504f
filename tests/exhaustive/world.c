/* The server, and the account of the true usage. */
#include "tests/exhaustive/world_impl.h"

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

int64_t
world_size_of(int64_t x)
{
  return x < 0 ? -x : x;
}

bool
world_is_sum(const struct world_plan *plan, size_t target)
{
  return plan->roles[target] == TARGET_USAGE ||
         plan->roles[target] == TARGET_TOTAL;
}

int64_t
world_displayed_number(const struct device *d)
{
  return d->now.is_set ? d->now.number : 0;
}

/* ---- Exceptions ---- */

void
world_excuse(const struct world_plan *plan, struct world *w, size_t meter,
             int64_t amount, enum exception reason)
{
  if (amount == 0)
    return;
  w->reasons |= INT64_C(1) << reason;
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && world_is_sum(plan, i)) {
      w->targets[i].low -= world_size_of(amount);
      w->targets[i].high += world_size_of(amount);
    }
}

void
world_excuse_target(struct world *w, size_t target, int64_t amount,
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
    if (plan->meters[i] == meter && world_is_sum(plan, i))
      world_excuse_target(w, i, amount, reason);
}

void
world_excuse_event(const struct world_plan *plan, struct world *w,
                   size_t target, int64_t amount, enum exception reason)
{
  if (plan->roles[target] != TARGET_COPY)
    world_excuse(plan, w, plan->meters[target], amount, reason);
}

int64_t
world_missing_amount(const struct world_plan *plan, const struct world *w,
                     size_t target)
{
  const struct base_account *base = &w->bases[plan->meters[target]];
  int64_t number = world_displayed_number(&w->devices[target]);

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
    int64_t amount = world_size_of(world_missing_amount(plan, w, i));

    if (plan->meters[i] == meter &&
        (world_is_sum(plan, i) || plan->roles[i] == TARGET_BASE) &&
        amount > lag)
      lag = amount;
  }
  return lag;
}

int64_t
world_under_way(const struct world_plan *plan, const struct world *w,
                size_t target)
{
  const struct device *d = &w->devices[target];

  return d->lost + d->unconfirmed +
         (d->in_doubt ? world_size_of(world_missing_amount(plan, w, target))
                      : 0);
}

void
world_set_copies_free(const struct world_plan *plan, struct world *w,
                      size_t meter, bool is_free)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && plan->roles[i] == TARGET_COPY)
      w->devices[i].is_free = is_free;
}

/* ---- The server ---- */

void
world_push_undo(struct device *d)
{
  memmove(&d->undo[1], &d->undo[0], sizeof(d->undo) - sizeof(d->undo[0]));
  d->undo[0] = d->now;
  if (d->n_undo < WORLD_UNDO)
    d->n_undo++;
}

void
world_forget_undo(struct device *d)
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
  return plan->roles[target] == TARGET_USAGE
           ? number
           : number - world_displayed_number(d);
}

/* Returns true if D displayed NUMBER before one of its last writes. */
static bool
was_displayed(const struct device *d, int64_t number)
{
  for (size_t i = 0; i < WORLD_UNDO; i++)
    if (d->undo[i].is_set && d->undo[i].number == number)
      return true;
  return d->now.is_set && d->now.number == number;
}

/* Without times, the display of a write that equals an earlier one may be taken
 * for that: the write seems not to have arrived, and an amount that was given
 * before it seems to be lost. */
static void
excuse_untimed(const struct world_plan *plan, struct world *w, size_t target,
               const struct write *write)
{
  const struct device *d = &w->devices[target];
  int64_t amount = world_size_of(write->number);

  if (!plan->is_untimed || !was_displayed(d, write->number))
    return;
  if (plan->roles[target] == TARGET_USAGE)
    amount += world_size_of(world_displayed_number(d));
  world_excuse_event(plan, w, target, amount, EXCEPTION_UNTIMED);
}

void
world_doubt(struct device *d, int64_t amount, enum exception reason)
{
  if (amount == 0)
    return;
  d->doubtful = amount;
  d->doubt = reason + 1;
}

void
world_excuse_doubtful(struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  if (d->doubtful)
    world_excuse_target(w, target, d->doubtful, (enum exception)(d->doubt - 1));
  d->doubtful = d->doubt = 0;
  if (w->late.target == (int64_t)target + 1)
    w->late.is_old = 1;
}

/* A reader of amounts passes over a record that it has seen.  An amount that
 * did not change keeps its record. */
static void
give_amount(const struct world_plan *plan, struct world *w, size_t target,
            const struct write *write)
{
  struct device *d = &w->devices[target];

  if (plan->has_ids && d->seen_record == write->record)
    return;
  d->doubtful = d->doubt = 0;
  d->seen_record = plan->has_ids ? write->record : 0;
  w->targets[target].expected -= write->number;
}

void
world_write(const struct world_plan *plan, struct world *w, size_t target,
            const struct write *write)
{
  struct device *d = &w->devices[target];

  excuse_untimed(plan, w, target, write);
  d->unconfirmed += world_size_of(amount_of(plan, d, target, write->number));
  d->is_written = 1;
  if (plan->roles[target] == TARGET_USAGE)
    give_amount(plan, w, target, write);
  if (plan->roles[target] == TARGET_BASE) {
    struct base_account *base = &w->bases[plan->meters[target]];

    if (write->number == base->believed)
      base->is_vague = 0;
    if (base->stale != EXCEPTION_STATE + 1)
      base->stale = 0;
  }
  world_push_undo(d);
  d->now = (struct shown){ .is_set = 1,
                           .number = write->number,
                           .time = write->time,
                           .state = write->state,
                           .record = write->record };
  d->n_lost = d->lost = d->is_foreign = d->is_set_by_hand = d->unguarded = 0;
}

void
world_set_stale(struct world *w, size_t meter, enum exception reason)
{
  struct base_account *base = &w->bases[meter];

  base->stale = reason + 1;
  base->is_sure = 0;
}

void
world_write_late(const struct world_plan *plan, struct world *w, int64_t time)
{
  size_t target = (size_t)w->late.target - 1;
  struct write write = { .number = w->late.number,
                         .time = time,
                         .state = w->late.state,
                         .record = w->late.record };

  bool is_old = w->late.is_old;
  struct base_account *base;
  struct device before;
  int64_t amount, is_vague;

  if (w->late.target == 0)
    return;
  base = &w->bases[plan->meters[target]];
  is_vague = base->is_vague;
  before = w->devices[target];
  amount = world_size_of(amount_of(plan, &before, target, write.number));
  if (amount && plan->roles[target] != TARGET_USAGE)
    amount += w->steps[target] / 2; /* which the display hides */
  /* The first value of a base changes nothing. */
  if ((plan->roles[target] != TARGET_BASE || w->devices[target].now.is_set) &&
      !(plan->roles[target] == TARGET_USAGE && plan->has_ids))
    world_excuse_event(plan, w, target, amount, EXCEPTION_LATE);
  world_set_copies_free(plan, w, plan->meters[target], true);
  world_write(plan, w, target, &write);
  base->is_vague = is_vague;
  w->devices[target].unconfirmed = before.unconfirmed; /* it is not taken for */
  w->devices[target].is_written = before.is_written;   /* ours */
  w->devices[target].now.is_late = 1;
  if (plan->roles[target] == TARGET_USAGE && plan->has_ids)
    world_doubt(&w->devices[target], write.number, EXCEPTION_LATE);
  if (is_old)
    world_excuse_doubtful(w, target);
  if (plan->roles[target] == TARGET_BASE && !plan->has_ids)
    world_set_stale(w, plan->meters[target], EXCEPTION_LATE);
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
  for (size_t i = 0; i < plan->n_targets; i++)
    f->has_held |= plan->roles[i] == TARGET_COLUMN && has[i] && f->held[at];
  memmove(&f->missing[at], &f->missing[at + 1],
          (WORLD_ROWS - 1 - at) * sizeof(f->missing[0]));
  memmove(&f->held[at], &f->held[at + 1],
          (WORLD_ROWS - 1 - at) * sizeof(f->held[0]));
  f->missing[WORLD_ROWS - 1] = f->held[WORLD_ROWS - 1] = 0;
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

/* Notes a committed cycle, whose row must come into the file, but without its
 * reading if that is HELD. */
static void
expect_row(struct world *w, int64_t time, bool held)
{
  size_t at = 0;

  while (at < WORLD_ROWS - 1 && w->file.missing[at])
    at++;
  w->file.missing[at] = time;
  w->file.held[at] = held;
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
  if (d->is_written) {
    d->owned = 1;
    d->confirmed = world_displayed_number(d);
  }
  d->unconfirmed = d->is_written = d->accepted = d->in_doubt = 0;
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
    if (w->devices[i].accepted) {
      confirm(&w->devices[i]);
      w->devices[i].doubtful = w->devices[i].doubt = 0;
    }
}

void
world_end_run(const struct world_plan *plan, struct world *w,
              const bool *unknown)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (!unknown[i])
      w->devices[i].in_doubt = 0;
}

void
world_add_usage(const struct world_plan *plan, struct world *w, size_t meter,
                int64_t amount)
{
  w->used[meter] += amount;
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && world_is_sum(plan, i)) {
      w->targets[i].expected += amount;
      if (amount != 0 && plan->roles[i] == TARGET_USAGE)
        world_excuse_doubtful(w, i);
    }
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

enum judgement {
  READING_HELD,     /* it is not believed */
  READING_BLOCKED,  /* it is not booked, or perhaps not believed */
  READING_BASE,     /* it becomes the base */
  READING_MEASURED, /* it counts */
};

/* The table "Exchanged meters" of the manual.  If READING counts, *ret_from is
 * the reading that it is measured from. */
static enum judgement
judge(struct base_account *base, int64_t reading, int64_t serial, bool may_book,
      int64_t *ret_from)
{
  bool same = base->serial == 0 || base->serial == serial;
  bool again = !same && base->candidate_serial == serial;

  if (!same && !again) {
    base->candidate_serial = serial;
    base->candidate = reading;
    return READING_HELD;
  }
  *ret_from = again ? base->candidate : base->believed;
  if (reading < *ret_from) /* a fall is not believed */
    return base->is_vague ? READING_BLOCKED : READING_HELD;
  if (same || may_book)
    base->candidate_serial = base->candidate = 0;
  return may_book ? READING_MEASURED : READING_BLOCKED;
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
  world_add_usage(plan, w, meter, usage);
}

static enum judgement
take_reading(const struct world_plan *plan, struct world *w, size_t meter,
             int64_t reading, int64_t serial)
{
  struct base_account *base = &w->bases[meter];
  enum judgement judgement = READING_BASE;
  int64_t from;

  if (base->rebase)
    base->candidate_serial = base->candidate = 0;
  else
    judgement =
      judge(base, reading, serial, !is_blocked(plan, w, meter), &from);
  if (judgement == READING_MEASURED)
    book_usage(plan, w, meter, reading, from, serial);
  if (judgement >= READING_BASE)
    believe(base, reading, serial);
  return judgement;
}

/* The base's device is seen for the first time: its value is the base.  If it
 * has none, the first reading is. */
static void
begin_base(const struct world_plan *plan, struct world *w, size_t target,
           const struct run_facts *facts)
{
  size_t meter = plan->meters[target];
  struct base_account *base = &w->bases[meter];
  int64_t number = world_displayed_number(&w->devices[target]);

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

/* When the program drops the pending values of a base, it also forgets the last
 * amounts. */
static void
unguard_amounts(const struct world_plan *plan, struct world *w, size_t meter,
                enum exception reason)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && plan->roles[i] == TARGET_USAGE) {
      w->devices[i].unguarded = reason + 1;
      world_excuse_doubtful(w, i);
    }
}

/* The program takes the display of a base for the new base, and drops the
 * values pending from the old one.  The next result covers them, if it is the
 * amount counted BEYOND the old base. */
static void
follow_base(const struct world_plan *plan, struct world *w, size_t target,
            int64_t beyond)
{
  size_t meter = plan->meters[target];

  for (size_t i = 0; i < plan->n_targets; i++) {
    if (plan->meters[i] != meter || !world_is_sum(plan, i))
      continue;
    if (plan->in_file[i]) /* its rows are not dropped */
      world_excuse_target(w, i, beyond, EXCEPTION_HAND);
    else
      world_excuse(plan, w, meter, world_missing_amount(plan, w, i) - beyond,
                   EXCEPTION_HAND);
    if (w->steps[i]) /* what it lacks may be rounding, which stays */
      world_excuse(plan, w, meter, beyond, EXCEPTION_HAND);
  }
  world_add_usage(plan, w, meter, -beyond);
  unguard_amounts(plan, w, meter, EXCEPTION_HAND);
  w->bases[meter].believed = world_displayed_number(&w->devices[target]);
}

/* Allows the targets of METER the errors that follow if the program takes the
 * display of its base, which lacks MISSING, for the new base. */
static void
excuse_change(const struct world_plan *plan, struct world *w, size_t meter,
              int64_t missing, enum exception reason)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && world_is_sum(plan, i) && !plan->in_file[i])
      world_excuse(plan, w, meter, world_missing_amount(plan, w, i), reason);
  world_excuse(plan, w, meter, missing, reason);
  world_excuse(plan, w, meter, w->bases[meter].lost, reason);
}

/* A base was set by hand.  In a target that is not listed, a value that is in
 * flight stays pending. */
static void
excuse_in_flight(const struct world_plan *plan, struct world *w, size_t meter,
                 const struct run_facts *facts)
{
  for (size_t i = 0; i < plan->n_targets; i++) {
    int64_t amount = world_under_way(plan, w, i);

    if (plan->meters[i] != meter || !world_is_sum(plan, i) ||
        facts->displayed[i] || amount == 0)
      continue;
    amount += world_size_of(world_missing_amount(plan, w, i));
    world_excuse_target(w, i, amount, EXCEPTION_HAND);
    world_excuse_target(w, i, -amount, EXCEPTION_HAND);
  }
}

static void
follow_set_base(const struct world_plan *plan, struct world *w, size_t target,
                const struct run_facts *facts)
{
  struct device *d = &w->devices[target];
  struct base_account *base = &w->bases[plan->meters[target]];
  int64_t now = world_displayed_number(d);

  if (!d->is_set_by_hand)
    return;
  d->is_set_by_hand = 0;
  if (now == 0 || now == d->confirmed || !d->owned)
    return;
  excuse_in_flight(plan, w, plan->meters[target], facts);
  if (base->is_vague) /* the program may take it for the value in flight */
    excuse_change(plan, w, plan->meters[target], base->believed - d->confirmed,
                  EXCEPTION_HAND);
  follow_base(plan, w, target, base->believed - d->confirmed);
  base->meter = 0;
  d->confirmed = now;
}

/* Allows TARGET the errors that follow when the program takes the display of
 * its base, which lacks MISSING, for the new base, drops what is pending, and
 * then measures from the display or from another meter. */
static void
excuse_sure_change(const struct world_plan *plan, struct world *w,
                   size_t target, int64_t missing, enum exception reason)
{
  int64_t dropped =
    plan->in_file[target] ? 0 : world_missing_amount(plan, w, target);
  int64_t least = -dropped, most = missing - dropped;

  world_excuse_target(w, target, least < most ? least : most, reason);
  world_excuse_target(w, target, least < most ? most : least, reason);
  if (w->steps[target]) /* what it lacks may be rounding, which stays */
    world_excuse_target(w, target, missing, reason);
}

static bool
has_all_displays(const struct world_plan *plan, const struct run_facts *facts,
                 size_t meter)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && !plan->in_file[i] && !facts->displayed[i])
      return false;
  return true;
}

/* The program may take the display of a base for a change by hand: then it
 * drops the pending values, and measures from the display. */
static void
follow_stale_base(const struct world_plan *plan, struct world *w, size_t target,
                  const struct run_facts *facts)
{
  size_t meter = plan->meters[target];
  struct base_account *base = &w->bases[meter];
  enum exception reason = (enum exception)(base->stale - 1);
  int64_t missing = world_missing_amount(plan, w, target);

  if (base->stale == 0)
    return;
  if (!base->is_sure || !has_all_displays(plan, facts, meter))
    excuse_change(plan, w, meter, missing, reason);
  else
    for (size_t i = 0; i < plan->n_targets; i++)
      if (plan->meters[i] == meter && world_is_sum(plan, i))
        excuse_sure_change(plan, w, i, missing, reason);
  unguard_amounts(plan, w, meter, reason);
  base->stale = base->is_sure = base->lost = 0;
  base->is_vague = 1;
}

/* What is pending in a restored state may have been delivered: it is dropped.
 */
static void
follow_newer(const struct world_plan *plan, struct world *w, size_t target)
{
  struct device *d = &w->devices[target];

  if (d->is_newer)
    world_excuse_doubtful(w, target);
  if (d->is_newer && plan->roles[target] != TARGET_COPY)
    world_excuse(plan, w, plan->meters[target],
                 world_missing_amount(plan, w, target), EXCEPTION_STATE);
  d->is_newer = 0;
}

/* Returns true if the copies of METER get the true total with a reading that
 * counts: the program has a base, and knows of a changed base or total. */
static bool
knows_total(const struct world_plan *plan, const struct world *w,
            const struct run_facts *facts, size_t meter)
{
  for (size_t i = 0; i < plan->n_targets; i++)
    if (plan->meters[i] == meter && plan->roles[i] != TARGET_COPY &&
        !facts->displayed[i])
      return false;
  return w->bases[meter].known;
}

void
world_commit_cycle(const struct world_plan *plan, struct world *w,
                   const struct run_facts *facts)
{
  bool held = false, is_exact[WORLD_METERS];

  for (size_t m = 0; m < plan->n_meters; m++)
    is_exact[m] = knows_total(plan, w, facts, m);
  for (size_t i = 0; i < plan->n_targets; i++) {
    if (!facts->displayed[i] && !plan->is_blind)
      continue;
    confirm(&w->devices[i]);
    if (w->devices[i].now.record == w->devices[i].seen_record)
      w->devices[i].doubtful = w->devices[i].doubt = 0;
    w->devices[i].now.is_late = 0;
    follow_newer(plan, w, i);
    w->devices[i].is_unfit = w->devices[i].has_label;
    if (plan->roles[i] == TARGET_TOTAL)
      w->targets[i].seen = 1;
    if (plan->roles[i] == TARGET_BASE) {
      begin_base(plan, w, i, facts);
      follow_set_base(plan, w, i, facts);
      follow_stale_base(plan, w, i, facts);
    }
  }
  for (size_t m = 0; m < plan->n_meters; m++)
    if ((w->bases[m].known || w->bases[m].rebase) && facts->has_reading[m]) {
      enum judgement judgement =
        take_reading(plan, w, m, facts->reading[m], facts->serial[m]);

      held |= judgement == READING_HELD;
      if (judgement == READING_MEASURED && is_exact[m])
        world_set_copies_free(plan, w, m, false);
    }
  if (facts->row_time)
    expect_row(w, facts->row_time, held);
  /* Its values are in flight from now on. */
  for (size_t i = 0; i < plan->n_targets; i++)
    if (facts->displayed[i])
      w->devices[i].in_doubt = 1;
}
