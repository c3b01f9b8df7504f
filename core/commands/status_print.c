/* Prints the status for people. */
#include "core/commands/status_print.h"

#include "core/commands/status.h"

#include <stdlib.h>
#include <string.h>

#include "core/commands/status_select.h"
#include "core/commands/status_sums.h"
#include "core/cycle/pending_since.h"
#include "core/memory/memory.h"
#include "core/run/grouped.h"
#include "core/run/table.h"
#include "lib/array.h"
#include "lib/clock.h"
#include "lib/rfc3339.h"

#define AGE_TEXT 64

/* Writes an age such as "20 min" to BUF; "" for a time that is not known, "?"
 * for one in the future. */
static const char *
age_of(const struct status *status, int64_t time_ms, char buf[AGE_TEXT])
{
  buf[0] = '\0';
  if (time_ms > status->now)
    snprintf(buf, AGE_TEXT, "?");
  else if (time_ms > 0)
    clock_format_span(status->now - time_ms, buf, AGE_TEXT);
  return buf;
}

static void
print_run(const struct status *status, FILE *out)
{
  const char *path = status->cycle->plan->config->path;
  char when[RFC3339_SIZE], age[AGE_TEXT];

  if (!status->state_path) {
    fprintf(out,
            "%s: keeps no state: its inputs are captures, and [pipeline] has "
            "no state_dir\n",
            path);
    return;
  }
  if (!status->has_run) {
    fprintf(out, "%s: no run yet: the state %s %s\n", path, status->state_path,
            status->written ? "holds none" : "was never written");
    return;
  }
  rfc3339_format(NULL, status->begun, when);
  fprintf(out, "%s: last run %s, %s ago: %d, %s\n", path, when,
          age_of(status, status->begun, age), status->result,
          status_words(status->result));
  fprintf(out, "state: %s\n", status->state_path);
}

static void
print_unfinished(const struct status *status, FILE *out)
{
  const struct run_note *note = &status->unfinished;
  char when[RFC3339_SIZE];

  rfc3339_format(NULL, note->begun_ms, when);
  if (status->in_progress)
    fprintf(out, "a run has been in progress since %s", when);
  else
    fprintf(out, "the run that began at %s did not finish", when);
  if (*note->output)
    fprintf(out, "%s in output %s (%s)", status->in_progress ? "," : ": it was",
            note->output, note->call);
  putc('\n', out);
}

static void
add_target(struct table *table, const struct status *status,
           const struct target *t)
{
  const struct ledger *ledger = &status->cycle->d.ledgers[t->index];
  const struct value *last = status_last_value(ledger);
  char text[512], age[AGE_TEXT];
  int64_t since = 0;

  table_add(table, t->full_name);
  if (is_unreadable(&status->cycle->d, t)) {
    table_add(table, "cannot be read");
    for (int i = 0; i < 3; i++)
      table_add(table, "");
    return;
  }
  table_add(table, value_describe(last, text, sizeof(text)));
  table_add(table, last->kind ? age_of(status, last->time_ms, age) : "");
  if (delivery(t->stage) != MP_LATEST ||
      !pending_since(status->cycle, t, &since)) {
    table_add(table, "");
    table_add(table, "");
    return;
  }
  table_add(table, value_describe(ledger->pending.kind ? &ledger->pending
                                                       : &ledger->sent,
                                  text, sizeof(text)));
  table_add(table, age_of(status, since, age));
}

static void
add_queue(struct table *table, const struct status *status,
          const struct stage *output)
{
  char text[64], age[AGE_TEXT];
  int64_t since = 0;
  size_t n = status_queue(status->cycle, output, &since);

  if (n == 0)
    return;
  snprintf(text, sizeof(text), "%zu row%s", n, n == 1 ? "" : "s");
  table_add(table, output->name);
  table_add(table, "");
  table_add(table, "");
  table_add(table, text);
  table_add(table, age_of(status, since, age));
}

static void
add_set_aside(struct table *table, const struct status *status,
              const struct stage *output)
{
  char text[64], age[AGE_TEXT];
  int64_t since = 0;
  size_t n = status_set_aside(status->cycle, output, &since);

  if (n == 0)
    return;
  snprintf(text, sizeof(text), "%zu set aside", n);
  table_add(table, output->name);
  table_add(table, "");
  table_add(table, "");
  table_add(table, text);
  table_add(table, age_of(status, since, age));
}

