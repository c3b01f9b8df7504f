/* Calls outputs: records, and the live outputs. */
#include "core/cycle/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/delivered.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/output_turns.h"
#include "core/pipeline/call.h"
#include "core/run/progress.h"

/* ---- Calling an output ---- */

/* The plugin drops the written values when it is closed. */
void
deliver_give_up(struct cycle *c, const struct stage *output)
{
  instance_close(instance_of(c, output));
  c->deliveries[output->index].pending_records = 0;
  output_state(c, output)->given_up = true;
}

void
deliver_begin(struct cycle *c, const struct stage *output, int64_t time_ms,
              int64_t number, int64_t row)
{
  char text[RECORD_ID];
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = time_ms,
                              .id = text };
  struct call call;

  if (output_state(c, output)->given_up)
    return;
  output_state(c, output)->took_part = true;
  if (c->deliveries[output->index].pending_records++ == 0)
    c->deliveries[output->index].explained =
      atomic_load(&instance_of(c, output)->n_explained);
  if (!output->plugin->output.begin)
    return;
  record_id_format(&c->ids, output->name, number, row, text);
  call = call_begin(instance_of(c, output), "begin");
  if (call_end(
        &call,
        output->plugin->output.begin(instance_of(c, output)->self, &record),
        0) != MP_OK)
    deliver_give_up(c, output);
}

/* ---- Records ---- */

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
  struct mp_value value = value_export(v);
  struct call call;
  int r;

  if (output_state(c, output)->given_up)
    return;
  call = call_begin(instance_of(c, output), "write");
  r = call_end(&call,
               output->plugin->output.write(instance_of(c, output)->self,
                                            t->number, &value),
               0);
  if (results)
    deliver_results_note(results,
                         c->deliveries[output->index].pending_records - 1,
                         t->number, r == MP_OK);
  if (r != MP_OK && !refuses_value(r))
    deliver_give_up(c, output);
}

/* ---- Commits ---- */

void
deliver_commit(struct cycle *c, const struct stage *output, const char *token,
               struct results *results)
{
  const struct mp_output_ops *ops = &output->plugin->output;
  struct mp_result_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = results,
                                 .result = deliver_results_take };
  size_t n_records = c->deliveries[output->index].pending_records;
  struct call call;
  int r;

  c->deliveries[output->index].pending_records = 0;
  if (output_state(c, output)->given_up) { /* begin or write failed */
    deliver_results_leave(results, token);
    return;
  }
  call = call_begin(instance_of(c, output), token ? "recover" : "commit");
  r = token ? ops->append->recover(instance_of(c, output)->self, token, &sink)
            : ops->commit(instance_of(c, output)->self, &sink);
  if (call_end(&call, r, 0) < 0)
    output_state(c, output)->given_up = true;
  deliver_results_explain(c, results, n_records, token);
}

bool
deliver_open(struct cycle *c, const struct stage *output)
{
  if (!output_state(c, output)->given_up &&
      instance_open(instance_of(c, output)) != MP_OK)
    output_state(c, output)->given_up = true;
  return !output_state(c, output)->given_up;
}

/* ---- The state ---- */

bool
deliver_commit_with(struct cycle *c, int (*how)(struct store *store))
{
  int r;

  progress_begin("the state", "commit");
  r = how(c->run->store);
  progress_end();
  if (r != MP_OK)
    report_failure(c->run->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(c->run->store));
  c->d.state_failed = r != MP_OK;
  return r == MP_OK;
}

/* Ledgers and queues are in the store already. */
bool
deliver_commit_state(struct cycle *c)
{
  return !c->d.state_failed && deliver_commit_with(c, store_commit_answers);
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

/* Returns true if OUTPUT has something to send. */
static bool
needs_sending(const struct cycle *c, const struct stage *output)
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

void
deliver_mark(struct cycle *c)
{
  turns_mark(c, needs_sending);
}

/* ---- Live outputs ---- */

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

static void
deliver_one(struct cycle *c, const struct stage *output, int64_t time_ms)
{
  struct results results;

  deliver_results_init(&results, output, 1);
  deliver_values(c, output, time_ms, &results);
  deliver_commit(c, output, NULL, &results);
  for (size_t i = 0; i < output->n_targets; i++)
    if (deliver_target_result(&results, 0, output->targets[i]) == MP_ACCEPTED)
      delivered_value(c, output->targets[i],
                      source_value(&c->d, output->targets[i]));
  deliver_results_free(&results);
}

void
deliver_live(struct cycle *c, int64_t time_ms)
{
  FOR_EACH_OUTPUT(c, output)
  {
    if (delivery(output) != MP_LIVE || !turn_begin(c, output))
      continue;
    if (time_ms && deliver_open(c, output))
      deliver_one(c, output, time_ms);
    turn_end(c, output);
  }
}
