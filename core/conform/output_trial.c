/* The life of one output instance, as a run calls it. */
#include "core/conform/output_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/storable.h"

#define TOKEN_SIZE 256

/* ---- Results ---- */

/* Returns the fault of a result, or NULL.  recover may reject a single value,
 * but not a record. */
static const char *
fault_of_result(const struct output_trial *t, uint32_t record, uint32_t target,
                uint32_t result, char *buf, size_t size)
{
  bool recovers = strcmp(t->c->report->callback, "recover") == 0;

  if (result < MP_ACCEPTED || result > MP_SET_ASIDE)
    snprintf(buf, size, "the result %u, which does not exist",
             (unsigned)result);
  else if (record >= t->records)
    snprintf(buf, size, "a result for record %u of %u", (unsigned)record,
             (unsigned)t->records);
  else if (target >= t->n_targets && target != MP_ALL_TARGETS)
    snprintf(buf, size, "a result for target %u of %u", (unsigned)target,
             (unsigned)t->n_targets);
  else if (result == MP_SET_ASIDE &&
           (t->class != MP_HISTORY || target != MP_ALL_TARGETS))
    snprintf(buf, size,
             "MP_SET_ASIDE: only a history output may, with MP_ALL_TARGETS");
  else if (recovers && target == MP_ALL_TARGETS && result > MP_PERHAPS)
    snprintf(buf, size, "the result %u: it may give MP_ACCEPTED or MP_NOT_SENT",
             (unsigned)result);
  else
    return NULL;
  return buf;
}

static void
take_result(const struct mp_output_sink *sink, uint32_t record, uint32_t target,
            uint32_t result)
{
  struct output_trial *t = sink->ctx;
  const char *callback = t->c->report->callback, *fault;
  char buf[128];

  fault = fault_of_result(t, record, target, result, buf, sizeof(buf));
  if (fault)
    conform_fail(t->c, "%s gave %s", callback, fault);
  for (uint32_t i = 0; i < t->n_targets && record < t->records; i++)
    if (target == i || target == MP_ALL_TARGETS)
      t->places[i].open[record] = false;
  if (!fault && result > MP_ACCEPTED && strcmp(callback, "commit") == 0)
    t->silent = true;
}

/* Reports the first value that was written and got no result. */
static void
check_results(struct output_trial *t)
{
  for (uint32_t k = 0; k < t->records; k++)
    for (uint32_t i = 0; i < t->n_targets; i++)
      if (t->places[i].open[k]) {
        conform_fail(t->c,
                     "%s gave no result for target %u in record %u: give one "
                     "for each value that was written",
                     t->c->report->callback, (unsigned)i, (unsigned)k);
        return;
      }
}

static int
call_with_results(struct output_trial *t, const char *token)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  const struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                       .ctx = t,
                                       .result = take_result };
  const char *callback = token ? "recover" : "commit";
  const struct mp_output_sink *lent;
  struct loan loan;
  int r;

  loan_open(&loan, callback, sizeof(sink) + LOAN_TEXT);
  lent = loan_copy(&loan, &sink, sizeof(sink));
  token = loan_text(&loan, token);
  conform_begin(t->c, callback);
  r = token ? ops->append->recover(t->self, token, lent)
            : ops->commit(t->self, lent);
  if (r == MP_OK && !conform_failed(t->c))
    check_results(t);
  if (t->silent && r != MP_ECANCELED &&
      atomic_load(&t->c->n_explained) == t->explained)
    conform_fail(t->c, "commit gave a result other than MP_ACCEPTED and did "
                       "not say why: use mp_fail");
  conform_end(t->c, r, conform_ok);
  loan_close(&loan);
  return r;
}

/* Calls commit, or recover with TOKEN. */
static void
call_commit(struct output_trial *t, const char *token)
{
  t->silent = false;
  if (call_with_results(t, token) != MP_OK)
    t->given_up = true;
  t->records = 0;
}

/* ---- Records ---- */

static void
call_begin(struct output_trial *t, const struct mp_record *record)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  struct mp_record *lent;
  struct loan loan;

  if (t->records++ == 0)
    t->explained = atomic_load(&t->c->n_explained);
  if (!ops->begin)
    return;
  loan_open(&loan, "begin", sizeof(*record) + LOAN_TEXT);
  lent = loan_copy(&loan, record, sizeof(*record));
  lent->id = loan_text(&loan, record->id);
  conform_begin(t->c, "begin");
  if (conform_end(t->c, ops->begin(t->self, lent), conform_ok) < 0)
    t->given_up = true;
  loan_close(&loan);
}

