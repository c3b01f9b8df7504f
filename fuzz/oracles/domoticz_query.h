/* Parses the queries of the domoticz output for fuzz_domoticz. */
#ifndef FUZZ_DOMOTICZ_QUERY_H
#define FUZZ_DOMOTICZ_QUERY_H

#include <stddef.h>

/* The calls in which a query is allowed. */
#define LINE_RUN 0x1u
#define LINE_LIST 0x2u
#define LINE_CREATE 0x4u
#define LINE_PLAN 0x8u

#define QUERY_PAIRS_MAX 8

enum request {
  REQUEST_READ,
  REQUEST_RIGHTS,
  REQUEST_LIST,
  REQUEST_UPDATE,
  REQUEST_HARDWARE,
  REQUEST_ADD_HARDWARE,
  REQUEST_SENSOR,
  REQUEST_ADJUST,
};

struct shape {
  const char *text;
  enum request request;
  unsigned flags; /* of the request */
  unsigned when;  /* LINE_... */
};

struct query {
  char *text; /* split in place into the pairs */
  struct {
    const char *name, *value;
  } pairs[QUERY_PAIRS_MAX];
  size_t count;
  const struct shape *shape;
};

/* Parses TEXT; ends the program if the output never sends such a query. */
void query_parse(struct query *q, const char *text);
void query_clear(struct query *q);

/* Returns the value of the pair NAME, unescaped; NULL: no such pair. */
const char *query_value(const struct query *q, const char *name);

#endif
