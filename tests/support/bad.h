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

#endif
