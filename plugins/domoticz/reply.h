/*
 * The JSON layer: a reply of Domoticz as a tree in which every number is still
 * the text that the server wrote.  Pure.
 */
#ifndef DOMOTICZ_REPLY_H
#define DOMOTICZ_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

struct reply {
  cJSON *root;
  const char *status;   /* "OK"; "" when the reply has none */
  const char *version;  /* "2025.1 (build 16785)"; "" */
  int64_t act_time;     /* the server's clock, Unix seconds; -1: not told */
  const cJSON *results; /* the first element of `result`; NULL: none */
};

/* False: LEN bytes at TEXT are no JSON object, or out of memory. */
bool reply_parse(const char *text, size_t len, struct reply *ret);
void reply_free(struct reply *reply);

bool reply_ok(const struct reply *reply);

/* The element of `result` whose idx is IDX; NULL: there is none. */
const cJSON *reply_find(const struct reply *reply, const char *idx);

/* Member NAME of OBJECT as a text, numbers as written; NULL: no such member,
 * or it is neither. */
const char *reply_member(const cJSON *object, const char *name);

/* Copies member idx of OBJECT; false: it is no idx, or longer than SIZE. */
bool reply_copy_idx(const cJSON *object, char *idx, size_t size);

/* Whether member NAME is true (JSON's own, not a text). */
bool reply_is_true(const cJSON *object, const char *name);

#endif
