/* The checks for outputs, in each delivery class that they may have. */
#include "core/conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/storable.h"

#define TARGETS 2
#define RECORDS 3

static const int ok[] = { MP_OK, -1 };

/* The instance under test, and the answers so far. */
struct trial {
  struct conform *c;
  struct fake_host *h;
  void *self;
  uint32_t class;
  const char *what; /* commit, or recover */
  uint32_t records;
  uint32_t failures; /* explained before the first record began */
  bool unsent;       /* begin or write failed: there is no commit */
  bool silent;       /* a result that needs an explanation was given */
  int skipped;       /* of fetch: -1: no result yet, 1: MP_SKIP, 0: MP_OK */
};

/* ---- Results ---- */

static void
take_result(const struct mp_result_sink *sink, uint32_t record, uint32_t target,
            uint32_t result)
{
  struct trial *t = sink->ctx;

  if (result < MP_ACCEPTED || result > MP_REJECTED)
    conform_fail(t->c, "%s gave the result %u, which does not exist", t->what,
                 (unsigned)result);
  else if (record >= t->records)
    conform_fail(t->c, "%s gave a result for record %u of %u", t->what,
                 (unsigned)record, (unsigned)t->records);
  else if (target >= TARGETS && target != MP_ALL_TARGETS)
    conform_fail(t->c, "%s gave a result for target %u of %d", t->what,
                 (unsigned)target, TARGETS);
  else if (strcmp(t->what, "recover") == 0 && result != MP_ACCEPTED &&
           result != MP_NOT_SENT && result != MP_PERHAPS)
    conform_fail(
      t->c,
      "recover gave the result %u: it may give MP_ACCEPTED or MP_NOT_SENT",
      (unsigned)result);
  if (result > MP_ACCEPTED && result <= MP_REJECTED &&
      strcmp(t->what, "commit") == 0)
    t->silent = true;
}

static void
call_commit(struct trial *t, const char *token)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  struct mp_result_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = t,
                                 .result = take_result };
  uint32_t failures = fake_host_failures(t->h);
  int r;

  t->what = token ? "recover" : "commit";
  t->silent = false;
  r = token ? ops->append->recover(t->self, token, &sink)
            : ops->commit(t->self, &sink);
  conform_result(t->c, t->h, t->what, r, ok, failures);
  if (t->silent && r != MP_ECANCELED && fake_host_failures(t->h) == t->failures)
    conform_fail(t->c, "commit gave a result other than MP_ACCEPTED and did "
                       "not say why: use mp_fail");
  t->records = 0;
}

/* ---- Records ---- */

/* Notes in T if the record cannot be committed after the result R of WHAT.  A
 * write that refuses only its value still allows the commit. */
static void
note_failure(struct trial *t, const char *what, int r)
{
  bool of_value = strcmp(what, "write") == 0 &&
                  (r == MP_EDATA || r == MP_ERANGE || r == MP_ECONFIG);

  if (r < 0 && !of_value)
    t->unsent = true;
}

static void
call_begin_record(struct trial *t, const struct mp_record *record)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  uint32_t failures = fake_host_failures(t->h);
  int r;

  if (t->records++ == 0)
    t->failures = failures;
  if (!ops->begin)
    return;
  r = ops->begin(t->self, record);
  conform_result(t->c, t->h, "begin", r, ok, failures);
  note_failure(t, "begin", r);
}

static void
write_record(struct trial *t, int number)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms =
                                INT64_C(1795341600000) + number * 1200000 };
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_COUNTER,
                            .number = { 84208 + number, -3 },
                            .time_ms = record.time_ms,
                            .unit = "GJ" };
  char id[32];

  snprintf(id, sizeof(id), "one-%d", number);
  record.id = id;
  call_begin_record(t, &record);
  for (uint32_t i = 0; i < TARGETS && !t->unsent; i++) {
    uint32_t failures = fake_host_failures(t->h);
    int r = ops->write(t->self, i, &value);

    conform_result(t->c, t->h, "write", r, ok, failures);
    note_failure(t, "write", r);
  }
}

static void
take_token(struct trial *t, char token[512])
{
  uint32_t failures = fake_host_failures(t->h);
  int r;

  memset(token, '#', 512);
  r = t->c->plugin->append.token(t->self, token, 256);
  conform_result(t->c, t->h, "token", r, ok, failures);
  if (r != MP_OK)
    snprintf(token, 512, "0");
  else if (!storable_token(token, 256))
    conform_fail(t->c, "token must give one line of less than 256 bytes");
}

/* ---- Displayed values ---- */

