/* Runs a pipeline, from the first byte of a meter to the last answer of an
 * output. */
#include "core/cycle/cycle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cycle/ask_outputs.h"
#include "core/cycle/book_pending.h"
#include "core/cycle/book_state.h"
#include "core/cycle/deliver.h"
#include "core/cycle/delivered.h"
#include "core/cycle/dry_run.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/read_inputs.h"
#include "core/cycle/output_turns.h"
#include "core/cycle/pending_since.h"
#include "core/pipeline/notices.h"
#include "core/run/log.h"
#include "core/run/run_note.h"
#include "core/run/watchdog.h"
#include "lib/clock.h"
#include "lib/rfc3339.h"

/* At most this much of the deadline is reserved for the outputs. */
#define RESERVE_MOST_MS 5000

static int64_t
deadline_of(const struct pipeline *p)
{
  return options_int(p->options, "deadline");
}

/* ---- The state ---- */

/* Commits the whole state. */
static void
commit_state(struct pipeline *p)
{
  if (p->run->state_failed)
    return;
  if (store_is_durable(p->run->store) && book_save(p) != MP_OK)
    p->run->state_failed = true;
  else
    deliver_commit_with(p, store_commit);
}

static bool
begins_with(const char *text, const char *prefix)
{
  return *prefix && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Returns true if OBJECT is a path or address from an earlier pipeline file: no
 * value in the section of STAGE names it now. */
static bool
is_of_earlier_file(const struct stage *stage, const char *object)
{
  const struct config_section *section = stage->section;

  if (!strchr(object, '/'))
    return false;
  for (size_t i = 0; i < section->n_entries; i++) {
    const char *value = section->entries[i].value;

    /* The value may be longer than the object, such as "http://HOST/" or
     * `"/path/to/command" -x`, or shorter. */
    if (begins_with(object, value) || strstr(value, object))
      return false;
  }
  return true;
}

/* Returns true if OBJECT is a target ("idx.323") that STAGE no longer has. */
static bool
is_former_target(const struct stage *stage, const char *object)
{
  const char *prefix;
  size_t len;

  if (stage->kind != PLUGIN_OUTPUT)
    return false;
  prefix = stage->plugin->output.target_prefix;
  len = strlen(prefix);
  if (strncmp(object, prefix, len) != 0 || object[len] != '.')
    return false;
  for (size_t i = 0; i < stage->n_targets; i++)
    if (strcmp(stage->targets[i]->object, object) == 0)
      return false;
  return true;
}

/* A stage that was not reached gives no information about its earlier failures.
 */
static enum report_object
state_of_object(void *ctx, const char *name, const char *object)
{
  const struct stage *stage = pipeline_stage(ctx, name);

  if (!stage)
    return REPORT_UNKNOWN;
  if (is_of_earlier_file(stage, object) || is_former_target(stage, object))
    return REPORT_GONE;
  return stage->took_part && !stage->given_up ? REPORT_REACHED : REPORT_UNKNOWN;
}

/* Stores "BEGUN ENDED STATUS" of this run, for the command status. */
static void
keep_run(struct pipeline *p, int64_t begun)
{
  char body[96];

  snprintf(body, sizeof(body), "%" PRId64 " %" PRId64 " %d", begun,
           clock_now_ms(), report_status(p->run->report));
  store_put(p->run->store, STORE_RUN, "", "last", body);
}

/* ---- The run before ---- */

static void
report_unfinished(const struct run_note *note)
{
  char when[RFC3339_SIZE];

  rfc3339_format(NULL, note->begun_ms, when);
  if (*note->output)
    log_line(MP_LOG_NOTICE, note->output, NULL,
             "the run that began at %s did not finish: it was in this output "
             "(%s), which is now served last",
             when, note->call);
  else
    log_line(MP_LOG_NOTICE, NULL, NULL,
             "the run that began at %s did not finish", when);
}

/* Reports a run before this one that did not end.  Orders the outputs: those in
 * which runs fail or hang are served last. */
static void
begin_note(struct pipeline *p)
{
  struct run_note note = { .output = "" };
  bool durable = !p->run->dry && store_is_durable(p->run->store);

  if (durable && run_note_read(p->run->store, &note))
    report_unfinished(&note);
  turns_order(p, note.output);
  if (durable)
    run_note_begin(p->run, clock_now_ms());
}

/* ---- A cycle ---- */

/* Evaluates and books the readings of a cycle, of live inputs and captures
 * alike.  Returns the time of the cycle. */
static int64_t
work_out(struct pipeline *p)
{
  int64_t time_ms;

  /* Of fields that this reading emitted for the first time. */
  if (book_load_targets(p) != MP_OK)
    p->run->state_failed = true;
  book_report_unreadable(p);
  evaluate(p);
  book_check_kinds(p);
  book_check_values(p);
  time_ms = book_time(p);
  book_pending(p, time_ms);
  return time_ms;
}

static void
deliver_latest_now(struct pipeline *p)
{
  book_prepare(p);
  commit_state(p);
  deliver_mark(p);
  deliver_latest(p);
}

/* With a state on disk: commits all pending values before anything is sent. */
static void
deliver_cycle(struct pipeline *p, int64_t time_ms)
{
  deliver_mark(p);
  deliver_tokens(p);
  if (!p->only_captures) /* a capture is sent to devices only at its end */
    book_prepare(p);
  commit_state(p);
  if (p->run->state_failed)
    notices_drop(p);
  notices_log(p);
  deliver_mark(p);
  deliver_live(p, time_ms);
  deliver_rows(p);
  if (!p->only_captures)
    deliver_latest(p);
}

static void
finish_cycle(struct pipeline *p, int64_t begun)
{
  report_end_cycle(p->run->report, state_of_object, p);
  keep_run(p, begun);
  pending_since_keep(p);
  commit_state(p);
}

/* Reads the inputs, with a part of the deadline reserved for the outputs.  Then
 * recovers the rows of the run before, in half of the time that is left: old
 * rows can wait, the new readings cannot. */
static void
read_in_time(struct pipeline *p)
{
  int64_t whole = deadline_of(p);
  int64_t reserve = whole / 10 < RESERVE_MOST_MS ? whole / 10 : RESERVE_MOST_MS;
  int64_t begun = clock_mono_ms();

  run_set_deadline(p->run, whole - reserve);
  read_inputs(p);
  run_set_deadline(p->run, (whole - (clock_mono_ms() - begun)) / 2);
  if (!p->run->state_failed && !p->run->dry && !run_stopped())
    deliver_recover(p);
  run_set_deadline(p->run, whole - (clock_mono_ms() - begun));
}

static void
run_live(struct pipeline *p)
{
  int64_t begun = clock_now_ms(), time_ms;

  read_in_time(p);
  if (run_stopped())
    return;
  if (!p->run->state_failed)
    ask_outputs(p);
  time_ms = work_out(p);
  if (p->run->dry) {
    notices_log(p);
    dry_run_deliver(p, time_ms);
    return;
  }
  deliver_cycle(p, time_ms);
  finish_cycle(p, begun);
}

/* ---- A capture ---- */

/* Runs the cycles of a capture.  The deadline applies to each of them, not to
 * the capture. */
static void
run_capture(struct pipeline *p)
{
  bool durable = !p->run->dry && store_is_durable(p->run->store);
  int64_t begun = clock_now_ms(), time_ms;
  bool asked = false;

  run_set_deadline(p->run, deadline_of(p));
  if (durable)
    deliver_recover(p);
  run_drop_deadline(p->run);
  while (!run_stopped() && read_inputs(p)) {
    if (durable)
      run_set_deadline(p->run, deadline_of(p));
    if (!asked)
      ask_outputs(p);
    asked = true;
    time_ms = work_out(p);
    if (!durable)
      notices_log(p);
    if (p->run->dry)
      dry_run_deliver(p, time_ms);
    else if (durable)
      deliver_cycle(p, time_ms);
    else
      direct_deliver(p, time_ms);
    if (durable)
      run_drop_deadline(p->run); /* the next cycle may come much later */
  }
  direct_flush(p);
  if (!durable)
    return;
  run_set_deadline(p->run, deadline_of(p));
  deliver_latest_now(p);
  finish_cycle(p, begun);
}

int
cycle_run(struct pipeline *p)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    output->given_up = output->took_part = false;
    output->number = 0;
    for (size_t i = 0; i < output->n_targets; i++) {
      struct target *t = output->targets[i];

      t->answer = 0;
      t->failed = t->first = t->sending = t->numbers_only = false;
      ledger_displayed_clear(&t->displayed);
    }
  }
  FOR_EACH_STAGE(p, input, PLUGIN_INPUT)
  {
    if (!input->abandoned)
      input->ended = false;
  }
  begin_note(p);
  if (p->only_captures) {
    watchdog_disarm(); /* a capture has no time limit */
    run_capture(p);
  } else {
    watchdog_arm(deadline_of(p));
    run_live(p);
  }
  delivered_print(p);
  if (!run_stopped())
    return MP_OK;
  report_note_status(p->run->report,
                     report_exit_status(REPORT_OTHER, MP_ECANCELED));
  return MP_ECANCELED;
}
