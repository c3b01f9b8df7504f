/* The house of the sweeps: its parts, its files, and runs in it. */
#include "tests/faults/rig_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* 2026-11-22T10:00:00Z */
#define FIRST_TIME INT64_C(1795341600)
/* A run that takes longer hangs: the deadline, and time to end. */
#define HANGS_S 20

const char *const rig_kind_names[RIG_KINDS] = { "script", "both", "meters" };

const struct rig_plan rig_plans[RIG_KINDS] = {
  [RIG_SCRIPT] = { 1, 3, false },
  [RIG_BOTH] = { 1, 1, true },
  [RIG_METERS] = { 2, 1, true },
};

void
rig_die(const char *what)
{
  fprintf(stderr, "rig: %s: %s\n", what, strerror(errno));
  exit(99);
}

/* ---- Files ---------------------------------------------------------------- */

static void
path_of(const struct rig *rig, const char *name, char *buf, size_t size)
{
  if (snprintf(buf, size, "%s/%s", rig->dir, name) >= (int)size)
    rig_die(name);
}

char *
rig_read(const struct rig *rig, const char *name, size_t *ret_len)
{
  char path[256], *data;
  struct stat st;
  size_t len;
  FILE *f;

  path_of(rig, name, path, sizeof(path));
  f = fopen(path, "r");
  if (!f)
    return NULL;
  if (fstat(fileno(f), &st) != 0)
    rig_die(path);
  data = calloc(1, (size_t)st.st_size + 1);
  if (!data)
    rig_die(path);
  len = fread(data, 1, (size_t)st.st_size, f);
  fclose(f);
  if (ret_len)
    *ret_len = len;
  return data;
}

void
rig_write(const struct rig *rig, const char *name, const char *data, size_t len)
{
  char path[256];
  FILE *f;

  path_of(rig, name, path, sizeof(path));
  f = fopen(path, "w");
  if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
    rig_die(path);
}

static void
remove_files(const struct rig *rig, const char *pattern)
{
  char path[256];
  glob_t found;

  path_of(rig, pattern, path, sizeof(path));
  if (glob(path, 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++)
      unlink(found.gl_pathv[i]);
  globfree(&found);
}

bool
rig_has(const struct rig *rig, const char *pattern)
{
  char path[256];
  glob_t found;
  bool any;

  path_of(rig, pattern, path, sizeof(path));
  any = glob(path, 0, NULL, &found) == 0;
  globfree(&found);
  return any;
}

/* ---- The pipeline file ---------------------------------------------------- */

static void
put_chain(FILE *f, const struct rig *rig, unsigned c)
{
  fprintf(f,
          "[input m%u]\nplugin = kmp\ndevice = %s\ntimeout = 400ms\n"
          "[transform usage%u]\nplugin = subtract\n"
          "value = m%u.heat_energy_e1\nminus = house.%u\n",
          c, rig->device[c], c, c, RIG_BASE(c));
  for (unsigned i = 0; i < rig->plan->totals; i++)
    fprintf(f,
            "[transform total%u%u]\nplugin = add\nvalue = usage%u\n"
            "plus = house.%u\n",
            c, i, c, RIG_TOTAL(c, i));
}

static void
put_targets(FILE *f, const struct rig *rig, unsigned c)
{
  fprintf(f, "idx.%u = m%u.heat_energy_e1\nidx.%u = usage%u\n", RIG_BASE(c), c,
          RIG_USAGE(c), c);
  for (unsigned i = 0; i < rig->plan->totals; i++)
    fprintf(f, "idx.%u = total%u%u\n", RIG_TOTAL(c, i), c, i);
}

static void
write_pipeline(struct rig *rig)
{
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);

  if (!f)
    rig_die("house.ini");
  fprintf(f, "[pipeline]\ndeadline = 8s\n");
  for (unsigned c = 0; c < rig->plan->meters; c++)
    put_chain(f, rig, c);
  fprintf(f, "[output house]\nplugin = domoticz\nurl = "
          "http://127.0.0.1:%u\ntimeout = 1s\n",
          rig->port);
  for (unsigned c = 0; c < rig->plan->meters; c++)
    put_targets(f, rig, c);
  if (rig->plan->csv) {
    fprintf(f, "[output log]\nplugin = csv\npath = " RIG_CSV "\n");
    for (unsigned c = 0; c < rig->plan->meters; c++)
      fprintf(f,
              "column.energy%u = m%u.heat_energy_e1\n"
              "column.usage%u = usage%u\ncolumn.total%u = total%u0\n",
              c, c, c, c, c, c);
  }
  fclose(f);
  rig_write(rig, "house.ini", text, size);
  free(text);
}

