/*
 * Delivering: live values, rows in order, and the latest value of targets.
 *
 * What is sent is in the state before it leaves; what became of it is put into
 * the state after it.
 */
#include "core/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/row.h"

/* Two values of a target are this far apart, so that a time of last update in
 * whole seconds tells them apart. */
#define APART_MS 2000

/* ---- Calling an output ---- */

void
deliver_begin(struct stage *output, int64_t time_ms, int64_t id)
{
  char text[128];
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = time_ms,
                              .id = text };

  output->took_part = true;
  output->pending_records++;
  if (!output->plugin->output.begin)
    return;
  snprintf(text, sizeof(text), "%s-%" PRId64, output->name, id);
  output->plugin->output.begin(output->self, &record);
}

void
deliver_write(struct stage *output, const struct target *t,
              const struct value *v)
{
  struct mp_value value = value_export(v);

  output->plugin->output.write(output->self, t->number, &value);
}

static void
take_result(const struct mp_result_sink *sink, uint32_t record, uint32_t target,
            uint32_t result)
{
  struct results *results = sink->ctx;

  if (result < MP_ACCEPTED || result > MP_REJECTED)
    result = MP_PERHAPS;
  for (size_t i = 0; i < results->n; i++)
    if (results->by_record ? i == record
                           : target == MP_ALL_TARGETS || i == target)
      results->result[i] = result;
}

/* Calls commit, or with a token recover. */
int
deliver_commit(struct stage *output, const char *token,
               struct results *results)
{
  const struct mp_output_ops *ops = &output->plugin->output;
  struct mp_result_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = results,
                                 .result = take_result };
  unsigned failures =
    report_count(output->pipeline->run->report, output->name);
  int r;

  output->pending_records = 0;
  r = token ? ops->recover(output->self, token, &sink)
            : ops->commit(output->self, &sink);
  r = stage_explained(output, r, token ? "recover" : "commit", failures);
  if (r < 0)
    output->given_up = true;
  return r;
}

static bool
results_init(struct results *results, size_t n, bool by_record)
{
  results->n = n;
  results->by_record = by_record;
  results->result = malloc((n + 1) * sizeof(*results->result));
  for (size_t i = 0; results->result && i < n; i++)
    results->result[i] = MP_PERHAPS;
  return results->result != NULL;
}

static bool
open_output(struct stage *output)
{
  if (!output->given_up && stage_open(output) != MP_OK)
    output->given_up = true;
  return !output->given_up;
}

/* ---- Live outputs ---- */

void
deliver_values(struct stage *output, int64_t time_ms)
{
  deliver_begin(output, time_ms, time_ms);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (target_counts(t))
      deliver_write(output, t, &t->source->value);
  }
}

void
deliver_live(struct pipeline *p, int64_t time_ms)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    struct results results = { 0 };

    if (delivery(output) != MP_LIVE || !time_ms || !open_output(output))
      continue;
    deliver_values(output, time_ms);
    deliver_commit(output, NULL, &results);
  }
}

/* ---- Rows: the queues of append and history outputs ---- */

/* Rows of one commit: more cost nothing, and one answer tells of all. */
#define BATCH_ROWS 256

/* The rows that are being written, and where the first of them will stand. */
struct batch {
  int64_t first, last; /* ids */
  size_t n;
  char token[512];
};

static const char token_key[] = "token";

