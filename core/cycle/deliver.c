/* Calls outputs: records, results, and the live outputs. */
#include "core/cycle/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/delivered.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/output_turns.h"
#include "core/pipeline/call.h"
#include "core/pipeline/stage.h"
#include "core/run/progress.h"

/* ---- Calling an output ---- */

/* Size of a record's id: a name, two numbers with their signs, and a NUL. */
#define RECORD_DIGITS 20
#define RECORD_ID (CONFIG_MAX_NAME + 2 * (1 + RECORD_DIGITS) + 1)

/* Writes "-N" at END and returns the new end.  By hand, because a capture has
 * a million of them. */
static char *
append_number(char *end, int64_t n)
{
  char digits[RECORD_DIGITS];
  uint64_t rest = n > 0 ? (uint64_t)n : 0;
  size_t n_digits = 0;

  do
    digits[n_digits++] = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  *end++ = '-';
  while (n_digits > 0)
    *end++ = digits[--n_digits];
  *end = 0;
  return end;
}

/* Writes "NAME-NUMBER" to BUF; of a row, "NAME-NUMBER-ROW".  NUMBER is a time:
 * rows are counted from 1 again after a state was lost, and a receiver that
 * knows records by id must not take a new one for an old one. */
static void
record_id(const struct stage *output, int64_t number, int64_t row, char *buf)
{
  size_t len = strnlen(output->name, CONFIG_MAX_NAME);
  char *end;

  memcpy(buf, output->name, len);
  end = append_number(buf + len, number);
  if (row)
    append_number(end, row);
}

/* The plugin drops the written values when it is closed. */
void
deliver_give_up(struct stage *output)
{
  stage_close(output);
  output->pending_records = 0;
  output->given_up = true;
}

void
deliver_begin(struct stage *output, int64_t time_ms, int64_t number,
              int64_t row)
{
  char text[RECORD_ID];
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = time_ms,
                              .id = text };
  struct call call;

  if (output->given_up)
    return;
  output->took_part = true;
  if (output->pending_records++ == 0)
    output->explained = atomic_load(&output->n_explained);
  if (!output->plugin->output.begin)
    return;
  record_id(output, number, row, text);
  call = call_begin(output, "begin");
  if (call_end(&call, output->plugin->output.begin(output->self, &record), 0) !=
      MP_OK)
    deliver_give_up(output);
}

/* ---- Cells ---- */

/* Values of a cell besides MP_ACCEPTED ... MP_REJECTED, and 0: the record has
 * no value for this target. */
#define CELL_WRITTEN 6 /* written, and commit gave no result for it alone */
#define CELL_REFUSED 7 /* refused by write */

/* Returns a cell of RESULTS; NULL: there is none. */
static uint8_t *
cell_of(const struct results *results, size_t record, size_t target)
{
  size_t n_targets = results->output->n_targets;

  return results->cells && record < results->n && target < n_targets
           ? &results->cells[record * n_targets + target]
           : NULL;
}

bool
deliver_results_init(struct results *results, struct stage *output, size_t n)
{
  *results = (struct results){ .output = output, .n = n };
  results->result = calloc(n + 1, sizeof(*results->result));
  results->cells = calloc(n + 1, output->n_targets + 1);
  if (results->result && results->cells)
    return true;
  stage_fail(output, MP_ENOMEM, NULL, "out of memory");
  deliver_results_free(results);
  return false;
}

void
deliver_results_free(struct results *results)
{
  free(results->result);
  free(results->cells);
  memset(results, 0, sizeof(*results));
}

/* ---- Records ---- */

/* Returns true if a write that fails with R refuses that value alone. */
static bool
refuses_value(int r)
{
  return r == MP_EDATA || r == MP_ERANGE || r == MP_ECONFIG;
}

void
deliver_write(struct stage *output, const struct target *t,
              const struct value *v, struct results *results)
{
  struct mp_value value = value_export(v);
  uint8_t *cell = NULL;
  struct call call;
  int r;

  if (output->given_up)
    return;
  if (results)
    cell = cell_of(results, output->pending_records - 1, t->number);
  call = call_begin(output, "write");
  r = call_end(
    &call, output->plugin->output.write(output->self, t->number, &value), 0);
  if (cell)
    *cell = r == MP_OK ? CELL_WRITTEN : CELL_REFUSED;
  if (r != MP_OK && !refuses_value(r))
    deliver_give_up(output);
}

/* ---- Results ---- */

/* Returns the result of the value alone, else of the record; 0: none, or no
 * value. */
