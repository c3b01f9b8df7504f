/* Notes the properties of the process that a plugin must not change. */
#include "core/conform/manners.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* FNV-1a over all strings, with their ends. */
static uint64_t
environment_sum(void)
{
  uint64_t sum = UINT64_C(14695981039346656037);

  for (char **word = environ; word && *word; word++)
    for (size_t i = 0, n = strlen(*word) + 1; i < n; i++)
      sum = (sum ^ (unsigned char)(*word)[i]) * UINT64_C(1099511628211);
  return sum;
}

static bool
is_armed(int timer)
{
  struct itimerval left = { 0 };

  (void)getitimer((__itimer_which_t)timer, &left);
  return left.it_value.tv_sec != 0 || left.it_value.tv_usec != 0;
}

void
manners_note(struct manners *m)
{
  memset(m, 0, sizeof(*m));
  sigprocmask(SIG_SETMASK, NULL, &m->mask);
  for (int i = 1; i < MANNERS_SIGNALS; i++)
    (void)sigaction(i, NULL, &m->handlers[i]);
  for (int i = 0; i < MANNERS_TIMERS; i++)
    m->timers[i] = is_armed(i);
  (void)stat(".", &m->directory);
  for (int fd = 0; fd < 3; fd++)
    (void)fstat(fd, &m->standard[fd]);
  m->umask = umask(0);
  umask(m->umask);
  snprintf(m->locale, sizeof(m->locale), "%s", setlocale(LC_ALL, NULL));
  m->thread_locale = uselocale((locale_t)0);
  m->environment = environment_sum();
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Compares the part of the masks that the kernel knows, one bit for each
 * signal.  Signal by signal, this would take most of the time of a check. */
static bool
same_mask(const sigset_t *a, const sigset_t *b)
{
  return memcmp(a, b, MANNERS_SIGNALS / 8) == 0;
}

static bool
same_handlers(const struct manners *a, const struct manners *b)
{
  for (int i = 1; i < MANNERS_SIGNALS; i++)
    if (a->handlers[i].sa_handler != b->handlers[i].sa_handler ||
        a->handlers[i].sa_flags != b->handlers[i].sa_flags ||
        !same_mask(&a->handlers[i].sa_mask, &b->handlers[i].sa_mask))
      return false;
  return true;
}

static bool
same_standard(const struct manners *a, const struct manners *b)
{
  for (int fd = 0; fd < 3; fd++)
    if (!same_file(&a->standard[fd], &b->standard[fd]))
      return false;
  return true;
}

const char *
manners_changed(const struct manners *m)
{
  struct manners now;

  manners_note(&now);
  if (!same_mask(&m->mask, &now.mask))
    return "changed the signal mask: restore it before the callback returns";
  if (!same_handlers(m, &now))
    return "changed the handler of a signal: poll cancel_fd instead";
  if (memcmp(m->timers, now.timers, sizeof(now.timers)) != 0)
    return "changed a timer of the process, which the host's watchdog uses: "
           "poll cancel_fd with a timeout instead";
  if (!same_file(&m->directory, &now.directory))
    return "changed the working directory: use absolute paths instead";
  if (m->umask != now.umask)
    return "changed the umask: use fchmod instead";
  if (strcmp(m->locale, now.locale) != 0 ||
      m->thread_locale != now.thread_locale)
    return "changed the locale: restore it with uselocale before the callback "
           "returns, and never call setlocale";
  if (m->environment != now.environment)
    return "changed the environment: give a program its own with execve";
  if (!same_standard(m, &now))
    return "closed or replaced descriptor 0, 1 or 2: leave them alone";
  return NULL;
}
