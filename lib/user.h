/* Users: their names for messages, and the home directory. */
#ifndef LIB_USER_H
#define LIB_USER_H

#include <sys/types.h>

/* Size of BUF. */
#define USER_WORDS 64

/* Writes "NAME (uid N)", or "uid N" if the name is not known.
 * Returns BUF.  Any thread. */
const char *user_words(uid_t uid, char buf[USER_WORDS]);

/* Returns the home directory of this process's user: $HOME, or that of the user
 * database (a system service has no $HOME); "" if neither is known.  To be
 * freed; NULL: out of memory. */
char *user_home(void);

#endif
