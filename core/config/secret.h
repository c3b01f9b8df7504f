/*
 * Secrets: read from a file of their own, and kept out of what a crash leaves
 * behind.
 */
#ifndef CORE_CONFIG_SECRET_H
#define CORE_CONFIG_SECRET_H

#include <stdbool.h>

#include "meterpipe/plugin.h"

/* What a file held. */
struct secret {
  char *text;          /* for secret_free; NULL: none */
  const char *fault;   /* what keeps the content from being a secret, or NULL */
  bool world_readable; /* the file can be read by others */
};

/* Reads the one line of PATH; a relative path is looked for in
 * $CREDENTIALS_DIRECTORY first.  0, or an errno. */
int secret_read(const char *path, struct secret *ret);

/* Wipes it first.  Accepts NULL. */
void secret_free(char *secret);

/* Whether WORD, "OPTION" or "OPTION=VALUE", is about a secret of OPTIONS (NULL:
 * there are none). */
bool secret_is(const struct mp_option *options, const char *word);

/* Overwrites the values of secrets of OPTIONS among N words, "OPTION=VALUE", of
 * a command line: everybody can read them for as long as the program runs.
 * Whether there was one. */
bool secret_hide_words(const struct mp_option *options, char **words, int n);

/* From now on the program leaves no core file, and neither do the commands that
 * it starts. */
void secret_forbid_cores(void);

#endif
