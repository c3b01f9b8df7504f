/*
 * How a bad plugin is bad: what the environment variable BAD says.
 */
#ifndef SUPPORT_BAD_H
#define SUPPORT_BAD_H

#include <stdlib.h>
#include <string.h>

static inline int
bad_is(const char *how)
{
  const char *bad = getenv("BAD");

  return bad != NULL && strcmp(bad, how) == 0;
}

/* What follows PREFIX in BAD; NULL: it does not begin so. */
static inline const char *
bad_after(const char *prefix)
{
  const char *bad = getenv("BAD");
  size_t len = strlen(prefix);

  return bad != NULL && strncmp(bad, prefix, len) == 0 ? bad + len : NULL;
}

#endif
