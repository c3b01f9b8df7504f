/* The checks for inputs. */
#include "core/conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/storable.h"

/* ---- Readings ---- */

/* What read emitted. */
struct emitted {
  char field[STORABLE_NAME];
  uint32_t kind;
};

struct trial {
  struct conform *c;
  struct conform_host *h;
  void *self;
  bool has_serial;         /* the running callback gave one that it read */
  struct emitted *emitted; /* n_emitted: in the running callback */
  size_t n_emitted;
};

static void
note_emitted(struct trial *t, const char *field, uint32_t kind)
{
  struct emitted *e;

  MEMORY_GROW(&t->emitted, t->n_emitted);
  e = &t->emitted[t->n_emitted++];
  snprintf(e->field, sizeof(e->field), "%s", field);
  e->kind = kind;
}

static void
check_emitted(struct trial *t)
{
  for (size_t i = 0; i < t->n_emitted; i++)
    conform_emitted_kind(t->c, t->self, t->emitted[i].field,
                         t->emitted[i].kind);
  free(t->emitted);
  t->emitted = NULL;
  t->n_emitted = 0;
}

static int
take_value(const struct mp_sink *sink, const char *field,
           const struct mp_value *value)
{
  struct trial *t = sink->ctx;
  struct conform *c = t->c;
  const char *callback = c->report->callback;
  const char *wrong = value ? conform_value(value) : "NULL instead of a value";

  if (!field || !storable_field(field))
    conform_fail(c, "%s emitted a value without a field of [a-z0-9_.-]+",
                 callback);
  else if (wrong)
    conform_fail(c, "%s emitted %s for \"%s\"", callback, wrong, field);
  else
    note_emitted(t, field, value->kind);
  return wrong ? MP_EINTERNAL : MP_OK;
}

static int
take_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  struct trial *t = sink->ctx;
  const char *callback = t->c->report->callback;

  if (!serial || !storable_symbol(serial))
    conform_fail(t->c,
                 "%s gave a serial number that is not clean UTF-8, is too "
                 "long, or has \"|\" in it",
                 callback);
  else if (how > MP_SERIAL_ASSUMED)
    conform_fail(t->c,
                 "%s gave a serial number of the origin %u: use "
                 "MP_SERIAL_READ or MP_SERIAL_ASSUMED",
                 callback, (unsigned)how);
  else if (how == MP_SERIAL_READ)
    t->has_serial = true;
  return MP_OK;
}

static bool
is_fact(const char *text)
{
  return !text || storable_symbol(text);
}

static int
take_meter(const struct mp_sink *sink, const struct mp_meter *meter)
{
  struct conform *c = ((struct trial *)sink->ctx)->c;
  const char *callback = c->report->callback;

  if (!meter)
    conform_fail(c, "%s gave NULL instead of facts of the meter", callback);
  else if (!MP_HAS(meter, struct mp_meter, software))
    conform_fail(c, "%s gave facts whose struct_size is too small", callback);
  else if (!is_fact(meter->manufacturer) || !is_fact(meter->model) ||
           !is_fact(meter->software))
    conform_fail(c,
                 "%s gave facts of the meter that are not clean UTF-8, are too "
                 "long, or have \"|\" in them",
                 callback);
  return MP_OK;
}

/* Calls FN, which is read or identify.  Returns its result. */
static int
call_with_sink(struct trial *t, const char *callback,
               int (*fn)(void *self, const struct mp_sink *sink),
               const int *outcomes)
{
  const struct mp_sink sink = { .struct_size = sizeof(sink),
                                .ctx = t,
                                .emit = take_value,
                                .serial = take_serial,
                                .meter = take_meter };
  struct loan loan;
  int r;

  t->has_serial = false;
  loan_open(&loan, callback, sizeof(sink));
  conform_begin(t->c, callback);
  r = fn(t->self, loan_copy(&loan, &sink, sizeof(sink)));
  conform_end(t->c, r, outcomes);
  loan_close(&loan);
  check_emitted(t);
  return r;
}

static int
call_read(struct trial *t)
{
  static const int live[] = { MP_OK, MP_SKIP, -1 };
  static const int recorded[] = { MP_OK, MP_END, -1 };
  const struct mp_input_ops *ops = &t->c->plugin->input;

  return call_with_sink(t, "read", ops->read,
                        ops->flags & MP_INPUT_RECORDING ? recorded : live);
}

static void
call_identify(struct trial *t)
{
  const struct mp_input_ops *ops = &t->c->plugin->input;

  if (ops->identify &&
      call_with_sink(t, "identify", ops->identify, conform_ok) == MP_OK &&
      !t->has_serial)
    conform_fail(t->c, "identify returned MP_OK and gave no serial number: "
                       "call sink->serial with MP_SERIAL_READ");
}

