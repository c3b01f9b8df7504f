/* Runs the program in the house and evaluates how it ended. */
#include "tests/faults/fault_setup_impl.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/* A run that takes longer counts as hung.  The longest permitted wait is for
 * loading the plugins (HACKING.md, "Waits and their bounds"). */
#define HANGS_S 80

/* Arguments of the program, at most. */
#define MAX_WORDS 6

/* ---- Runs ---- */

static void
redirect(int fd, const char *path, int flags)
{
  int file = open(path, flags, 0600);

  if (file < 0 || dup2(file, fd) < 0)
    _exit(126);
  close(file);
}

static void
set_environment(const struct fault_setup *setup, const struct setup_run *run)
{
  const char *clock = getenv("CLOCK_PRELOAD"), *fault = getenv("FAULT_PRELOAD");
  char text[1024];

  setenv("HOME", setup->dir, 1);
  setenv("STATE_DIRECTORY", setup->dir, 1);
  unsetenv("JOURNAL_STREAM");
  snprintf(text, sizeof(text), "%lld", (long long)setup->now.time);
  setenv("TEST_CLOCK", text, 1);
  if (run->fault || run->log)
    setenv("FAULT_TRACED", "yes", 1);
  if (run->memory) {
    snprintf(text, sizeof(text), "%s/memory", setup->dir);
    setenv("FAULT_MEMORY", text, 1);
  }
  if (setup->csv_full || setup->answers == SETUP_LOST_BEFORE)
    setenv("FAULT_FULL", SETUP_CSV, 1);
  if (setup->answers == SETUP_LOST_AFTER)
    setenv("FAULT_UNSURE", SETUP_CSV, 1);
  setenv("FAULT_HIT", SETUP_HIT, 1);
  snprintf(text, sizeof(text), "%s:%s", clock ? clock : "", fault ? fault : "");
  setenv("LD_PRELOAD", text, 1);
}

/* Makes LIST the arguments of PROGRAM. */
static char **
arguments(char *program, const struct setup_run *run, char *list[MAX_WORDS + 2])
{
  static char *const usual[] = { "run", "-c", "house.ini", NULL };
  char *const *words = run->words ? run->words : usual;
  size_t n = 0;

  list[n++] = program;
  for (; *words && n <= MAX_WORDS; words++)
    list[n++] = *words;
  list[n] = NULL;
  return list;
}

static void
become(const struct fault_setup *setup, const struct setup_run *run)
{
  char *program = getenv("METERPIPE"), *list[MAX_WORDS + 2];

  if (!program || chdir(setup->dir) != 0)
    _exit(126);
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
  redirect(STDOUT_FILENO, "out", O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, "err", O_WRONLY | O_CREAT | O_TRUNC);
  set_environment(setup, run);
  if (run->fault || run->log)
    trace_me();
  execv(program, arguments(program, run, list));
  _exit(127);
}

/* PID of the program under test, for the signal handler. */
static volatile pid_t running;
static volatile sig_atomic_t hung;

static void
on_alarm(int signo)
{
  (void)signo;
  hung = 1;
  if (running > 0)
    kill(running, SIGKILL);
}

static int
run_to_end(struct fault_setup *setup, const struct setup_run *run)
{
  int status = 0;
  pid_t pid;

  fflush(NULL);
  pid = fork();
  if (pid < 0)
    setup_die("fork");
  if (pid == 0)
    become(setup, run);
  hung = 0;
  running = pid;
  signal(SIGALRM, on_alarm);
  alarm(HANGS_S);
  if (run->fault || run->log)
    status = trace_child(pid, run->fault, run->log);
  else
    while (waitpid(pid, &status, 0) < 0)
      continue;
  alarm(0);
  running = 0;
  return status;
}

/* Waits for the commands that are still running after a run.  With a broker,
 * which is a child of this process too, there are none. */