/* ---- Repeated targets and queues ---- */

/* Adds the age of the oldest of several; "" if it is not known. */
static void
add_greatest_age(struct table *table, const struct status *status,
                 int64_t time_ms)
{
  char age[AGE_TEXT], text[AGE_TEXT + 8] = "";

  if (*age_of(status, time_ms, age))
    snprintf(text, sizeof(text), "%s%s", *age == '?' ? "" : "up to ", age);
  table_add(table, text);
}

/* Adds the row of several targets: "999 of 1,000 set". */
static void
add_target_sum(struct table *table, const struct status *status,
               const struct status_sum *sum)
{
  char n[GROUPED_COUNT], all[GROUPED_COUNT], text[2 * GROUPED_COUNT + 8];

  table_add(table, sum->name);
  snprintf(text, sizeof(text), "%s of %s set", grouped_count(sum->n_set, n),
           grouped_count(sum->n, all));
  table_add(table, text);
  add_greatest_age(table, status, sum->oldest_ms);
  table_add(table, sum->waiting > 0 ? grouped_count(sum->waiting, n) : "");
  add_greatest_age(table, status, sum->since_ms);
}

/* Adds the rows of several queues: "36 rows", "2 set aside". */
static void
add_queue_sum(struct table *table, const struct status *status,
              const struct status_sum *sum)
{
  const size_t counts[] = { sum->waiting, sum->set_aside };
  const char *const words[] = { "rows", "set aside" };
  char n[GROUPED_COUNT], text[GROUPED_COUNT + 16];

  for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
    if (counts[i] == 0)
      continue;
    snprintf(text, sizeof(text), "%s %s", grouped_count(counts[i], n),
             words[i]);
    table_add(table, sum->name);
    table_add(table, "");
    table_add(table, "");
    table_add(table, text);
    add_greatest_age(table, status, i == 0 ? sum->since_ms : 0);
  }
}

/* Returns true for the first use of SUM, which is printed then. */
static bool
is_first(struct status_sum *sum)
{
  bool first = !sum->is_printed;

  sum->is_printed = true;
  return first;
}

static void
add_target_or_sum(struct table *table, const struct status *status,
                  struct status_sums *sums, const struct target *target)
{
  struct status_sum *sum = status_sums_of_target(sums, status, target);

  if (!sum)
    add_target(table, status, target);
  else if (is_first(sum))
    add_target_sum(table, status, sum);
}

static void
add_queue_or_sum(struct table *table, const struct status *status,
                 struct status_sums *sums, const struct stage *output)
{
  struct status_sum *sum = status_sums_of_queue(sums, status, output);

  if (sum) {
    if (is_first(sum))
      add_queue_sum(table, status, sum);
    return;
  }
  if (is_queued(output))
    add_queue(table, status, output);
  add_set_aside(table, status, output);
}

static void
print_targets(const struct status *status, FILE *out)
{
  static const char *const heads[] = { "TARGET", "LAST VALUE", "AGE", "PENDING",
                                       "FOR" };
  struct table table = { .columns = ARRAY_SIZE(heads) };
  struct status_sums sums;

  status_sums_read(status, &sums);
  for (size_t i = 0; i < table.columns; i++)
    table_add(&table, heads[i]);
  FOR_EACH_STAGE(status->cycle->plan, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++)
      if (status_shows_target(status, output->targets[i]))
        add_target_or_sum(&table, status, &sums, output->targets[i]);
    if (status_shows_stage(status, output))
      add_queue_or_sum(&table, status, &sums, output);
  }
  status_sums_clear(&sums);
  putc('\n', out);
  table_print(&table, 0, out);
  table_free(&table);
}

/* ---- Devices ---- */

/* Prints a line for the devices of each repeated section. */
static void
print_grouped_devices(struct grouped_list *groups, FILE *out)
{
  for (size_t i = 0; i < groups->n; i++) {
    char *text = grouped_text(&groups->list[i], "devices");

    fprintf(out, "%s: %s\n", groups->list[i].group.name, text);
    free(text);
  }
}

static void
print_devices(const struct status *status, FILE *out)
{
  struct grouped_list groups = { .n = 0 };
  char text[STATUS_DEVICE];
  struct group group;

  FOR_EACH_STAGE(status->cycle->plan, input, PLUGIN_INPUT)
  {
    if (!status_shows_stage(status, input) ||
        !status_device(status, input, text))
      continue;
    if (!status->only && repeated_find(status->repeated, input->name, &group))
      grouped_add(&groups, &group, input->name, text, false);
    else
      fprintf(out, "%s: %s\n", input->name, text);
  }
  print_grouped_devices(&groups, out);
  grouped_clear(&groups);
}

