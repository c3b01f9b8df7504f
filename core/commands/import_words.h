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
 * Takes the old script's options out of *ARGV into ARGS, and leaves out what
 * comes before the script's name and after its words; our own options stay.
 * *ARGC and *ARGV are new, and live as long as the process.  An exit status:
 * EX_OK, or what is wrong was said.
 */
int import_words(struct arguments *args, int *argc, char ***argv);

/* The items of N words, by single commas; to be freed.  NULL: out of memory. */
char *import_join(char *const *words, size_t n);

/* "http://IP:PORT", where one of them is given; to be freed.  NULL: out of
 * memory. */
char *import_url(const struct arguments *args);

#endif