void
rig_lead_by(struct rig *rig, unsigned domoticz, unsigned meter)
{
  rig->port = domoticz ? domoticz : domoticz_server_port(rig->server);
  for (unsigned c = 0; c < rig->plan->meters; c++)
    snprintf(rig->device[c], sizeof(rig->device[c]), "meter%u", c);
  if (meter)
    snprintf(rig->device[0], sizeof(rig->device[0]), "tcp://127.0.0.1:%u",
             meter);
  write_pipeline(rig);
}

/* ---- The house ------------------------------------------------------------ */

static void
plug(struct rig *rig, unsigned i)
{
  char link[256], text[64];

  snprintf(text, sizeof(text), "meter%u", i);
  path_of(rig, text, link, sizeof(link));
  rig->meters[i] = meter_start();
  meter_link(rig->meters[i], link);
  snprintf(text, sizeof(text), "1001=6850000%u", 1 + i);
  meter_set(rig->meters[i], text);
}

void
rig_replug(struct rig *rig)
{
  for (unsigned i = 0; i < rig->plan->meters; i++) {
    meter_stop(rig->meters[i]);
    plug(rig, i);
    rig_set_meter(rig, i);
  }
}

static void
add_devices(struct rig *rig, unsigned c)
{
  domoticz_server_add(rig->server, RIG_BASE(c), "counter-custom", "GJ");
  domoticz_server_add(rig->server, RIG_USAGE(c), "custom", "GJ");
  for (unsigned i = 0; i < rig->plan->totals; i++)
    domoticz_server_add(rig->server, RIG_TOTAL(c, i), "counter-custom", "GJ");
}

struct rig *
rig_new(enum rig_kind kind)
{
  struct rig *rig = calloc(1, sizeof(*rig));
  const char *tmp = getenv("TMPDIR");

  if (!rig)
    rig_die("memory");
  rig->plan = &rig_plans[kind];
  if (!tmp) /* a disk is slow, and nothing here is cut off from power */
    tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(rig->dir, sizeof(rig->dir), "%s/meterpipe-XXXXXX", tmp);
  if (!mkdtemp(rig->dir))
    rig_die(rig->dir);
  rig->server = domoticz_server_start(DOMOTICZ_2025_1);
  for (unsigned i = 0; i < rig->plan->meters; i++)
    plug(rig, i);
  rig_lead_by(rig, 0, 0);
  rig_begin(rig);
  return rig;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  (void)st;
  (void)type;
  (void)ftw;
  return remove(path);
}

