/*
 * Latest outputs: the one value that a target holds.  What is sent is in the
 * state as M before it leaves; what became of it is put into the ledger.
 */
#include "core/deliver.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

/* Two values of a target are this far apart, so that a time of last update in
 * whole seconds tells them apart. */
#define APART_MS 2000

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

/* A server that says no, or a proxy before it, may have done it all the same:
 * where the target can be asked, what it shows in the next run decides. */
static bool
is_doubtful(const struct target *t, uint32_t result)
{
  return (result == MP_RETRY || result == MP_REJECTED) &&
         t->stage->plugin->output.fetch;
}

static void
take_answer(struct target *t, uint32_t result)
{
  if (is_doubtful(t, result))
    result = MP_PERHAPS;
  if (result == MP_ACCEPTED || result == MP_PERHAPS)
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
    take_answer(t, MP_NOT_SENT);
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

/* Sends to the targets that are ready by NOW. */
static void
send_ready(struct stage *output, int64_t now, int64_t time_ms)
{
  struct results results;

  if (!deliver_results_init(&results, output, 1)) {
    output->given_up = true;
    return;
  }
  deliver_begin(output, time_ms, time_ms);
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];

    if (t->sending && ready_at(t) <= now)
      write_target(output, t, &results);
  }
  deliver_commit(output, NULL, &results);
  for (size_t i = 0; i < output->n_targets; i++) {
    struct target *t = output->targets[i];
    uint32_t result = deliver_target_result(&results, 0, t);

    if (t->sending && result)
      take_answer(t, result);
  }
  deliver_results_free(&results);
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
    if (next_ready(output) == INT64_MAX || !deliver_open(output))
      leave_unsent(output, false);
    else
      send_latest(output);
  }
}
