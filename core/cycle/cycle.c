/* Runs a pipeline, from the first byte of a meter to the last answer of an
 * output. */
#include "core/cycle/cycle.h"

#include "core/cycle/ask_outputs.h"
#include "core/cycle/book.h"
#include "core/cycle/book_state.h"
#include "core/cycle/deliver.h"
#include "core/cycle/delivered.h"
#include "core/cycle/deliver_rows.h"
#include "core/cycle/dry_run.h"
#include "core/cycle/ended_failures.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/last_run.h"
#include "core/cycle/older_state.h"
#include "core/cycle/read_inputs.h"
#include "core/cycle/output_turns.h"
#include "core/cycle/pending_since.h"
#include "core/cycle/settle.h"
#include "core/run/log.h"
#include "core/run/progress.h"
#include "core/run/watchdog.h"
#include "lib/clock.h"

/* An output is not asked with less time left than this: it could not answer. */
#define LEAST_TIME_MS 50

/* At most this much of the deadline is reserved for the outputs. */
#define RESERVE_MOST_MS 5000

static int64_t
deadline_of(const struct cycle *c)
{
  return options_int(c->plan->options, "deadline");
}

/* ---- Decisions ---- */

/* Commits the changes of the state: all, or the answers of OUTPUT.  If it
 * cannot be written, only live outputs are served from then on.  Returns false
 * if the state has failed. */
static bool
commit_changes(struct cycle *c, const struct stage *output)
{
  int r;

  if (c->d.state_failed)
    return false;
  progress_begin("the state", "commit");
  r = output ? store_commit_answers(c->run->store, output->name)
             : store_commit(c->run->store);
  progress_end();
  if (r != MP_OK)
    report_failure(c->run->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(c->run->store));
  c->d.state_failed = r != MP_OK;
  return r == MP_OK;
}

/* Commits the whole state. */
static void
commit_state(struct cycle *c)
{
  if (!c->d.state_failed && store_is_durable(c->run->store))
    book_save(c);
  commit_changes(c, NULL);
}

/* Commits the answers of OUTPUT before anything else is allocated, and before
 * the next one is called: a failure there cannot undo them.  Ledgers and queues
 * are in the store already. */
static bool
commit_answers(struct cycle *c, const struct stage *output)
{
  return commit_changes(c, output);
}

void
cycle_fail_state(struct cycle *c)
{
  c->d.state_failed = true;
}

static bool
is_given_up(const struct cycle *c, const struct stage *output)
{
  return c->d.outputs[output->index].given_up;
}

/* Applies the verdict of a step of OUTPUT.  Returns true if the output can go
 * on. */
static bool
judge(struct cycle *c, const struct stage *output, enum verdict verdict)
{
  if (verdict == VERDICT_GIVE_UP)
    output_state(c, output)->given_up = true;
  return verdict == VERDICT_GOOD;
}

/* Opens OUTPUT.  Returns false if it is given up. */
static bool
open_output(struct cycle *c, const struct stage *output)
{
  return !is_given_up(c, output) &&
         judge(c, output,
               instance_open(instance_of(c, output)) == MP_OK
                 ? VERDICT_GOOD
                 : VERDICT_GIVE_UP);
}

/* ---- Asking ---- */

static bool
needs_asking(const struct cycle *c, const struct stage *output)
{
  return !is_given_up(c, output) && must_be_asked(c, output);
}

/* Asks OUTPUT, if enough time is left. */
static void
ask(struct cycle *c, const struct stage *output)
{
  if (run_time_left(c->run) < LEAST_TIME_MS || run_stopped()) {
    report_failuref(
      c->run->report, REPORT_OTHER, output->name, MP_ETIMEOUT, NULL,
      "ran out of time before asking it; its pending values are kept");
    judge(c, output, VERDICT_GIVE_UP);
    return;
  }
  turn_begin(c, output);
  if (open_output(c, output))
    judge(c, output, ask_output(c, output));
}

