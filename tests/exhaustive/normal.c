/* The renamings.  README.md has their proofs. */
#include "tests/exhaustive/normal.h"

#include <string.h>

const char *const renaming_names[RENAMINGS] = {
  [RENAME_READINGS] = "readings", [RENAME_TIMES] = "times",
  [RENAME_SERIALS] = "serials",   [RENAME_SUMS] = "sums",
  [RENAME_DISPLAYS] = "displays", [RENAME_LOSSES] = "losses",
};
bool renaming_off[RENAMINGS];
int64_t normal_most_runs;
enum following normal_following;

#define MOST_NUMBERS 160

/* With RENAME_TIMES, the file has this many rows. */
#define NORMAL_ROWS 100

/* Members of a state of one sort. */
struct members {
  int64_t *of[MOST_NUMBERS];
  size_t n;
};

static void
add_member(struct members *m, int64_t *number)
{
  m->of[m->n++] = number;
}

/* ---- Order of appearance ---- */

/* Renames numbers in the order in which they appear; 0 stays.  Returns the
 * number of names. */
static int64_t
rename_members(struct members *m)
{
  int64_t known[MOST_NUMBERS];
  int64_t n = 0, name;

  for (size_t i = 0; i < m->n; i++) {
    if (*m->of[i] == 0)
      continue;
    for (name = 0; name < n && known[name] != *m->of[i]; name++)
      continue;
    if (name == n)
      known[n++] = *m->of[i];
    *m->of[i] = name + 1;
  }
  return n;
}

/* Returns the place of NUMBER in N sorted numbers, or where it belongs. */
static size_t
place_in(const int64_t *sorted, size_t n, int64_t number)
{
  size_t at = 0;

  while (at < n && sorted[at] < number)
    at++;
  return at;
}

/* Renames numbers by their rank, so that their order stays; 0 stays. */
static void
rank_members(struct members *m)
{
  int64_t sorted[MOST_NUMBERS];
  size_t n = 0;

  for (size_t i = 0; i < m->n; i++) {
    size_t at = place_in(sorted, n, *m->of[i]);

    if (*m->of[i] == 0 || (at < n && sorted[at] == *m->of[i]))
      continue;
    memmove(&sorted[at + 1], &sorted[at], (n - at) * sizeof(sorted[0]));
    sorted[at] = *m->of[i];
    n++;
  }
  for (size_t i = 0; i < m->n; i++)
    if (*m->of[i] != 0)
      *m->of[i] = (int64_t)place_in(sorted, n, *m->of[i]) + 1;
}

/* ---- Times ---- */

static void
add_shown_times(struct members *times, struct members *records,
                struct shown *shown)
{
  add_member(times, &shown->time);
  add_member(records, &shown->record);
}

static void
add_entry_shown(struct members *times, struct members *records,
                struct entry_shown *shown)
{
  add_member(times, &shown->time);
  add_member(records, &shown->record);
}

static void
add_entry_times(struct members *times, struct members *records, struct entry *e)
{
  add_entry_shown(times, records, &e->acknowledged_over);
  add_entry_shown(times, records, &e->sent_over);
  add_entry_shown(times, records, &e->taken);
  add_member(records, &e->record);
  add_member(records, &e->acknowledged_record);
  add_member(records, &e->last_record);
}

/* Times of rows are compared: their order stays.  The number of rows of the
 * file is compared only with that in the token. */
static void
rename_rows(struct state *s)
{
  struct members times = { .n = 0 };
  struct file *f = &s->world.file;

  add_member(&times, &f->time);
  add_member(&times, &s->program.last_row);
  for (size_t i = 0; i < WORLD_ROWS; i++) {
    add_member(&times, &f->missing[i]);
    add_member(&times, &s->program.rows[i].time);
  }
  rank_members(&times);
  if (s->program.token.present)
    s->program.token.rows -= f->rows - NORMAL_ROWS;
  f->rows = NORMAL_ROWS;
}

static bool
is_display_of(const struct entry_shown *taken, const struct shown *shown)
{
  if (taken->state)
    return taken->state == shown->state && taken->record == shown->record;
  return shown->record == 0 && taken->time == shown->time;
}

/* Returns true if D can still show what the program took from it. */
static bool
can_be_shown(const struct device *d, const struct entry_shown *taken)
{
  for (size_t i = 0; i < (size_t)d->n_undo; i++)
    if (is_display_of(taken, &d->undo[i]))
      return true;
  return is_display_of(taken, &d->now);
}

/* A taken display is known by its id or its time.  If neither can come back, it
 * is never compared with equal. */