/* ---- Held readings and candidates ---- */

static bool
has_pending(const struct status *status, const struct slot *slot)
{
  return status->cycle->d.kept[slot->index].unconfirmed.kind &&
         status_shows_stage(status, slot->stage);
}

static void
add_reading(struct table *table, const struct status *status,
            const struct slot *slot)
{
  const struct reading *kept = &status->cycle->d.kept[slot->index];
  const struct value *v = &kept->unconfirmed;
  char text[512], age[AGE_TEXT];

  table_add(table, slot->name);
  table_add(table, value_describe(v, text, sizeof(text)));
  table_add(table, v->serial ? v->serial : "");
  table_add(table, age_of(status, v->time_ms, age));
  table_add(table, kept->is_candidate ? "candidate: exchanged meter?"
                                      : "held: implausible rise");
}

static void
print_readings(const struct status *status, FILE *out)
{
  static const char *const heads[] = { "READING", "VALUE", "SERIAL NUMBER",
                                       "AGE", "NEXT READING DECIDES" };
  const struct plan *p = status->cycle->plan;
  struct table table = { .columns = ARRAY_SIZE(heads) };
  bool any = false;

  for (size_t i = 0; i < table.columns; i++)
    table_add(&table, heads[i]);
  for (size_t i = 0; i < p->n_slots; i++)
    if (has_pending(status, p->slots[i])) {
      add_reading(&table, status, p->slots[i]);
      any = true;
    }
  if (any) {
    putc('\n', out);
    table_print(&table, 0, out);
  }
  table_free(&table);
}

/* Collects the failing stages of repeated sections, unless one row is shown. */
static void
group_outages(const struct status *status, struct grouped_list *ret)
{
  struct group group;

  *ret = (struct grouped_list){ .n = 0 };
  for (size_t i = 0; i < status->n_outages && !status->only; i++)
    if (repeated_find(status->repeated, status->outages[i].stage, &group))
      grouped_add(ret, &group, status->outages[i].stage,
                  status->outages[i].reason, false);
}

static void
add_outage(struct table *table, const struct status *status,
           const struct outage *outage, const char *stage, const char *object,
           const char *reason)
{
  char age[AGE_TEXT];

  table_add(table, stage);
  table_add(table, object);
  table_add(table, age_of(status, outage->since, age));
  table_add(table, reason);
}

/* Adds the row of the group that OUTAGE, its oldest one, belongs to.  Later
 * ones add nothing. */
static void
add_grouped_outage(struct table *table, const struct status *status,
                   const struct outage *outage, struct grouped_list *groups,
                   const struct group *group)
{
  struct grouped *grouped = grouped_take(groups, group->name);
  char *text;

  if (!grouped)
    return;
  text = grouped_text(grouped, "failed");
  add_outage(table, status, outage, group->name, "", text);
  free(text);
}

static void
print_outages(const struct status *status, FILE *out)
{
  struct table table = { .columns = 4 };
  struct grouped_list groups;
  struct group group;

  group_outages(status, &groups);

  table_add(&table, "FAILING");
  table_add(&table, "OBJECT");
  table_add(&table, "FOR");
  table_add(&table, "WHAT");
  for (size_t i = 0; i < status->n_outages; i++) {
    const struct outage *outage = &status->outages[i];

    if (groups.n > 0 && repeated_find(status->repeated, outage->stage, &group))
      add_grouped_outage(&table, status, outage, &groups, &group);
    else if (status_shows_name(status, outage->stage))
      add_outage(&table, status, outage, outage->stage, outage->object,
                 outage->reason);
  }
  grouped_clear(&groups);
  if (table.n > table.columns) {
    putc('\n', out);
    table_print(&table, 0, out);
  }
  table_free(&table);
}

void
status_print(const struct status *status, FILE *out)
{
  print_run(status, out);
  if (status->is_unfinished)
    print_unfinished(status, out);
  print_devices(status, out);
  if (!status->written)
    return;
  print_targets(status, out);
  print_readings(status, out);
  if (status->n_outages > 0)
    print_outages(status, out);
}
