/*
 * Splits and decodes the query of a request to the stand-in.
 */
#include "lib/digit.h"
#include "tests/support/domoticz_impl.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Decodes TEXT in place; an unescaped plus sign is a blank.  Returns false for
 * a bad escape. */
static bool
decode(char *text)
{
  char *out = text;

  for (; *text != '\0'; text++) {
    if (*text == '%') {
      if (digit_value(text[1], 16) < 0 || digit_value(text[2], 16) < 0)
        return false;
      *out++ = (char)(16 * digit_value(text[1], 16) + digit_value(text[2], 16));
      text += 2;
    } else {
      *out++ = (char)(*text == '+' ? ' ' : *text);
    }
  }
  *out = '\0';
  return true;
}

/* Splits and decodes QUERY in place. */
bool
domoticz_parse_params(char *query, struct domoticz_params *p)
{
  char *next, *equal;

  p->count = 0;
  for (; query && p->count < DOMOTICZ_PARAMS; query = next) {
    next = strchr(query, '&');
    if (next)
      *next++ = '\0';
    equal = strchr(query, '=');
    if (!equal)
      continue;
    *equal = '\0';
    if (!decode(query) || !decode(equal + 1))
      return false;
    p->name[p->count] = query;
    p->value[p->count++] = equal + 1;
  }
  return true;
}

/* Returns the value of the first parameter NAME; NULL if there is none. */
const char *
domoticz_param(const struct domoticz_params *p, const char *name)
{
  for (size_t i = 0; i < p->count; i++)
    if (strcmp(p->name[i], name) == 0)
      return p->value[i];
  return NULL;
}

bool
domoticz_param_is(const struct domoticz_params *p, const char *name,
                  const char *value)
{
  const char *given = domoticz_param(p, name);

  return given && strcmp(given, value) == 0;
}

/* Returns 0 if TEXT is no valid idx. */
unsigned
domoticz_parse_idx(const char *text)
{
  char *end;
  unsigned long long idx;

  if (!text || !isdigit((unsigned char)text[0]))
    return 0;
  errno = 0;
  idx = strtoull(text, &end, 10);
  return *end != '\0' || errno != 0 || idx > UINT_MAX ? 0 : (unsigned)idx;
}
