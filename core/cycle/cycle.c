/* Runs a pipeline, from the first byte of a meter to the last answer of an
 * output. */
#include "core/cycle/cycle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/ask_outputs.h"
#include "core/cycle/book.h"
#include "core/cycle/book_state.h"
#include "core/cycle/deliver.h"
#include "core/cycle/delivered.h"
#include "core/cycle/dry_run.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/read_inputs.h"
#include "core/cycle/output_turns.h"
#include "core/cycle/pending_since.h"
#include "core/cycle/queue_row.h"
#include "core/cycle/settle.h"
#include "core/memory/memory.h"
#include "core/run/log.h"
#include "core/run/run_note.h"
#include "core/run/watchdog.h"
#include "lib/clock.h"
#include "lib/rfc3339.h"

/* At most this much of the deadline is reserved for the outputs. */
#define RESERVE_MOST_MS 5000

static int64_t
deadline_of(const struct cycle *c)
{
  return options_int(c->plan->options, "deadline");
}

/* ---- Life ---- */

struct cycle *
cycle_new(struct plan *plan, struct instances *instances, struct run *run)
{
  struct cycle *c = memory_get(1, sizeof(*c));

  c->plan = plan;
  c->instances = instances;
  c->run = run;
  pthread_mutex_init(&c->lock, NULL);
  c->order = memory_get(plan->n_stages, sizeof(*c->order));
  c->deliveries = memory_get(plan->n_stages, sizeof(*c->deliveries));
  c->tellers = memory_get(plan->n_stages, sizeof(*c->tellers));
  for (size_t i = 0; i < plan->n_stages; i++) {
    c->tellers[i].cycle = c;
    c->tellers[i].instance = &instances->list[i];
    if (plan->stages[i]->kind == PLUGIN_OUTPUT)
      c->order[c->n_outputs++] = plan->stages[i];
  }
  cycle_data_init(&c->d, plan);
  cycle_grow(c);
  instances->ledgers = (const struct ledger *const *)&c->d.ledgers;
  return c;
}

void
cycle_free(struct cycle *c)
{
  if (!c)
    return;
  for (size_t i = 0; i < c->n_delivered; i++)
    free(c->delivered[i]);
  messages_clear(&c->notices);
  cycle_data_clear(&c->d);
  pthread_mutex_destroy(&c->lock);
  free(c->order);
  free(c->deliveries);
  free(c->delivered);
  free(c->tellers);
  free(c);
}

void
cycle_grow(struct cycle *c)
{
  const struct plan *p = c->plan;

  cycle_data_grow(&c->d);
  if (c->n_delivered == p->n_targets)
    return;
  c->delivered = memory_resize(c->delivered, c->n_delivered, p->n_targets,
                               sizeof(*c->delivered));
  c->n_delivered = p->n_targets;
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    instance_add_targets(instance_of(c, output));
  }
}

/* ---- Messages ---- */

int
cycle_fail(struct cycle *c, const struct stage *stage, int code,
           const char *object, const char *fmt, ...)
{
  struct mp_host *host = &instance_of(c, stage)->host;
  va_list args;

  va_start(args, fmt);
  host->vfail(host, code, object, fmt, args);
  va_end(args);
  return code;
}

/* Says MESSAGE.  Returns false if it is a notice, which must wait. */
static bool
say(struct cycle *c, const struct message *message)
{
  const struct stage *stage = message->stage;

  if (message->kind == MESSAGE_NOTICE)
    return false;
  if (message->kind == MESSAGE_FAILURE)
    cycle_fail(c, stage, message->code, message->object, "%s", message->text);
  else
    log_line(message->code, stage->name, message->object, "%s", message->text);
  return true;
}

void
cycle_say(struct cycle *c, struct messages *m)
{
  struct messages kept = { .first = NULL };
  struct message *message;

  while ((message = messages_take(m)))
    if (say(c, message))
      message_free(message);
    else
      messages_put(&kept, message);
  messages_move(&c->notices, &kept);
}

/* Logs the notices in the order in which they were kept, and drops them.  With
 * -n, adds to each that it is not kept. */
