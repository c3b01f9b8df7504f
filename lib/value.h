/*
 * Values inside the host: like struct mp_value, but owning what they point to,
 * so that they can be kept, copied and stored.
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
 * the program ends.  A text is owned.  All zeros is "no value".
 */
struct value {
  uint32_t kind; /* MP_COUNTER ...; 0: there is none */
  struct decimal number;
  int64_t time_ms;
  const char *unit;   /* canonical, interned; NULL: none */
  const char *serial; /* interned; NULL: not known */
  char *text;         /* with MP_TEXT */
};

/* The one copy of TEXT that everybody shares (NULL stays NULL, and so does ""
 * become NULL); NULL also when out of memory.  Any thread. */
const char *value_intern(const char *text);

void value_clear(struct value *v);

/* Replaces *to; false: out of memory, *to is then no value. */
bool value_copy(struct value *to, const struct value *from);

/* *to becomes *from, which is left without a value. */
void value_move(struct value *to, struct value *from);

/* Takes over what a plugin hands in.  NULL when it is sound, else what is wrong
 * with it: a value that breaks the rules of the ABI is refused. */
const char *value_import(struct value *to, const struct mp_value *from);

/* The same as a plugin sees it; valid as long as V is not changed. */
struct mp_value value_export(const struct value *v);

/* Whether number or text are the same; kind, unit, time do not count. */
bool value_equal(const struct value *a, const struct value *b);

/* "counter", "gauge", "delta" or "text". */
const char *value_kind_name(uint32_t kind);

/* "84.208 GJ" for people, in UTF-8; returns buf. */
const char *value_describe(const struct value *v, char *buf, size_t size);

/* One line of text that keeps all of a value, without its end, and back; false
 * when it is no such line. */
void value_write(FILE *out, const struct value *v);
bool value_decode(struct value *v, const char *line);

#endif