void
rig_free(struct rig *rig)
{
  for (unsigned i = 0; i < rig->plan->meters; i++)
    meter_stop(rig->meters[i]);
  domoticz_server_stop(rig->server);
  nftw(rig->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  free(rig->kept_db);
  free(rig->kept_csv);
  free(rig);
}

struct domoticz_server *
rig_server(struct rig *rig)
{
  return rig->server;
}

struct meter *
rig_meter(struct rig *rig, unsigned i)
{
  return rig->meters[i];
}

bool
rig_lost(const struct rig *rig)
{
  return rig->lost > 0;
}

bool
rig_doubled(const struct rig *rig)
{
  return rig->doubled > 0;
}

const char *
rig_tty(struct rig *rig, unsigned i)
{
  return meter_path(rig->meters[i]);
}

const char *
rig_dir(const struct rig *rig)
{
  return rig->dir;
}

/* ---- Moments -------------------------------------------------------------- */

void
rig_set_meter(struct rig *rig, unsigned i)
{
  char text[64], energy[32];

  rig_format(rig->now.reading[i], energy, sizeof(energy));
  snprintf(text, sizeof(text), "60=%sGJ", energy);
  meter_set(rig->meters[i], text);
}

static void
remove_state(struct rig *rig)
{
  remove_files(rig, "house.db*");
  remove_files(rig, "house.lock");
  remove_files(rig, RIG_CSV);
}

/* After what is new in the server and the meters is what is kept in rig->now. */
static void
take_up(struct rig *rig)
{
  domoticz_server_heal(rig->server);
  domoticz_server_forget(rig->server);
  domoticz_server_set_clock(rig->server, rig->now.time);
  for (unsigned c = 0; c < rig->plan->meters; c++) {
    meter_clear_faults(rig->meters[c]);
    rig_set_meter(rig, c);
    rig->now.writes[c] = domoticz_server_writes(rig->server, RIG_USAGE(c));
  }
  rig->wrong[0] = 0;
  rig->lost = rig->doubled = 0;
  rig->damaged = false;
}

void
rig_begin(struct rig *rig)
{
  rig->now = (struct rig_moment){ .time = FIRST_TIME };
  for (unsigned c = 0; c < rig->plan->meters; c++) {
    rig->now.reading[c] = 84208 + 1000000 * c;
    domoticz_server_delete(rig->server, RIG_BASE(c));
    domoticz_server_delete(rig->server, RIG_USAGE(c));
    for (unsigned i = 0; i < rig->plan->totals; i++)
      domoticz_server_delete(rig->server, RIG_TOTAL(c, i));
  }
  domoticz_server_set_clock(rig->server, FIRST_TIME - RIG_INTERVAL);
  for (unsigned c = 0; c < rig->plan->meters; c++)
    add_devices(rig, c);
  remove_state(rig);
  take_up(rig);
}

void
rig_keep(struct rig *rig)
{
  free(rig->kept_db);
  free(rig->kept_csv);
  rig->kept_db = rig_read(rig, "house.db", &rig->kept_db_len);
  rig->kept_csv = rig_read(rig, RIG_CSV, &rig->kept_csv_len);
  domoticz_server_snapshot(rig->server);
  rig->kept = rig->now;
}

void
rig_back(struct rig *rig)
{
  remove_state(rig);
  if (rig->kept_db)
    rig_write(rig, "house.db", rig->kept_db, rig->kept_db_len);
  if (rig->kept_csv)
    rig_write(rig, RIG_CSV, rig->kept_csv, rig->kept_csv_len);
  domoticz_server_up(rig->server);
  domoticz_server_restore(rig->server);
  rig->now = rig->kept;
  take_up(rig);
}

char *
rig_state(struct rig *rig, size_t *ret_len)
{
  return rig_read(rig, "house.db", ret_len);
}

void
rig_put_state(struct rig *rig, const char *data, size_t len)
{
  remove_files(rig, "house.db*");
  if (data)
    rig_write(rig, "house.db", data, len);
  rig->damaged = true;
}

char *
rig_said(struct rig *rig)
{
  return rig_read(rig, "err", NULL);
}

/* ---- Runs ----------------------------------------------------------------- */

static void
redirect(int fd, const char *path, int flags)
{
  int file = open(path, flags, 0600);

  if (file < 0 || dup2(file, fd) < 0)
    _exit(126);
  close(file);
}

static void
set_environment(const struct rig *rig, const struct rig_run *run)
{
  const char *clock = getenv("CLOCK_PRELOAD"), *fault = getenv("FAULT_PRELOAD");
  char text[1024];

  setenv("HOME", rig->dir, 1);
  setenv("STATE_DIRECTORY", rig->dir, 1);
  unsetenv("JOURNAL_STREAM");
  snprintf(text, sizeof(text), "%lld", (long long)rig->now.time);
  setenv("TEST_CLOCK", text, 1);
  if (run->fault || run->log)
    setenv("FAULT_TRACED", "yes", 1);
  if (run->memory) {
    snprintf(text, sizeof(text), "%s/memory", rig->dir);
    setenv("FAULT_MEMORY", text, 1);
  }
  snprintf(text, sizeof(text), "%s:%s", clock ? clock : "", fault ? fault : "");
  setenv("LD_PRELOAD", text, 1);
}

static void
become(const struct rig *rig, const struct rig_run *run)
{
  char *program = getenv("METERPIPE");

  if (!program || chdir(rig->dir) != 0)
    _exit(126);
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
  redirect(STDOUT_FILENO, "out", O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, "err", O_WRONLY | O_CREAT | O_TRUNC);
  set_environment(rig, run);
  if (run->fault || run->log)
    trace_me();
  execl(program, program, "run", "-c", "house.ini", (char *)NULL);
  _exit(127);
}

/* The program under test, for the alarm. */
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
run_to_end(struct rig *rig, const struct rig_run *run)
{
  int status = 0;
  pid_t pid;

  fflush(NULL);
  pid = fork();
  if (pid < 0)
    rig_die("fork");
  if (pid == 0)
    become(rig, run);
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

/* Waits until all that the program sent before it ended has come through PORT
 * and was done: what is asked there now comes behind it. */
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

/* Without memory for the thread-local data of a library, libc itself ends the
 * program: as good as a kill. */
static bool
libc_gave_up(const struct rig_run *run, const char *err)
{
  return run->memory && run->memory->hit && run->status == 127 && err &&
         strstr(err, "cannot allocate memory for thread-local data");
}

static void
judge_end(struct rig *rig, struct rig_run *run, int status)
{
  size_t len = 0;
  char *err = rig_read(rig, "err", &len);

  run->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  run->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  run->silent = len == 0;
  if (libc_gave_up(run, err))
    run->killed = true;
  else if (hung)
    rig_note(rig, "hung: no end after %d s", HANGS_S);
  else if (WIFSIGNALED(status) && !run->killed)
    rig_note(rig, "crashed: signal %d", WTERMSIG(status));
  else if (!run->killed && run->status != 0 &&
           (run->status < 64 || run->status > 78))
    rig_note(rig, "ended with %d: %s", run->status, err);
  if (!rig->by_hand && err && strstr(err, "changed there by somebody"))
    rig_note(rig, "took for a change by hand: %s", err);
  free(err);
}

/* Two writes of one usage in a run would be no harm to a device, and yet are
 * none that was ordered. */
static void
account_usages(struct rig *rig)
{
  for (unsigned c = 0; c < rig->plan->meters; c++) {
    unsigned n = domoticz_server_writes(rig->server, RIG_USAGE(c));

    if (n > rig->now.writes[c] + 1)
      rig_note(rig, "device %u was written %u times in a run", RIG_USAGE(c),
               n - rig->now.writes[c]);
    if (n > rig->now.writes[c])
      rig->now.given[c] +=
        rig_parse(domoticz_server_get(rig->server, RIG_USAGE(c)));
    rig->now.writes[c] = n;
  }
}

/* The meters count differently in each run, so that no two usages are equal. */
static void
pass_time(struct rig *rig)
{
  struct rig_moment *now = &rig->now;
  unsigned n = now->runs;

  if (n == RIG_MAX_RUNS)
    rig_die("too many runs");
  now->time += RIG_INTERVAL;
  domoticz_server_set_clock(rig->server, now->time);
  for (unsigned c = 0; c < rig->plan->meters; c++) {
    now->reading[c] += 3 + (n * (n + 5)) % 47 + c;
    now->read[n].reading[c] = now->reading[c];
    rig_set_meter(rig, c);
  }
  now->read[n].time = now->time;
  now->runs++;
}

void
rig_do(struct rig *rig, struct rig_run *run)
{
  int status;

  if (run->memory)
    rig_write(rig, "memory", (const char *)run->memory, sizeof(*run->memory));
  status = run_to_end(rig, run);
  settle(rig->port);
  settle(domoticz_server_port(rig->server));
  if (run->memory) {
    char *back = rig_read(rig, "memory", NULL);

    memcpy(run->memory, back, sizeof(*run->memory));
    free(back);
  }
  judge_end(rig, run, status);
  account_usages(rig);
}

void
rig_go(struct rig *rig, struct rig_run *run)
{
  pass_time(rig);
  rig_do(rig, run);
  rig->now.read[rig->now.runs - 1].must = run->status == 0;
}

void
rig_go_well(struct rig *rig)
{
  struct rig_run run = { 0 };

  rig_go(rig, &run);
  if (run.status != 0) {
    char *err = rig_read(rig, "err", NULL);

    rig_note(rig, "undisturbed, it ended with %d: %s", run.status, err);
    free(err);
  }
}

void
rig_note(struct rig *rig, const char *fmt, ...)
{
  size_t len = strlen(rig->wrong);
  va_list args;

  va_start(args, fmt);
  vsnprintf(rig->wrong + len, sizeof(rig->wrong) - len, fmt, args);
  va_end(args);
  len = strlen(rig->wrong);
  if (len + 2 < sizeof(rig->wrong))
    snprintf(rig->wrong + len, sizeof(rig->wrong) - len, "; ");
}
