/*
 * JSON for programs, written piece by piece; commas and escapes are looked
 * after here.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Begins as { .out = FILE }. */
struct json {
  FILE *out;
  bool comma; /* something stands before */
};

/* Each of these writes a member called KEY, or with KEY NULL an element of an
 * array or the whole. */
void json_object(struct json *json, const char *key);
void json_array(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_end_array(struct json *json);

/* TEXT NULL becomes null; bytes that are no UTF-8 become U+FFFD. */
void json_text(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, int64_t number);
void json_bool(struct json *json, const char *key, bool yes);

#endif
