/*
 * The queues of append and history outputs: rows in order, each once.
 *
 * Rows are committed before they are written.  The rows of an append output are
 * committed with a token, which identifies the place of the first row.  If a
 * run ends before the result, the next run passes the token to the plugin,
 * which finds out which rows were written.
 */
#include "core/cycle/deliver_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/book_state.h"
#include "core/cycle/deliver.h"
#include "core/cycle/delivered.h"
#include "core/cycle/set_aside.h"
#include "core/memory/memory.h"
#include "core/pipeline/call.h"
#include "lib/clock.h"
#include "lib/storable.h"
#include "lib/utf8.h"

/* Rows of one commit.  More rows cost nothing, and one answer covers all. */
#define BATCH_ROWS 256

static const char token_key[] = "token";
static const char dropped_key[] = "dropped";

bool
rows_next(const struct cycle *c, const struct stage *output,
          struct batch *batch)
{
  const struct store *store = c->run->store;
  const struct store_row *row = store_row_next(store, output->name, 0);

  memset(batch, 0, sizeof(*batch));
  if (!row)
    return false;
  batch->first = row->id;
  for (size_t n = 0; row && n < BATCH_ROWS; n++) {
    batch->last = row->id;
    row = store_row_next(store, output->name, row->id);
  }
  return true;
}

static void
keep_token(struct cycle *c, const struct stage *output,
           const struct batch *batch, const char *token)
{
  char *body = memory_format("%" PRId64 " %" PRId64 " %s %s", batch->first,
                             batch->last, output->plugin->table.name, token);

  store_put(c->run->store, STORE_META, output->name, token_key, body);
  free(body);
}

static void
drop_token(struct cycle *c, const struct stage *output)
{
  store_put(c->run->store, STORE_META, output->name, token_key, NULL);
}

enum token {
  TOKEN_NONE,
  TOKEN_KNOWN,
  TOKEN_UNREADABLE, /* rows were being written, but which is not known */
};

static enum token
load_token(const struct cycle *c, const struct stage *output,
           struct batch *batch)
{
  const char *body =
    store_get(c->run->store, STORE_META, output->name, token_key);
  const char *name = output->plugin->table.name, *token;
  size_t len = strlen(name);
  int used = 0;

  memset(batch, 0, sizeof(*batch));
  if (!body)
    return TOKEN_NONE;
  if (sscanf(body, "%" SCNd64 " %" SCNd64 " %n", &batch->first, &batch->last,
             &used) != 2 ||
      used == 0)
    return TOKEN_UNREADABLE;
  /* A token of another plugin has no meaning here: the rows are written
   * again. */
  if (strncmp(body + used, name, len) != 0 || body[used + (int)len] != ' ') {
    memset(batch, 0, sizeof(*batch));
    return TOKEN_NONE;
  }
  token = body + used + len + 1;
  if (strlen(token) >= sizeof(batch->token) || !utf8_is_plain(token))
    return TOKEN_UNREADABLE;
  memcpy(batch->token, token, strlen(token) + 1);
  return TOKEN_KNOWN;
}

/* ---- Writing ---- */

/* Writes a row.  One that cannot be read is removed; then returns false. */
static bool
write_row(struct cycle *c, const struct stage *output,
          const struct store_row *stored, struct queue_row *row,
          struct results *results)
{
  int64_t id = stored->id;

  if (!queue_row_decode(row, stored->body)) {
    cycle_fail(c, output, MP_EDATA, NULL,
               "row %" PRId64 " of its queue cannot be read and is left out",
               id);
    store_row_remove(c->run->store, id);
    return false;
  }
  deliver_begin(c, output, row->time_ms, row->time_ms, id);
  for (size_t i = 0; i < row->n_values; i++) {
    const struct target *t = stage_target(output, row->values[i].target, NULL);

    if (t)
      deliver_write(c, t, &row->values[i].value, results);
  }
  return true;
}

/* Writes the rows of BATCH, until one fails. */
static void
write_rows(struct cycle *c, const struct stage *output, struct batch *batch)
{
  struct store *store = c->run->store;
  const struct store_row *row =
    store_row_next(store, output->name, batch->first - 1);

  batch->rows = memory_get(BATCH_ROWS, sizeof(*batch->rows));
  batch->ids = memory_get(BATCH_ROWS, sizeof(*batch->ids));
  while (row && row->id <= batch->last && batch->n < BATCH_ROWS &&
         !c->deliveries[output->index].is_broken) {
    int64_t id = row->id;

    batch->ids[batch->n] = id;
    batch->n +=
      write_row(c, output, row, &batch->rows[batch->n], &batch->results);
    row = store_row_next(store, output->name, id);
  }
}

