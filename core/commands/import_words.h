/*
 * The old script's command line as users have it: words from the shell, or a
 * whole line of a crontab in quotes.
 *
 *     DEVICE IDX:REGISTER:FUNCTION[:IDX2],...              2018 to 2020
 *     -d DEVICE [--ip IP] [--port PORT] IDX:REGISTER...    since 2021
 */
#ifndef CORE_COMMANDS_IMPORT_WORDS_H
#define CORE_COMMANDS_IMPORT_WORDS_H

#include "core/commands/app.h"

/*
 * Moves the old script's options from *ARGV to ARGS.  Removes the words before
 * and including the script's name, and the rest of a crontab line after the
 * script's words.  Our own options stay.  *ARGC and *ARGV are new, and live as
 * long as the process.  Returns EX_OK, or an exit status after a message.
 */
int import_words(struct arguments *args, int *argc, char ***argv);

/* Joins the items in N words with single commas.  The caller frees the
 * text. */
char *import_join(char *const *words, size_t n);

/* Returns "http://IP:PORT"; at least one of them was given, and the other has
 * its default.  The caller frees the text. */
char *import_url(const struct arguments *args);

#endif
