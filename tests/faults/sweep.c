/* The worker processes of a sweep, and their common counts. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/faults/sweep.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"

#define EXIT_SKIPPED 77
/* With --share N of at least this, one worker has a whole group. */
#define SMALL_SHARE 10
/* One case in so many has a second undisturbed run. */
#define SECOND_EVERY 4

/* In memory shared by the workers. */
static unsigned long *counts;

static const struct {
  const char *one, *many;
} names[SWEEP_COUNTS] = {
  [SWEEP_RUNS] = { "run", "runs" },
  [SWEEP_CALLS] = { "system call", "system calls" },
  [SWEEP_KILLS] = { "kill", "kills" },
  [SWEEP_ERRORS] = { "error", "errors" },
  [SWEEP_CUTS] = { "cut", "cuts" },
  [SWEEP_FAULTS] = { "other fault", "other faults" },
  [SWEEP_ALLOCATIONS] = { "allocation", "allocations" },
  [SWEEP_STATES] = { "damaged state", "damaged states" },
  [SWEEP_REPEATED] = { "repeated run", "repeated runs" },
  [SWEEP_ANSWERS] = { "lost answer", "lost answers" },
  [SWEEP_HANGS] = { "hang", "hangs" },
  [SWEEP_DRAWN_MISSED] = { "unreached drawn fault", "unreached drawn faults" },
  [SWEEP_LEFT] = { "skipped case", "skipped cases" },
  [SWEEP_MISSED] = { "unreached fault", "unreached faults" },
};

void
sweep_add(enum sweep_count count, unsigned long n)
{
  __atomic_add_fetch(&counts[count], n, __ATOMIC_SEQ_CST);
}

static bool
print_counts(void)
{
  const char *comma = "";

  for (int i = 0; i < SWEEP_LOST; i++)
    if (counts[i] > 0) {
      printf("%s%lu %s", comma, counts[i],
             counts[i] == 1 ? names[i].one : names[i].many);
      comma = ", ";
    }
  printf("; %lu lost, %lu double, %lu wrong\n", counts[SWEEP_LOST],
         counts[SWEEP_DOUBLE], counts[SWEEP_WRONG]);
  return counts[SWEEP_LOST] + counts[SWEEP_DOUBLE] + counts[SWEEP_WRONG] +
           counts[SWEEP_MISSED] >
         0;
}

bool
sweep_is_late(const struct sweep *s)
{
  return s->until_ms && clock_mono_ms() >= s->until_ms;
}

bool
sweep_begin_group(struct sweep *s, unsigned n)
{
  s->whole = !s->only && (s->share == 0 || s->share >= SMALL_SHARE);
  return !s->whole || n % s->jobs == s->worker;
}

bool
sweep_is_mine(const struct sweep *s, unsigned n, unsigned every)
{
  unsigned first = every / 2;

  if (s->only || s->share > 0) {
    every = s->only ? 1 : s->share;
    first = s->seed % every;
  }
  if (n % every != first)
    return false;
  if (!s->whole && n / every % s->jobs != s->worker)
    return false;
  if (!sweep_is_late(s))
    return true;
  sweep_add(SWEEP_LEFT, 1);
  return false;
}

bool
sweep_wants(const struct sweep *s, const char *name)
{
  return !s->only || strstr(name, s->only);
}

bool
sweep_leaves_out(const struct sweep *s, unsigned long n, unsigned long lock)
{
  return !s->only && n < lock && n % SWEEP_EARLY != SWEEP_EARLY / 2;
}

void
sweep_miss(const char *name)
{
  sweep_add(SWEEP_MISSED, 1);
  printf("%s: its fault was not reached\n", name);
  fflush(stdout);
}

void
sweep_end_case(struct fault_setup *setup, const char *name, const char *wrong)
{
  if (!wrong)
    return;
  if (setup_lost(setup))
    sweep_add(SWEEP_LOST, 1);
  else if (setup_doubled(setup))
    sweep_add(SWEEP_DOUBLE, 1);
  else
    sweep_add(SWEEP_WRONG, 1);
  printf("%s: %s\n", name, wrong);
  fflush(stdout);
}

