/* What must be true after two undisturbed runs. */
#include "tests/exhaustive/oracle.h"

#include <stdio.h>

#include "tests/exhaustive/fakes.h"
#include "tests/exhaustive/normal.h"

struct oracle {
  const struct house *house;
  const struct state *s;
  bool is_silent;
  struct oracle_counts *counts;
  char *why;
  size_t size;
};

#define FAIL(o, ...) (snprintf((o)->why, (o)->size, __VA_ARGS__), false)

static int64_t
number_shown(const struct device *d)
{
  return d->now.is_set ? d->now.number : 0;
}

/* Notes an error that the exceptions of the history excuse. */
static void
count_excused(struct oracle *o, int64_t error)
{
  int64_t reasons = o->s->world.reasons;

  if (error < 0)
    error = -error;
  for (int i = 0; i < EXCEPTIONS; i++)
    if (reasons == INT64_C(1) << i) {
      o->counts->excused[i]++;
      if (error > o->counts->greatest[i])
        o->counts->greatest[i] = error;
      return;
    }
  o->counts->together++;
}

/* Half a step of the device, by which it may round. */
static int64_t
half_step(const struct oracle *o, size_t target)
{
  return o->s->world.steps[target] / 2;
}

static bool
check_base(struct oracle *o, size_t i)
{
  const struct base_account *base =
    &o->s->world.bases[o->house->plan.meters[i]];
  int64_t shown = number_shown(&o->s->world.devices[i]);
  int64_t count = o->s->world.meters[o->house->plan.meters[i]].count;
  bool is_read =
    shown - count <= half_step(o, i) && count - shown <= half_step(o, i);
  int64_t off = shown - (base->is_vague && is_read ? count : base->believed);
  bool is_held = count < (base->is_vague ? shown : base->believed);

  /* An empty base, and one that went back to a value above the meter's, gets
   * its value with the next reading that is not held. */
  if (!base->known || (o->is_silent && base->is_vague) ||
      (shown == 0 && (o->is_silent || is_held)) || (base->is_vague && is_held))
    return true;
  if (off > half_step(o, i) || -off > half_step(o, i))
    return FAIL(o, "%s displays %lld, and its reading is %lld",
                o->house->targets[i], (long long)shown,
                (long long)base->believed);
  return true;
}

static bool
check_sum(struct oracle *o, size_t i, int64_t error, int64_t rounding,
          const char *what)
{
  const struct target_account *t = &o->s->world.targets[i];

  if (error < t->low - rounding || error > t->high + rounding)
    return FAIL(o, "%s: %s is wrong by %lld", o->house->targets[i], what,
                (long long)error);
  if (error > rounding || -error > rounding)
    count_excused(o, error);
  return true;
}

/* A rejected amount of a column waits in the remainder for the next amount. */
static bool
check_usage(struct oracle *o, size_t i)
{
  int64_t remainder = o->s->program.entries[i].remainder;
  bool may_wait = o->house->plan.in_file[i] && o->is_silent;

  if (!may_wait &&
      (remainder > half_step(o, i) || -remainder > half_step(o, i)))
    return FAIL(o, "%s: the remainder is %lld", o->house->targets[i],
                (long long)remainder);
  return check_sum(o, i, remainder - o->s->world.targets[i].expected, 0,
                   "the sum of the amounts");
}

/* A copy that a person changed is overwritten by its pending value, or else by
 * the next reading. */
static bool
check_copy(struct oracle *o, size_t i)
{
  size_t total = o->house->plan.totals[i];
  const struct target_account *t = &o->s->world.targets[total];
  int64_t error = number_shown(&o->s->world.devices[i]) - t->expected;

  if ((!o->is_silent || !o->s->world.devices[i].is_free) &&
      (error < t->low || error > t->high))
    return FAIL(o, "%s is wrong by %lld", o->house->targets[i],
                (long long)error);
  return true;
}

static bool
check_target(struct oracle *o, size_t i)
{
  const struct entry *e = &o->s->program.entries[i];

  if (e->sent.kind || e->pending.kind)
    return FAIL(o, "%s: a value is still %s", o->house->targets[i],
                e->sent.kind ? "in flight" : "pending");
  switch (o->house->plan.roles[i]) {
  case TARGET_BASE:
    return check_base(o, i);
  case TARGET_USAGE:
    return check_usage(o, i);
  case TARGET_COLUMN:
    return true;
  case TARGET_COPY:
    return check_copy(o, i);
  default:
    return check_sum(o, i,
                     number_shown(&o->s->world.devices[i]) -
                       o->s->world.targets[i].expected,
                     half_step(o, i), "the total");
  }
}

static struct hash
hash_state(const struct state *s)
{
  uint8_t bytes[STATE_PACKED];

  return hash_bytes(bytes, state_pack(s, bytes));
}

void
oracle_run(struct driver *d, struct state *s, bool is_silent)
{
  const struct run_choice choice = { .rise = 1,
                                     .no_reading = is_silent,
                                     .all_silent = is_silent };

  driver_run(d, s, &choice);
}

/* Two good runs.  The second one is left out if it was checked before. */
static bool
check_runs(struct driver *d, struct oracle *o, struct state *s)
{
  struct hash_set *checked = &o->counts->checked[o->is_silent];
  bool is_late = s->world.late.target; /* the second run reports what it did */
  struct hash hash;

  oracle_run(d, s, o->is_silent);
  hash = hash_state(s);
  if (hash_set_has(checked, hash))
    return true;
  oracle_run(d, s, o->is_silent);
  o->s = s;
  if (o->is_silent && driver_writes() > 0 && !o->house->plan.is_untimed)
    return FAIL(o, "without a new reading, %u values are sent again",
                driver_writes());
  if (o->is_silent && fake_notices > 0 && !is_late &&
      !o->house->plan.is_untimed)
    return FAIL(o, "a second run reports a change again");
  if (s->world.file.is_wrong || s->world.file.missing[0])
    return FAIL(o, "the file %s",
                s->world.file.is_wrong ? "has a row twice, or out of order"
                                       : "lacks the row of a committed cycle");
  if (s->world.file.has_held)
    return FAIL(o, "the file has a reading that is not believed");
  if (s->world.is_changed)
    return FAIL(o, "a record came again with other values");
  for (size_t i = 0; i < o->house->plan.n_targets; i++)
    if (!check_target(o, i))
      return false;
  if (!is_late)
    hash_set_add(checked, hash);
  return true;
}

static bool
check_both(struct driver *d, struct oracle *o, const struct state *s)
{
  struct state after = *s;

  if (!check_runs(d, o, &after))
    return false;
  after = *s;
  o->is_silent = true;
  return check_runs(d, o, &after);
}

bool
oracle_check(struct driver *d, const struct house *house, const struct state *s,
             struct oracle_counts *counts, char *why, size_t size)
{
  struct oracle o = {
    .house = house, .counts = counts, .why = why, .size = size
  };
  enum following following = normal_following;
  bool is_good;

  normal_following = FOLLOWING_NONE; /* no event follows these runs */
  is_good = check_both(d, &o, s);
  normal_following = following;
  return is_good;
}

void
oracle_counts_clear(struct oracle_counts *counts)
{
  hash_set_free(&counts->checked[false]);
  hash_set_free(&counts->checked[true]);
  *counts = (struct oracle_counts){ .together = 0 };
}
