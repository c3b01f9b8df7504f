/* Calls outputs: records, and the live outputs. */
#include "core/cycle/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/book.h"
#include "core/cycle/delivered.h"
#include "core/cycle/evaluate.h"
#include "core/pipeline/call.h"
#include "lib/clock.h"

/* ---- Calling an output ---- */

void
deliver_break_off(struct cycle *c, const struct stage *output)
{
  struct output_delivery *at = &c->deliveries[output->index];

  instance_close(instance_of(c, output));
  at->is_broken = true;
  at->pending_records = 0; /* the plugin has dropped them */
}

/* Returns the id of a record.  A replay of a capture without times makes many
 * records of one number. */
static const char *
make_id(struct cycle *c, const struct stage *output, int64_t number,
        int64_t row)
{
  struct output_delivery *at = &c->deliveries[output->index];

  if (at->id && number == at->number && row == at->row)
    return at->id;
  at->number = number;
  at->row = row;
  at->id = record_id_format(&c->ids, output->name, number, row, at->id_text);
  return at->id;
}

void
deliver_begin(struct cycle *c, const struct stage *output, int64_t time_ms,
              int64_t number, int64_t row)
{
  struct instance *instance = instance_of(c, output);
  struct output_delivery *at = &c->deliveries[output->index];
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = time_ms };
  struct call call;

  if (at->is_broken)
    return;
  output_state(c, output)->took_part = true;
  if (at->pending_records++ == 0) {
    at->explained = atomic_load(&instance->n_explained);
    instance_forget_failure(instance);
  }
  if (!output->plugin->output.begin)
    return;
  record.id = make_id(c, output, number, row);
  call = call_begin(instance, "begin");
  if (call_end(&call, output->plugin->output.begin(instance->self, &record),
               0) != MP_OK)
    deliver_break_off(c, output);
}

/* Returns true if a write that fails with R refuses that value alone. */
static bool
refuses_value(int r)
{
  return r == MP_EDATA || r == MP_ERANGE || r == MP_ECONFIG;
}

/* Calls write of the output's plugin.  Inline, because a replay calls it for
 * each of its values. */
static inline int
call_write(struct instance *output, const struct target *t,
           const struct value *v)
{
  struct mp_value value = value_export(v);
  struct call call = call_begin(output, "write");

  return call_end(
    &call, output->stage->plugin->output.write(output->self, t->number, &value),
    0);
}

/* Notes the result R of a write.  RESULTS may be NULL. */
static inline void
note_write(struct cycle *c, const struct target *t, int r,
           struct results *results)
{
  if (results)
    deliver_results_note(results,
                         c->deliveries[t->stage->index].pending_records - 1,
                         t->number, !refuses_value(r));
  if (r != MP_OK && !refuses_value(r))
    deliver_break_off(c, t->stage);
}

void
deliver_write(struct cycle *c, const struct target *t, const struct value *v,
              struct results *results)
{
  if (!c->deliveries[t->stage->index].is_broken)
    note_write(c, t, call_write(instance_of(c, t->stage), t, v), results);
}

void
deliver_values(struct cycle *c, const struct stage *output, int64_t time_ms,
               int64_t number, struct results *results)
{
  const struct output_delivery *at = &c->deliveries[output->index];
  struct instance *instance = instance_of(c, output);

  deliver_begin(c, output, time_ms, number, 0);
  for (size_t i = 0; i < output->n_targets && !at->is_broken; i++) {
    const struct target *t = output->targets[i];

    if (target_counts(&c->d, t))
      note_write(c, t, call_write(instance, t, source_value(&c->d, t)),
                 results);
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

  results->instance = instance;
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
  /* Not the time: an input may give two readings the same one. */
  int64_t number = book_number(&c->d, output, clock_now_ms());
  struct results results;
  enum verdict verdict;

  output_state(c, output)->number = 0;
  deliver_results_init(&results, output, 1);
  deliver_values(c, output, time_ms, number, &results);
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

/* ---- Turns ---- */

static bool
has_pending(const struct cycle *c, const struct stage *output)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    size_t at = output->targets[i]->index;

    if (c->d.progress[at] == TARGET_SENDING || c->d.ledgers[at].pending.kind)
      return true;
  }
  return false;
}

bool
deliver_is_needed(const struct cycle *c, const struct stage *output)
{
  if (c->d.outputs[output->index].given_up)
    return false;
  if (delivery(output) == MP_LIVE)
    return true;
  if (c->d.state_failed)
    return false;
  if (delivery(output) == MP_LATEST)
    return has_pending(c, output);
  return store_row_next(c->run->store, output->name, 0);
}
