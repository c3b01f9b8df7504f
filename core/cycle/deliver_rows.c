/*
 * The queues of append and history outputs: rows in order, each once.
 *
 * Rows are committed before they are written.  The rows of an append output are
 * committed with a token, which identifies the place of the first row.  If a
 * run ends before the result, the next run passes the token to the plugin,
 * which finds out which rows were written.
 */
#include "core/cycle/deliver.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/book_state.h"
#include "core/cycle/delivered.h"
#include "core/cycle/queue_row.h"
#include "core/cycle/output_turns.h"
#include "core/pipeline/call.h"
#include "lib/storable.h"
#include "lib/utf8.h"

/* Rows of one commit.  More rows cost nothing, and one answer covers all. */
#define BATCH_ROWS 256

/* The rows that are being written, and the place of the first in the output. */
struct batch {
  int64_t first, last; /* ids of rows */
  size_t n;
  char token[512];
};

static const char token_key[] = "token";
static const char dropped_key[] = "dropped";

static bool
batch_of(const struct cycle *c, const struct stage *output, struct batch *batch)
{
  const struct store *store = c->run->store;
  const struct store_row *row = store_row_next(store, output->name, 0);

  memset(batch, 0, sizeof(*batch));
  for (; row && batch->n < BATCH_ROWS; batch->n++) {
    if (batch->n == 0)
      batch->first = row->id;
    batch->last = row->id;
    row = store_row_next(store, output->name, row->id);
  }
  return batch->n > 0;
}