static void
log_notices(struct cycle *c)
{
  const char *end = c->dry ? " (-n: this is not kept)" : "";

  for (const struct message *m = c->notices.first; m; m = m->next)
    if (!m->base || !is_blocked(&c->d, m->base))
      log_line(m->code, m->stage->name, m->object, "%s%s", m->text, end);
  messages_clear(&c->notices);
}

/* ---- The state ---- */

/* Commits the whole state. */
static void
commit_state(struct cycle *c)
{
  if (c->d.state_failed)
    return;
  if (store_is_durable(c->run->store) && book_save(c) != MP_OK)
    c->d.state_failed = true;
  else
    deliver_commit_with(c, store_commit);
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

/* Returns true if STAGE was used in this cycle, and not given up. */
static bool
took_part(const struct cycle *c, const struct stage *stage)
{
  const struct output_state *output = &c->d.outputs[stage->index];

  if (stage->kind == PLUGIN_INPUT)
    return c->d.inputs[stage->index].took_part;
  if (stage->kind == PLUGIN_TRANSFORM)
    return c->d.evaluation.took_part[stage->index];
  return output->took_part && !output->given_up;
}

/* A stage that was not reached gives no information about its earlier failures.
 */
static enum report_object
state_of_object(void *ctx, const char *name, const char *object)
{
  const struct cycle *c = ctx;
  const struct stage *stage = plan_stage(c->plan, name);

  if (!stage)
    return REPORT_UNKNOWN;
  if (is_of_earlier_file(stage, object) || is_former_target(stage, object))
    return REPORT_GONE;
  return took_part(c, stage) ? REPORT_REACHED : REPORT_UNKNOWN;
}

/* Stores "BEGUN ENDED STATUS" of this run, for the command status. */
static void
keep_run(struct cycle *c, int64_t begun)
{
  char body[96];

  snprintf(body, sizeof(body), "%" PRId64 " %" PRId64 " %d", begun,
           clock_now_ms(), report_status(c->run->report));
  store_put(c->run->store, STORE_RUN, "", "last", body);
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
begin_note(struct cycle *c)
{
  struct run_note note = { .output = "" };
  bool durable = !c->dry && store_is_durable(c->run->store);

  if (durable && run_note_read(c->run->store, &note))
    report_unfinished(&note);
  turns_order(c, note.output);
  if (durable)
    run_note_begin(c->run, clock_now_ms());
}

/* ---- A cycle ---- */

void
cycle_ask(struct cycle *c)
{
  struct messages m = { .first = NULL };

  if (c->d.offline)
    return;
  ask_outputs(c);
  settle(&c->d, clock_now_ms(), &m);
  cycle_say(c, &m);
}

/* Adopts rows that an output has and this state does not know, because an older
 * copy of it was put back.  Rows of the queue that are not newer were delivered
 * before, and are dropped. */
static void
adopt_unknown_rows(struct cycle *c)
{
  FOR_EACH_OUTPUT(c, output)
  {
    int64_t newest;

    if (!is_queued(output) || !older_state_is_noticed(c, output))
      continue;
    newest = settle_unknown_row(&c->d, output, book_last_row(c, output),
                                clock_now_ms());
    if (newest)
      log_line(MP_LOG_NOTICE, output->name, NULL,
               "has rows that the state does not know, probably because an "
               "older copy of the state was restored: its last row is now the "
               "last known value%s",
               book_drop_rows(c, output, newest) > 0
                 ? ", and rows that it has already are not written again"
                 : "");
  }
}

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

/* Tells the plugins the kinds that first values decided. */
static void
show_new_kinds(struct cycle *c)
{
  const struct plan *p = c->plan;

  for (size_t i = 0; i < p->n_targets && c->d.has_new_kind; i++) {
    const struct target *t = p->targets[i];

    if (target_is_kept(t) && !t->source->kind)
      instance_of(c, t->stage)->targets[t->number]->kind = c->d.ledgers[i].kind;
  }
  c->d.has_new_kind = false;
}

/* Puts the rows of this cycle into the queues. */
static void
book_rows(struct cycle *c, int64_t time_ms)
{
  if (!time_ms || !store_is_durable(c->run->store))
    return;
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    if (delivery(output) == MP_APPEND ||
        (delivery(output) == MP_HISTORY && book_has_row(&c->d, output)))
      book_add_row(c, output, time_ms);
  }
}

/* Evaluates and books the readings of a cycle, of live inputs and captures
 * alike.  Returns the time of the cycle. */
static int64_t
work_out(struct cycle *c)
{
  int64_t time_ms;

  /* Of fields that this reading emitted for the first time. */
  if (book_load_targets(c) != MP_OK)
    c->d.state_failed = true;
  book_report_unreadable(c);
  evaluate_readings(c);
  book_check(&c->d);
  time_ms = book_time(&c->d);
  book(&c->d);
  book_rows(c, time_ms);
  show_new_kinds(c);
  cycle_say(c, &c->d.evaluation.messages);
  return time_ms;
}

static void
deliver_latest_now(struct cycle *c)
{
  book_prepare(&c->d, clock_now_ms());
  commit_state(c);
  deliver_mark(c);
  deliver_latest(c);
}

/* With a state on disk: commits all pending values before anything is sent. */
static void
deliver_cycle(struct cycle *c, int64_t time_ms)
{
  deliver_mark(c);
  deliver_tokens(c);
  if (!c->plan
         ->only_captures) /* a capture is sent to devices only at its end */
    book_prepare(&c->d, clock_now_ms());
  commit_state(c);
  if (c->d.state_failed)
    messages_clear(&c->notices);
  log_notices(c);
  deliver_mark(c);
  deliver_live(c, time_ms);
  deliver_rows(c);
  if (!c->plan->only_captures)
    deliver_latest(c);
}

static void
finish_cycle(struct cycle *c, int64_t begun)
{
  report_end_cycle(c->run->report, state_of_object, c);
  keep_run(c, begun);
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
  run_set_deadline(c->run, (whole - (clock_mono_ms() - begun)) / 2);
  if (!c->d.state_failed && !c->dry && !run_stopped())
    deliver_recover(c);
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
    adopt_unknown_rows(c);
  }
  time_ms = work_out(c);
  if (c->dry) {
    log_notices(c);
    dry_run_deliver(c, time_ms);
    return;
  }
  deliver_cycle(c, time_ms);
  finish_cycle(c, begun);
}