static void
forget_taken(const struct house *house, struct state *s)
{
  for (size_t i = 0; i < house->plan.n_targets; i++) {
    struct device *d = &s->world.devices[i];

    if (!can_be_shown(d, &s->program.entries[i].taken))
      memset(&s->program.entries[i].taken, 0, sizeof(struct entry_shown));
    if (!can_be_shown(d, &s->older.entries[i].taken))
      memset(&s->older.entries[i].taken, 0, sizeof(struct entry_shown));
  }
}

/* Forgets the records that no ledger names: they never come again. */
static void
forget_records(const struct house *house, struct state *s)
{
  struct taken_record kept[WORLD_RECORDS] = { { .number = 0 } };
  size_t n = 0;

  for (size_t i = 0; i < WORLD_RECORDS; i++) {
    bool is_named = false;

    for (size_t k = 0; k < house->plan.n_targets; k++)
      is_named |= s->program.entries[k].record == s->world.taken[i].number ||
                  (s->has_older &&
                   s->older.entries[k].record == s->world.taken[i].number);
    if (is_named && s->world.taken[i].number)
      kept[n++] = s->world.taken[i];
  }
  memcpy(s->world.taken, kept, sizeof(kept));
}

static void
rename_times(const struct house *house, struct state *s)
{
  struct members times = { .n = 0 }, records = { .n = 0 };

  for (size_t i = 0; i < house->plan.n_targets; i++) {
    struct device *d = &s->world.devices[i];

    add_shown_times(&times, &records, &d->now);
    for (size_t k = 0; k < WORLD_UNDO; k++)
      add_shown_times(&times, &records, &d->undo[k]);
    add_member(&records, &d->seen_record);
    add_entry_times(&times, &records, &s->program.entries[i]);
    add_entry_times(&times, &records, &s->older.entries[i]);
  }
  for (size_t i = 0; i < WORLD_RECORDS; i++)
    add_member(&records, &s->world.taken[i].number);
  if (house->has_file)
    rename_rows(s);
  add_member(&records, &s->world.late.record);
  rename_members(&times);
  rank_members(&records);
  if (!normal_most_runs)
    s->world.runs = 0;
}

/* ---- Serial numbers ---- */

static void
add_entry_serials(struct members *m, struct entry *e)
{
  add_member(m, &e->acknowledged.serial);
  add_member(m, &e->sent.serial);
  add_member(m, &e->sent_from.serial);
  add_member(m, &e->pending.serial);
  add_member(m, &e->acknowledged_over.value.serial);
  add_member(m, &e->sent_over.value.serial);
  add_member(m, &e->taken.value.serial);
}

static void
add_base_serials(struct members *m, struct base_account *base,
                 struct entry_reading *reading)
{
  add_member(m, &base->meter);
  add_member(m, &base->serial);
  add_member(m, &base->candidate_serial);
  add_member(m, &reading->believed.serial);
  add_member(m, &reading->unconfirmed.serial);
}

static void
rename_serials(const struct house *house, struct state *s)
{
  struct members serials = { .n = 0 };

  for (size_t i = 0; i < house->plan.n_meters; i++) {
    add_member(&serials, &s->world.meters[i].serial);
    add_member(&serials, &s->world.meters[i].misread);
    add_base_serials(&serials, &s->world.bases[i], &s->program.readings[i]);
    add_base_serials(&serials, &s->older_world.bases[i], &s->older.readings[i]);
  }
  for (size_t i = 0; i < house->plan.n_targets; i++) {
    add_entry_serials(&serials, &s->program.entries[i]);
    add_entry_serials(&serials, &s->older.entries[i]);
    for (size_t k = 0; k < WORLD_ROWS; k++)
      add_member(&serials, &s->program.rows[k].cells[i].serial);
  }
  s->world.serials = rename_members(&serials);
}

/* ---- Readings and totals ---- */

static void
add_value(struct members *m, struct entry_value *v)
{
  if (v->kind)
    add_member(m, &v->number);
}

/* The number of an empty device is 0: then nothing is shifted. */
static void
add_device_numbers(struct members *m, struct device *d)
{
  add_member(m, &d->now.number);
  for (size_t i = 0; i < WORLD_UNDO; i++)
    if (i < (size_t)d->n_undo || d->undo[i].is_set)
      add_member(m, &d->undo[i].number);
  if (d->confirmed)
    add_member(m, &d->confirmed);
}

static void
add_entry_numbers(struct members *m, struct entry *e)
{
  add_value(m, &e->acknowledged);
  add_value(m, &e->sent);
  add_value(m, &e->sent_from);
  add_value(m, &e->pending);
  add_value(m, &e->acknowledged_over.value);
  add_value(m, &e->sent_over.value);
  add_value(m, &e->taken.value);
}