/* A write that refuses only its value still allows the commit. */
static void
call_write(struct output_trial *t, uint32_t target,
           const struct mp_value *value)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  const struct mp_value *lent;
  struct loan loan;
  int r;

  lent = conform_lend_value(&loan, "write", value);
  conform_begin(t->c, "write");
  r = conform_end(t->c, ops->write(t->self, target, lent), conform_ok);
  loan_close(&loan);
  if (r == MP_OK)
    t->places[target].open[t->records - 1] = true;
  else if (r != MP_EDATA && r != MP_ERANGE && r != MP_ECONFIG)
    t->given_up = true;
}

/* Returns true if a run would write VALUE to PLACE. */
static bool
is_written(const struct output_trial *t, const struct place *place,
           const struct mp_value *value)
{
  bool was_asked = t->class == MP_LATEST && t->skipped == 0;

  if (was_asked && (!place->answered || place->takes_none))
    return false;
  return value->kind != MP_TEXT || !place->takes_numbers;
}

static void
write_record(struct output_trial *t, int number)
{
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms =
                                INT64_C(1795341600000) + number * 1200000 };
  struct mp_value value = *t->sample;
  char id[32];

  snprintf(id, sizeof(id), "one-%d", number);
  record.id = id;
  value.struct_size = sizeof(value);
  value.time_ms = record.time_ms;
  value.serial = "84968362";
  call_begin(t, &record);
  for (uint32_t i = 0; i < t->n_targets; i++)
    t->places[i].open[t->records - 1] = false;
  for (uint32_t i = 0; i < t->n_targets && !t->given_up; i++)
    if (is_written(t, &t->places[i], &value))
      call_write(t, i, &value);
}

/* TOKEN has room for twice the size that the plugin gets. */
static void
take_token(struct output_trial *t, char token[2 * TOKEN_SIZE])
{
  int r;

  memset(token, '#', 2 * TOKEN_SIZE);
  conform_begin(t->c, "token");
  r = t->c->plugin->append.token(t->self, token, TOKEN_SIZE);
  if (token[TOKEN_SIZE] != '#')
    conform_fail(t->c, "token wrote more than the %d bytes of its size",
                 TOKEN_SIZE);
  else if (r == MP_OK && !storable_token(token, TOKEN_SIZE))
    conform_fail(t->c, "token must give one line of less than 256 bytes");
  if (conform_end(t->c, r, conform_ok) != MP_OK || conform_failed(t->c))
    snprintf(token, 2 * TOKEN_SIZE, "0");
}

/* ---- Displayed values ---- */

/* Returns the fault of an answer, or NULL. */
static const char *
fault_of_shown(const struct output_trial *t, const struct mp_shown *shown)
{
  const char *fault;

  if (!shown)
    return "NULL instead of an answer";
  if (!MP_HAS(shown, struct mp_shown, flags))
    return "an answer whose struct_size is too small";
  if (shown->target >= t->n_targets)
    return "an answer for a target that does not exist";
  if (shown->answer < MP_SHOWN_VALUE || shown->answer > MP_SHOWN_FORGOTTEN)
    return "an answer that does not exist";
  if (shown->answer == MP_SHOWN_VALUE && !shown->value)
    return "MP_SHOWN_VALUE without a value";
  fault = storable_shown(shown);
  if (!fault && shown->answer <= MP_SHOWN_EMPTY && shown->value)
    fault = conform_value(shown->value);
  if (!fault && shown->answer == MP_SHOWN_UNFIT && !conform_explained(t->c))
    fault = "MP_SHOWN_UNFIT and did not say why: use mp_fail";
  return fault;
}

static int
take_shown(const struct mp_output_sink *sink, const struct mp_shown *shown)
{
  struct output_trial *t = sink->ctx;
  const char *fault = fault_of_shown(t, shown);

  if (fault)
    conform_fail(t->c, "fetch gave %s", fault);
  if (!shown || !MP_HAS(shown, struct mp_shown, flags) ||
      shown->target >= t->n_targets)
    return MP_EINTERNAL;
  t->places[shown->target].answered = true;
  t->places[shown->target].takes_none =
    shown->answer == MP_SHOWN_ABSENT || shown->answer == MP_SHOWN_UNFIT;
  t->places[shown->target].takes_numbers = shown->flags & MP_SHOWN_NUMBERS;
  return fault ? MP_EINTERNAL : MP_OK;
}

