/*
 * Parses a line that a command printed: a JSON object whose members are texts
 * and numbers.
 *
 *     {"field":"flow","value":"17.50","unit":"l/h"}
 *
 * Numbers are kept as they are written: 17.50 is not 17.5.  Line feeds are
 * blanks. No I/O and no host.
 */
#ifndef JSON_LINE_H
#define JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_LINE_MEMBERS 16

enum json_type { JSON_TEXT, JSON_NUMBER, JSON_BOOL, JSON_NULL };

struct json_member {
  const char *name;
  enum json_type type;
  const char *text; /* unescaped; a number as written; "true"; "null" */
};

struct json_line {
  struct json_member members[JSON_LINE_MEMBERS];
  size_t n;
};

/* Parses LINE in place: the texts in RET point into LINE.  Returns NULL, or the
 * problem in words ("is no JSON object"). */
const char *json_line_parse(char *line, struct json_line *ret);

/* Returns the member NAME; NULL: there is none, or its value is null. */
const struct json_member *json_line_find(const struct json_line *line,
                                         const char *name);

/* Returns true if there is a member NAME, even if its value is null. */
bool json_line_has(const struct json_line *line, const char *name);

#endif
