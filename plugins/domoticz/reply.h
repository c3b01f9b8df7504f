/*
 * The JSON layer: a reply of Domoticz as a tree.  Every number in it is kept as
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
  const char *status;   /* "OK"; "" if the reply has none */
  const char *version;  /* "2025.1 (build 16785)"; "": none */
  int64_t act_time;     /* the server's clock, Unix seconds; -1: none */
  const cJSON *results; /* the first element of `result`; NULL: none */
};

/* Parses LEN bytes at TEXT.  Returns false if they are no JSON object, or
 * memory ran out.  The caller frees *RET with reply_free. */
bool reply_parse(const char *text, size_t len, struct reply *ret);
void reply_free(struct reply *reply);

bool reply_ok(const struct reply *reply);

/* Returns the element of `result` whose idx is IDX, or NULL. */
const cJSON *reply_find(const struct reply *reply, const char *idx);

/* Returns member NAME of OBJECT as a text; numbers as the server wrote them.
 * NULL: no such member, or it is neither a text nor a number. */
const char *reply_member(const cJSON *object, const char *name);

/* Copies member idx of OBJECT.  Returns false if it is no idx, or does not fit
 * into SIZE bytes. */
bool reply_copy_idx(const cJSON *object, char *idx, size_t size);

/* Returns true if member NAME is the JSON literal true; a text does not
 * count. */
bool reply_is_true(const cJSON *object, const char *name);

#endif
