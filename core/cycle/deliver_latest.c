/*
 * Latest outputs: each target holds one value.  A value is committed as sent
 * before it leaves; its result goes into the ledger.
 */
#include "core/cycle/deliver.h"

#include <stdlib.h>
#include <string.h>

#include "core/cycle/book.h"
#include "core/cycle/book_state.h"
#include "core/cycle/delivered.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/output_turns.h"
#include "core/memory/memory.h"
#include "lib/clock.h"

static bool
is_sending(const struct cycle *c, const struct target *t)
{
  return c->d.progress[t->index] == TARGET_SENDING;
}

/* Returns when T may be sent to, on the monotonic clock. */
static int64_t
ready_at(const struct cycle *c, const struct target *t)
{
  int64_t ready = c->d.answers[t->index].ready_ms, now = clock_mono_ms();
  int64_t age = clock_age_ms(clock_now_ms(), c->d.ledgers[t->index].sent_ms);

  if (!can_be_asked(&c->d, t->stage) || /* no time of last update */
      c->d.answers[t->index].displayed.id != LEDGER_WITHOUT_IDS)
    return 0;
  if (age < LEDGER_APART_MS && now + LEDGER_APART_MS - age > ready)
    ready = now + LEDGER_APART_MS - age;
  return ready;
}

int64_t
latest_ready(const struct cycle *c, const struct stage *output)
{
  int64_t next = INT64_MAX;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (is_sending(c, t) && ready_at(c, t) < next)
      next = ready_at(c, t);
  }
  return next;
}

const struct stage *
latest_next(const struct cycle *c, int64_t now, int64_t *ret_ready)
{
  const struct stage *next = NULL;

  *ret_ready = INT64_MAX;
  FOR_EACH_OUTPUT(c, output)
  {
    int64_t ready;

    if (delivery(output) != MP_LATEST || !c->d.outputs[output->index].has_turn)
      continue;
    ready = latest_ready(c, output);
    if (ready < now)
      ready = now;
    if (ready < *ret_ready) {
      *ret_ready = ready;
      next = output;
    }
  }
  return next;
}

static void
take_result_of_target(struct cycle *c, const struct target *t, uint32_t result)
{
  struct ledger *ledger = &c->d.ledgers[t->index];

  if (result != MP_NOT_SENT)
    ledger->sent_ms = clock_now_ms();
  ledger_result(ledger, result);
  c->d.progress[t->index] = TARGET_DONE;
}

static void
write_target(struct cycle *c, const struct target *t, struct results *results)
{
  struct value *sent = &results->sent[t->number];

  ledger_as_sent(&c->d.ledgers[t->index], sent);
  for (const struct target *part = t->parts; part; part = part->next_part)
    if (target_counts(&c->d, part))
      deliver_write(c, part, source_value(&c->d, part), results);
  deliver_write(c, t, sent, results);
}

/* ---- Records ---- */

/* Chooses the targets of the oldest record of which one is ready by NOW, and
 * returns its number; 0: none is ready. */
static int64_t
choose_record(const struct cycle *c, const struct stage *output, int64_t now,
              bool *chosen)
{
  int64_t number = INT64_MAX;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    chosen[i] = is_sending(c, t) && ready_at(c, t) <= now;
    if (chosen[i] && c->d.ledgers[t->index].sent_record < number)
      number = c->d.ledgers[t->index].sent_record;
  }
  for (size_t i = 0; i < output->n_targets; i++)
    chosen[i] = chosen[i] &&
                c->d.ledgers[output->targets[i]->index].sent_record == number;
  return number == INT64_MAX ? 0 : number;
}

/* Returns the time of the newest reading in the record: the same whenever it is
 * sent. */
static int64_t
record_time(const struct cycle *c, const struct stage *output,
            const bool *chosen)
{
  int64_t time_ms = 0;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct ledger *ledger = &c->d.ledgers[output->targets[i]->index];

    if (chosen[i] && ledger->sent.time_ms > time_ms)
      time_ms = ledger->sent.time_ms;
  }
  return time_ms ? time_ms : clock_now_ms();
}

/* Moves the targets of record NUMBER that were not ready into the next
 * record. */
static void
renumber_targets(struct cycle *c, const struct stage *output, int64_t number)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (is_sending(c, t) && c->d.ledgers[t->index].sent_record == number)
      c->d.ledgers[t->index].sent_record =
        book_number(&c->d, output, clock_now_ms());
  }
}

