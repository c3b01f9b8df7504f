/*
 * Access to the environment variable BAD, which selects how a bad plugin breaks
 * the contract.
 */
#ifndef SUPPORT_BAD_H
#define SUPPORT_BAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <meterpipe/plugin.h>

/* An instance of a bad plugin; free it with free(). */
struct bad {
  const struct mp_host *host;
  uint32_t records; /* of the output: begun */
};

static inline int
bad_new(const struct mp_host *host, void **ret_self)
{
  struct bad *b = calloc(1, sizeof(*b));

  if (!b)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  b->host = host;
  *ret_self = b;
  return MP_OK;
}

static inline bool
bad_is(const char *how)
{
  const char *bad = getenv("BAD");

  return bad && strcmp(bad, how) == 0;
}

/* Returns the text after PREFIX in BAD; NULL if BAD does not begin with
 * PREFIX. */
static inline const char *
bad_after(const char *prefix)
{
  const char *bad = getenv("BAD");
  size_t len = strlen(prefix);

  return bad && strncmp(bad, prefix, len) == 0 ? bad + len : NULL;
}

/* Ends the process or the thread if BAD is "CALLBACK-calls-exit",
 * "...-quick-exit" or "...-pthread-exit". */
static inline void
bad_end(const char *callback)
{
  static const char *const ends[] = { "exit", "quick-exit", "pthread-exit" };
  char how[64];

  for (int i = 0; i < 3; i++) {
    snprintf(how, sizeof(how), "%s-calls-%s", callback, ends[i]);
    if (!bad_is(how))
      continue;
    if (i == 0)
      exit(0);
    if (i == 1)
      quick_exit(0);
    pthread_exit(NULL);
  }
}

/* Returns long after the deadline of a check's callback. */
static inline void
bad_be_late(void)
{
  struct timespec span = { .tv_sec = 2, .tv_nsec = 500000000 };

  nanosleep(&span, NULL);
}

#endif