static void
reap(struct fault_setup *setup)
{
  if (setup->bus)
    return;
  for (int ms = 0; waitpid(-1, NULL, WNOHANG) >= 0; ms++) {
    if (ms == 1000 * HANGS_S) {
      setup_note(setup, "a command goes on after its run");
      return;
    }
    usleep(1000);
  }
}

/* Waits until the server has handled all requests that the program sent through
 * PORT before it ended: the server handles this request after them. */
static void
settle(unsigned port)
{
  static const char request[] =
    "GET /json.htm?type=command&param=getversion HTTP/1.1\r\n\r\n";
  struct sockaddr_in to = { .sin_family = AF_INET };
  char buf[512];
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  to.sin_port = htons((uint16_t)port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
      write(fd, request, sizeof(request) - 1) > 0)
    while (read(fd, buf, sizeof(buf)) > 0)
      continue;
  close(fd);
}

/* libc itself ends the program if it has no memory for the thread-local data of
 * a library; treat this like a kill. */
static bool
libc_gave_up(const struct setup_run *run, const char *err)
{
  return run->memory && run->memory->hit && run->status == 127 && err &&
         strstr(err, "cannot allocate memory for thread-local data");
}

/* OpenSSL 3.5 crashes, or hangs until the watchdog ends the program, when
 * memory runs out during its initialisation in curl_global_init().  The program
 * has not opened its state yet; treat this like a kill. */
static bool
crashed_in_curl(const struct setup_run *run, int status)
{
  const struct fault_memory *m = run->memory;

  return WIFSIGNALED(status) && m && m->hit && m->curl_begin > 0 &&
         (m->all_after || m->fail_at >= m->curl_begin) &&
         (m->curl_end == 0 || m->fail_at <= m->curl_end);
}

static void
judge_end(struct fault_setup *setup, struct setup_run *run, int status)
{
  size_t len = 0;
  char *err = setup_read(setup, "err", &len);

  run->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  run->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  run->silent = len == 0;
  if (hung)
    setup_note(setup, "hung: no end after %d s", HANGS_S);
  else if (libc_gave_up(run, err) || crashed_in_curl(run, status))
    run->killed = true;
  else if (WIFSIGNALED(status) && !run->killed)
    setup_note(setup, "crashed: signal %d", WTERMSIG(status));
  else if (!run->killed && run->status != 0 &&
           (run->status < 64 || run->status > 78))
    setup_note(setup, "ended with %d: %s", run->status, err);
  if (!setup->by_hand && err && strstr(err, "the value was changed there"))
    setup_note(setup, "took for a change by hand: %s", err);
  free(err);
}

/* Adds the usages written in this run to the account.  Two writes of one
 * usage in a run would not harm a device, but are an error: only one was
 * committed. */
static void
account_usages(struct fault_setup *setup)
{
  if (setup->plan->class)
    return;
  for (unsigned c = 0; c < setup->plan->meters; c++) {
    unsigned n = domoticz_server_writes(setup->server, SETUP_USAGE(c));

    if (n > setup->now.writes[c] + 1)
      setup_note(setup, "device %u was written %u times in a run",
                 SETUP_USAGE(c), n - setup->now.writes[c]);
    if (n > setup->now.writes[c])
      setup->now.given[c] +=
        setup_parse(domoticz_server_get(setup->server, SETUP_USAGE(c)));
    setup->now.writes[c] = n;
  }
}

void
setup_pass(struct fault_setup *setup, int64_t seconds)
{
  setup->now.time += seconds;
  domoticz_server_set_clock(setup->server, setup->now.time);
}

void
setup_count(struct fault_setup *setup, unsigned i, int64_t growth)
{
  setup->now.reading[i] += growth;
  setup_set_meter(setup, i);
}

int64_t
setup_growth(unsigned n, unsigned i)
{
  return 3 + (n * (n + 5)) % 47 + i;
}

/* Advances the time and the meters, and records the readings.  The increments
 * differ from run to run, so that no two usages are equal. */
