/* Runs a server for tests. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/daemon.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT_TRIES 5
/* The limit of the wait for a start. */
#define PATIENCE_MS 20000
#define REPEAT_MS 200
#define MAX_WORDS 16

struct daemon {
  struct sandbox *s;
  char log[128];
  const char *const *words;
  void (*prepare)(void *ctx, unsigned port);
  void *ctx;
  unsigned port;
  pid_t pid;
};

unsigned
daemon_port(const struct daemon *d)
{
  return d->port;
}

pid_t
daemon_pid(const struct daemon *d)
{
  return d->pid;
}

const char *
daemon_log(struct daemon *d)
{
  const char *log = sandbox_read(d->s, d->log);

  return log ? log : "";
}

static unsigned
free_port(void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof(address);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  close(fd);
  return ntohs(address.sin_port);
}

/* Runs in the child.  The test has threads, so nothing here may allocate. */
static void
become(const char *dir, const char *log_path, char *const *words)
{
  int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || chdir(dir) != 0 || log < 0 ||
      dup2(log, STDERR_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0)
    _exit(126);
  execv(words[0], words);
  _exit(127);
}

static bool
accepts(unsigned port)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  r = connect(fd, (struct sockaddr *)&address, sizeof(address));
  close(fd);
  return r == 0;
}

/* Returns whether the daemon runs and accepts connections, false if it
 * ended. */
static bool
comes_up(struct daemon *d)
{
  for (int i = 0; i < PATIENCE_MS; i++) {
    if (waitpid(d->pid, NULL, WNOHANG) == d->pid) {
      d->pid = 0;
      return false;
    }
    if (accepts(d->port))
      return true;
    usleep(1000);
  }
  ck_abort_msg("%s does not listen: %s", d->words[0], daemon_log(d));
  return false;
}

/* Returns WORD with the port in place of {port}, from malloc. */
static char *
word_with_port(const struct daemon *d, const char *word)
{
  const char *at = strstr(word, "{port}");
  char *text = NULL;
  int n = at ? asprintf(&text, "%.*s%u%s", (int)(at - word), word, d->port,
                        at + strlen("{port}"))
             : asprintf(&text, "%s", word);

  ck_assert_int_ge(n, 0);
  return text;
}

static bool
try_start(struct daemon *d)
{
  char *words[MAX_WORDS + 1] = { NULL };

  if (d->prepare)
    d->prepare(d->ctx, d->port);
  for (size_t i = 0; i < MAX_WORDS && d->words[i]; i++)
    words[i] = word_with_port(d, d->words[i]);
  d->pid = fork();
  ck_assert_int_ge(d->pid, 0);
  if (d->pid == 0)
    become(sandbox_dir(d->s), d->log, words);
  for (size_t i = 0; words[i]; i++)
    free(words[i]);
  return comes_up(d);
}

struct daemon *
daemon_start(struct sandbox *s, const char *name, const char *const *words,
             void (*prepare)(void *ctx, unsigned port), void *ctx)
{
  struct daemon *d = calloc(1, sizeof(*d));
  bool up = false;

  ck_assert_ptr_nonnull(d);
  *d =
    (struct daemon){ .s = s, .words = words, .prepare = prepare, .ctx = ctx };
  ck_assert_int_lt(
    snprintf(d->log, sizeof(d->log), "%s/%s.log", sandbox_dir(s), name),
    (int)sizeof(d->log));
  /* Another program may take the port in between. */
  for (int i = 0; i < PORT_TRIES && !up; i++) {
    d->port = free_port();
    up = try_start(d);
  }
  ck_assert_msg(up, "%s ended: %s", words[0], daemon_log(d));
  return d;
}

void
daemon_restart(struct daemon *d)
{
  ck_assert_int_eq(d->pid, 0);
  ck_assert_msg(try_start(d), "%s ended: %s", d->words[0], daemon_log(d));
}

/* mosquitto forgets a signal that comes between its first connection and its
 * main loop, so the signal is repeated. */
static void
end(struct daemon *d, int sig)
{
  if (d->pid == 0)
    return;
  for (int ms = 0; waitpid(d->pid, NULL, WNOHANG) == 0; ms++) {
    if (ms % REPEAT_MS == 0)
      kill(d->pid, sig);
    usleep(1000);
  }
  d->pid = 0;
}

void
daemon_stop(struct daemon *d)
{
  end(d, SIGTERM);
}

void
daemon_kill(struct daemon *d)
{
  end(d, SIGKILL);
}

void
daemon_free(struct daemon *d)
{
  if (d)
    daemon_kill(d);
  free(d);
}
