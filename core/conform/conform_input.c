/* The checks for inputs. */
#include "core/conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/storable.h"

#define MANY_FIELDS 4096

/* ---- Fields ---- */

struct fields {
  struct conform *c;
  const struct mp_input_ops *ops;
  unsigned calls;
  char name[128];
};

static void
take_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct fields *f = sink->ctx;

  f->calls++;
  if (!MP_HAS(field, struct mp_field, unit))
    conform_fail(f->c, "a field's struct_size is %u: too small",
                 (unsigned)field->struct_size);
  else if (!field->name || !storable_field(field->name))
    conform_fail(f->c,
                 "the field name \"%s\" has characters other than a-z, 0-9, _ "
                 ". and -, or is too long",
                 field->name ? field->name : "");
  else if (field->kind > MP_TEXT)
    conform_fail(f->c, "the field \"%s\" is of kind %u, which does not exist",
                 field->name, (unsigned)field->kind);
  else
    snprintf(f->name, sizeof(f->name), "%s", field->name);
}

/* Asks the plugin for the field NAME and checks the answer.  Returns the
 * canonical name, in F; NULL: there is no such field. */
static const char *
ask_field(struct fields *f, const char *name)
{
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .ctx = f,
                                .field = take_field };
  int r;

  f->calls = 0;
  f->name[0] = 0;
  r = f->ops->field(name, &sink);
  if (r != MP_OK && r != MP_ECONFIG)
    conform_fail(f->c,
                 "field(\"%s\") returned %d: it may return MP_OK or MP_ECONFIG",
                 name, r);
  if (f->calls != (r == MP_OK ? 1u : 0u))
    conform_fail(f->c, "field(\"%s\") returned %d and called the sink %u times",
                 name, r, f->calls);
  return r == MP_OK ? f->name : NULL;
}

/* Checks that the plugin maps the canonical name of a listed field, and its
 * other spelling, to that canonical name. */
static void
take_listed(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct fields *f = sink->ctx;
  struct fields asked = { .c = f->c, .ops = f->ops };
  const char *name;

  take_field(sink, field);
  if (!*f->name || f->calls > MANY_FIELDS)
    return;
  name = ask_field(&asked, field->name);
  if (!name || strcmp(name, field->name) != 0)
    conform_fail(f->c, "list_fields names \"%s\", but field returns \"%s\"",
                 field->name, name ? name : "none");
  name = field->number ? ask_field(&asked, field->number) : NULL;
  if (field->number && (!name || strcmp(name, field->name) != 0))
    conform_fail(
      f->c, "\"%s\" is another spelling of \"%s\", but field returns \"%s\"",
      field->number, field->name, name ? name : "none");
}

static void
check_fields(struct conform *c)
{
  const struct mp_input_ops *ops = &c->plugin->input;
  struct fields f = { .c = c, .ops = ops };
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .ctx = &f,
                                .field = take_listed };
  char *copy, *rest, *word;

  if (ops->list_fields && ops->list_fields(&sink) != MP_OK)
    conform_fail(c, "list_fields failed");
  if (ops->list_fields && f.calls == 0)
    conform_fail(c, "list_fields lists no field");
  ask_field(&f, "");
  ask_field(&f, "no such field!");
  ask_field(&f, "%s%n");
  copy = strdup(ops->default_fields ? ops->default_fields : "");
  rest = copy;
  while (rest && *rest) {
    word = strsep(&rest, ", ");
    if (*word && strcmp(word, "*") != 0 && !ask_field(&f, word))
      conform_fail(c, "default_fields has \"%s\", which is not a field", word);
  }
  free(copy);
}

/* ---- Reading ---- */

static int
take_value(const struct mp_sink *sink, const char *field,
           const struct mp_value *value)
{
  struct conform *c = sink->ctx;
  const char *wrong = conform_value(value);

  if (wrong)
    conform_fail(c, "it emitted %s for \"%s\"", wrong, field);
  return wrong ? MP_EINTERNAL : MP_OK;
}

static int
take_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  struct conform *c = sink->ctx;

  if (!serial || !storable_symbol(serial) || how > MP_SERIAL_ASSUMED)
    conform_fail(c, "it gave an invalid serial number");
  return MP_OK;
}

/* Opens, reads up to three times, and closes. */
static void
read_once(struct conform *c, struct fake_host *h, void *self)
{
  static const int opened[] = { MP_OK, -1 };
  static const int live[] = { MP_OK, MP_SKIP, -1 };
  static const int recorded[] = { MP_OK, MP_END, -1 };
  const struct mp_input_ops *ops = &c->plugin->input;
  struct mp_sink sink = { .struct_size = sizeof(sink),
                          .ctx = c,
                          .emit = take_value,
                          .serial = take_serial };
  uint32_t failures = fake_host_failures(h);
  int r = ops->open ? ops->open(self) : MP_OK;

  conform_result(c, h, "open", r, opened, failures);
  if (r != MP_OK)
    return;
  for (int i = 0; i < 3 && r == MP_OK; i++) {
    failures = fake_host_failures(h);
    r = ops->read(self, &sink);
    conform_result(c, h, "read", r,
                   ops->flags & MP_INPUT_RECORDING ? recorded : live, failures);
  }
  if (ops->close)
    ops->close(self);
}

/* Opens and reads one instance twice.  PREPARE changes the host first: for
 * example, it takes away the time left. */
static void
read_twice(struct conform *c, void (*prepare)(struct fake_host *h))
{
  struct fake_host *h = conform_host(c, "one");
  void *self = NULL;
  int64_t begun;

  if (!conform_create(c, h, &self)) {
    fake_host_free(h);
    return;
  }
  prepare(h);
  begun = conform_clock();
  read_once(c, h, self);
  read_once(c, h, self); /* an instance can be opened again */
  conform_in_time(c, "reading", begun);
  c->plugin->table.destroy(self);
  fake_host_free(h);
}

static void
give_a_little(struct fake_host *h)
{
  fake_host_set_deadline(h, 300);
}

static void
give_nothing(struct fake_host *h)
{
  fake_host_set_time_left(h, 0);
}

static void
check_read(struct conform *c)
{
  read_twice(c, give_a_little);
}

static void
check_no_time(struct conform *c)
{
  read_twice(c, give_nothing);
}

static void
check_cancelled(struct conform *c)
{
  read_twice(c, fake_host_cancel);
}

const struct conform_check conform_input[] = {
  { "fields", check_fields, false },
  { "read", check_read, false },
  { "no time left", check_no_time, false },
  { "cancelled", check_cancelled, false },
  { NULL, NULL, false },
};
