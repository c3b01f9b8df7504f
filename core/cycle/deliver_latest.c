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

static int64_t
next_ready(const struct cycle *c, const struct stage *output)
{
  int64_t next = INT64_MAX;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (is_sending(c, t) && ready_at(c, t) < next)
      next = ready_at(c, t);
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
  const struct stage *output = t->stage;
  struct value sent = { 0 };

  if (!ledger_as_sent(&c->d.ledgers[t->index], &sent))
    memory_out();
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *part = output->targets[i];

    if (part->part && strcmp(part->name, t->name) == 0 &&
        target_counts(&c->d, part))
      deliver_write(c, part, source_value(&c->d, part), results);
  }
  deliver_write(c, t, &sent, results);
  value_clear(&sent);
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

/* Lists M, which T has acknowledged.  A part of T has a result of its own. */
static void
note_delivered(struct cycle *c, const struct target *t,
               const struct results *results)
{
  struct value sent = { 0 };

  if (ledger_as_sent(&c->d.ledgers[t->index], &sent))
    delivered_value(c, t, &sent);
  value_clear(&sent);
  for (size_t i = 0; i < t->stage->n_targets; i++) {
    const struct target *part = t->stage->targets[i];

    if (part->part && strcmp(part->name, t->name) == 0 &&
        deliver_target_result(results, 0, part) == MP_ACCEPTED)
      delivered_value(c, part, source_value(&c->d, part));
  }
}

/* Puts the results into the ledgers.  Once an amount from an earlier run is
 * acknowledged, the rest of the pending amount goes into the next record. */
static void
take_answers(struct cycle *c, const struct stage *output,
             const struct results *results)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];
    uint32_t result = deliver_target_result(results, 0, t);

    if (!is_sending(c, t) || !result)
      continue;
    if (result == MP_ACCEPTED)
      note_delivered(c, t, results);
    take_result_of_target(c, t, result);
    if (c->d.ledgers[t->index].sent_earlier && result == MP_ACCEPTED &&
        book_prepare_target(&c->d, t, clock_now_ms()))
      c->d.progress[t->index] = TARGET_SENDING;
  }
}

static void
send_record(struct cycle *c, const struct stage *output, int64_t number,
            const bool *chosen, struct results *results)
{
  bool is_new = number == output_state(c, output)->number;

  deliver_begin(c, output, record_time(c, output, chosen), number, 0);
  for (size_t i = 0; i < output->n_targets; i++)
    if (chosen[i])
      write_target(c, output->targets[i], results);
  deliver_commit(c, output, NULL, results);
  if (is_new)
    output_state(c, output)->number = 0;
  take_answers(c, output, results);
  if (is_new)
    renumber_targets(c, output, number);
  if (book_save_output(c, output) != MP_OK)
    c->d.state_failed = true;
}

static void
send_ready(struct cycle *c, const struct stage *output, int64_t now)
{
  bool *chosen = memory_get(output->n_targets, sizeof(*chosen));
  int64_t number = choose_record(c, output, now, chosen);
  struct results results;

  if (number) {
    deliver_results_init(&results, output, 1);
    send_record(c, output, number, chosen, &results);
    deliver_results_free(&results);
  }
  free(chosen);
}

/* Marks the values that are still to be sent as not sent, because OUTPUT is not
 * served any more in this run.  With NO_TIME, reports their number. */
static void
leave_unsent(struct cycle *c, const struct stage *output, bool no_time)
{
  size_t n = 0;

  for (size_t i = 0; i < output->n_targets; i++)
    if (is_sending(c, output->targets[i])) {
      take_result_of_target(c, output->targets[i], MP_NOT_SENT);
      n++;
    }
  if (n > 0 && book_save_output(c, output) != MP_OK)
    c->d.state_failed = true;
  if (n > 0 && no_time)
    cycle_fail(
      c, output, MP_ETIMEOUT, NULL,
      "ran out of time before sending %zu value%s; the next run sends %s", n,
      n == 1 ? "" : "s", n == 1 ? "it" : "them");
}

/* Sends to the targets of OUTPUT that are ready. */
static void
serve_output(struct cycle *c, const struct stage *output)
{
  turn_begin(c, output);
  if (deliver_open(c, output))
    send_ready(c, output, clock_mono_ms());
  turn_pause(c);
  if (output_state(c, output)->given_up)
    leave_unsent(c, output, false);
  if (next_ready(c, output) == INT64_MAX)
    turn_end(c, output);
}

/* Returns the first output that is ready to be sent to, else the one that will
 * be ready first; NULL: nothing is left to send. */
static const struct stage *
next_output(struct cycle *c, int64_t now, int64_t *ret_ready)
{
  const struct stage *next = NULL;

  *ret_ready = INT64_MAX;
  FOR_EACH_OUTPUT(c, output)
  {
    int64_t ready;

    if (delivery(output) != MP_LATEST || !output_state(c, output)->has_turn)
      continue;
    ready = next_ready(c, output);
    if (ready < now)
      ready = now;
    if (ready < *ret_ready) {
      *ret_ready = ready;
      next = output;
    }
  }
  return next;
}

/* Sends to the outputs as they become ready, so that one that waits for its
 * targets does not delay the others.  Commits the answers of an output before
 * the next one is called. */
static void
send_all(struct cycle *c)
{
  while (!run_stopped()) {
    int64_t now = clock_mono_ms(), ready;
    const struct stage *output = next_output(c, now, &ready);

    if (!output || (ready > now && ready - now >= run_time_left(c->run)))
      return;
    if (ready > now)
      clock_sleep_ms(ready - now, c->run->cancel_fd);
    else if (deliver_commit_state(c))
      serve_output(c, output);
    else
      return;
  }
}

void
deliver_latest(struct cycle *c)
{
  if (c->d.state_failed)
    return;
  send_all(c);
  FOR_EACH_OUTPUT(c, output)
  {
    if (delivery(output) == MP_LATEST)
      leave_unsent(c, output,
                   !output_state(c, output)->given_up && !run_stopped() &&
                     !c->d.state_failed);
  }
}
