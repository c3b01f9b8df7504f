/*
 * What the state can hold.  The sinks that take values from plugins and the
 * functions that read the state back use these same checks, so that nothing is
 * written that cannot be read back.
 */
#ifndef LIB_SOUND_H
#define LIB_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meterpipe/plugin.h"

/* Units, serial numbers and times of last update are shorter than this. */
#define SOUND_SYMBOL 200
/* Names of fields are shorter than this. */
#define SOUND_NAME 128
/* The last millisecond of the year 9999: no later time can be written in RFC
 * 3339, with a year of four digits. */
#define SOUND_TIME_MAX INT64_C(253402300799999)
/* The longest wait before sending that an output can ask for: a time of last
 * update with a resolution of a minute needs a minute. */
#define SOUND_WAIT_MS 3600000
/* A place lies within -SOUND_PLACE and SOUND_PLACE, or is MP_EXACT. */
#define SOUND_PLACE 99
/* A key of store_set is shorter than the first, and its text at most as long
 * as the second. */
#define SOUND_KEPT_KEY 1024
#define SOUND_KEPT_TEXT 65536

/* A serial number: UTF-8 without control characters and '|', short enough. */
bool sound_symbol(const char *text);

/* A unit: a symbol that neither begins nor ends with a blank. */
bool sound_unit(const char *text);

/* A time of last update: a line of UTF-8, short enough. */
bool sound_updated(const char *text);

/* From 1970 to the year 9999; 0 is a time that is not known. */
bool sound_time(int64_t time_ms);

bool sound_place(int32_t place);

/* What is wrong with what a target shows, apart from its value; NULL: it can
 * be kept. */
const char *sound_shown(const struct mp_shown *shown);

/* The name of a field: [a-z0-9_.-]+, short enough. */
bool sound_field(const char *name);

/* Whether the first LEN bytes of TEXT are [a-z][a-z0-9_]*: the key of an
 * option, the prefix of targets. */
bool sound_word(const char *text, size_t len);

/* A token: a line of UTF-8 that ends within SIZE bytes. */
bool sound_token(const char *token, size_t size);

/* The key of what a plugin keeps: a line of UTF-8, not empty, short enough. */
bool sound_kept_key(const char *key);

/* A text that a plugin keeps: UTF-8; of control characters, only tabs and line
 * feeds. */
bool sound_kept_text(const char *text);

#endif
