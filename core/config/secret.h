/*
 * Secrets: reads them from a file of their own and keeps them out of core
 * files.
 */
#ifndef CORE_CONFIG_SECRET_H
#define CORE_CONFIG_SECRET_H

#include <stdbool.h>

#include "meterpipe/plugin.h"

/* The content of a secret's file. */
struct secret {
  char *text;          /* free it with secret_free; NULL: none */
  const char *fault;   /* why the content cannot be a secret, or NULL */
  bool world_readable; /* others can read the file */
};

/* Reads the single line of PATH; a relative path is looked for in
 * $CREDENTIALS_DIRECTORY first.  Returns 0 or an errno. */
int secret_read(const char *path, struct secret *ret);

/* Wipes and frees SECRET, which may be NULL. */
void secret_free(char *secret);

/* Returns true if WORD, "OPTION" or "OPTION=VALUE", names a secret of OPTIONS
 * (NULL: there are none). */
bool secret_is(const struct mp_option *options, const char *word);

/* Overwrites the values of secrets of OPTIONS in the N words ("OPTION=VALUE")
 * of a command line, which everybody can read while the program runs.  Returns
 * true if there was a secret. */
bool secret_hide_words(const struct mp_option *options, char **words, int n);

/* Disables core files for this program and the commands that it starts. */
void secret_forbid_cores(void);

#endif
