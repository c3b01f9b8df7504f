/* Looks up users.  An error of the user database counts as "no such user". */
#include "lib/user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_MAX 4096

/* Returns ENTRY, with its strings in TEXTS; NULL: there is no such user. */
static const struct passwd *
find_user(uid_t uid, struct passwd *entry, char texts[ENTRY_MAX])
{
  struct passwd *user = NULL;

  return getpwuid_r(uid, entry, texts, ENTRY_MAX, &user) == 0 ? user : NULL;
}

const char *
user_words(uid_t uid, char buf[USER_WORDS])
{
  struct passwd entry;
  char texts[ENTRY_MAX];
  const struct passwd *user = find_user(uid, &entry, texts);

  if (user)
    snprintf(buf, USER_WORDS, "%.32s (uid %ld)", user->pw_name, (long)uid);
  else
    snprintf(buf, USER_WORDS, "uid %ld", (long)uid);
  return buf;
}

char *
user_home(void)
{
  const char *home = getenv("HOME");
  struct passwd entry;
  char texts[ENTRY_MAX];
  const struct passwd *user;

  if (home && *home)
    return strdup(home);
  user = find_user(geteuid(), &entry, texts);
  return strdup(user ? user->pw_dir : "");
}