static void
add_target_numbers(struct members *m, struct state *s, size_t target)
{
  add_device_numbers(m, &s->world.devices[target]);
  if (s->world.late.target == (int64_t)target + 1)
    add_member(m, &s->world.late.number);
  for (size_t i = 0; i < WORLD_RECORDS; i++)
    if (s->world.taken[i].has[target])
      add_member(m, &s->world.taken[i].values[target]);
  add_entry_numbers(m, &s->program.entries[target]);
  if (!s->has_older)
    return;
  add_device_numbers(m, &s->older_world.devices[target]);
  add_entry_numbers(m, &s->older.entries[target]);
}

/* Adds a multiple of UNIT to all numbers, so that REFERENCE becomes
 * NORMAL_COUNT or a little more; unless a number is 0 or becomes 0. */
static void
shift_members(struct members *m, int64_t reference, int64_t unit)
{
  int64_t by = (NORMAL_COUNT + unit - 1 - reference) / unit * unit;

  for (size_t i = 0; i < m->n; i++)
    if (*m->of[i] == 0 || *m->of[i] + by == 0)
      return;
  for (size_t i = 0; i < m->n; i++)
    *m->of[i] += by;
}

static void
add_column_numbers(struct members *m, struct state *s, size_t column)
{
  if (s->world.file.has[column])
    add_member(m, &s->world.file.values[column]);
  for (size_t i = 0; i < WORLD_ROWS; i++)
    add_value(m, &s->program.rows[i].cells[column]);
  add_entry_numbers(m, &s->program.entries[column]);
}

static void
add_base_numbers(struct members *m, struct base_account *base,
                 struct entry_reading *reading)
{
  if (base->begun)
    add_member(m, &base->believed);
  if (base->candidate_serial)
    add_member(m, &base->candidate);
  if (base->lost_display)
    add_member(m, &base->lost_display);
  add_value(m, &reading->believed);
  add_value(m, &reading->unconfirmed);
}

/* Rounding half to even to a step commutes with adding two steps. */
static int64_t
shift_unit(int64_t step)
{
  return step ? 2 * step : 1;
}

static void
shift_readings(const struct house *house, struct state *s, size_t meter)
{
  struct members m = { .n = 0 };
  int64_t unit = 1;

  add_member(&m, &s->world.meters[meter].count);
  add_base_numbers(&m, &s->world.bases[meter], &s->program.readings[meter]);
  add_base_numbers(&m, &s->older_world.bases[meter], &s->older.readings[meter]);
  for (size_t i = 0; i < house->plan.n_targets; i++)
    if (house->plan.meters[i] == meter && house->plan.roles[i] == TARGET_BASE) {
      unit = shift_unit(s->world.steps[i]);
      add_target_numbers(&m, s, i);
    }
  for (size_t i = 0; i < house->plan.n_targets; i++)
    if (house->plan.meters[i] == meter && house->plan.roles[i] == TARGET_COLUMN)
      add_column_numbers(&m, s, i);
  shift_members(&m, s->world.meters[meter].count, unit);
}

static void
shift_total(const struct house *house, struct state *s, size_t target)
{
  struct members m = { .n = 0 };

  add_member(&m, &s->world.targets[target].expected);
  if (s->has_older)
    add_member(&m, &s->older_world.targets[target].expected);
  add_target_numbers(&m, s, target);
  for (size_t i = 0; i < house->plan.n_targets; i++)
    if (house->plan.roles[i] == TARGET_COPY && house->plan.totals[i] == target)
      add_target_numbers(&m, s, i);
  shift_members(&m, s->world.targets[target].expected,
                shift_unit(s->world.steps[target]));
}

static void
shift_all(const struct house *house, struct state *s)
{
  for (size_t i = 0; i < house->plan.n_meters; i++)
    shift_readings(house, s, i);
  for (size_t i = 0; i < house->plan.n_targets; i++)
    if (house->plan.roles[i] == TARGET_TOTAL)
      shift_total(house, s, i);
}

static void
add_states(struct members *m, struct device *d, struct program *p, size_t i)
{
  add_member(m, &d->now.state);
  for (size_t k = 0; k < WORLD_UNDO; k++)
    add_member(m, &d->undo[k].state);
  add_member(m, &p->entries[i].acknowledged_over.state);
  add_member(m, &p->entries[i].sent_over.state);
  add_member(m, &p->entries[i].taken.state);
}

