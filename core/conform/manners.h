/*
 * What a plugin must not change: properties of the process that all plugins and
 * the host share.
 */
#ifndef CORE_CONFORM_MANNERS_H
#define CORE_CONFORM_MANNERS_H

#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define MANNERS_SIGNALS 65 /* with those of real time */
#define MANNERS_TIMERS 3   /* of setitimer */

struct manners {
  sigset_t mask;
  struct sigaction handlers[MANNERS_SIGNALS];
  bool timers[MANNERS_TIMERS]; /* armed */
  struct stat directory;
  struct stat standard[3]; /* descriptors 0 to 2 */
  mode_t umask;
  char locale[256];
  locale_t thread_locale;
  uint64_t environment; /* a checksum */
};

/* Notes the current state of the process. */
void manners_note(struct manners *m);

/* Returns the first difference between M and the current state, and what to do
 * instead, as "changed ...: ..."; NULL: there is none. */
const char *manners_changed(const struct manners *m);

#endif