/* ---- Results of rows ---- */

/* Adds a rejected amount to the next one of its column. */
static void
carry_rejected(struct cycle *c, const struct target *t,
               const struct value *amount)
{
  char text[256];

  if (is_unreadable(&c->d, t) ||
      ledger_carry(&c->d.ledgers[t->index], amount) != MP_OK)
    cycle_fail(
      c, t->stage, MP_ERANGE, t->object,
      "%s was rejected and cannot be added to the next amount; it is lost",
      value_describe(amount, text, sizeof(text)));
}

/* Takes an accepted row off the queue; rejected amounts go to the next row.
 * Returns true if there was one. */
static bool
conclude_row(struct cycle *c, const struct stage *output,
             const struct batch *batch, size_t record)
{
  const struct queue_row *row = &batch->rows[record];
  bool carried = false;

  for (size_t i = 0; i < row->n_values; i++) {
    const struct target *t = stage_target(output, row->values[i].target, NULL);

    if (!t || c->d.ledgers[t->index].role != LEDGER_DELTA ||
        deliver_target_result(&batch->results, record, t) != MP_REJECTED)
      continue;
    carry_rejected(c, t, &row->values[i].value);
    carried = true;
  }
  store_row_remove(c->run->store, batch->ids[record]);
  return carried;
}

/* Sets the rows aside that the output will never take. */
static void
set_rows_aside(struct cycle *c, const struct stage *output, struct batch *batch)
{
  struct store *store = c->run->store;

  for (size_t i = 0; i < batch->n; i++) {
    if (deliver_record_result(&batch->results, i) != MP_SET_ASIDE)
      continue;
    set_aside_row(store, output->name, batch->ids[i], clock_now_ms(),
                  deliver_record_reason(&batch->results, i));
    batch->set_aside++;
  }
  if (batch->set_aside > 0)
    batch->dropped_aside =
      set_aside_bound(store, output->name, (size_t)c->run->queue_max);
}

/* Takes the rows with a final result off the queue.  Returns true if all had
 * one. */
static bool
conclude_rows(struct cycle *c, const struct stage *output, struct batch *batch)
{
  size_t arrived = 0, unknown = 0;
  bool carried = false;

  for (size_t i = 0; i < batch->n; i++) {
    uint32_t result = deliver_record_result(&batch->results, i);

    unknown += result == MP_PERHAPS;
    arrived += result == MP_ACCEPTED;
    if (result == MP_ACCEPTED)
      carried |= conclude_row(c, output, batch, i);
  }
  set_rows_aside(c, output, batch);
  if (carried)
    book_save_output(c, output);
  if (unknown == 0)
    drop_token(c, output); /* no outcome is left for a later run to find out */
  return arrived + batch->set_aside == batch->n;
}

enum verdict
rows_send(struct cycle *c, const struct stage *output, struct batch *batch)
{
  const char *token = batch->recovers ? batch->token : NULL;
  enum verdict verdict = VERDICT_GOOD;

  deliver_results_init(&batch->results, output, BATCH_ROWS);
  write_rows(c, output, batch);
  /* Not all were written, so none is sent.  The token is kept: the outcome of
   * the rows is not known yet. */
  if (c->deliveries[output->index].is_broken)
    return VERDICT_GIVE_UP;
  if (batch->n > 0)
    verdict = deliver_commit(c, output, token, &batch->results);
  if (!conclude_rows(c, output, batch) && verdict == VERDICT_GOOD)
    verdict = VERDICT_NOTHING;
  return verdict;
}

/* ---- After the commit ---- */

/* Lists the values of the first row that was delivered; the others are only
 * counted. */
static void
note_delivered(struct cycle *c, const struct batch *batch, size_t record)
{
  const struct stage *output = batch->results.output;
  const struct queue_row *row = &batch->rows[record];
  size_t *rows = &c->deliveries[output->index].rows;

  for (size_t i = 0; i < row->n_values && *rows == 0; i++) {
    const struct target *t = stage_target(output, row->values[i].target, NULL);

    if (t && deliver_target_result(&batch->results, record, t) == MP_ACCEPTED)
      delivered_value(c, t, &row->values[i].value);
  }
  (*rows)++;
}

