/*
 * Latest outputs: each target holds one value.  A value is committed as sent
 * before it leaves; its result goes into the ledger.
 */
#include "core/cycle/deliver.h"

#include <stdlib.h>
#include <string.h>

#include "core/cycle/book_pending.h"
#include "core/cycle/book_state.h"
#include "core/cycle/delivered.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/output_turns.h"
#include "core/pipeline/stage.h"
#include "lib/clock.h"

/* Returns when T may be sent to, on the monotonic clock. */
static int64_t
ready_at(const struct target *t)
{
  int64_t ready = t->ready_ms, now = clock_mono_ms();
  int64_t age = clock_age_ms(clock_now_ms(), t->ledger.sent_ms);

  if (!can_be_asked(t->stage)) /* no time of last update */
    return 0;
  if (age < LEDGER_APART_MS && now + LEDGER_APART_MS - age > ready)
    ready = now + LEDGER_APART_MS - age;
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

static void
take_result_of_target(struct target *t, uint32_t result)
{
  if (result != MP_NOT_SENT)
    t->ledger.sent_ms = clock_now_ms();
  ledger_result(&t->ledger, result);
  t->sending = false;
}

static void
write_target(struct stage *output, struct target *t, struct results *results)
{
  struct value sent = { 0 };

  if (!ledger_as_sent(&t->ledger, &sent)) {
    stage_fail(output, MP_ENOMEM, t->object, "out of memory");
    take_result_of_target(t, MP_NOT_SENT);
    return;
  }
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *part = output->targets[i];

    if (part->part && strcmp(part->name, t->name) == 0 && target_counts(part))
      deliver_write(output, part, &part->source->value, results);
  }
  deliver_write(output, t, &sent, results);
  value_clear(&sent);
}

/* ---- Records ---- */

/* Chooses the targets of the oldest record of which one is ready by NOW, and
 * returns its number; 0: none is ready. */
static int64_t
choose_record(const struct stage *output, int64_t now, bool *chosen)
{
  int64_t number = INT64_MAX;

  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    chosen[i] = t->sending && ready_at(t) <= now;
    if (chosen[i] && t->ledger.sent_record < number)
      number = t->ledger.sent_record;
  }
  for (size_t i = 0; i < output->n_targets; i++)
    chosen[i] = chosen[i] && output->targets[i]->ledger.sent_record == number;
  return number == INT64_MAX ? 0 : number;
}

/* Returns the time of the newest reading in the record: the same whenever it is
 * sent. */
static int64_t
record_time(const struct stage *output, const bool *chosen)
{
  int64_t time_ms = 0;

  for (size_t i = 0; i < output->n_targets; i++)
    if (chosen[i] && output->targets[i]->ledger.sent.time_ms > time_ms)
      time_ms = output->targets[i]->ledger.sent.time_ms;
  return time_ms ? time_ms : clock_now_ms();
}

/* Moves the targets of record NUMBER that were not ready into the next
 * record. */
static void
renumber_targets(struct stage *output, int64_t number)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];

    if (t->sending && t->ledger.sent_record == number)
      t->ledger.sent_record = book_number(output);
  }
}

/* Lists M, which T has acknowledged.  A part of T has a result of its own. */
static void
note_delivered(struct target *t, const struct results *results)
{
  struct value sent = { 0 };

  if (ledger_as_sent(&t->ledger, &sent))
    delivered_value(t, &sent);
  value_clear(&sent);
  for (size_t i = 0; i < t->stage->n_targets; i++) {
    struct target *part = t->stage->targets[i];

    if (part->part && strcmp(part->name, t->name) == 0 &&
        deliver_target_result(results, 0, part) == MP_ACCEPTED)
      delivered_value(part, &part->source->value);
  }
}

/* Puts the results into the ledgers.  Once an amount from an earlier run is
 * acknowledged, the rest of the pending amount goes into the next record. */