static uint32_t
target_result(const struct results *results, size_t record, size_t target)
{
  const uint8_t *cell = cell_of(results, record, target);

  if (!cell)
    return 0;
  if (*cell == CELL_REFUSED)
    return MP_REJECTED;
  return *cell == CELL_WRITTEN ? results->result[record] : *cell;
}

/* Returns the result of the record, else one derived from those of its values;
 * 0: none. */
static uint32_t
record_result(const struct results *results, size_t record)
{
  uint32_t worst = 0;

  if (results->result[record])
    return results->result[record];
  for (size_t i = 0; i < results->output->n_targets; i++) {
    const uint8_t *cell = cell_of(results, record, i);
    uint32_t result = target_result(results, record, i);

    if (!cell || !*cell)
      continue;
    if (result == 0 || result == MP_PERHAPS)
      return result;
    if (result == MP_NOT_SENT || result == MP_RETRY)
      worst = result;
    else if (!worst)
      worst = MP_ACCEPTED;
  }
  return worst;
}

uint32_t
deliver_record_result(const struct results *results, size_t record)
{
  uint32_t result = record_result(results, record);

  return result ? result : MP_PERHAPS;
}

uint32_t
deliver_target_result(const struct results *results, size_t record,
                      const struct target *t)
{
  const uint8_t *cell = cell_of(results, record, t->number);
  uint32_t result = target_result(results, record, t->number);

  return cell && *cell && !result ? MP_PERHAPS : result;
}

static void
take_result(const struct mp_result_sink *sink, uint32_t record, uint32_t target,
            uint32_t result)
{
  struct results *results = sink->ctx;
  uint8_t *cell = cell_of(results, record, target);

  if (result < MP_ACCEPTED || result > MP_REJECTED) {
    if (!results->nonsense)
      stage_fail(results->output, MP_EINTERNAL, NULL,
                 "the plugin gave the result %u, which does not exist",
                 (unsigned)result);
    results->nonsense = true;
    result = MP_PERHAPS;
  }
  if (record >= results->n)
    return;
  if (target == MP_ALL_TARGETS || !results->cells)
    results->result[record] = result;
  else if (cell && *cell && *cell != CELL_REFUSED)
    *cell = (uint8_t)result;
}

/* Sets the results after begin or write failed.  Nothing was sent now, but in
 * recovery an earlier run may have sent the rows. */
static void
leave_all(struct results *results, bool recovers)
{
  for (size_t i = 0; i < results->n; i++)
    results->result[i] = recovers ? MP_PERHAPS : MP_NOT_SENT;
}

/* ---- Results without an explanation ---- */

static const char *
what_is_kept(const struct stage *output)
{
  if (delivery(output) == MP_LIVE)
    return "a live output keeps nothing";
  if (!store_is_durable(output->pipeline->run->store))
    return "without a state nothing is kept";
  return delivery(output) == MP_LATEST ? "the pending values are kept"
                                       : "the rows are kept";
}

static void
report_unexplained(struct stage *output, uint32_t result, const char *of_what,
                   const char *kept)
{
  static const char *const words[] = { "no result",    "",
                                       "\"not sent\"", "\"outcome unknown\"",
                                       "\"retry\"",    "\"rejected\"" };

  stage_fail(output, result == MP_REJECTED ? MP_EREFUSED : MP_EAGAIN, NULL,
             "the plugin gave %s for %s and did not say why; %s", words[result],
             of_what, kept);
}

static void
check_records(const struct results *results, size_t n, uint32_t result)
{
  char text[64];
  size_t found = 0;

  for (size_t i = 0; i < n; i++)
    found += record_result(results, i) == result;
  snprintf(text, sizeof(text), "%zu of %zu records", found, n);
  if (found > 0)
    report_unexplained(results->output, result, text,
                       what_is_kept(results->output));
}

/* Reports values that commit rejected in records that it did not reject. */
static void
check_rejections(const struct results *results, size_t n)
{
  struct stage *output = results->output;
  struct target_list list = { 0 };

  for (size_t i = 0; i < output->n_targets; i++)
    for (size_t record = 0; record < n; record++) {
      const uint8_t *cell = cell_of(results, record, i);

      if (cell && *cell == MP_REJECTED) {
        target_list_add(&list, output->targets[i]);
        break;
      }
    }
  if (list.n > 0)
    report_unexplained(output, MP_REJECTED, target_list_text(&list),
                       "the records count as delivered without them");
}

