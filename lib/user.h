/* Users: in words for messages, and where they live. */
#ifndef LIB_USER_H
#define LIB_USER_H

#include <sys/types.h>

/* Room for the words. */
#define USER_WORDS 64

/* "NAME (uid N)", or "uid N" where no name is known.  Returns BUF.  Any thread.
 */
const char *user_words(uid_t uid, char buf[USER_WORDS]);

/* Our home directory: $HOME, or that of the user database (a service of the
 * system has no $HOME); "": neither is known.  To be freed; NULL: out of
 * memory.
 */
char *user_home(void);

#endif