static void
pass_time(struct fault_setup *setup)
{
  struct setup_moment *now = &setup->now;
  unsigned n = now->runs;

  if (n == SETUP_MAX_RUNS)
    setup_die("too many runs");
  setup_pass(setup, SETUP_INTERVAL);
  for (unsigned c = 0; c < setup->plan->meters; c++) {
    setup_count(setup, c, setup_growth(n, c));
    now->read[n].reading[c] = now->reading[c];
  }
  now->read[n].time = now->time;
  now->runs++;
}

void
setup_do(struct fault_setup *setup, struct setup_run *run)
{
  int status;

  if (run->memory)
    setup_write(setup, "memory", (const char *)run->memory,
                sizeof(*run->memory));
  status = run_to_end(setup, run);
  /* settle() sends requests of its own; do not count those. */
  setup->spoiled = domoticz_server_spoiled(setup->server) > 0;
  reap(setup);
  settle(setup->port);
  if (setup->series)
    settle(setup->series_port);
  settle(domoticz_server_port(setup->server));
  if (run->memory) {
    char *back = setup_read(setup, "memory", NULL);

    memcpy(run->memory, back, sizeof(*run->memory));
    free(back);
  }
  judge_end(setup, run, status);
  account_usages(setup);
  if (setup->bus)
    setup_bus_account(setup);
  if (setup->series)
    setup_check_metrics(setup);
}

/* A run also ended well if it only set rows aside. */
static bool
ended_well(const struct fault_setup *setup, const struct setup_run *run)
{
  char *err;
  bool good;

  if (!setup->plan->shelf || run->status != EX_UNAVAILABLE)
    return run->status == 0;
  err = setup_read(setup, "err", NULL);
  good = setup_only_set_aside(err);
  free(err);
  return good;
}

void
setup_go(struct fault_setup *setup, struct setup_run *run)
{
  pass_time(setup);
  setup_do(setup, run);
  setup->now.read[setup->now.runs - 1].must = ended_well(setup, run);
}

void
setup_retry(struct fault_setup *setup, struct setup_run *run)
{
  static char *const words[] = { "retry", "-c", "house.ini", "hook", NULL };

  run->words = words;
  setup_do(setup, run);
}

void
setup_take_all(struct fault_setup *setup)
{
  setup->now.takes_all = true;
  setup_remove(setup, SETUP_REFUSED);
}

void
setup_go_well(struct fault_setup *setup)
{
  struct setup_run run = { 0 };

  setup_go(setup, &run);
  if (!ended_well(setup, &run)) {
    char *err = setup_read(setup, "err", NULL);

    setup_note(setup, "undisturbed, it ended with %d: %s", run.status, err);
    free(err);
  }
}

void
setup_pile_up(struct fault_setup *setup)
{
  struct setup_run run = { 0 };

  domoticz_server_down(setup->server);
  setup->csv_full = true;
  if (setup->bus)
    setup_bus_down(setup);
  if (setup->series)
    setup_series_away(setup, true);
  setup_write(setup, SETUP_AWAY, "", 0);
  setup_go(setup, &run);
  setup_go(setup, &run);
  setup->csv_full = false;
  setup_remove(setup, SETUP_AWAY);
  if (setup->bus)
    setup_bus_up(setup);
  if (setup->series)
    setup_series_away(setup, false);
  domoticz_server_up(setup->server);
}

void
setup_note(struct fault_setup *setup, const char *fmt, ...)
{
  size_t len = strlen(setup->wrong);
  va_list args;

  va_start(args, fmt);
  vsnprintf(setup->wrong + len, sizeof(setup->wrong) - len, fmt, args);
  va_end(args);
  len = strlen(setup->wrong);
  if (len + 2 < sizeof(setup->wrong))
    snprintf(setup->wrong + len, sizeof(setup->wrong) - len, "; ");
}
