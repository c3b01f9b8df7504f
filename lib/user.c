/* The name is optional: errors of the user database are not reported. */
#include "lib/user.h"

#include <pwd.h>
#include <stdio.h>

const char *
user_words(uid_t uid, char buf[USER_WORDS])
{
  struct passwd entry, *user = NULL;
  char texts[4096];

  if (getpwuid_r(uid, &entry, texts, sizeof(texts), &user) == 0 && user != NULL)
    snprintf(buf, USER_WORDS, "%.32s (uid %ld)", user->pw_name, (long)uid);
  else
    snprintf(buf, USER_WORDS, "uid %ld", (long)uid);
  return buf;
}
