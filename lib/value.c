/* Values that own their texts, and their form in the state. */
#include "lib/value.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rare.h"
#include "lib/short_text.h"
#include "lib/storable.h"
#include "lib/unit.h"
#include "lib/utf8.h"

/* ---- Interned texts ---- */

struct interned {
  struct interned *next;
  char text[];
};

static pthread_mutex_t intern_lock = PTHREAD_MUTEX_INITIALIZER;
static struct interned *intern_list;

static struct interned *
intern_new(const char *text)
{
  size_t size = strlen(text) + 1;
  struct interned *entry = malloc(sizeof(*entry) + size);

  if (!entry)
    return NULL;
  memcpy(entry->text, text, size);
  entry->next = intern_list;
  intern_list = entry;
  return entry;
}

const char *
value_intern(const char *text)
{
  struct interned *entry;

  if (!text || !*text)
    return NULL;
  pthread_mutex_lock(&intern_lock);
  for (entry = intern_list; entry; entry = entry->next)
    if (strcmp(entry->text, text) == 0)
      break;
  if (!entry)
    entry = intern_new(text);
  pthread_mutex_unlock(&intern_lock);
  return entry ? entry->text : NULL;
}

/* ---- Ownership ---- */

void
value_clear(struct value *v)
{
  free(v->text);
  memset(v, 0, sizeof(*v));
}

bool
value_copy(struct value *to, const struct value *from)
{
  char *text = NULL;

  if (to == from)
    return true;
  if (from->text) {
    text = strdup(from->text);
    if (!text) {
      value_clear(to);
      return false;
    }
  }
  free(to->text);
  *to = *from;
  to->text = text;
  return true;
}

void
value_move(struct value *to, struct value *from)
{
  if (to == from)
    return;
  free(to->text);
  *to = *from;
  memset(from, 0, sizeof(*from));
}

/* ---- Across the ABI ---- */

/* Returns whether TEXT equals HAS, the unit or serial number of the previous
 * value.  Usually it does: a field keeps them for years. */
static inline bool
is_same(const char *has, const char *text)
{
  return has == text || (has && text && short_text_is(has, text));
}

static const char *
fault_of_number(const struct mp_value *v)
{
  if (v->struct_size < offsetof(struct mp_value, text) + sizeof(v->text))
    return "a value whose struct_size is too small";
  if (v->kind < MP_COUNTER || v->kind > MP_TEXT)
    return "a value of an unknown kind";
  if (!decimal_valid(v->number))
    return "a value with an exponent out of range";
  if (!storable_time(v->time_ms))
    return "a value with a time before 1970 or after 9999";
  return NULL;
}

RARE static const char *
fault_of_texts(const struct mp_value *v, bool unit_known, bool serial_known)
{
  if (v->unit && !unit_known && !storable_unit(v->unit))
    return "a unit that is not clean UTF-8, is too long, or has \"|\" in it or "
           "a blank at its beginning or end";
  if (v->serial && !serial_known && !storable_symbol(v->serial))
    return "a serial number that is not clean UTF-8, is too long, or has \"|\" "
           "in it";
  if (v->kind != MP_TEXT)
    return NULL;
  if (!v->text)
    return "a text value without text";
  return utf8_is_plain(v->text) ? NULL : "a text that is not clean UTF-8";
}

/* Returns the fault of V in words; NULL: it can be stored, and read back. Skips
 * a unit or serial number that is known: it was checked before. */
static const char *
fault_of(const struct mp_value *v, bool unit_known, bool serial_known)
{
  const char *fault = fault_of_number(v);

  return fault || (unit_known && serial_known && v->kind != MP_TEXT)
           ? fault
           : fault_of_texts(v, unit_known, serial_known);
}

const char value_no_memory[] = "out of memory";

/* Replaces a text, or by a text. */
RARE static bool
import_text(struct value *to, const struct mp_value *from)
{
  free(to->text);
  to->text = from->kind == MP_TEXT ? strdup(from->text) : NULL;
  return from->kind != MP_TEXT || to->text;
}

