/* The checks of an input's fields. */
#include "core/conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/decimal.h"
#include "lib/storable.h"
#include "lib/value.h"

#define MANY_FIELDS 4096

/* A field that the plugin described, copied. */
struct described {
  char name[128];
  char number[128]; /* its other spelling; "": none */
  uint32_t kind;
};

struct fields {
  struct conform *c;
  void *self; /* for field_of; NULL: field is asked */
  unsigned calls;
  struct described last;
  struct described *list; /* of MANY_FIELDS; NULL: only the last is kept */
};

static bool
is_unit(const char *unit)
{
  return !unit || storable_unit(unit);
}

static void
take_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct fields *f = sink->ctx;
  const char *callback = f->c->report->callback;

  f->last = (struct described){ 0 };
  if (!field)
    conform_fail(f->c, "%s gave NULL instead of a field", callback);
  else if (!MP_HAS(field, struct mp_field, unit))
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
  else if (!conform_is_clean(field->label) || !conform_is_clean(field->number))
    conform_fail(f->c,
                 "%s: the label or the number of the field \"%s\" is not one "
                 "line of clean UTF-8",
                 callback, field->name);
  else if (!is_unit(field->unit) || !is_unit(field->max_rate_unit))
    conform_fail(f->c,
                 "%s: a unit of the field \"%s\" is not clean UTF-8, is too "
                 "long, or has \"|\" in it or a blank at its beginning or end",
                 callback, field->name);
  else if (field->max_rate.coef < 0 || !decimal_valid(field->max_rate))
    conform_fail(f->c, "%s: max_rate of the field \"%s\" is out of range",
                 callback, field->name);
  else {
    f->last.kind = field->kind;
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

void
conform_named_field(struct conform *c, const char *callback, const char *field,
                    const char *number)
{
  struct fields asked = { .c = c };
  const char *name;

  name = ask_field(&asked, field);
  if (!name || strcmp(name, field) != 0)
    conform_fail(c, "%s names \"%s\", but field returns \"%s\"", callback,
                 field, name ? name : "none");
  if (!*number)
    return;
  name = ask_field(&asked, number);
  if (!name || strcmp(name, field) != 0)
    conform_fail(
      c, "\"%s\" is another spelling of \"%s\", but field returns \"%s\"",
      number, field, name ? name : "none");
}

void
conform_emitted_kind(struct conform *c, void *self, const char *field,
                     uint32_t kind)
{
  struct fields asked = { .c = c,
                          .self = c->plugin->input.field_of ? self : NULL };

  if (ask_field(&asked, field) && asked.last.kind && asked.last.kind != kind)
    conform_fail(c, "read emitted \"%s\" as a %s, but %s describes it as a %s",
                 field, value_kind_name(kind),
                 asked.self ? "field_of" : "field",
                 value_kind_name(asked.last.kind));
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
    if (*f->list[i].name)
      conform_named_field(c, "list_fields", f->list[i].name, f->list[i].number);
}

static void
check_default_fields(struct fields *f, const char *fields)
{
  char *copy = memory_text(fields), *rest = copy, *word;

  while (rest && *rest) {
    word = strsep(&rest, ", ");
    if (strlen(word) >= STORABLE_NAME)
      conform_fail(f->c,
                   "default_fields has a word of %zu bytes: at most %d "
                   "are allowed",
                   strlen(word), STORABLE_NAME - 1);
    else if (*word && strcmp(word, "*") != 0 && !ask_field(f, word))
      conform_fail(f->c, "default_fields has \"%s\", which is not a field",
                   word);
  }
  free(copy);
}

void
conform_fields(struct conform *c)
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

void
conform_fields_of(struct conform *c)
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