static bool
keep_token(struct cycle *c, const struct stage *output,
           const struct batch *batch)
{
  char *body;

  if (asprintf(&body, "%" PRId64 " %" PRId64 " %s %s", batch->first,
               batch->last, output->plugin->table.name, batch->token) < 0)
    return false;
  store_put(c->run->store, STORE_META, output->name, token_key, body);
  free(body);
  return true;
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

/* Gives OUTPUT up: its token cannot be read, so the outcome of the rows that
 * were being written stays unknown. */
static void
refuse_token(struct cycle *c, const struct stage *output)
{
  output_state(c, output)->given_up = true;
  cycle_fail(c, output, MP_EDATA, "queue",
             "the state's note on the rows that were being written cannot be "
             "read: the rows are kept; \"meterpipe rebase --forget %s\" "
             "deletes the note, and the rows are written again",
             output->name);
}

/* Handles a row that was not decoded.  Out of memory: the row is kept, and
 * OUTPUT is given up.  Otherwise removes the row. */
static void
give_up_row(struct cycle *c, const struct stage *output, int64_t id)
{
  if (errno == ENOMEM) {
    cycle_fail(c, output, MP_ENOMEM, NULL, "out of memory");
    deliver_give_up(c, output);
    return;
  }
  cycle_fail(c, output, MP_EDATA, NULL,
             "row %" PRId64 " of its queue cannot be read and is left out", id);
  store_row_remove(c->run->store, id);
}

static bool
write_row(struct cycle *c, const struct stage *output,
          const struct store_row *stored, struct results *results)
{
  struct queue_row row;

  errno = 0;
  if (!queue_row_decode(&row, stored->body)) {
    give_up_row(c, output, stored->id);
    return false;
  }
  deliver_begin(c, output, row.time_ms, row.time_ms, stored->id);
  for (size_t i = 0; i < row.n_values; i++) {
    const struct target *t = stage_target(output, row.values[i].target, NULL);

    if (t)
      deliver_write(c, t, &row.values[i].value, results);
  }
  queue_row_clear(&row);
  return true;
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

static void
note_delivered(struct cycle *c, const struct stage *output,
               const struct queue_row *row, const struct results *results,
               size_t record)
{
  for (size_t i = 0;
       i < row->n_values && c->deliveries[output->index].rows == 0; i++) {
    const struct target *t = stage_target(output, row->values[i].target, NULL);

    if (t && deliver_target_result(results, record, t) == MP_ACCEPTED)
      delivered_value(c, t, &row->values[i].value);
  }
  c->deliveries[output->index].rows++;
}

/* Takes an accepted row off the queue; rejected amounts go to the next row. */
static void
conclude_row(struct cycle *c, const struct stage *output, int64_t id,
             const struct results *results, size_t record)
{
  struct run *run = c->run;
  const struct store_row *stored =
    store_row_next(run->store, output->name, id - 1);
  bool carried = false;
  struct queue_row row;

  if (!queue_row_decode(&row,
                        stored->body)) { /* valid: it was decoded before */
    cycle_fail(c, output, MP_ENOMEM, NULL, "out of memory");
    c->d.state_failed = true;
    return;
  }
  note_delivered(c, output, &row, results, record);
  for (size_t i = 0; i < row.n_values; i++) {
    const struct target *t = stage_target(output, row.values[i].target, NULL);

    if (!t || c->d.ledgers[t->index].role != LEDGER_DELTA ||
        deliver_target_result(results, record, t) != MP_REJECTED)
      continue;
    carry_rejected(c, t, &row.values[i].value);
    carried = true;
  }
  if (carried && book_save_output(c, output) != MP_OK)
    c->d.state_failed = true;
  queue_row_clear(&row);
  store_row_remove(run->store, id);
}

/* Writes the rows of a batch, gets their results, and takes the accepted rows
 * off the queue.  TOKEN is that of an earlier run whose rows are recovered, or
 * NULL.  Returns true if all rows were accepted. */
static bool
deliver_batch(struct cycle *c, const struct stage *output,
              const struct batch *batch, const char *token)
{
  struct store *store = c->run->store;
  struct results results;
  int64_t ids[BATCH_ROWS], id;
  size_t n = 0, arrived = 0, unknown = 0;

  deliver_results_init(&results, output, BATCH_ROWS);
  for (const struct store_row *row =
         store_row_next(store, output->name, batch->first - 1);
       row && row->id <= batch->last && n < BATCH_ROWS &&
       !output_state(c, output)->given_up;
       row = store_row_next(store, output->name, id)) {
    id = row->id;
    if (write_row(c, output, row, &results))
      ids[n++] = id;
  }
  /* Not all were written, so none is sent.  The token is kept: the outcome of
   * the rows is not known yet. */
  if (output_state(c, output)->given_up) {
    deliver_results_free(&results);
    return false;
  }
  if (n > 0)
    deliver_commit(c, output, token, &results);
  for (size_t i = 0; i < n; i++) {
    uint32_t result = deliver_record_result(&results, i);

    unknown += result == MP_PERHAPS;
    arrived += result == MP_ACCEPTED;
    if (result == MP_ACCEPTED)
      conclude_row(c, output, ids[i], &results, i);
  }
  if (unknown == 0)
    drop_token(c, output); /* no outcome is left for a later run to find out */
  deliver_results_free(&results);
  return arrived == n;
}

static bool
needs_recovery(const struct cycle *c, const struct stage *output)
{
  struct batch batch;

  return is_queued(output) && load_token(c, output, &batch) != TOKEN_NONE;
}

void
deliver_recover(struct cycle *c)
{
  turns_mark(c, needs_recovery);
  FOR_EACH_OUTPUT(c, output)
  {
    struct batch batch;

    if (!turn_begin(c, output))
      continue;
    if (load_token(c, output, &batch) == TOKEN_UNREADABLE)
      refuse_token(c, output);
    /* The class may have been append before.  Writing a value of a history
     * twice is harmless. */
    else if (delivery(output) == MP_HISTORY)
      drop_token(c, output);
    else if (deliver_open(c, output))
      deliver_batch(c, output, &batch, batch.token);
    turn_end(c, output);
    if (!deliver_commit_state(c))
      return;
  }
}

/* Takes a token for the next rows.  Returns false, and gives OUTPUT up, if that
 * fails. */
static bool
take_token(struct cycle *c, const struct stage *output, struct batch *batch)
{
  struct call call;
  int r;

  if (!output->plugin->output.append)
    return true;
  call = call_begin(instance_of(c, output), "token");
  r = call_end(&call,
               output->plugin->append.token(instance_of(c, output)->self,
                                            batch->token, sizeof(batch->token)),
               0);
  if (r == MP_OK && !storable_token(batch->token, sizeof(batch->token)))
    r = cycle_fail(c, output, MP_EINTERNAL, NULL,
                   "the plugin's token is not a line of clean UTF-8 that ends "
                   "within %zu bytes",
                   sizeof(batch->token));
  if (r == MP_OK && !keep_token(c, output, batch))
    r = cycle_fail(c, output, MP_ENOMEM, NULL, "out of memory");
  output_state(c, output)->given_up = r != MP_OK;
  return r == MP_OK;
}

void
deliver_tokens(struct cycle *c)
{
  FOR_EACH_OUTPUT(c, output)
  {
    struct batch batch;

    if (!is_queued(output) || !turn_begin(c, output))
      continue;
    /* The outcome of the rows before is not known yet. */
    if (load_token(c, output, &batch) != TOKEN_NONE)
      output_state(c, output)->given_up = true;
    else if (batch_of(c, output, &batch) && deliver_open(c, output))
      take_token(c, output, &batch);
    turn_pause(c);
  }
}

/* Delivers batch by batch.  The token of the first batch is committed already;
 * each further token is committed with the answers to the batch before it. */
static void
deliver_queue(struct cycle *c, const struct stage *output)
{
  struct batch batch;

  while (!output_state(c, output)->given_up && batch_of(c, output, &batch)) {
    if (!deliver_batch(c, output, &batch, NULL) ||
        output_state(c, output)->given_up)
      return;
    if (run_stopped() || run_time_left(c->run) == 0 ||
        !batch_of(c, output, &batch))
      return;
    if (!take_token(c, output, &batch) || !deliver_commit_state(c))
      return;
  }
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
static void
bound_queue(struct cycle *c, const struct stage *output)
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

void
deliver_rows(struct cycle *c)
{
  FOR_EACH_OUTPUT(c, output)
  {
    if (!is_queued(output) || c->d.state_failed)
      continue;
    if (instance_of(c, output)->is_open && deliver_commit_state(c) &&
        turn_begin(c, output)) {
      deliver_queue(c, output);
      turn_end(c, output);
    }
    if (!c->d.state_failed)
      bound_queue(c, output);
  }
}