static bool
batch_of(const struct stage *output, struct batch *batch)
{
  const struct store *store = output->pipeline->run->store;
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

static void
keep_token(struct stage *output, const struct batch *batch)
{
  char body[600];

  snprintf(body, sizeof(body), "%" PRId64 " %" PRId64 " %s", batch->first,
           batch->last, batch->token);
  store_put(output->pipeline->run->store, STORE_META, output->name, token_key,
            body);
}

static void
drop_token(struct stage *output)
{
  store_put(output->pipeline->run->store, STORE_META, output->name, token_key,
            NULL);
}

static bool
load_token(const struct stage *output, struct batch *batch)
{
  const char *body = store_get(output->pipeline->run->store, STORE_META,
                               output->name, token_key);
  int used = 0;

  memset(batch, 0, sizeof(*batch));
  if (!body || sscanf(body, "%" SCNd64 " %" SCNd64 "%n", &batch->first,
                      &batch->last, &used) != 2 ||
      body[used] != ' ')
    return false;
  snprintf(batch->token, sizeof(batch->token), "%s", body + used + 1);
  return true;
}

static void
write_row(struct stage *output, const struct store_row *stored)
{
  struct row row;

  if (!row_decode(&row, stored->body)) {
    stage_fail(output, MP_EDATA, NULL,
               "row %" PRId64 " of its queue cannot be understood and is left "
               "out",
               stored->id);
    return;
  }
  deliver_begin(output, row.time_ms, stored->id);
  for (size_t i = 0; i < row.n_values; i++) {
    const struct target *t =
      stage_target(output, row.values[i].target, NULL);

    if (t)
      deliver_write(output, t, &row.values[i].value);
  }
  row_clear(&row);
}

/* Writes the rows of a batch, asks what became of them, and takes what arrived
 * off the queue.  True: all of them arrived. */
static bool
deliver_batch(struct stage *output, const struct batch *batch,
              const char *token)
{
  struct store *store = output->pipeline->run->store;
  const struct store_row *row;
  struct results results;
  int64_t ids[BATCH_ROWS];
  size_t n = 0, arrived = 0, unsure = 0;

  if (!results_init(&results, BATCH_ROWS, true))
    return false;
  for (row = store_row_next(store, output->name, batch->first - 1);
       row && row->id <= batch->last && n < BATCH_ROWS;
       row = store_row_next(store, output->name, row->id)) {
    write_row(output, row);
    ids[n++] = row->id;
  }
  if (n > 0)
    deliver_commit(output, token, &results);
  for (size_t i = 0; i < n; i++) {
    arrived += results.result[i] == MP_ACCEPTED;
    unsure += results.result[i] == MP_PERHAPS;
    if (results.result[i] == MP_ACCEPTED)
      store_row_remove(store, ids[i]);
  }
  if (unsure == 0)
    drop_token(output); /* nothing is left that a later run had to find out */
  free(results.result);
  return arrived == n;
}

void
deliver_recover(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    struct batch batch;

    if (delivery(output) != MP_APPEND || !load_token(output, &batch) ||
        !open_output(output))
      continue;
    deliver_batch(output, &batch, batch.token);
  }
}

/* A token for the rows that are written next. */
static bool
take_token(struct stage *output, struct batch *batch)
{
  unsigned failures;
  int r;

  if (!output->plugin->output.token)
    return true;
  failures = report_count(output->pipeline->run->report, output->name);
  r = stage_explained(output,
                      output->plugin->output.token(output->self, batch->token,
                                                   sizeof(batch->token)),
                      "token", failures);
  if (r != MP_OK) {
    output->given_up = true;
    return false;
  }
  keep_token(output, batch);
  return true;
}

static bool
is_queued(const struct stage *output)
{
  return delivery(output) == MP_APPEND || delivery(output) == MP_HISTORY;
}

void
deliver_tokens(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    struct batch batch;

    if (!is_queued(output))
      continue;
    if (load_token(output, &batch)) /* what became of them is not known yet */
      output->given_up = true;
    else if (batch_of(output, &batch) && open_output(output))
      take_token(output, &batch);
  }
}

static int
commit_state(struct pipeline *p)
{
  int r = store_commit(p->run->store);

  if (r != MP_OK) {
    report_failure(p->run->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(p->run->store));
    p->run->stateless = true;
  }
  return r;
}

/* The first batch's token is committed already; each further one with the
 * answers to the batch before it. */
