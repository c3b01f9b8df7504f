/*
 * Runs emulated meters: one on a pseudo-terminal, or one on each of several TCP
 * ports.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/kmp/program/emulation.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "plugins/kmp/program/program.h"

/* Descriptors of a meter that listens: its socket, a connection, two of a
 * pipe; and of the rest of the program. */
#define METER_FILES 4
#define OTHER_FILES 32

static int
make_link(struct meter *m, const char *path)
{
  if (meter_try_link(m, path) == 0)
    return EX_OK;
  return program_fail(errno == EACCES ? EX_NOPERM : EX_CANTCREAT, path,
                      "the link cannot be made: %s", strerror(errno));
}

struct meters {
  struct meter **list;
  size_t n;
};

static void
stop_all(struct meters *meters)
{
  for (size_t i = 0; i < meters->n; i++)
    meter_stop(meters->list[i]);
  free(meters->list);
}

/* Starts the meter on a pseudo-terminal. */
static int
start_on_pty(struct emulation *e)
{
  if (meter_serve(e->meter) < 0)
    return program_fail(EX_OSERR, "pty", "cannot be opened: %s",
                        strerror(errno));
  return e->link ? make_link(e->meter, e->link) : EX_OK;
}

/* Raises the limit of open files to what N meters need. */
static int
raise_limit(const char *object, size_t n)
{
  rlim_t needed = METER_FILES * n + OTHER_FILES;
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
    return EX_OK;
  limit.rlim_cur = needed;
  if (limit.rlim_max >= needed && setrlimit(RLIMIT_NOFILE, &limit) == 0)
    return EX_OK;
  return program_fail(EX_OSERR, object,
                      "%zu meters need %llu open files, but the limit is %llu: "
                      "raise it (ulimit -n), or emulate fewer meters",
                      n, (unsigned long long)needed,
                      (unsigned long long)limit.rlim_max);
}

/* Starts a meter like that of E on its port number I, with a serial number of
 * its own. */
static int
start_on_port(struct emulation *e, unsigned i, struct meters *meters)
{
  struct meter *m = meter_new();
  const char *why;

  if (!m)
    return program_fail(EX_OSERR, "emulate", "out of memory");
  meters->list[meters->n++] = m;
  meter_copy(m, e->meter, i);
  if (meter_listen(m, e->host, e->first_port + i, &why) < 0)
    return program_fail(EX_OSERR, e->listen,
                        "cannot listen on port %u: %s; name free ports of this "
                        "machine",
                        e->first_port + i, why);
  if (meter_serve(m) < 0)
    return program_fail(EX_OSERR, e->listen, "cannot start a thread: %s",
                        strerror(errno));
  return EX_OK;
}

static int
start_on_ports(struct emulation *e, struct meters *meters)
{
  int status = raise_limit(e->listen, e->n_meters);

  meters->list = calloc(e->n_meters, sizeof(*meters->list));
  if (!meters->list)
    return program_fail(EX_OSERR, "emulate", "out of memory");
  for (unsigned i = 0; i < e->n_meters && status == EX_OK; i++)
    status = start_on_port(e, i, meters);
  return status;
}

/* Does what SIGNAL orders: the press of a key, or a move of the magnet. */
static void
obey_signal(const struct meters *meters, int signal)
{
  for (size_t i = 0; i < meters->n; i++)
    if (signal == SIGUSR1)
      meter_press_key(meters->list[i]);
    else
      meter_move_magnet(meters->list[i]);
}

/* Handles signals until SIGINT or SIGTERM. */
static void
serve_until_signal(const struct meters *meters, const sigset_t *signals)
{
  int received;

  while (sigwait(signals, &received) == 0 && received != SIGINT &&
         received != SIGTERM)
    obey_signal(meters, received);
}

/* Prints the names, serves, and prints the requests of each meter. */
static void
serve(const struct meters *meters, bool listens, const sigset_t *signals)
{
  for (size_t i = 0; i < meters->n; i++)
    printf("%s\n", meter_path(meters->list[i]));
  fflush(stdout);
  serve_until_signal(meters, signals);
  for (size_t i = 0; i < meters->n; i++)
    printf("%s%s%u requests\n", listens ? meter_path(meters->list[i]) : "",
           listens ? ": " : "", meter_requests(meters->list[i]));
}

/* Emulates meters on ports. */
static int
run_on_ports(struct emulation *e, const sigset_t *signals)
{
  struct meters meters = { .n = 0 };
  int status = start_on_ports(e, &meters);

  if (status == EX_OK)
    serve(&meters, true, signals);
  stop_all(&meters);
  return status;
}

int
emulation_run(struct emulation *e, const sigset_t *signals)
{
  const struct meters only = { .list = &e->meter, .n = 1 };
  int status;

  if (e->listen)
    return run_on_ports(e, signals);
  status = start_on_pty(e);
  if (status == EX_OK)
    serve(&only, false, signals);
  return status;
}