static void
check_fetched(struct output_trial *t, int r)
{
  uint32_t i = 0;

  if (t->skipped >= 0 && r >= 0 && t->skipped != (r == MP_SKIP))
    conform_fail(t->c,
                 "fetch returned MP_SKIP once and MP_OK once: only the options "
                 "of an instance may decide whether it can be asked");
  if (r >= 0)
    t->skipped = r == MP_SKIP;
  while (i < t->n_targets && t->places[i].answered)
    i++;
  if (r == MP_OK && i < t->n_targets && !conform_explained(t->c) &&
      !conform_failed(t->c))
    conform_fail(t->c,
                 "fetch left target %u out and did not say why: use mp_fail",
                 (unsigned)i);
}

bool
output_trial_fetch(struct output_trial *t)
{
  static const int outcomes[] = { MP_OK, MP_SKIP, -1 };
  const struct mp_output_ops *ops = &t->c->plugin->output;
  const struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                       .ctx = t,
                                       .shown = take_shown };
  struct loan loan;
  int r;

  if (!ops->fetch)
    return true;
  loan_open(&loan, "fetch", sizeof(sink));
  for (uint32_t i = 0; i < t->n_targets; i++)
    t->places[i] = (struct place){ 0 };
  conform_begin(t->c, "fetch");
  r = ops->fetch(t->self, loan_copy(&loan, &sink, sizeof(sink)));
  check_fetched(t, r);
  conform_end(t->c, r, outcomes);
  loan_close(&loan);
  return r >= 0;
}

/* ---- A cycle ---- */

/* Delivers records as a run does.  A latest output gets one record at a time.
 * After a failed begin or write, the host calls close and not commit. */
static void
deliver_records(struct output_trial *t)
{
  char token[2 * TOKEN_SIZE];

  if (t->class == MP_APPEND)
    take_token(t, token);
  for (int i = 0;
       i < (t->class == MP_LATEST ? 1 : OUTPUT_TRIAL_RECORDS) && !t->given_up;
       i++)
    write_record(t, i);
  if (!t->given_up)
    call_commit(t, NULL);
  if (t->class != MP_APPEND || t->given_up)
    return;
  write_record(t, 0);
  if (!t->given_up)
    call_commit(t, token);
}

/* Lends the plugin its targets until output_trial_close. */
static void
lend_targets(struct output_trial *t)
{
  size_t one = sizeof(struct mp_target) + 3 * LOAN_ALIGN + 48;
  const struct mp_target **list = memory_get(t->n_targets, sizeof(*list));
  char name[16], source[24];

  loan_open(&t->loan, "open", t->n_targets * one);
  for (uint32_t i = 0; i < t->n_targets; i++) {
    struct mp_target target = { .struct_size = sizeof(target),
                                .kind = t->sample->kind };

    snprintf(name, sizeof(name), "%u", (unsigned)i + 1);
    snprintf(source, sizeof(source), "meter.a%u", (unsigned)i + 1);
    target.name = loan_text(&t->loan, name);
    target.source = loan_text(&t->loan, source);
    list[i] = loan_copy(&t->loan, &target, sizeof(target));
  }
  t->c->targets = list;
  t->c->n_targets = t->n_targets;
}

static void
take_targets_back(struct output_trial *t)
{
  free(t->c->targets);
  t->c->targets = NULL;
  loan_close(&t->loan);
}

bool
output_trial_open(struct output_trial *t)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  int r = MP_OK;

  t->records = 0;
  t->given_up = false;
  lend_targets(t);
  if (ops->open) {
    conform_begin(t->c, "open");
    r = conform_end(t->c, ops->open(t->self), conform_ok);
  }
  if (r != MP_OK)
    take_targets_back(t);
  return r == MP_OK;
}

void
output_trial_close(struct output_trial *t)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;

  if (ops->close) {
    conform_begin(t->c, "close");
    ops->close(t->self);
    conform_end(t->c, MP_OK, conform_ok);
  }
  take_targets_back(t);
}

bool
output_trial_cycle(struct conform *c, void *ctx)
{
  struct output_trial *t = ctx;

  (void)c;
  if (output_trial_fetch(t))
    deliver_records(t);
  if (!t->given_up)
    return true;
  output_trial_close(t);
  return output_trial_open(t);
}

bool
output_trial_once(struct conform *c, void *ctx)
{
  struct output_trial *t = ctx;

  (void)c;
  if (!output_trial_open(t))
    return true;
  if (output_trial_cycle(t->c, t))
    output_trial_close(t);
  return true;
}