static void
take_answers(struct stage *output, const struct results *results)
{
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];
    uint32_t result = deliver_target_result(results, 0, t);

    if (!t->sending || !result)
      continue;
    if (result == MP_ACCEPTED)
      note_delivered(t, results);
    take_result_of_target(t, result);
    if (t->ledger.sent_earlier && result == MP_ACCEPTED)
      t->sending = book_prepare_target(t);
  }
}

static void
send_record(struct stage *output, int64_t number, const bool *chosen,
            struct results *results)
{
  bool is_new = number == output->number;

  deliver_begin(output, record_time(output, chosen), number, 0);
  for (size_t i = 0; i < output->n_targets; i++)
    if (chosen[i])
      write_target(output, output->targets[i], results);
  deliver_commit(output, NULL, results);
  if (is_new)
    output->number = 0;
  take_answers(output, results);
  if (is_new)
    renumber_targets(output, number);
  if (book_save_output(output) != MP_OK)
    output->pipeline->run->state_failed = true;
}

static void
send_ready(struct stage *output, int64_t now)
{
  struct results results;
  bool *chosen = calloc(output->n_targets + 1, sizeof(*chosen));
  int64_t number;

  if (!chosen)
    stage_fail(output, MP_ENOMEM, NULL, "out of memory");
  if (!chosen || !deliver_results_init(&results, output, 1)) {
    free(chosen);
    output->given_up = true;
    return;
  }
  number = choose_record(output, now, chosen);
  if (number)
    send_record(output, number, chosen, &results);
  deliver_results_free(&results);
  free(chosen);
}

/* Marks the values that are still to be sent as not sent, because OUTPUT is not
 * served any more in this run.  With NO_TIME, reports their number. */
static void
leave_unsent(struct stage *output, bool no_time)
{
  size_t n = 0;

  for (size_t i = 0; i < output->n_targets; i++)
    if (output->targets[i]->sending) {
      take_result_of_target(output->targets[i], MP_NOT_SENT);
      n++;
    }
  if (n > 0 && book_save_output(output) != MP_OK)
    output->pipeline->run->state_failed = true;
  if (n > 0 && no_time)
    stage_fail(
      output, MP_ETIMEOUT, NULL,
      "ran out of time before sending %zu value%s; the next run sends %s", n,
      n == 1 ? "" : "s", n == 1 ? "it" : "them");
}

/* Sends to the targets of OUTPUT that are ready. */
static void
serve_output(struct stage *output)
{
  turn_begin(output);
  if (deliver_open(output))
    send_ready(output, clock_mono_ms());
  turn_pause(output);
  if (output->given_up)
    leave_unsent(output, false);
  if (next_ready(output) == INT64_MAX)
    turn_end(output);
}

/* Returns the first output that is ready to be sent to, else the one that will
 * be ready first; NULL: nothing is left to send. */
static struct stage *
next_output(const struct pipeline *p, int64_t now, int64_t *ret_ready)
{
  struct stage *next = NULL;

  *ret_ready = INT64_MAX;
  FOR_EACH_OUTPUT(p, output)
  {
    int64_t ready = next_ready(output);

    if (delivery(output) != MP_LATEST || !output->has_turn)
      continue;
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
send_all(struct pipeline *p)
{
  while (!run_stopped()) {
    int64_t now = clock_mono_ms(), ready;
    struct stage *output = next_output(p, now, &ready);

    if (!output || (ready > now && ready - now >= run_time_left(p->run)))
      return;
    if (ready > now)
      clock_sleep_ms(ready - now, p->run->cancel_fd);
    else if (deliver_commit_state(p))
      serve_output(output);
    else
      return;
  }
}

void
deliver_latest(struct pipeline *p)
{
  if (p->run->state_failed)
    return;
  send_all(p);
  FOR_EACH_OUTPUT(p, output)
  {
    if (delivery(output) == MP_LATEST)
      leave_unsent(output, !output->given_up && !run_stopped() &&
                             !p->run->state_failed);
  }
}
