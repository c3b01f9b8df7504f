/* Names of users, for messages. */
#ifndef LIB_USER_H
#define LIB_USER_H

#include <sys/types.h>

/* Size of BUF. */
#define USER_WORDS 64

/* Writes "NAME (uid N)", or "uid N" if the name is not known.
 * Returns BUF.  Any thread. */
const char *user_words(uid_t uid, char buf[USER_WORDS]);

#endif
