/* The checks for inputs. */
#include "core/conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/storable.h"

#define MANY_FIELDS 4096

/* ---- Fields ---- */

/* A field that the plugin described, copied. */
struct described {
  char name[128];
  char number[128]; /* its other spelling; "": none */
};

struct fields {
  struct conform *c;
  void *self; /* for field_of; NULL: field is asked */
  unsigned calls;
  struct described last;
  struct described *list; /* of MANY_FIELDS; NULL: only the last is kept */
};

static void
take_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct fields *f = sink->ctx;
  const char *callback = f->c->report->callback;

  f->last = (struct described){ 0 };
  if (!MP_HAS(field, struct mp_field, unit))
    conform_fail(f->c, "%s: a field's struct_size is %u: too small", callback,
                 (unsigned)field->struct_size);
  else if (!field->name || !storable_field(field->name))
    conform_fail(f->c,
                 "%s: the field name \"%s\" has characters other than a-z, "
                 "0-9, _ . and -, or is too long",
                 callback, field->name ? field->name : "");
  else if (field->kind > MP_TEXT)
    conform_fail(f->c, "%s: the field \"%s\" is of kind %u: use MP_COUNTER ...",
                 callback, field->name, (unsigned)field->kind);
  else {
    snprintf(f->last.name, sizeof(f->last.name), "%s", field->name);
    snprintf(f->last.number, sizeof(f->last.number), "%s",
             field->number ? field->number : "");
  }
  if (f->list && f->calls < MANY_FIELDS)
    f->list[f->calls] = f->last;
  f->calls++;
}

/* Lends the plugin a field sink for CALLBACK, and NAME if it is not NULL. */
static const struct mp_field_sink *
lend_field_sink(struct fields *f, struct loan *loan, const char *callback,
                const char **name)
{
  const struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                      .ctx = f,
                                      .field = take_field };
  const struct mp_field_sink *copy;

  loan_open(loan, callback, sizeof(sink) + LOAN_TEXT);
  copy = loan_copy(loan, &sink, sizeof(sink));
  *name = loan_text(loan, *name);
  return copy;
}

/* Asks the plugin for the field NAME and checks the answer.  Returns the
 * canonical name, in F; NULL: there is no such field. */
static const char *
ask_field(struct fields *f, const char *name)
{
  static const int outcomes[] = { MP_OK, -1 };
  const struct mp_field_sink *sink;
  const char *lent = name;
  struct loan loan;
  const char *callback = f->self ? "field_of" : "field";
  int r;

  f->calls = 0;
  f->last = (struct described){ 0 };
  sink = lend_field_sink(f, &loan, callback, &lent);
  conform_begin(f->c, callback);
  r = f->self ? f->c->plugin->input.field_of(f->self, lent, sink)
              : f->c->plugin->input.field(lent, sink);
  if (r != MP_OK && r != MP_ECONFIG)
    conform_fail(f->c,
                 "%s(\"%s\") returned %d: it may return MP_OK or MP_ECONFIG",
                 callback, name, r);
  if (f->calls != (r == MP_OK ? 1u : 0u))
    conform_fail(f->c, "%s(\"%s\") returned %d and called the sink %u times",
                 callback, name, r, f->calls);
  /* MP_ECONFIG needs no explanation here: there is no host. */
  conform_end(f->c, MP_OK, outcomes);
  loan_close(&loan);
  return r == MP_OK ? f->last.name : NULL;
}

/* Checks that the plugin maps the canonical name of a listed field, and its
 * other spelling, to that canonical name. */
static void
check_listed(struct conform *c, const struct described *listed)
{
  struct fields asked = { .c = c };
  const char *name;

  if (!*listed->name)
    return;
  name = ask_field(&asked, listed->name);
  if (!name || strcmp(name, listed->name) != 0)
    conform_fail(c, "list_fields names \"%s\", but field returns \"%s\"",
                 listed->name, name ? name : "none");
  if (!*listed->number)
    return;
  name = ask_field(&asked, listed->number);
  if (!name || strcmp(name, listed->name) != 0)
    conform_fail(
      c, "\"%s\" is another spelling of \"%s\", but field returns \"%s\"",
      listed->number, listed->name, name ? name : "none");
}

static void
check_list(struct conform *c, struct fields *f)
{
  const struct mp_field_sink *sink;
  const char *no_name = NULL;
  struct loan loan;
  int r;

  sink = lend_field_sink(f, &loan, "list_fields", &no_name);
  conform_begin(c, "list_fields");
  r = c->plugin->input.list_fields(sink);
  if (r != MP_OK)
    conform_fail(c, "list_fields failed");
  else if (f->calls == 0)
    conform_fail(c, "list_fields lists no field");
  conform_end(c, MP_OK, conform_ok);
  loan_close(&loan);
  for (unsigned i = 0; i < f->calls && i < MANY_FIELDS; i++)
    check_listed(c, &f->list[i]);
}

