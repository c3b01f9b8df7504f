/*
 * Splits a command into words.  No shell runs it, so there are no variables,
 * patterns or redirections.
 */
#ifndef EXEC_COMMAND_WORDS_H
#define EXEC_COMMAND_WORDS_H

#include <meterpipe/plugin.h>

/*
 * Splits the value of option KEY into words, as a shell would: at blanks.
 * Quotes ('...' or "...") keep blanks together; outside of '...', a backslash
 * makes the next character literal.  *RET_WORDS ends with NULL; the caller
 * frees it with command_words_free.  It is NULL if the option was not given.
 * MP_OK, or a reason, which was reported.
 */
int command_words_of_option(const struct mp_host *host, const char *key,
                            char ***ret_words);

void command_words_free(char **words);

#endif
