/* Calls outputs: records, and the live outputs. */
#include "core/cycle/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/delivered.h"
#include "core/cycle/evaluate.h"
#include "core/pipeline/call.h"

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
static void
break_off(struct cycle *c, const struct stage *output)
{
  instance_close(instance_of(c, output));
  c->deliveries[output->index].is_broken = true;
}

void
deliver_begin(struct cycle *c, const struct stage *output, int64_t time_ms,
              int64_t number, int64_t row)
{
  struct instance *instance = instance_of(c, output);
  struct output_delivery *at = &c->deliveries[output->index];
  char text[RECORD_ID];
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = time_ms,
                              .id = text };
  struct call call;

  if (at->is_broken)
    return;
  output_state(c, output)->took_part = true;
  if (at->pending_records++ == 0)
    at->explained = atomic_load(&instance->n_explained);
  if (!output->plugin->output.begin)
    return;
  record_id(output, number, row, text);
  call = call_begin(instance, "begin");
  if (call_end(&call, output->plugin->output.begin(instance->self, &record),
               0) != MP_OK)
    break_off(c, output);
}

/* Returns true if a write that fails with R refuses that value alone. */
static bool
refuses_value(int r)
{
  return r == MP_EDATA || r == MP_ERANGE || r == MP_ECONFIG;
}

void
deliver_write(struct cycle *c, const struct target *t, const struct value *v,
              struct results *results)
{
  const struct stage *output = t->stage;
  struct instance *instance = instance_of(c, output);
  struct output_delivery *at = &c->deliveries[output->index];
  struct mp_value value = value_export(v);
  struct call call;
  int r;

  if (at->is_broken)
    return;
  call = call_begin(instance, "write");
  r = call_end(
    &call, output->plugin->output.write(instance->self, t->number, &value), 0);
  if (results)
    deliver_results_note(results, at->pending_records - 1, t->number,
                         r == MP_OK);
  if (r != MP_OK && !refuses_value(r))
    break_off(c, output);
}

void
deliver_values(struct cycle *c, const struct stage *output, int64_t time_ms,
               struct results *results)
{
  deliver_begin(c, output, time_ms, time_ms, 0);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (target_counts(&c->d, t))
      deliver_write(c, t, source_value(&c->d, t), results);
  }
}

enum verdict
deliver_commit(struct cycle *c, const struct stage *output, const char *token,
               struct results *results)
{
  const struct mp_output_ops *ops = &output->plugin->output;
  struct instance *instance = instance_of(c, output);
  struct output_delivery *at = &c->deliveries[output->index];
  struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = results,
                                 .result = deliver_results_take };
  struct call call;
  int r;

  results->n_written = at->is_broken ? 0 : at->pending_records;
  at->pending_records = 0;
  if (at->is_broken) {
    deliver_results_leave(results, token);
    return VERDICT_GIVE_UP;
  }
  call = call_begin(instance, token ? "recover" : "commit");
  r = token ? ops->append->recover(instance->self, token, &sink)
            : ops->commit(instance->self, &sink);
  return call_end(&call, r, 0) < 0 ? VERDICT_GIVE_UP : VERDICT_GOOD;
}

/* ---- Live outputs ---- */

enum verdict
deliver_live(struct cycle *c, const struct stage *output, int64_t time_ms)
{
  struct results results;
  enum verdict verdict;

  deliver_results_init(&results, output, 1);
  deliver_values(c, output, time_ms, &results);
  verdict = deliver_commit(c, output, NULL, &results);
  deliver_results_explain(c, &results, false);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (deliver_target_result(&results, 0, t) == MP_ACCEPTED)
      delivered_value(c, t, source_value(&c->d, t));
  }
  deliver_results_free(&results);
  return verdict;
}