static int
take_shown(const struct mp_shown_sink *sink, const struct mp_shown *shown)
{
  struct trial *t = sink->ctx;
  const char *wrong = NULL;

  if (!MP_HAS(shown, struct mp_shown, flags))
    wrong = "an answer whose struct_size is too small";
  else if (shown->target >= TARGETS)
    wrong = "an answer for a target that does not exist";
  else if (shown->answer < MP_SHOWN_VALUE || shown->answer > MP_SHOWN_UNFIT)
    wrong = "an answer that does not exist";
  else if (shown->answer == MP_SHOWN_VALUE && !shown->value)
    wrong = "MP_SHOWN_VALUE without a value";
  else
    wrong = storable_shown(shown);
  if (!wrong && shown->answer <= MP_SHOWN_EMPTY && shown->value)
    wrong = conform_value(shown->value);
  if (wrong)
    conform_fail(t->c, "fetch gave %s", wrong);
  return MP_OK;
}

/* Calls fetch and checks the answer.  Returns false if fetch failed: a run
 * would not call the output again. */
static bool
call_fetch(struct trial *t)
{
  static const int outcomes[] = { MP_OK, MP_SKIP, -1 };
  const struct mp_output_ops *ops = &t->c->plugin->output;
  struct mp_shown_sink sink = { .struct_size = sizeof(sink),
                                .ctx = t,
                                .shown = take_shown };
  uint32_t failures = fake_host_failures(t->h);
  int r = ops->fetch ? ops->fetch(t->self, &sink) : MP_SKIP;

  conform_result(t->c, t->h, "fetch", r, outcomes, failures);
  if (t->skipped >= 0 && r >= 0 && t->skipped != (r == MP_SKIP))
    conform_fail(t->c,
                 "fetch returned MP_SKIP once and MP_OK once: only the options "
                 "of an instance may decide whether it can be asked");
  if (r >= 0)
    t->skipped = r == MP_SKIP;
  return r >= 0;
}

/* ---- From open to close ---- */

/* Delivers records as a run does.  A latest output gets one record at a time.
 * After a failed begin or write, the host calls close and not commit. */
static void
deliver_trial_records(struct trial *t)
{
  char token[512];

  if (t->class == MP_APPEND)
    take_token(t, token);
  for (int i = 0; i < (t->class == MP_LATEST ? 1 : RECORDS) && !t->unsent; i++)
    write_record(t, i);
  if (!t->unsent)
    call_commit(t, NULL);
  if (t->class != MP_APPEND || t->unsent)
    return;
  write_record(t, 0);
  if (!t->unsent)
    call_commit(t, token);
}

/* Opens the instance, fetches, delivers and closes. */
static void
run_output_trial(struct trial *t)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  uint32_t failures = fake_host_failures(t->h);
  int r = ops->open ? ops->open(t->self) : MP_OK;

  t->records = 0;
  t->unsent = false;
  conform_result(t->c, t->h, "open", r, ok, failures);
  if (r != MP_OK)
    return;
  if (call_fetch(t))
    deliver_trial_records(t);
  if (ops->close)
    ops->close(t->self);
}

static void
live_twice(struct conform *c, uint32_t class, const char *word,
           void (*prepare)(struct fake_host *h))
{
  struct trial t = { .c = c, .class = class, .skipped = -1 };
  int64_t begun;

  t.h = conform_host(c, "one");
  if (word)
    fake_host_set(t.h, c->plugin->output.delivery_option, word);
  fake_host_add_target(t.h, "1", NULL, "meter.a", 0);
  fake_host_add_target(t.h, "2", NULL, "meter.b", 0);
  if (!conform_create(c, t.h, &t.self)) {
    fake_host_free(t.h);
    return;
  }
  prepare(t.h);
  begun = conform_clock();
  run_output_trial(&t);
  if (!c->failed)
    run_output_trial(&t); /* an instance can be opened again */
  conform_in_time(c, "delivering", begun);
  c->plugin->table.destroy(t.self);
  fake_host_free(t.h);
}

/* Tests an instance in each delivery class that the plugin can have. */
static void
live_in_classes(struct conform *c, void (*prepare)(struct fake_host *h))
{
  const char *key = c->plugin->output.delivery_option;
  const struct mp_option *option = c->plugin->table.options;

  if (!key) {
    live_twice(c, c->plugin->output.delivery, NULL, prepare);
    return;
  }
  while (strcmp(option->key, key) != 0)
    option++;
  for (const char *p = option->allowed; *p && !c->failed;
       p += strcspn(p, "|"), p += *p == '|') {
    size_t len = strcspn(p, "|");
    char *word = strndup(p, len);

    if (word)
      live_twice(c, delivery_class(p, len), word, prepare);
    free(word);
  }
}

static void
give_a_little(struct fake_host *h)
{
  fake_host_set_deadline(h, 500);
}

static void
give_nothing(struct fake_host *h)
{
  fake_host_set_time_left(h, 0);
}

static void
check_deliver(struct conform *c)
{
  live_in_classes(c, give_a_little);
}

static void
check_no_time(struct conform *c)
{
  live_in_classes(c, give_nothing);
}

static void
check_cancelled(struct conform *c)
{
  live_in_classes(c, fake_host_cancel);
}

const struct conform_check conform_output[] = {
  { "deliver", check_deliver, false },
  { "no time left", check_no_time, false },
  { "cancelled", check_cancelled, false },
  { NULL, NULL, false },
};
