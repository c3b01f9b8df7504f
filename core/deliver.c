/* Calling outputs: records, results, and the live outputs. */
#include "core/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/call.h"

/* ---- Calling an output ---- */

/* A record's id: a name and two numbers, with their signs and a NUL. */
#define RECORD_DIGITS 20
#define RECORD_ID (CONFIG_MAX_NAME + 2 * (1 + RECORD_DIGITS) + 1)

/* "-N" at END, and the new end; by hand, because a recording has a million of
 * them. */
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

/* "NAME-TIME", of a row "NAME-TIME-ROW": rows are counted from 1 again when a
 * state was lost, and whoever knows a record by its id must not take the new
 * one for the old. */
static void
record_id(const struct stage *output, int64_t time_ms, int64_t id, char *buf)
{
  size_t len = strnlen(output->name, CONFIG_MAX_NAME);
  char *end;

  memcpy(buf, output->name, len);
  end = append_number(buf + len, time_ms);
  if (id != time_ms)
    append_number(end, id);
}

void
deliver_begin(struct stage *output, int64_t time_ms, int64_t id)
{
  char text[RECORD_ID];
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = time_ms,
                              .id = text };
  struct call call;

  output->took_part = true;
  output->pending_records++;
  if (!output->plugin->output.begin)
    return;
  record_id(output, time_ms, id, text);
  call = call_begin(output, "begin");
  call_end(&call, output->plugin->output.begin(output->self, &record), 0);
}

void
deliver_write(struct stage *output, const struct target *t,
              const struct value *v)
{
  struct mp_value value = value_export(v);
  struct call call = call_begin(output, "write");

  call_end(&call, output->plugin->output.write(output->self, t->number, &value),
           0);
}

/* ---- Results ---- */

static void
take_record_result(struct results *results, uint32_t record, uint32_t target,
                   uint32_t result)
{
  uint8_t *cell;

  if (record >= results->n)
    return;
  if (target == MP_ALL_TARGETS) {
    results->result[record] = result;
    results->told[record] = true;
  } else if (target < results->output->n_targets) {
    cell = deliver_cell(results, record, target);
    if (*cell)
      *cell = (uint8_t)result;
  }
}

static void
take_result(const struct mp_result_sink *sink, uint32_t record, uint32_t target,
            uint32_t result)
{
  struct results *results = sink->ctx;

  if (result < MP_ACCEPTED || result > MP_REJECTED) {
    if (!results->nonsense)
      stage_fail(results->output, MP_EINTERNAL, NULL,
                 "the plugin gave the result %u, which does not exist",
                 (unsigned)result);
    results->nonsense = true;
    result = MP_PERHAPS;
  }
  if (results->by_record) {
    take_record_result(results, record, target, result);
    return;
  }
  for (size_t i = 0; i < results->n; i++)
    if (target == MP_ALL_TARGETS || i == target)
      results->result[i] = result;
}

/* Calls commit, or with a token recover. */
int
deliver_commit(struct stage *output, const char *token, struct results *results)
{
  const struct mp_output_ops *ops = &output->plugin->output;
  struct mp_result_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = results,
                                 .result = take_result };
  struct call call = call_begin(output, token ? "recover" : "commit");
  int r;

  output->pending_records = 0;
  results->output = output;
  r = token ? ops->recover(output->self, token, &sink)
            : ops->commit(output->self, &sink);
  r = call_end(&call, r, 0);
  if (r < 0)
    output->given_up = true;
  return r;
}

bool
deliver_results_init(struct results *results, size_t n, bool by_record)
{
  *results = (struct results){ .by_record = by_record, .n = n };
  results->result = malloc((n + 1) * sizeof(*results->result));
  for (size_t i = 0; results->result && i < n; i++)
    results->result[i] = MP_PERHAPS;
  return results->result != NULL;
}

bool
deliver_results_init_rows(struct results *results, struct stage *output,
                          size_t n)
{
  if (!deliver_results_init(results, n, true))
    return false;
  results->output = output;
  results->cells = calloc(n, output->n_targets + 1);
  results->told = calloc(n, sizeof(*results->told));
  if (results->cells && results->told)
    return true;
  deliver_results_free(results);
  return false;
}

void
deliver_results_free(struct results *results)
{
  free(results->result);
  free(results->cells);
  free(results->told);
  memset(results, 0, sizeof(*results));
}

uint8_t *
deliver_cell(const struct results *results, size_t record, size_t target)
{
  return &results->cells[record * results->output->n_targets + target];
}

uint32_t
deliver_record_result(const struct results *results, size_t record)
{
  uint32_t result = 0;

  if (results->told[record])
    return results->result[record];
  for (size_t i = 0; i < results->output->n_targets; i++) {
    uint8_t cell = *deliver_cell(results, record, i);

    if (cell == MP_PERHAPS)
      return MP_PERHAPS;
    if (cell == MP_NOT_SENT || cell == MP_RETRY)
      result = cell;
    else if (cell && !result)
      result = MP_ACCEPTED;
  }
  return result ? result : MP_PERHAPS;
}

bool
deliver_open(struct stage *output)
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

    if (delivery(output) != MP_LIVE || !time_ms || !deliver_open(output))
      continue;
    deliver_values(output, time_ms);
    deliver_commit(output, NULL, &results);
  }
}
