/*
 * The lines that commands print: a JSON object each, with texts and numbers as
 * members.
 *
 *     {"field":"flow","value":"17.50","unit":"l/h"}
 *
 * Numbers are kept as they are written: 17.50 is not 17.5.  No I/O and no host.
 */
#ifndef EXEC_JSON_LINE_H
#define EXEC_JSON_LINE_H

#include <stddef.h>

#define JSON_LINE_MEMBERS 16

enum json_type { JSON_TEXT, JSON_NUMBER, JSON_BOOL, JSON_NULL };

struct json_member {
  const char *name;
  enum json_type type;
  const char *text; /* unescaped; of a number, as written; "true"; "null" */
};

struct json_line {
  struct json_member members[JSON_LINE_MEMBERS];
  size_t n;
};

/* Takes LINE apart, in place: what RET points to lives as long as LINE.  NULL,
 * or what is wrong with it ("is no JSON object"). */
const char *json_line_parse(char *line, struct json_line *ret);

/* The member NAME; NULL: there is none, or it is null. */
const struct json_member *json_line_find(const struct json_line *line,
                                         const char *name);

/* Whether there is a member NAME, null or not. */
int json_line_has(const struct json_line *line, const char *name);

#endif
