/*
 * A thousand meters behind serial servers: they are read at the same time, also
 * with the usual limit of open files; refused connections take no time, and
 * silent meters take one timeout together.
 */
#include "bench/bench.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define METERS 1000
#define FEW_SILENT 100
#define TIMEOUT_MS 1000
#define USUAL_FILES 1024
/* The quickest run counts: a busy machine can only slow a run down. */
#define RUNS 3
/* meterpipe(1): an input failed. */
#define STATUS_OF_SILENCE 76
#define STATUS_OF_REFUSAL 74

/* The emulators take the first ports from here on that are free. */
#define FIRST_PORT 20000
#define LAST_PORT 60000
#define START_TRIES 2000
#define START_PAUSE_US 10000

/* The bounds. */
#define METERS_FACTOR 3.0
#define PEAK_KIB 32768
#define SILENT_FACTOR 1.5

/* ---- The meters ---- */

struct meters {
  pid_t pid;
  unsigned port;
};

/* Returns the number of meters that the emulator with the output OUT serves. */
static unsigned
count_served(const char *out)
{
  FILE *f = fopen(out, "r");
  unsigned n = 0;

  for (int c = f ? getc(f) : EOF; c != EOF; c = getc(f))
    n += c == '\n';
  if (f)
    fclose(f);
  return n;
}

/* Starts N meters on the ports from PORT on.  Returns false if one is in use.
 */
static bool
try_start(struct meters *m, unsigned n, const char *fault, const char *out)
{
  char listen[64];
  const char *const argv[] = { program_helper("../../meterpipe-kmp"),
                               "emulate",
                               "--listen",
                               listen,
                               "60=84.208GJ",
                               fault ? "--fault" : NULL,
                               fault,
                               NULL };

  snprintf(listen, sizeof(listen), "127.0.0.1:%u-%u", m->port, m->port + n - 1);
  unlink(out);
  m->pid = program_start(argv, out, NULL);
  for (int i = 0; i < START_TRIES; i++) {
    if (count_served(out) == n)
      return true;
    if (program_has_ended(m->pid))
      return false;
    usleep(START_PAUSE_US);
  }
  program_die("the emulator did not start");
}

static struct meters
start_meters(unsigned n, const char *fault, const char *out)
{
  struct meters m = { .port = FIRST_PORT };

  for (; m.port + n <= LAST_PORT; m.port += n)
    if (try_start(&m, n, fault, out))
      return m;
  program_die("no %u free ports in a row", n);
}

/* ---- The pipeline ---- */

static void
add_inputs(FILE *f, const char *name, unsigned port, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    fprintf(f,
            "[input %s%u]\nplugin = kmp\ndevice = tcp://127.0.0.1:%u\n"
            "fields = heat_energy_e1\ntimeout = %dms\nretries = 0\n",
            name, i, port + i, TIMEOUT_MS);
}

static void
add_output(FILE *f)
{
  fprintf(f, "[output show]\nplugin = stdout\n");
  fclose(f);
}

static void
limit_files(void)
{
  const struct rlimit limit = { USUAL_FILES, USUAL_FILES };

  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    _exit(126);
}

/* Runs the pipeline as for the first time. */
static struct took
run(int status, void (*prepare)(void))
{
  const char *const argv[] = { program_meterpipe(), "run", "-c", PIPELINE_FILE,
                               NULL };
  struct took runs[RUNS];
  long peak_kib = 0;

  for (int i = 0; i < RUNS; i++) {
    program_forget();
    runs[i] = program_run_to(status, argv, "out.txt", prepare);
    if (runs[i].peak_kib > peak_kib)
      peak_kib = runs[i].peak_kib;
  }
  runs[0] = figures_least(runs, RUNS);
  runs[0].peak_kib = peak_kib;
  return runs[0];
}

static int
print_row(const char *what, const struct took *took, double one_ms,
          double bound_ms)
{
  bool held = took->wall_ms <= bound_ms && took->peak_kib <= PEAK_KIB;
  int missed = 0;

  printf("| %s | %.0f | %.2f | %ld | %s |\n", what, took->wall_ms,
         took->wall_ms / one_ms, took->peak_kib,
         figures_verdict(held, &missed));
  return missed;
}

/* ---- Meters that reply ---- */

static int
measure_replies(unsigned port, double *ret_one_ms)
{
  FILE *f = program_create(PIPELINE_FILE);
  struct took one, all, few_files;
  double bound_ms;

  add_inputs(f, "m", port, 1);
  add_output(f);
  one = run(0, NULL);
  f = program_create(PIPELINE_FILE);
  add_inputs(f, "m", port, METERS);
  add_output(f);
  all = run(0, NULL);
  few_files = run(0, limit_files);
  bound_ms = METERS_FACTOR * one.wall_ms;
  *ret_one_ms = one.wall_ms;
  return print_row("1 that replies", &one, one.wall_ms, bound_ms) +
         print_row("1000 that reply", &all, one.wall_ms, bound_ms) +
         print_row("1000 that reply, with 1024 files", &few_files, one.wall_ms,
                   bound_ms);
}

/* Nothing listens on the ports from PORT on. */
static int
measure_refusals(unsigned port, double one_ms)
{
  FILE *f = program_create(PIPELINE_FILE);
  struct took took;

  add_inputs(f, "m", port, METERS);
  add_output(f);
  took = run(STATUS_OF_REFUSAL, NULL);
  return print_row("1000 that refuse", &took, one_ms, METERS_FACTOR * one_ms);
}

/* ---- Silent meters ---- */

/* N of the meters are silent, those from SILENT_PORT on. */
static int
measure_silence(unsigned n, unsigned port, unsigned silent_port, double one_ms)
{
  double bound_ms = METERS_FACTOR * one_ms + SILENT_FACTOR * TIMEOUT_MS;
  FILE *f = program_create(PIPELINE_FILE);
  struct took took;
  char what[64];

  add_inputs(f, "silent", silent_port, n);
  add_inputs(f, "m", port, METERS - n);
  add_output(f);
  took = run(STATUS_OF_SILENCE, limit_files);
  snprintf(what, sizeof(what), "%u that reply, %u silent, with %d files",
           METERS - n, n, USUAL_FILES);
  return print_row(what, &took, one_ms, bound_ms);
}

int
bench_thousand(void)
{
  struct meters meters = start_meters(METERS, NULL, "meters.txt");
  struct meters silent = start_meters(METERS, "silent", "silent.txt");
  double one_ms;
  int missed;

  printf("## 7. A thousand meters\n\n"
         "At %d baud, one register each, over TCP.  Bounds: %.1f x one meter, "
         "%d KiB; with silent meters, %.1f x their timeout of %d ms in "
         "addition.  Of %d runs the quickest, and the most memory.\n\n"
         "| meters | run, ms | ratio | peak memory, KiB | |\n"
         "|---|--:|--:|--:|---|\n",
         1200, METERS_FACTOR, PEAK_KIB, SILENT_FACTOR, TIMEOUT_MS, RUNS);
  missed = measure_replies(meters.port, &one_ms);
  missed += measure_silence(FEW_SILENT, meters.port, silent.port, one_ms) +
            measure_silence(METERS, meters.port, silent.port, one_ms);
  program_stop(silent.pid);
  program_stop(meters.pid);
  missed += measure_refusals(meters.port, one_ms);
  printf("\n");
  return missed;
}