/* Puts the results into the ledgers.  Once an amount from an earlier run is
 * acknowledged, the rest of the pending amount goes into the next record. */
static void
take_answers(struct cycle *c, const struct results *results)
{
  const struct stage *output = results->output;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];
    uint32_t result = deliver_target_result(results, 0, t);

    if (!is_sending(c, t) || !result)
      continue;
    take_result_of_target(c, t, result);
    if (c->d.ledgers[t->index].sent_earlier && result == MP_ACCEPTED &&
        book_prepare_target(&c->d, t, clock_now_ms()))
      c->d.progress[t->index] = TARGET_SENDING;
  }
}

/* Returns whether the receiver has a value of the record, or may have one. */
static bool
is_perhaps_known(const struct cycle *c, const struct results *results)
{
  const struct stage *output = results->output;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];
    uint32_t result = deliver_target_result(results, 0, t);

    if (result == MP_ACCEPTED || (result && c->d.ledgers[t->index].sent.kind))
      return true;
  }
  return false;
}

/* Moves the values that certainly did not arrive into a new record, if others
 * of theirs arrived or may have arrived: a receiver that has seen the id of a
 * record takes the rest of it for a repetition. */
static void
part_record(struct cycle *c, const struct results *results)
{
  const struct stage *output = results->output;

  if (!is_perhaps_known(c, results))
    return;
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];
    struct ledger *ledger = &c->d.ledgers[t->index];

    if (deliver_target_result(results, 0, t) && target_is_kept(t) &&
        ledger->pending.kind && !ledger->sent.kind)
      ledger_forget_record(ledger);
  }
}

static void
write_record(struct cycle *c, const struct stage *output, const bool *chosen,
             struct results *results)
{
  deliver_begin(c, output, record_time(c, output, chosen), results->number, 0);
  for (size_t i = 0; i < output->n_targets; i++)
    if (chosen[i])
      write_target(c, output->targets[i], results);
}

/* Takes the values that write refused out of the record.  Returns true if there
 * was one. */
static bool
take_out_refused(struct cycle *c, const struct stage *output,
                 const struct results *results)
{
  bool any = false;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (!is_sending(c, t) || !deliver_target_refused(results, 0, t))
      continue;
    ledger_refuse(&c->d.ledgers[t->index]);
    c->d.progress[t->index] = TARGET_DONE;
    any = true;
  }
  if (any)
    book_save_output(c, output);
  return any;
}

bool
latest_write(struct cycle *c, const struct stage *output,
             struct results *results)
{
  bool *chosen = memory_get(output->n_targets, sizeof(*chosen));

  deliver_results_init(results, output, 1);
  results->sent = memory_get(output->n_targets, sizeof(*results->sent));
  results->number = choose_record(c, output, clock_mono_ms(), chosen);
  if (results->number)
    write_record(c, output, chosen, results);
  free(chosen);
  return take_out_refused(c, output, results);
}

enum verdict
latest_commit(struct cycle *c, const struct stage *output,
              struct results *results)
{
  bool is_new = results->number == output_state(c, output)->number;
  enum verdict verdict;

  if (!results->number)
    return VERDICT_NOTHING;
  verdict = deliver_commit(c, output, NULL, results);
  if (is_new)
    output_state(c, output)->number = 0;
  take_answers(c, results);
  part_record(c, results);
  if (is_new)
    renumber_targets(c, output, results->number);
  book_save_output(c, output);
  return verdict;
}

/* ---- After the commit ---- */

void
latest_tell(struct cycle *c, struct results *results)
{
  const struct stage *output = results->output;

  deliver_results_explain(c, results, false);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    /* A part has a result of its own. */
    if (deliver_target_result(results, 0, t) == MP_ACCEPTED)
      delivered_value(c, t,
                      t->part ? source_value(&c->d, t) : &results->sent[i]);
  }
  deliver_results_free(results);
}

size_t
latest_leave(struct cycle *c, const struct stage *output)
{
  size_t n = 0;

  for (size_t i = 0; i < output->n_targets; i++)
    if (is_sending(c, output->targets[i])) {
      take_result_of_target(c, output->targets[i], MP_NOT_SENT);
      n++;
    }
  if (n > 0)
    book_save_output(c, output);
  return n;
}