static void
deliver_queue(struct stage *output)
{
  struct pipeline *p = output->pipeline;
  struct batch batch;

  while (!output->given_up && batch_of(output, &batch)) {
    if (!deliver_batch(output, &batch, NULL) || output->given_up)
      return;
    if (run_stopped() || run_time_left(p->run) == 0 ||
        !batch_of(output, &batch))
      return;
    if (!take_token(output, &batch) || commit_state(p) != MP_OK)
      return;
  }
}

void
deliver_rows(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    if (is_queued(output) && output->is_open && !p->run->stateless)
      deliver_queue(output);
  }
}

/* ---- Latest outputs ---- */

/* When TARGET may be sent to, on the monotonic clock. */
static int64_t
ready_at(const struct target *t)
{
  int64_t ready = t->ready_ms, now = clock_mono_ms();
  int64_t age = clock_age_ms(clock_now_ms(), t->ledger.sent_ms);

  if (age < APART_MS && now + APART_MS - age > ready)
    ready = now + APART_MS - age;
  return ready;
}

static int64_t
next_ready(const struct stage *output)
{
  int64_t next = INT64_MAX;

  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->sending && ready_at(output->targets[i]) < next)
      next = ready_at(output->targets[i]);
  return next;
}

static bool
write_target(struct stage *output, struct target *t)
{
  struct value sent = { 0 };

  if (!ledger_as_sent(&t->ledger, &sent))
    return false;
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *part = output->targets[i];

    if (part->part && strcmp(part->name, t->name) == 0 && target_counts(part))
      deliver_write(output, part, &part->source->value);
  }
  deliver_write(output, t, &sent);
  value_clear(&sent);
  return true;
}

static void
take_answer(struct target *t, uint32_t result)
{
  if (result == MP_ACCEPTED || result == MP_PERHAPS)
    t->ledger.sent_ms = clock_now_ms();
  ledger_result(&t->ledger, result);
  t->sending = false;
}

/* Sends to the targets that are ready by NOW. */
static void
send_ready(struct stage *output, int64_t now, int64_t time_ms)
{
  struct results results;
  bool *written = calloc(output->n_targets + 1, sizeof(*written));

  if (!written || !results_init(&results, output->n_targets, false)) {
    free(written);
    output->given_up = true;
    return;
  }
  deliver_begin(output, time_ms, time_ms);
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];

    written[i] = t->sending && ready_at(t) <= now && write_target(output, t);
  }
  deliver_commit(output, NULL, &results);
  for (size_t i = 0; i < output->n_targets; i++)
    if (written[i])
      take_answer(output->targets[i], results.result[i]);
  free(results.result);
  free(written);
}

/* What is still to be sent when the run must end was certainly not sent. */
static void
leave_unsent(struct stage *output, bool no_time)
{
  size_t n = 0;

  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->sending) {
      take_answer(output->targets[i], MP_NOT_SENT);
      n++;
    }
  if (n > 0 && no_time)
    stage_fail(output, MP_ETIMEOUT, NULL,
               "no time was left to send to %zu target%s; what is due waits", n,
               n == 1 ? "" : "s");
}

static void
send_latest(struct stage *output)
{
  struct run *run = output->pipeline->run;

  while (!output->given_up && !run_stopped()) {
    int64_t next = next_ready(output), now = clock_mono_ms();

    if (next == INT64_MAX)
      return;
    if (next > now && next - now >= run_time_left(run))
      break;
    if (next > now)
      clock_sleep_ms(next - now, run->cancel_fd);
    else
      send_ready(output, now, clock_now_ms());
  }
  leave_unsent(output, !output->given_up && !run_stopped());
}

void
deliver_latest(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) != MP_LATEST || p->run->stateless)
      continue;
    if (next_ready(output) == INT64_MAX || !open_output(output))
      leave_unsent(output, false);
    else
      send_latest(output);
  }
}
