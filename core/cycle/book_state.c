/*
 * Loads and saves the entries of the outputs in the state: the ledgers of their
 * targets, the number of their last record, and the time of their newest row.
 */
#include "core/cycle/book_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cycle/book.h"
#include "core/cycle/queue_row.h"
#include "core/run/log.h"
#include "lib/clock.h"

/* ---- Numbers ---- */

static const char number_key[] = "number";

/* A larger number cannot come from a clock. */
#define MOST_NUMBER (INT64_MAX / 2)

/* Returns the number that the state keeps of OUTPUT under KEY; 0: none. */
static int64_t
get_number(const struct cycle *c, const struct stage *output, const char *key)
{
  const char *body = store_get(c->run->store, STORE_META, output->name, key);

  return body ? strtoll(body, NULL, 10) : 0;
}

static void
put_number(struct cycle *c, const struct stage *output, const char *key,
           int64_t number)
{
  char body[32];

  snprintf(body, sizeof(body), "%" PRId64, number);
  store_put(c->run->store, STORE_META, output->name, key, body);
}

static void
load_number(struct cycle *c, const struct stage *output)
{
  int64_t number = get_number(c, output, number_key);

  output_state(c, output)->last_number =
    number > 0 && number < MOST_NUMBER ? number : 0;
}

static void
save_number(struct cycle *c, const struct stage *output)
{
  int64_t number = output_state(c, output)->last_number;

  if (number)
    put_number(c, output, number_key, number);
}

/* The key of the entry that book_last_row reads. */
static const char last_row_key[] = "last_row";

int64_t
book_last_row(const struct cycle *c, const struct stage *output)
{
  return get_number(c, output, last_row_key);
}

void
book_keep_last_row(struct cycle *c, const struct stage *output, int64_t time_ms)
{
  if (time_ms > book_last_row(c, output))
    put_number(c, output, last_row_key, time_ms);
}

/* Adds the row of this cycle to the queue of OUTPUT. */
static void
add_row(struct cycle *c, const struct stage *output, int64_t time_ms)
{
  char *body = queue_row_encode(&c->d, output, time_ms);

  store_row_add(c->run->store, output->name, body);
  book_keep_last_row(c, output, time_ms);
  free(body);
}

void
book_add_rows(struct cycle *c, int64_t time_ms)
{
  if (!time_ms || !store_is_durable(c->run->store))
    return;
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) == MP_APPEND ||
        (delivery(output) == MP_HISTORY && book_has_row(&c->d, output)))
      add_row(c, output, time_ms);
  }
}

/* ---- Ids ---- */

static const char uuid_key[] = "uuid", from_key[] = "ids_from";

static void
count_entry(void *ctx, const char *owner, const char *name, const char *body)
{
  (void)owner, (void)name, (void)body;
  ++*(size_t *)ctx;
}

/* Returns true if the state holds what an earlier run sent or queued. */
static bool
state_was_used(const struct cycle *c)
{
  size_t n = 0;

  store_each(c->run->store, STORE_TARGET, count_entry, &n);
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    n += store_row_count(c->run->store, output->name);
  }
  return n > 0;
}

/* Makes the UUID of this state.  If the system gives no random numbers, time
 * and process number are unique enough. */
static void
make_uuid(struct cycle *c)
{
  int64_t seed[2] = { clock_now_ms(), getpid() };
  uint8_t bytes[sizeof(seed)];

  memcpy(bytes, seed, sizeof(bytes));
  if (getentropy(bytes, sizeof(bytes)) != 0)
    log_line(MP_LOG_INFO, NULL, NULL, "no random numbers: %s", strerror(errno));
  record_id_make_uuid(bytes, c->ids.uuid);
  store_put(c->run->store, STORE_META, "", uuid_key, c->ids.uuid);
}

/* In the state of an earlier version, what was sent or queued until now keeps
 * its id. */
static void
keep_earlier_ids(struct cycle *c)
{
  char from[32];

  if (!state_was_used(c))
    return;
  c->ids.from = clock_now_ms();
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (output_state(c, output)->last_number >= c->ids.from)
      c->ids.from = output_state(c, output)->last_number + 1;
  }
  snprintf(from, sizeof(from), "%" PRId64, c->ids.from);
  store_put(c->run->store, STORE_META, "", from_key, from);
}

static void
load_ids(struct cycle *c)
{
  const char *uuid = store_get(c->run->store, STORE_META, "", uuid_key);
  const char *from = store_get(c->run->store, STORE_META, "", from_key);

  c->ids.from = from ? strtoll(from, NULL, 10) : 0;
  for (size_t i = 0; i < c->plan->n_stages; i++)
    c->deliveries[i].id = NULL; /* another state may have other ids */
  if (uuid && strlen(uuid) == RECORD_UUID - 1) {
    memcpy(c->ids.uuid, uuid, RECORD_UUID);
    return;
  }
  make_uuid(c);
  keep_earlier_ids(c);
}

