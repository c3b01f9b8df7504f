/*
 * A command as a list of words: no shell reads it, so nothing in it is a
 * variable, a pattern or a redirection.
 */
#ifndef EXEC_WORDS_H
#define EXEC_WORDS_H

#include <meterpipe/plugin.h>

/*
 * Cuts the value of option KEY into words, as a shell would: they are parted by
 * blanks; quotes ('...' or "...") keep blanks together, and outside of '...' a
 * backslash takes the next character as it is.  *RET_WORDS ends with NULL and
 * is freed by words_free; it is NULL when the option was not given.  MP_OK, or
 * a reason that was explained.
 */
int words_of_option(const struct mp_host *host, const char *key,
                    char ***ret_words);

void words_free(char **words);

#endif
