/*
 * Values inside the host: like struct mp_value, but they own their texts, so
 * that they can be kept, copied and stored.
 */
#ifndef LIB_VALUE_H
#define LIB_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/decimal.h"
#include "meterpipe/plugin.h"

/*
 * Units and serial numbers are few and repeat: they are interned and live until
 * the program ends.  The text is owned.  All zeros is "no value".
 */
struct value {
  uint32_t kind; /* MP_COUNTER ...; 0: no value */
  struct mp_decimal number;
  int64_t time_ms;
  const char *unit;   /* canonical, interned; NULL: none */
  const char *serial; /* interned; NULL: not known */
  char *text;         /* with MP_TEXT */
};

/* Returns the shared copy of TEXT.  NULL if TEXT is NULL or "", or when out of
 * memory.  Any thread. */
const char *value_intern(const char *text);

void value_clear(struct value *v);

/* Replaces *to with a copy.  false: out of memory, and *to is then no value. */
bool value_copy(struct value *to, const struct value *from);

/* Moves *from to *to; *from is then no value. */
void value_move(struct value *to, struct value *from);

/* Copies a value from a plugin, and checks it against the rules of the ABI.
 * Returns NULL if it was taken, else the fault in words, or value_no_memory,
 * which is no fault of the plugin. */
extern const char value_no_memory[];
const char *value_import(struct value *to, const struct mp_value *from);

/* Returns V as plugins see it; valid until V changes. */
static inline struct mp_value
value_export(const struct value *v)
{
  return (struct mp_value){
    .struct_size = sizeof(struct mp_value),
    .kind = v->kind,
    .number = v->number,
    .time_ms = v->time_ms,
    .unit = v->unit,
    .serial = v->serial,
    .text = v->text,
  };
}

/* Returns whether number or text are the same; ignores kind, unit and time. */
bool value_equal(const struct value *a, const struct value *b);

/* "counter", "gauge", "delta" or "text". */
const char *value_kind_name(uint32_t kind);

/* Writes "84.208 GJ" for people, in UTF-8; returns BUF. */
const char *value_describe(const struct value *v, char *buf, size_t size);

/* value_write writes a value as one line, without the line feed; value_decode
 * reads it back.  false: not such a line, or out of memory (errno is then
 * ENOMEM). */
void value_write(FILE *out, const struct value *v);
bool value_decode(struct value *v, const char *line);

#endif
