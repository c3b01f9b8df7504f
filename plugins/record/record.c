/* Keeps the values of a record. */
#include "plugins/record/record.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void
clear_value(struct record_value *v)
{
  free(v->unit);
  free(v->serial);
  free(v->text);
  *v = (struct record_value){ .unit = NULL };
}

static void
forget(struct record *r)
{
  free(r->id);
  r->id = NULL;
  for (uint32_t i = 0; i < r->n; i++)
    clear_value(&r->values[i]);
}

int
record_open(struct record *r, uint32_t n)
{
  struct record_value *values = realloc(r->values, (n + 1) * sizeof(*values));

  if (!values)
    return MP_ENOMEM;
  r->values = values;
  for (; r->n < n; r->n++)
    r->values[r->n] = (struct record_value){ .unit = NULL };
  return MP_OK;
}

void
record_close(struct record *r)
{
  forget(r);
  free(r->values);
  *r = (struct record){ .id = NULL };
}

int
record_begin(struct record *r, const struct mp_record *record)
{
  forget(r);
  r->time_ms = record->time_ms;
  r->id = strdup(record->id);
  return r->id ? MP_OK : MP_ENOMEM;
}

/* Sets *TO to a copy of TEXT, which may be NULL. */
static bool
copy_text(char **to, const char *text)
{
  *to = text ? strdup(text) : NULL;
  return *to || !text;
}

int
record_write(struct record *r, uint32_t target, const struct mp_value *value)
{
  struct record_value *to;

  if (target >= r->n)
    return MP_EINTERNAL;
  to = &r->values[target];
  clear_value(to);
  if (!copy_text(&to->unit, value->unit) ||
      !copy_text(&to->serial, value->serial) ||
      !copy_text(&to->text, value->text)) {
    clear_value(to);
    return MP_ENOMEM;
  }
  mp_value_copy(&to->value, value);
  to->value.unit = to->unit;
  to->value.serial = to->serial;
  to->value.text = to->text;
  return MP_OK;
}

const struct mp_value *
record_value(const struct record *r, uint32_t target)
{
  const struct mp_value *value =
    target < r->n ? &r->values[target].value : NULL;

  return value && value->kind ? value : NULL;
}
