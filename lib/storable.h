/*
 * Checks whether the state can hold a value.  The sinks that take values from
 * plugins and the functions that read the state back use these same checks, so
 * that everything written can be read back.
 */
#ifndef LIB_STORABLE_H
#define LIB_STORABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meterpipe/plugin.h"

/* Units, serial numbers and times of last update are shorter than this. */
#define STORABLE_SYMBOL 200
/* Names of fields are shorter than this. */
#define STORABLE_NAME 128
/* The last millisecond of the year 9999: RFC 3339 has years of four digits. */
#define STORABLE_TIME_MAX INT64_C(253402300799999)
/* The longest wait before sending that an output can ask for.  If its times of
 * last update are in whole minutes, it needs a minute. */
#define STORABLE_WAIT_MS 3600000
/* A place is from -STORABLE_PLACE to STORABLE_PLACE, or MP_EXACT. */
#define STORABLE_PLACE DECIMAL_MAX_EXP
/* A key of store_set is shorter than STORABLE_KEPT_KEY; its text has at most
 * STORABLE_KEPT_TEXT bytes. */
#define STORABLE_KEPT_KEY 1024
#define STORABLE_KEPT_TEXT 65536

/* A serial number: UTF-8 without control characters and '|', short enough. */
bool storable_symbol(const char *text);

/* A unit: a symbol that neither begins nor ends with a blank. */
bool storable_unit(const char *text);

/* A time of last update: a line of UTF-8, short enough. */
bool storable_updated(const char *text);

/* A time from 1970 to the year 9999; 0: not known. */
static inline bool
storable_time(int64_t time_ms)
{
  return time_ms >= 0 && time_ms <= STORABLE_TIME_MAX;
}

bool storable_place(int32_t place);

/* Checks all of SHOWN except its value.  Returns the fault in
 * words; NULL: sound. */
const char *storable_shown(const struct mp_shown *shown);

/* The name of a field: [a-z0-9_.-]+, short enough. */
bool storable_field(const char *name);

/* Checks that the first LEN bytes of TEXT match [a-z][a-z0-9_]*, as the key of
 * an option and the prefix of targets do. */
bool storable_word(const char *text, size_t len);

/* A token: a line of UTF-8 that ends within SIZE bytes. */
bool storable_token(const char *token, size_t size);

/* The key of a text in a plugin's store: a line of UTF-8, not
 * empty, short enough. */
bool storable_kept_key(const char *key);

/* A text in a plugin's store: UTF-8, without control characters except
 * tabs and line feeds. */
bool storable_kept_text(const char *text);

#endif