static void
check_default_fields(struct fields *f, const char *fields)
{
  char *copy = memory_text(fields), *rest = copy, *word;

  while (rest && *rest) {
    word = strsep(&rest, ", ");
    if (*word && strcmp(word, "*") != 0 && !ask_field(f, word))
      conform_fail(f->c, "default_fields has \"%s\", which is not a field",
                   word);
  }
  free(copy);
}

static void
check_fields(struct conform *c)
{
  const struct mp_input_ops *ops = &c->plugin->input;
  struct fields f = { .c = c };

  f.list = memory_get(MANY_FIELDS, sizeof(*f.list));
  if (ops->list_fields)
    check_list(c, &f);
  free(f.list);
  f.list = NULL;
  ask_field(&f, "");
  ask_field(&f, "no such field!");
  ask_field(&f, "%s%n");
  if (ops->default_fields)
    check_default_fields(&f, ops->default_fields);
}

/* What the fields mean in an instance: a host asks only for those that exist.
 */
static void
check_fields_of(struct conform *c)
{
  const struct mp_input_ops *ops = &c->plugin->input;
  struct conform_host *h = conform_host(c, "one");
  struct fields f = { .c = c };

  if (ops->field_of && conform_create(c, h, &f.self)) {
    if (ops->default_fields)
      check_default_fields(&f, ops->default_fields);
    conform_destroy(c, h, f.self);
  }
  conform_host_free(h);
}

/* ---- Reading ---- */

struct trial {
  struct conform *c;
  struct conform_host *h;
  void *self;
};

static int
take_value(const struct mp_sink *sink, const char *field,
           const struct mp_value *value)
{
  struct conform *c = sink->ctx;
  const char *wrong = conform_value(value);

  if (!field || !storable_field(field))
    conform_fail(c, "read emitted a value without a field of [a-z0-9_.-]+");
  else if (wrong)
    conform_fail(c, "read emitted %s for \"%s\"", wrong, field);
  return wrong ? MP_EINTERNAL : MP_OK;
}

static int
take_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  struct conform *c = sink->ctx;

  if (!serial || !storable_symbol(serial))
    conform_fail(c, "read gave a serial number that is not clean UTF-8, is too "
                    "long, or has \"|\" in it");
  else if (how > MP_SERIAL_ASSUMED)
    conform_fail(c,
                 "read gave a serial number of the origin %u: use "
                 "MP_SERIAL_READ or MP_SERIAL_ASSUMED",
                 (unsigned)how);
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
  struct conform *c = sink->ctx;

  if (!MP_HAS(meter, struct mp_meter, software))
    conform_fail(c, "read gave facts whose struct_size is too small");
  else if (!is_fact(meter->manufacturer) || !is_fact(meter->model) ||
           !is_fact(meter->software))
    conform_fail(c, "read gave facts of the meter that are not clean UTF-8, "
                    "are too long, or have \"|\" in them");
  return MP_OK;
}

/* Returns the result of read. */
static int
call_read(struct trial *t)
{
  static const int live[] = { MP_OK, MP_SKIP, -1 };
  static const int recorded[] = { MP_OK, MP_END, -1 };
  const struct mp_input_ops *ops = &t->c->plugin->input;
  const struct mp_sink sink = { .struct_size = sizeof(sink),
                                .ctx = t->c,
                                .emit = take_value,
                                .serial = take_serial,
                                .meter = take_meter };
  struct loan loan;
  int r;

  loan_open(&loan, "read", sizeof(sink));
  conform_begin(t->c, "read");
  r = ops->read(t->self, loan_copy(&loan, &sink, sizeof(sink)));
  conform_end(t->c, r, ops->flags & MP_INPUT_RECORDING ? recorded : live);
  loan_close(&loan);
  return r;
}

/* One cycle of a live input: open, read and close.  A capture is read up to
 * three times. */
static bool
read_cycle(struct conform *c, void *ctx)
{
  const struct mp_input_ops *ops = &c->plugin->input;
  int times = ops->flags & MP_INPUT_RECORDING ? 3 : 1;
  struct trial *t = ctx;
  int r = MP_OK;

  if (ops->open) {
    conform_begin(c, "open");
    r = conform_end(c, ops->open(t->self), conform_ok);
  }
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
read_cancelled(struct trial *t)
{
  conform_cancel(t->c, t->h);
  read_three_times(t);
}

static void
read_often(struct trial *t)
{
  conform_leaks(t->c, "40 cycles of open, read and close", 40, read_cycle, t);
}

static void
check_read(struct conform *c)
{
  with_input(c, 300, read_three_times);
}

static void
check_leaks(struct conform *c)
{
  with_input(c, 300, read_often);
}

static void
check_no_time(struct conform *c)
{
  with_input(c, 0, read_three_times);
}

static void
check_cancelled(struct conform *c)
{
  with_input(c, 60000, read_cancelled);
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
  { "fields", check_fields, false },
  { "fields of an instance", check_fields_of, false },
  { "read", check_read, false },
  { "leaks", check_leaks, false },
  { "no time left", check_no_time, false },
  { "cancelled", check_cancelled, false },
  { "status", check_status, false },
  { NULL, NULL, false },
};
