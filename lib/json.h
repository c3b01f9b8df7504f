/*
 * Writes JSON for programs, piece by piece; adds the commas and the escapes.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/text_buffer.h"

/* Initialise with { .out = FILE } or { .text = BUFFER }. */
struct json {
  FILE *out;
  struct text_buffer *text;
  bool comma;  /* the next element needs a comma before it */
  bool failed; /* memory ran out: the text has gaps */
};

/* Each function writes a member named KEY; with KEY NULL, an element of an
 * array or the top-level value. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_end_array(struct json *json);

/* A NULL TEXT becomes null; bytes that are not UTF-8 become U+FFFD. */
void json_text(struct json *json, const char *key, const char *text);
/* Writes TEXT in the same form, without a key and a comma. */
void json_string(struct json *json, const char *text);
void json_number(struct json *json, const char *key, int64_t number);
/* Writes NUMBER, a decimal as text, as it is. */
void json_decimal(struct json *json, const char *key, const char *number);
void json_bool(struct json *json, const char *key, bool yes);

#endif