/* Part of RENAME_SERIALS: the UUIDs of states. */
static void
rename_states(const struct house *house, struct state *s)
{
  struct members m = { .n = 0 };

  if (renaming_off[RENAME_SERIALS])
    return;
  add_member(&m, &s->program.state);
  add_member(&m, &s->older.state);
  add_member(&m, &s->world.late.state);
  for (size_t i = 0; i < house->plan.n_targets; i++) {
    add_states(&m, &s->world.devices[i], &s->program, i);
    add_states(&m, &s->older_world.devices[i], &s->older, i);
  }
  s->world.states = rename_members(&m);
}

/* The numbers of acknowledged records are read only of outputs with ids. */
static void
clear_records(struct program *p)
{
  for (size_t i = 0; i < WORLD_TARGETS; i++)
    p->entries[i].acknowledged_record = p->entries[i].last_record = 0;
}

/* ---- What nothing can read any more ---- */

/* A device of an output without times shows by the values before the last one
 * whether a write may be taken for another. */
static void
trim_undo(const struct house *house, struct device *d, int64_t kept)
{
  if (house->plan.is_untimed)
    return;
  for (int64_t i = kept; i < WORLD_UNDO; i++)
    memset(&d->undo[i], 0, sizeof(d->undo[i]));
  if (d->n_undo > kept)
    d->n_undo = kept;
}

/* Only an event reads these; except of a base that was set by hand, until the
 * program sees it. */
static void
clear_unread(const struct house *house, struct device *d)
{
  bool none_follows = normal_following == FOLLOWING_NONE;

  trim_undo(house, d, none_follows ? 0 : 1);
  d->lost = d->in_doubt = 0;
  if (!d->is_set_by_hand)
    d->unconfirmed = d->is_written = d->owned = d->confirmed = 0;
  if (none_follows)
    d->n_lost = d->unguarded = d->now.is_late = 0;
}

static void
clear_losses(const struct house *house, struct state *s)
{
  if (normal_following == FOLLOWING_ALL)
    return;
  for (size_t i = 0; i < house->plan.n_targets; i++)
    clear_unread(house, &s->world.devices[i]);
  s->has_older = 0;
  memset(&s->older, 0, sizeof(s->older));
  memset(&s->older_world, 0, sizeof(s->older_world));
}

/* Returns true if D can still show a value that it got at TIME. */
static bool
can_show_time(const struct device *d, int64_t time)
{
  for (size_t i = 0; i < (size_t)d->n_undo; i++)
    if (d->undo[i].time == time)
      return true;
  return d->now.time == time;
}

static void
forget_display(const struct device *d, struct entry_shown *shown)
{
  if (shown->known && !can_show_time(d, shown->time))
    *shown = (struct entry_shown){ .known = 1 };
}

/* An amount that was given is read again only if its device displays what it
 * displayed before it, or if a further one is in flight. */
static void
forget_amount(struct device *d, struct entry *e)
{
  if (e->sent.kind || e->acknowledged_over.time != 0)
    return;
  d->now.number = e->acknowledged.number = 0;
}

static void
forget_displays(const struct house *house, struct state *s)
{
  for (size_t i = 0; i < house->plan.n_targets; i++) {
    struct device *d = &s->world.devices[i];

    forget_display(d, &s->program.entries[i].acknowledged_over);
    forget_display(d, &s->program.entries[i].sent_over);
    forget_display(d, &s->older.entries[i].acknowledged_over);
    forget_display(d, &s->older.entries[i].sent_over);
    if (house->plan.roles[i] == TARGET_USAGE && !house->plan.in_file[i] &&
        normal_following == FOLLOWING_NONE)
      forget_amount(d, &s->program.entries[i]);
  }
}

void
normal_form(const struct house *house, struct state *s)
{
  if (!renaming_off[RENAME_LOSSES])
    clear_losses(house, s);
  if (!renaming_off[RENAME_DISPLAYS] && !house->plan.is_untimed)
    forget_displays(house, s);
  if (house->plan.has_ids)
    forget_taken(house, s);
  if (!renaming_off[RENAME_READINGS] && house->is_relative)
    shift_all(house, s);
  if (house->plan.has_ids)
    rename_states(house, s);
  else {
    clear_records(&s->program);
    clear_records(&s->older);
  }
  forget_records(house, s);
  if (!renaming_off[RENAME_TIMES])
    rename_times(house, s);
  if (!renaming_off[RENAME_SERIALS])
    rename_serials(house, s);
  if (!renaming_off[RENAME_SUMS])
    memset(s->world.used, 0, sizeof(s->world.used));
}