static void
check_targets(const struct results *results, uint32_t result)
{
  struct stage *output = results->output;
  struct target_list list = { 0 };

  for (size_t i = 0; i < output->n_targets; i++) {
    const uint8_t *cell = cell_of(results, 0, i);

    if (cell && *cell && target_result(results, 0, i) == result)
      target_list_add(&list, output->targets[i]);
  }
  if (list.n > 0)
    report_unexplained(output, result, target_list_text(&list),
                       what_is_kept(output));
}

/* Reports each result but MP_ACCEPTED, unless the plugin has explained a
 * failure since the first begin: a run must not end with "all delivered" if
 * nothing was.  Counts the records of a queue; names the targets of other
 * outputs. */
static void
check_explained(const struct results *results, size_t n_records, bool recovers)
{
  const struct stage *output = results->output;
  size_t n = n_records < results->n ? n_records : results->n;
  bool by_record = !results->cells || is_queued(output);

  if (atomic_load(&output->n_explained) != output->explained || run_stopped())
    return;
  for (uint32_t result = 0; result <= MP_REJECTED; result++) {
    /* Recovered rows that were not sent are written now. */
    if (result == MP_ACCEPTED || (recovers && result == MP_NOT_SENT))
      continue;
    if (by_record)
      check_records(results, n, result);
    else
      check_targets(results, result);
  }
  if (by_record)
    check_rejections(results, n);
}

void
deliver_commit(struct stage *output, const char *token, struct results *results)
{
  const struct mp_output_ops *ops = &output->plugin->output;
  struct mp_result_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = results,
                                 .result = take_result };
  size_t n_records = output->pending_records;
  struct call call;
  int r;

  output->pending_records = 0;
  if (output->given_up) { /* begin or write failed */
    leave_all(results, token);
    return;
  }
  call = call_begin(output, token ? "recover" : "commit");
  r = token ? ops->recover(output->self, token, &sink)
            : ops->commit(output->self, &sink);
  if (call_end(&call, r, 0) < 0)
    output->given_up = true;
  check_explained(results, n_records, token);
}

bool
deliver_open(struct stage *output)
{
  if (!output->given_up && stage_open(output) != MP_OK)
    output->given_up = true;
  return !output->given_up;
}

/* ---- The state ---- */

bool
deliver_commit_with(struct pipeline *p, int (*how)(struct store *store))
{
  int r;

  progress_begin("the state", "commit");
  r = how(p->run->store);
  progress_end();
  if (r != MP_OK)
    report_failure(p->run->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(p->run->store));
  p->run->state_failed = r != MP_OK;
  return r == MP_OK;
}

/* Ledgers and queues are in the store already. */
bool
deliver_commit_state(struct pipeline *p)
{
  return !p->run->state_failed && deliver_commit_with(p, store_commit_answers);
}

/* ---- Turns ---- */

static bool
has_pending(const struct stage *output)
{
  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->sending || output->targets[i]->ledger.pending.kind)
      return true;
  return false;
}

/* Returns true if OUTPUT has something to send. */
static bool
needs_sending(const struct stage *output)
{
  const struct run *run = output->pipeline->run;

  if (output->given_up)
    return false;
  if (delivery(output) == MP_LIVE)
    return true;
  if (run->state_failed)
    return false;
  if (delivery(output) == MP_LATEST)
    return has_pending(output);
  return store_row_next(run->store, output->name, 0);
}

void
deliver_mark(struct pipeline *p)
{
  turns_mark(p, needs_sending);
}

/* ---- Live outputs ---- */

void
deliver_values(struct stage *output, int64_t time_ms, struct results *results)
{
  deliver_begin(output, time_ms, time_ms, 0);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (target_counts(t))
      deliver_write(output, t, &t->source->value, results);
  }
}

static void
deliver_one(struct stage *output, int64_t time_ms)
{
  struct results results;

  if (!deliver_results_init(&results, output, 1))
    return;
  deliver_values(output, time_ms, &results);
  deliver_commit(output, NULL, &results);
  for (size_t i = 0; i < output->n_targets; i++)
    if (deliver_target_result(&results, 0, output->targets[i]) == MP_ACCEPTED)
      delivered_value(output->targets[i], &output->targets[i]->source->value);
  deliver_results_free(&results);
}

void
deliver_live(struct pipeline *p, int64_t time_ms)
{
  FOR_EACH_OUTPUT(p, output)
  {
    if (delivery(output) != MP_LIVE || !turn_begin(output))
      continue;
    if (time_ms && deliver_open(output))
      deliver_one(output, time_ms);
    turn_end(output);
  }
}
