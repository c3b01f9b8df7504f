/*
 * Loads and saves the entries of the outputs in the state: the ledgers of their
 * targets, the number of their last record, and the time of their newest row.
 */
#include "core/cycle/book_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/cycle/check_readings.h"
#include "core/pipeline/stage.h"

/* ---- Numbers ---- */

static const char number_key[] = "number";

/* A larger number cannot come from a clock. */
#define MOST_NUMBER (INT64_MAX / 2)

/* Returns the number that the state keeps of OUTPUT under KEY; 0: none. */
static int64_t
get_number(const struct stage *output, const char *key)
{
  const char *body =
    store_get(output->pipeline->run->store, STORE_META, output->name, key);

  return body ? strtoll(body, NULL, 10) : 0;
}

static bool
put_number(const struct stage *output, const char *key, int64_t number)
{
  char body[32];

  snprintf(body, sizeof(body), "%" PRId64, number);
  return store_put(output->pipeline->run->store, STORE_META, output->name, key,
                   body);
}

static void
load_number(struct stage *output)
{
  int64_t number = get_number(output, number_key);

  output->last_number = number > 0 && number < MOST_NUMBER ? number : 0;
}

static bool
save_number(const struct stage *output)
{
  return !output->last_number ||
         put_number(output, number_key, output->last_number);
}

/* The key of the entry that book_last_row reads. */
static const char last_row_key[] = "last_row";

int64_t
book_last_row(const struct stage *output)
{
  return get_number(output, last_row_key);
}

bool
book_keep_last_row(struct stage *output, int64_t time_ms)
{
  return time_ms <= book_last_row(output) ||
         put_number(output, last_row_key, time_ms);
}

/* ---- Ledgers ---- */

/* Sets the role of a target whose source does not know kinds beforehand: the
 * kind of its first value decides. */
static void
take_role(struct target *t)
{
  if (!t->source->kind && t->ledger.kind == MP_DELTA &&
      t->ledger.role == LEDGER_PLAIN)
    t->ledger.role = LEDGER_DELTA;
  if (!t->public.kind)
    t->public.kind = t->ledger.kind;
}

static int
load_target(struct target *t)
{
  struct store *store = t->stage->pipeline->run->store;
  const char *body = store_get(store, STORE_TARGET, t->stage->name, t->name);
  enum ledger_role role = t->ledger.role;

  t->loaded = true;
  if (!body)
    return MP_OK;
  errno = 0;
  if (ledger_decode(&t->ledger, body)) {
    /* Older states do not keep the unit of a column. */
    if (delivery(t->stage) != MP_LATEST && !t->ledger.unit)
      t->ledger.unit = t->ledger.acknowledged.unit;
    take_role(t);
    return MP_OK;
  }
  if (errno == ENOMEM)
    return stage_fail(t->stage, MP_ENOMEM, t->object, "out of memory");
  ledger_clear(&t->ledger);
  ledger_init(&t->ledger, role);
  t->unreadable = true;
  t->stage->pipeline->n_unreadable++;
  return MP_OK;
}

int
book_load_targets(struct pipeline *p)
{
  if (p->n_loaded == p->n_slots)
    return MP_OK;
  p->n_loaded = p->n_slots;
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++) {
      struct target *t = output->targets[i];
      int r = MP_OK;

      if (target_is_kept(t) && !t->loaded)
        r = load_target(t);
      if (r != MP_OK)
        return r;
    }
  }
  return MP_OK;
}

int
book_load(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    load_number(output);
  }
  check_readings_load(p);
  return book_load_targets(p);
}

static bool
save_target(const struct target *t)
{
  char *body = ledger_encode(&t->ledger);
  bool good = body && store_put(t->stage->pipeline->run->store, STORE_TARGET,
                                t->stage->name, t->name, body);

  free(body);
  return good;
}

int
book_save_output(struct stage *output)
{
  bool good = save_number(output);

  for (size_t i = 0; i < output->n_targets && good; i++)
    if (target_is_kept(output->targets[i]) && !output->targets[i]->unreadable)
      good = save_target(output->targets[i]);
  return good ? MP_OK : stage_fail(output, MP_ENOMEM, NULL, "out of memory");
}

void
book_report_unreadable(struct pipeline *p)
{
  if (p->n_unreadable == 0)
    return;
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++) {
      struct target *t = output->targets[i];

      if (!t->unreadable || t->unreadable_reported)
        continue;
      t->unreadable_reported = true;
      stage_fail(output, MP_EDATA, t->object,
                 "its entry in the state %s cannot be read: nothing is sent to "
                 "it or computed from it; \"meterpipe rebase%s%s\" %s",
                 store_path(p->run->store), t->base ? "" : " --forget ",
                 t->base ? "" : t->full_name,
                 t->base ? "makes the next reading the base"
                         : "deletes the entry, and the target begins anew from "
                           "the displayed value");
    }
  }
}

int
book_save(struct pipeline *p)
{
  int r = MP_OK;

  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    if (r == MP_OK && delivery(output) != MP_LIVE)
      r = book_save_output(output);
  }
  if (r == MP_OK && !check_readings_save(p))
    return report_failure(p->run->report, REPORT_OTHER, NULL, MP_ENOMEM, NULL,
                          "out of memory");
  return r;
}