/* Calls FN, which is open or check.  Returns its result. */
static int
call_plain(const struct trial *t, const char *callback, int (*fn)(void *self))
{
  if (!fn)
    return MP_OK;
  conform_begin(t->c, callback);
  return conform_end(t->c, fn(t->self), conform_ok);
}

static void
call_files(const struct trial *t)
{
  const struct mp_input_ops *ops = &t->c->plugin->input;

  if (!ops->files)
    return;
  conform_begin(t->c, "files");
  (void)ops->files(t->self);
  conform_end(t->c, MP_OK, conform_ok);
}

/* One cycle of a live input: open, read and close.  A capture is read up to
 * three times. */
static bool
read_cycle(struct conform *c, void *ctx)
{
  const struct mp_input_ops *ops = &c->plugin->input;
  int times = ops->flags & MP_INPUT_RECORDING ? 3 : 1;
  struct trial *t = ctx;
  int r;

  call_files(t);
  r = call_plain(t, "open", ops->open);
  if (r != MP_OK)
    return true;
  while (times-- > 0 && r == MP_OK)
    r = call_read(t);
  if (ops->close) {
    conform_begin(c, "close");
    ops->close(t->self);
    conform_end(c, MP_OK, conform_ok);
  }
  return true;
}

/* ---- Trials ---- */

/* Calls what the host calls while the input is not open. */
static bool
ask_closed(struct conform *c, void *ctx)
{
  struct trial *t = ctx;

  call_plain(t, "check", c->plugin->input.check);
  call_identify(t);
  if (c->plugin->input.probe)
    conform_probe(c, t->self);
  return true;
}

/* Makes an instance, and reads with it as TRY says.  MS is the time left. */
static void
with_input(struct conform *c, int64_t ms, void (*try)(struct trial *t))
{
  struct trial t = { .c = c, .h = conform_host(c, "one") };

  if (conform_create(c, t.h, &t.self)) {
    conform_give_time(c, t.h, ms);
    try(&t);
    c->deadline_ms = 0;
    conform_destroy(c, t.h, t.self);
  }
  conform_host_free(t.h);
}

/* Reads as a run with --every does: with one instance. */
static void
read_three_times(struct trial *t)
{
  for (int cycle = 0; cycle < 3 && !conform_failed(t->c); cycle++)
    read_cycle(t->c, t);
}

static void
read_and_ask(struct trial *t)
{
  read_three_times(t);
  ask_closed(t->c, t);
}

static void
cancelled(struct trial *t)
{
  conform_cancel(t->c, t->h);
  read_and_ask(t);
}

static void
ask_then_read(struct trial *t)
{
  ask_closed(t->c, t);
  read_and_ask(t);
}

static void
watch(struct trial *t)
{
  if (t->c->plugin->input.probe)
    conform_watch(t->c, t->h, t->self);
}

static void
read_often(struct trial *t)
{
  conform_leaks(t->c, "40 cycles of open, read and close", 40, read_cycle, t);
  if (!conform_failed(t->c))
    conform_leaks(t->c, "40 calls of check, identify and probe", 40, ask_closed,
                  t);
}

static void
check_read(struct conform *c)
{
  with_input(c, 300, read_three_times);
}

static void
check_asking(struct conform *c)
{
  with_input(c, 300, ask_then_read);
}

static void
check_watching(struct conform *c)
{
  with_input(c, CONFORM_WATCH_MS, watch);
}

static void
check_leaks(struct conform *c)
{
  with_input(c, 300, read_often);
}

static void
check_no_time(struct conform *c)
{
  with_input(c, 0, read_and_ask);
}

static void
check_cancelled(struct conform *c)
{
  with_input(c, 60000, cancelled);
}

/* The smallest size that a host may give to status. */
#define STATUS_SIZE 256

static void
tell_status(struct trial *t)
{
  static const int outcomes[] = { MP_OK, MP_DROP, -1 };
  char text[STATUS_SIZE];

  memset(text, 'x', sizeof(text));
  conform_begin(t->c, "status");
  if (conform_end(t->c, t->c->plugin->input.status(t->self, text, sizeof(text)),
                  outcomes) == MP_OK &&
      !storable_token(text, sizeof(text)))
    conform_fail(t->c, "status wrote a text that is not a clean line of UTF-8 "
                       "in the given size");
}

static void
check_status(struct conform *c)
{
  if (c->plugin->input.status)
    with_input(c, 300, tell_status);
}

const struct conform_check conform_input[] = {
  { "fields", conform_fields },
  { "fields of an instance", conform_fields_of },
  { "read", check_read },
  { "check, identify and probe", check_asking },
  { "watch", check_watching },
  { "leaks", check_leaks },
  { "no time left", check_no_time },
  { "cancelled", check_cancelled },
  { "status", check_status },
  { NULL, NULL },
};