/* Takes a unit or serial number that is another one than before. */
RARE static const char *
import_names(struct value *to, const struct mp_value *from, bool same_unit,
             bool same_serial)
{
  if (!same_unit)
    to->unit = from->unit ? value_intern(unit_canonical(from->unit)) : NULL;
  if (!same_serial)
    to->serial = value_intern(from->serial);
  /* Without its unit or serial number it would be another value. */
  return (from->unit && *from->unit && !to->unit) ||
             (from->serial && *from->serial && !to->serial)
           ? value_no_memory
           : NULL;
}

static void
import_number(struct value *to, const struct mp_value *from)
{
  to->kind = from->kind;
  decimal_copy(&to->number, &from->number);
  to->time_ms = from->time_ms;
}

/* Imports any value. */
RARE static const char *
import_any(struct value *to, const struct mp_value *from)
{
  bool same_unit = is_same(to->unit, from->unit);
  bool same_serial = is_same(to->serial, from->serial);
  const char *fault = fault_of(from, same_unit, same_serial);

  if (fault)
    return fault;
  if (!import_text(to, from))
    return value_no_memory;
  import_number(to, from);
  if (from->kind == MP_TEXT)
    to->number = (struct mp_decimal){ 0, 0 };
  return import_names(to, from, same_unit, same_serial);
}

const char *
value_import(struct value *to, const struct mp_value *from)
{
  const char *fault;

  if (to->text || from->kind == MP_TEXT || !is_same(to->unit, from->unit) ||
      !is_same(to->serial, from->serial))
    return import_any(to, from);
  fault = fault_of_number(from);
  if (!fault)
    import_number(to, from);
  return fault;
}

bool
value_equal(const struct value *a, const struct value *b)
{
  if ((a->kind == 0) != (b->kind == 0))
    return false;
  if (a->text || b->text)
    return a->text && b->text && strcmp(a->text, b->text) == 0;
  return decimal_compare(a->number, b->number) == 0;
}

const char *
value_kind_name(uint32_t kind)
{
  static const char *const names[] = { "unknown kind", "counter", "gauge",
                                       "delta", "text" };

  return names[kind <= MP_TEXT ? kind : 0];
}

const char *
value_describe(const struct value *v, char *buf, size_t size)
{
  char number[DECIMAL_TEXT];

  if (v->kind == 0)
    snprintf(buf, size, "-");
  else if (v->text)
    snprintf(buf, size, "%s", v->text);
  else {
    decimal_format(v->number, number, sizeof(number));
    snprintf(buf, size, "%s%s%s", number, v->unit ? " " : "",
             v->unit ? unit_display(v->unit) : "");
  }
  return buf;
}

/* ---- In the state: "KIND COEF EXP TIME UNIT|SERIAL|TEXT" ---- */

void
value_write(FILE *out, const struct value *v)
{
  fprintf(out, "%u %lld %d %lld %s|%s|%s", (unsigned)v->kind,
          (long long)v->number.coef, (int)v->number.exp10,
          (long long)v->time_ms, v->unit ? v->unit : "",
          v->serial ? v->serial : "", v->text ? v->text : "");
}

/* Interns the text before the next '|' and moves *P past it. */
static bool
decode_part(const char **p, const char **ret)
{
  const char *end = strchr(*p, '|');
  char buf[256];

  if (!end || (size_t)(end - *p) >= sizeof(buf))
    return false;
  memcpy(buf, *p, (size_t)(end - *p));
  buf[end - *p] = 0;
  *ret = value_intern(buf);
  *p = end + 1;
  return *ret || !buf[0]; /* else: out of memory */
}

bool
value_decode(struct value *v, const char *line)
{
  unsigned kind;
  long long coef, time_ms;
  int exp10, used = 0;
  struct value got = { 0 };
  struct mp_value seen;
  const char *p;

  if (sscanf(line, "%u %lld %d %lld%n", &kind, &coef, &exp10, &time_ms,
             &used) != 4 ||
      line[used] != ' ')
    return false;
  p = line + used + 1;
  if (!decode_part(&p, &got.unit) || !decode_part(&p, &got.serial))
    return false;
  got.kind = kind;
  got.number = (struct mp_decimal){ .coef = coef, .exp10 = exp10 };
  got.time_ms = time_ms;
  seen = value_export(&got);
  seen.text = p;
  if (fault_of(&seen, false, false))
    return false;
  if (kind == MP_TEXT) {
    got.text = strdup(p);
    if (!got.text)
      return false;
  }
  value_move(v, &got);
  return true;
}