static void
ask_all(struct cycle *c)
{
  turns_mark(c, needs_asking);
  c->reserved_turns = c->n_outputs > 1; /* one part is kept for sending */
  FOR_EACH_OUTPUT(c, output)
  {
    if (!output_state(c, output)->has_turn)
      continue;
    ask(c, output);
    turn_end(c, output);
  }
  c->reserved_turns = 0;
}

void
cycle_ask(struct cycle *c)
{
  struct messages m = { .first = NULL };

  if (c->d.offline)
    return;
  ask_all(c);
  settle(&c->d, clock_now_ms(), &m);
  cycle_say(c, &m);
}

/* ---- Results ---- */

/* Evaluates the readings.  If a serial number is needed that was not read, asks
 * the meter for it and evaluates again. */
static void
evaluate_readings(struct cycle *c)
{
  evaluate(&c->d, c->instances);
  while (c->d.evaluation.identify) {
    read_identify(c, c->d.evaluation.identify);
    evaluate(&c->d, c->instances);
  }
}

/* Evaluates and books the readings of a cycle, of live inputs and captures
 * alike.  Returns the time of the cycle. */
static int64_t
work_out(struct cycle *c)
{
  int64_t time_ms;

  /* Of fields that this reading emitted for the first time. */
  if (c->n_loaded < c->plan->n_targets)
    book_load_targets(c);
  book_report_unreadable(c);
  evaluate_readings(c);
  time_ms = book_time(&c->d);
  if (books_values(&c->d)) {
    book_check(&c->d);
    book(&c->d);
    book_add_rows(c, time_ms);
  }
  book_show_kinds(c);
  if (c->d.evaluation.messages.first)
    cycle_say(c, &c->d.evaluation.messages);
  return time_ms;
}

/* ---- Delivery ---- */

/* Sends BATCH of OUTPUT, and commits the answers.  Returns true if all of its
 * rows were accepted. */
static bool
send_rows(struct cycle *c, const struct stage *output, struct batch *batch)
{
  enum verdict verdict = rows_send(c, output, batch);

  commit_answers(c, output);
  rows_tell(c, batch);
  return judge(c, output, verdict);
}

/* Finds out the outcome of rows that an earlier run was writing when it
 * ended. */
static void
recover_rows(struct cycle *c)
{
  struct batch batch;

  turns_mark(c, rows_need_recovery);
  FOR_EACH_OUTPUT(c, output)
  {
    if (!turn_begin(c, output))
      continue;
    if (judge(c, output, rows_recovery(c, output, &batch)) &&
        open_output(c, output))
      send_rows(c, output, &batch);
    turn_end(c, output);
    if (!commit_answers(c, output))
      return;
  }
}

/* Asks each append output for a token of the rows that are written first,
 * before these are committed. */
static void
take_tokens(struct cycle *c)
{
  struct batch batch;

  turns_mark(c, deliver_is_needed);
  FOR_EACH_OUTPUT(c, output)
  {
    if (!is_queued(output) || !turn_begin(c, output))
      continue;
    if (rows_need_recovery(c, output)) /* their outcome is not known yet */
      judge(c, output, VERDICT_GIVE_UP);
    else if (rows_next(c, output, &batch) && open_output(c, output))
      judge(c, output, rows_token(c, output, &batch));
    turn_pause(c);
  }
}

/* Delivers batch by batch.  The token of the first batch is committed
 * already. */
static void
serve_queue(struct cycle *c, const struct stage *output)
{
  struct batch batch;

  while (rows_next(c, output, &batch)) {
    if (!send_rows(c, output, &batch) || run_stopped() ||
        run_time_left(c->run) == 0 || !rows_next(c, output, &batch))
      return;
    if (!judge(c, output, rows_token(c, output, &batch)) ||
        !commit_answers(c, output))
      return;
  }
}