static void
report_set_aside(struct cycle *c, const struct batch *batch)
{
  const struct stage *output = batch->results.output;

  if (batch->set_aside > 0)
    cycle_fail(c, output, MP_EREFUSED, SET_ASIDE_OBJECT,
               "rows that the output will never take (so far %zu); \"meterpipe "
               "status --set-aside\" lists them, and \"meterpipe retry %s\" "
               "makes them pending again",
               set_aside_count(c->run->store, output->name), output->name);
  if (batch->dropped_aside > 0)
    cycle_fail(c, output, MP_EDATA, SET_ASIDE_OBJECT,
               "more than queue_max = %lld rows are set aside; the oldest are "
               "dropped (so far %lld)",
               (long long)c->run->queue_max, batch->dropped_aside);
}

void
rows_tell(struct cycle *c, struct batch *batch)
{
  deliver_results_explain(c, &batch->results, batch->recovers);
  report_set_aside(c, batch);
  for (size_t i = 0; i < batch->n; i++) {
    if (batch->results.n_written > 0 &&
        deliver_record_result(&batch->results, i) == MP_ACCEPTED)
      note_delivered(c, batch, i);
    queue_row_clear(&batch->rows[i]);
  }
  free(batch->rows);
  free(batch->ids);
  deliver_results_free(&batch->results);
}

/* ---- Tokens ---- */

bool
rows_need_recovery(const struct cycle *c, const struct stage *output)
{
  struct batch batch;

  return is_queued(output) && load_token(c, output, &batch) != TOKEN_NONE;
}

/* An output without a readable token is given up: the outcome of the rows that
 * were being written stays unknown. */
enum verdict
rows_recovery(struct cycle *c, const struct stage *output, struct batch *batch)
{
  if (load_token(c, output, batch) == TOKEN_UNREADABLE) {
    cycle_fail(c, output, MP_EDATA, "queue",
               "the state's note on the rows that were being written cannot "
               "be read: the rows are kept; \"meterpipe rebase --forget %s\" "
               "deletes the note, and the rows are written again",
               output->name);
    return VERDICT_GIVE_UP;
  }
  batch->recovers = true;
  if (delivery(output) != MP_HISTORY)
    return VERDICT_GOOD;
  /* The class was append before.  Writing a value of a history twice is
   * harmless. */
  drop_token(c, output);
  return VERDICT_NOTHING;
}

enum verdict
rows_token(struct cycle *c, const struct stage *output,
           const struct batch *batch)
{
  struct instance *instance = instance_of(c, output);
  char token[sizeof(batch->token)] = "";
  struct call call;
  int r;

  if (!output->plugin->output.append)
    return VERDICT_GOOD;
  call = call_begin(instance, "token");
  r = call_end(
    &call, output->plugin->append.token(instance->self, token, sizeof(token)),
    0);
  if (r == MP_OK && !storable_token(token, sizeof(token)))
    r = cycle_fail(c, output, MP_EINTERNAL, NULL,
                   "the plugin's token is not a line of clean UTF-8 that ends "
                   "within %zu bytes",
                   sizeof(token));
  if (r != MP_OK)
    return VERDICT_GIVE_UP;
  keep_token(c, output, batch, token);
  return VERDICT_GOOD;
}

/* ---- queue_max ---- */

/* Removes the oldest rows beyond queue_max, and returns their number.  Keeps
 * rows with an unknown outcome: without them it could not be found out. */
static size_t
drop_rows(struct cycle *c, const struct stage *output)
{
  struct run *run = c->run;
  size_t n = store_row_count(run->store, output->name), dropped = 0;
  struct batch unknown;

  if (load_token(c, output, &unknown) == TOKEN_UNREADABLE)
    return 0;
  for (; n > (size_t)run->queue_max; n--) {
    const struct store_row *row =
      store_row_next(run->store, output->name, unknown.last);

    if (!row)
      break;
    store_row_remove(run->store, row->id);
    dropped++;
  }
  return dropped;
}

/* Reports the number of rows dropped since the queue was last below its
 * bound. */
void
rows_bound(struct cycle *c, const struct stage *output)
{
  struct run *run = c->run;
  const char *known =
    store_get(run->store, STORE_META, output->name, dropped_key);
  size_t dropped = drop_rows(c, output);
  bool full =
    store_row_count(run->store, output->name) >= (size_t)run->queue_max;
  long long all = (known ? strtoll(known, NULL, 10) : 0) + (long long)dropped;
  char body[32];

  snprintf(body, sizeof(body), "%lld", all);
  if (all > 0)
    store_put(run->store, STORE_META, output->name, dropped_key,
              full ? body : NULL);
  if (all > 0 && full)
    cycle_fail(c, output, MP_EDATA, "queue",
               "more than queue_max = %lld rows are pending; the oldest are "
               "dropped (so far %lld)",
               (long long)run->queue_max, all);
}