void
sweep_end_well(struct fault_setup *setup, const char *name)
{
  static unsigned cases;
  const char *wrong;

  setup_go_well(setup);
  wrong = setup_lags(setup) ? NULL : setup_check(setup);
  if (!wrong && (setup_lags(setup) || cases++ % SECOND_EVERY == 0)) {
    setup_go_well(setup);
    wrong = setup_check(setup);
  }
  sweep_end_case(setup, name, wrong);
  sweep_add(SWEEP_RUNS, 1);
}

uint32_t
sweep_seed(const struct sweep *s, unsigned n)
{
  uint32_t seed = (s->share ? s->seed / s->share : s->seed) + 7919 * (n + 1);

  seed *= 2654435761u;
  return seed ? seed : 1;
}

uint32_t
sweep_random(uint32_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static bool
parse(struct sweep *s, int argc, char **argv)
{
  static const struct option options[] = {
    { "all", no_argument, NULL, 'a' },
    { "share", required_argument, NULL, 'n' },
    { "for", required_argument, NULL, 'f' },
    { "jobs", required_argument, NULL, 'j' },
    { "seed", required_argument, NULL, 's' },
    { "only", required_argument, NULL, 'o' },
    { NULL, 0, NULL, 0 },
  };
  int letter;

  while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (letter == 'a')
      s->share = 1;
    else if (letter == 'n')
      s->share = (unsigned)strtoul(optarg, NULL, 10);
    else if (letter == 'f')
      s->until_ms = clock_mono_ms() + (int64_t)strtoul(optarg, NULL, 10) * 1000;
    else if (letter == 'j')
      s->jobs = (unsigned)strtoul(optarg, NULL, 10);
    else if (letter == 's')
      s->seed = (uint32_t)strtoul(optarg, NULL, 10);
    else if (letter == 'o')
      s->only = optarg;
    else
      return false;
  }
  return s->jobs > 0 && optind == argc;
}

static void
start_worker(struct sweep *s, void (*work)(struct sweep *s))
{
  pid_t pid;

  fflush(stdout);
  pid = fork();
  if (pid < 0) {
    perror("fork");
    exit(1);
  }
  if (pid == 0) {
    work(s);
    exit(0);
  }
}

/* Returns true if the environment has SWEEPS=no: `make check SWEEPS=no` leaves
 * the samples out. */
static bool
is_left_out(void)
{
  const char *sweeps = getenv("SWEEPS");

  return sweeps && strcmp(sweeps, "no") == 0;
}

int
sweep_main(int argc, char **argv, void (*work)(struct sweep *s))
{
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  struct sweep s = { .jobs = processors > 0 ? 3 * (unsigned)processors : 3,
                     .seed = 20261122 };
  int status;
  bool failed = false;

  if (!parse(&s, argc, argv)) {
    fprintf(stderr,
            "usage: %s [--all] [--share N] [--seed K] [--for SECONDS] "
            "[--jobs N] [--only TEXT]\n",
            argv[0]);
    return 64;
  }
  if (!getenv("METERPIPE") || !getenv("FAULT_PRELOAD")) {
    printf("METERPIPE and FAULT_PRELOAD do not say what to test\n");
    return EXIT_SKIPPED;
  }
  if (is_left_out()) {
    printf("left out by SWEEPS=no\n");
    return EXIT_SKIPPED;
  }
#ifdef WITH_SANITIZERS
  printf("with sanitizers, nothing else can stand in for malloc\n");
  return EXIT_SKIPPED;
#endif
  counts = mmap(NULL, SWEEP_COUNTS * sizeof(*counts), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (counts == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  printf("seed %lu\n", (unsigned long)s.seed);
  for (s.worker = 0; s.worker < s.jobs; s.worker++)
    start_worker(&s, work);
  while (wait(&status) > 0)
    failed |= status != 0;
  failed |= print_counts();
  return failed;
}