static void
deliver_queues(struct cycle *c)
{
  FOR_EACH_OUTPUT(c, output)
  {
    if (!is_queued(output) || c->d.state_failed)
      continue;
    if (instance_of(c, output)->is_open && turn_begin(c, output)) {
      serve_queue(c, output);
      turn_end(c, output);
    }
    if (!c->d.state_failed)
      rows_bound(c, output);
  }
}

/* Delivers to live outputs, which need no state. */
static void
deliver_all_live(struct cycle *c, int64_t time_ms)
{
  FOR_EACH_OUTPUT(c, output)
  {
    if (delivery(output) != MP_LIVE || !turn_begin(c, output))
      continue;
    if (time_ms && open_output(c, output)) {
      commit_answers(c, output);
      judge(c, output, deliver_live(c, output, time_ms));
    }
    turn_end(c, output);
  }
}

/* Sends a record to OUTPUT.  If the plugin refuses a value of it, commits that
 * before the rest leaves. */
static void
send_record(struct cycle *c, const struct stage *output,
            struct results *results)
{
  if (latest_write(c, output, results) && !commit_answers(c, output))
    deliver_break_off(c, output);
  judge(c, output, latest_commit(c, output, results));
}

/* Sends a record to OUTPUT, which is ready, and commits the answers. */
static void
serve_latest(struct cycle *c, const struct stage *output)
{
  struct results results = { .n = 0 };
  bool sent;

  turn_begin(c, output);
  /* A text that the plugin set in open is on disk before its values leave. */
  sent = open_output(c, output) && commit_answers(c, output);
  if (sent)
    send_record(c, output, &results);
  turn_pause(c);
  if (is_given_up(c, output))
    latest_leave(c, output);
  commit_answers(c, output);
  if (sent)
    latest_tell(c, &results);
  if (latest_ready(c, output) == INT64_MAX)
    turn_end(c, output);
}

/* Sends to the latest outputs as they become ready, so that one that waits for
 * its targets does not delay the others. */
static void
send_latest(struct cycle *c)
{
  while (!run_stopped() && !c->d.state_failed) {
    int64_t now = clock_mono_ms(), ready;
    const struct stage *output = latest_next(c, now, &ready);

    if (!output || (ready > now && ready - now >= run_time_left(c->run)))
      return;
    if (ready > now)
      clock_sleep_ms(ready - now, c->run->cancel_fd);
    else
      serve_latest(c, output);
  }
}

/* Leaves the values of OUTPUT that were not sent in this run pending. */
static void
leave_latest(struct cycle *c, const struct stage *output)
{
  size_t n = latest_leave(c, output);

  if (n > 0 && !is_given_up(c, output) && !run_stopped() && !c->d.state_failed)
    cycle_fail(
      c, output, MP_ETIMEOUT, NULL,
      "ran out of time before sending %zu value%s; the next run sends %s", n,
      n == 1 ? "" : "s", n == 1 ? "it" : "them");
}

static void
deliver_all_latest(struct cycle *c)
{
  if (c->d.state_failed)
    return;
  send_latest(c);
  FOR_EACH_OUTPUT(c, output)
  {
    if (delivery(output) == MP_LATEST)
      leave_latest(c, output);
  }
}

/* With a state on disk: commits all pending values before anything is sent. */
static void
deliver_cycle(struct cycle *c, int64_t time_ms)
{
  bool at_end = c->plan->only_captures; /* devices get only its last values */

  take_tokens(c);
  if (!at_end)
    book_prepare(&c->d, clock_now_ms());
  commit_state(c);
  if (c->d.state_failed)
    messages_clear(&c->notices);
  cycle_log_notices(c);
  turns_mark(c, deliver_is_needed);
  deliver_all_live(c, time_ms);
  deliver_queues(c);
  if (!at_end)
    deliver_all_latest(c);
}

/* Delivers to the latest outputs at the end of a capture. */
static void
deliver_at_end(struct cycle *c)
{
  book_prepare(&c->d, clock_now_ms());
  commit_state(c);
  turns_mark(c, deliver_is_needed);
  deliver_all_latest(c);
}