/* ---- A capture ---- */

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
    deliver_recover(c);
  run_drop_deadline(c->run);
  while (!run_stopped() && read_inputs(c)) {
    if (durable)
      run_set_deadline(c->run, deadline_of(c));
    if (!asked) {
      cycle_ask(c);
      adopt_unknown_rows(c);
    }
    asked = true;
    time_ms = work_out(c);
    if (!durable)
      log_notices(c);
    if (c->dry)
      dry_run_deliver(c, time_ms);
    else if (durable)
      deliver_cycle(c, time_ms);
    else
      direct_deliver(c, time_ms);
    if (durable)
      run_drop_deadline(c->run); /* the next cycle may come much later */
  }
  direct_flush(c);
  if (!durable)
    return;
  run_set_deadline(c->run, deadline_of(c));
  deliver_latest_now(c);
  finish_cycle(c, begun);
}

/* Forgets the run before. */
static void
begin_run(struct cycle *c)
{
  struct cycle_data *d = &c->d;

  d->shows_info = log_shows(MP_LOG_INFO);
  d->shows_debug = log_shows(MP_LOG_DEBUG);
  d->is_terminal = log_is_terminal();
  d->books_all = c->dry || store_is_durable(c->run->store);
  for (size_t i = 0; i < c->plan->n_stages; i++) {
    struct output_state *output = &d->outputs[i];

    output->given_up = output->took_part = false;
    output->number = 0;
    if (!d->inputs[i].abandoned)
      d->inputs[i].ended = false;
  }
  for (size_t i = 0; i < c->plan->n_targets; i++) {
    ledger_displayed_clear(&d->answers[i].displayed);
    d->answers[i].kind = 0;
    d->answers[i].numbers_only = false;
    d->outcomes[i] = LEDGER_SETTLED;
    d->progress[i] = TARGET_IDLE;
  }
}

int
cycle_run(struct cycle *c)
{
  begin_run(c);
  begin_note(c);
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