/* ---- Ledgers ---- */

/* Sets the role of a target whose source does not know kinds beforehand: the
 * kind of its first value decides. */
static void
take_role(struct cycle *c, const struct target *t)
{
  struct ledger *ledger = &c->d.ledgers[t->index];

  if (t->source->kind || !ledger->kind)
    return;
  c->d.has_new_kind = true;
  if (ledger->kind == MP_DELTA && ledger->role == LEDGER_PLAIN)
    ledger->role = LEDGER_DELTA;
}

static void
load_target(struct cycle *c, const struct target *t)
{
  struct ledger *ledger = &c->d.ledgers[t->index];
  const char *body =
    store_get(c->run->store, STORE_TARGET, t->stage->name, t->name);

  c->d.entries[t->index] = ENTRY_GOOD;
  if (!body)
    return;
  if (ledger_decode(ledger, body)) {
    /* Older states do not keep the unit of a column. */
    if (delivery(t->stage) != MP_LATEST && !ledger->unit)
      ledger->unit = ledger->acknowledged.unit;
    take_role(c, t);
    return;
  }
  ledger_clear(ledger);
  ledger_init(ledger, t->role);
  c->d.entries[t->index] = ENTRY_UNREADABLE;
  c->d.n_unreadable++;
}

void
book_load_targets(struct cycle *c)
{
  const struct plan *p = c->plan;

  for (; c->n_loaded < p->n_targets; c->n_loaded++)
    if (target_is_kept(p->targets[c->n_loaded]))
      load_target(c, p->targets[c->n_loaded]);
}

void
book_show_kinds(struct cycle *c)
{
  const struct plan *p = c->plan;

  if (!c->d.has_new_kind)
    return;
  for (size_t i = 0; i < p->n_targets; i++) {
    const struct target *t = p->targets[i];

    if (target_is_kept(t) && !t->source->kind)
      instance_set_kind(instance_of(c, t->stage), t, c->d.ledgers[i].kind);
  }
  c->d.has_new_kind = false;
}

static void
load_readings(struct cycle *c)
{
  for (size_t i = 0; i < c->plan->n_slots; i++) {
    const struct slot *field = c->plan->slots[i];
    const char *body = field->is_measured
                         ? store_get(c->run->store, STORE_READING,
                                     field->stage->name, field->field)
                         : NULL;

    if (body && !reading_decode(&c->d.kept[i], body))
      log_line(MP_LOG_WARNING, field->stage->name, field->field,
               "its readings in the state cannot be read and are left out");
  }
}

void
book_load(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    load_number(c, output);
  }
  load_readings(c);
  load_ids(c);
  book_load_targets(c);
}

static void
save_target(struct cycle *c, const struct target *t)
{
  char *body = ledger_encode(&c->d.ledgers[t->index]);

  store_put(c->run->store, STORE_TARGET, t->stage->name, t->name, body);
  free(body);
}

void
book_save_output(struct cycle *c, const struct stage *output)
{
  save_number(c, output);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (target_is_kept(t) && !is_unreadable(&c->d, t))
      save_target(c, t);
  }
}

static void
report_unreadable(struct cycle *c, const struct target *t)
{
  c->d.entries[t->index] = ENTRY_REPORTED;
  cycle_fail(c, t->stage, MP_EDATA, t->object,
             "its entry in the state %s cannot be read: nothing is sent to "
             "it or computed from it; \"meterpipe rebase%s%s\" %s",
             store_path(c->run->store), t->base ? "" : " --forget ",
             t->base ? "" : t->full_name,
             t->base ? "makes the next reading the base"
                     : "deletes the entry, and the target begins anew from "
                       "the displayed value");
}

void
book_report_unreadable(struct cycle *c)
{
  if (c->d.n_unreadable == 0)
    return;
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++)
      if (c->d.entries[output->targets[i]->index] == ENTRY_UNREADABLE)
        report_unreadable(c, output->targets[i]);
  }
}

static void
save_reading(struct cycle *c, const struct slot *field)
{
  const struct reading *kept = &c->d.kept[field->index];
  char *body;

  if (!kept->believed.kind && !kept->unconfirmed.kind)
    return;
  body = reading_encode(kept);
  store_put(c->run->store, STORE_READING, field->stage->name, field->field,
            body);
  free(body);
}

void
book_save(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) != MP_LIVE)
      book_save_output(c, output);
  }
  for (size_t i = 0; i < c->plan->n_slots; i++)
    if (c->plan->slots[i]->is_measured)
      save_reading(c, c->plan->slots[i]);
}