static void
finish_cycle(struct cycle *c, int64_t begun)
{
  report_end_cycle(c->run->report, ended_failures_state, c);
  last_run_keep(c, begun);
  pending_since_keep(c);
  commit_state(c);
}

/* Reads the inputs, with a part of the deadline reserved for the outputs.  Then
 * recovers the rows of the run before, in half of the time that is left: old
 * rows can wait, the new readings cannot. */
static void
read_in_time(struct cycle *c)
{
  int64_t whole = deadline_of(c);
  int64_t reserve = whole / 10 < RESERVE_MOST_MS ? whole / 10 : RESERVE_MOST_MS;
  int64_t begun = clock_mono_ms();

  run_set_deadline(c->run, whole - reserve);
  read_inputs(c);
  report_groups(c->run->report);
  run_set_deadline(c->run, (whole - (clock_mono_ms() - begun)) / 2);
  if (!c->d.state_failed && !c->dry && !run_stopped())
    recover_rows(c);
  run_set_deadline(c->run, whole - (clock_mono_ms() - begun));
}

static void
run_live(struct cycle *c)
{
  int64_t begun = clock_now_ms(), time_ms;

  read_in_time(c);
  if (run_stopped())
    return;
  if (!c->d.state_failed) {
    cycle_ask(c);
    older_state_adopt_rows(c);
  }
  time_ms = work_out(c);
  if (c->dry) {
    cycle_log_notices(c);
    dry_run_deliver(c, time_ms);
    return;
  }
  deliver_cycle(c, time_ms);
  finish_cycle(c, begun);
}

/* ---- A capture ---- */

/* Hands the values of a cycle to the outputs; nothing is kept. */
static void
deliver_direct(struct cycle *c, int64_t time_ms)
{
  if (!time_ms)
    return;
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (open_output(c, output))
      judge(c, output, direct_deliver(c, output, time_ms));
  }
}

static void
flush_all(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (!is_given_up(c, output))
      judge(c, output, direct_flush(c, output));
  }
}

/* Runs the cycles of a capture.  The deadline applies to each of them, not to
 * the capture. */
static void
run_capture(struct cycle *c)
{
  bool durable = !c->dry && store_is_durable(c->run->store);
  int64_t begun = clock_now_ms(), time_ms;
  bool asked = false;

  run_set_deadline(c->run, deadline_of(c));
  if (durable)
    recover_rows(c);
  run_drop_deadline(c->run);
  while (!run_stopped() && read_inputs(c)) {
    if (durable)
      run_set_deadline(c->run, deadline_of(c));
    if (!asked) {
      cycle_ask(c);
      older_state_adopt_rows(c);
    }
    asked = true;
    time_ms = work_out(c);
    if (!durable && c->notices.first)
      cycle_log_notices(c);
    if (c->dry)
      dry_run_deliver(c, time_ms);
    else if (durable)
      deliver_cycle(c, time_ms);
    else
      deliver_direct(c, time_ms);
    if (durable)
      run_drop_deadline(c->run); /* the next cycle may come much later */
  }
  if (!durable) {
    flush_all(c);
    return;
  }
  run_set_deadline(c->run, deadline_of(c));
  deliver_at_end(c);
  finish_cycle(c, begun);
}

int
cycle_run(struct cycle *c)
{
  cycle_begin(c);
  book_show_kinds(c);
  last_run_begin_note(c);
  if (c->plan->only_captures) {
    watchdog_disarm(); /* a capture has no time limit */
    run_capture(c);
  } else {
    watchdog_arm(deadline_of(c));
    run_live(c);
  }
  delivered_print(c);
  if (!run_stopped())
    return MP_OK;
  report_note_status(c->run->report,
                     report_exit_status(REPORT_OTHER, MP_ECANCELED));
  return MP_ECANCELED;
}
