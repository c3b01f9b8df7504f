/*
 * Every system call of a run, from main() on: the program is killed right
 * before it and right after it, and it fails with all that can befall it.  Then
 * come undisturbed runs, and all must be as if nothing had happened.
 *
 * Runs are disturbed at four moments: the first run of all, one after three
 * good ones, one that finds what was left by an outage and a kill, and one that
 * finds rows and values that wait.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/faults/sweep.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Of the sample, one case in so many. */
#define SAMPLE_KILLS 151
#define SAMPLE_ERRORS 311
#define SAMPLE_PAIRS 6
#define ALL_PAIRS 1500

/* ---- Moments ---- */

static void
first_run(struct rig *rig)
{
  (void)rig;
}

static void
after_good_runs(struct rig *rig)
{
  for (int i = 0; i < 3; i++)
    rig_go_well(rig);
}

/* Domoticz took everything and did not say so; then a run was killed when it
 * began to give out what it had committed. */
static void
after_bad_runs(struct rig *rig)
{
  struct trace_fault fault = { .what = TRACE_KILL_BEFORE,
                               .call = 1,
                               .nr = SYS_write };
  struct rig_run silence = { 0 }, kill = { .fault = &fault };

  after_good_runs(rig);
  domoticz_server_fault(rig_server(rig), DOMOTICZ_CUT_AFTER, "udevice", 0, 0,
                        0);
  rig_go(rig, &silence);
  domoticz_server_heal(rig_server(rig));
  rig_go(rig, &kill);
}

static void
with_a_backlog(struct rig *rig)
{
  after_good_runs(rig);
  rig_pile_up(rig);
}

static const struct {
  const char *name;
  void (*reach)(struct rig *rig);
} moments[] = {
  { "first", first_run },
  { "steady", after_good_runs },
  { "outage", after_bad_runs },
  { "backlog", with_a_backlog },
};

/* ---- A case ---- */

static bool
disturb(struct rig *rig, struct trace_fault *fault)
{
  struct rig_run run = { .fault = fault };

  rig_go(rig, &run);
  if (!fault->hit)
    return false;
  sweep_add(fault->what == TRACE_ERROR || fault->what == TRACE_SHORT
              ? SWEEP_ERRORS
              : SWEEP_KILLS,
            1);
  return true;
}

/* ---- Kills ---- */

static void
kill_at(struct rig *rig, const struct sweep *s, const char *moment,
        unsigned thread, unsigned call)
{
  for (int after = 0; after < 2; after++) {
    struct trace_fault fault = { .what =
                                   after ? TRACE_KILL_AFTER : TRACE_KILL_BEFORE,
                                 .thread = thread,
                                 .call = call,
                                 .nr = -1 };
    char name[96];

    snprintf(name, sizeof(name), "kill %s %u.%u %s", moment, thread, call,
             after ? "after" : "before");
    if (!sweep_wants(s, name))
      continue;
    rig_back(rig);
    disturb(rig, &fault);
    sweep_end_well(rig, name);
  }
}

/* ---- Errors ---- */

/* What does not fail, or whose failure libc answers with an abort. */
static const long never_fail[] = { SYS_futex,
                                   SYS_exit,
                                   SYS_exit_group,
                                   SYS_rt_sigreturn,
                                   SYS_rt_sigprocmask,
                                   SYS_rt_sigaction,
                                   SYS_set_robust_list,
                                   SYS_getpid,
                                   SYS_gettid,
                                   SYS_geteuid,
#ifdef SYS_rseq
                                   SYS_rseq
#endif
};

/* Calls that have their own ways to fail. */
static const struct {
  long nr;
  int errors[5];
} failures[] = {
  { SYS_brk, { ENOMEM } },
  { SYS_mmap, { ENOMEM, EMFILE } },
  { SYS_munmap, { ENOMEM } },
  { SYS_mprotect, { ENOMEM } },
  { SYS_close, { EIO, EINTR, ENOSPC } },
  { SYS_poll, { EINTR, ENOMEM } },
  { SYS_flock, { EINTR, EAGAIN, ENOLCK } },
  { SYS_getrandom, { EINTR, EAGAIN } },
  { SYS_fsync, { EIO, ENOSPC, EINTR } },
  { SYS_fdatasync, { EIO, ENOSPC, EINTR } },
};

static const int usual_errors[] = {
  EIO, ENOSPC, EINTR, EAGAIN, EMFILE, ENOMEM
};

static bool
can_fail(long nr)
{
  for (size_t i = 0; i < ARRAY_SIZE(never_fail); i++)
    if (never_fail[i] == nr)
      return false;
  return true;
}

static const int *
errors_of(long nr, size_t *ret_n)
{
  for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
    if (failures[i].nr == nr) {
      *ret_n = 0;
      while (*ret_n < ARRAY_SIZE(failures[i].errors) &&
             failures[i].errors[*ret_n])
        ++*ret_n;
      return failures[i].errors;
    }
  *ret_n = ARRAY_SIZE(usual_errors);
  return usual_errors;
}

static void
fail_with(struct rig *rig, const struct sweep *s, const char *moment,
          struct trace_fault fault)
{
  char name[96];

  snprintf(name, sizeof(name), "error %s %u.%u %ld %s", moment, fault.thread,
           fault.call, fault.nr,
           fault.what == TRACE_SHORT ? "short" : strerrorname_np(fault.error));
  if (!sweep_wants(s, name))
    return;
  rig_back(rig);
  disturb(rig, &fault);
  sweep_end_well(rig, name);
}

static void
fail_at(struct rig *rig, const struct sweep *s, const char *moment,
        unsigned thread, unsigned call, long nr)
{
  struct trace_fault fault = {
    .what = TRACE_ERROR, .thread = thread, .call = call, .nr = nr
  };
  const int *errors;
  size_t n;

  if (!can_fail(nr) || !trace_can_inject())
    return;
  errors = errors_of(nr, &n);
  for (size_t i = 0; i < n; i++) {
    fault.error = errors[i];
    /* Of the sample, one of them. */
    if (s->share || s->only || call % n == i)
      fail_with(rig, s, moment, fault);
  }
  fault.what = TRACE_SHORT;
  if (trace_is_transfer(nr) && (s->share || s->only))
    fail_with(rig, s, moment, fault);
}

/* ---- Two at once ---- */

static struct trace_fault
draw(const struct trace_log *log, uint32_t *random)
{
  static const enum trace_what whats[] = { TRACE_KILL_BEFORE, TRACE_KILL_AFTER,
                                           TRACE_ERROR, TRACE_SHORT };
  struct trace_fault fault = { .what = whats[sweep_random(random) % 4],
                               .nr = -1 };
  size_t n;

  do
    fault.thread = sweep_random(random) % TRACE_THREADS;
  while (log->thread[fault.thread].n == 0);
  fault.call = 1 + sweep_random(random) % log->thread[fault.thread].n;
  if (fault.what == TRACE_KILL_BEFORE || fault.what == TRACE_KILL_AFTER)
    return fault;
  fault.nr = log->thread[fault.thread].nr[fault.call - 1];
  if (fault.what == TRACE_SHORT && !trace_is_transfer(fault.nr))
    fault.what = TRACE_ERROR;
  if (!trace_can_inject() || !can_fail(fault.nr))
    return (struct trace_fault){ .what = TRACE_KILL_AFTER,
                                 .thread = fault.thread,
                                 .call = fault.call,
                                 .nr = -1 };
  fault.error = errors_of(fault.nr, &n)[0];
  fault.error = errors_of(fault.nr, &n)[sweep_random(random) % n];
  return fault;
}

static void
describe(char *buf, size_t size, const struct trace_fault *f)
{
  static const char *const whats[] = { "nothing", "kill before", "kill after",
                                       "error", "short" };

  snprintf(buf, size, "%s %u.%u", whats[f->what], f->thread, f->call);
  if (f->what == TRACE_ERROR)
    snprintf(buf + strlen(buf), size - strlen(buf), " %s",
             strerrorname_np(f->error));
}

static void
pair(struct rig *rig, const struct sweep *s, const char *moment, unsigned n,
     const struct trace_log *log)
{
  uint32_t random = s->seed + 7919 * n;
  struct trace_fault faults[2];
  char name[192], one[40], two[40];

  for (int i = 0; i < 8; i++)
    sweep_random(&random);
  faults[0] = draw(log, &random);
  faults[1] = draw(log, &random);
  describe(one, sizeof(one), &faults[0]);
  describe(two, sizeof(two), &faults[1]);
  snprintf(name, sizeof(name), "pair %s #%u: %s, %s", moment, n, one, two);
  if (!sweep_wants(s, name))
    return;
  rig_back(rig);
  disturb(rig, &faults[0]);
  disturb(rig, &faults[1]);
  sweep_end_well(rig, name);
}

/* ---- The sweep ---- */

static void
sweep_moment(struct rig *rig, const struct sweep *s, const char *name)
{
  struct trace_log log = { 0 };
  struct rig_run reference = { .log = &log };
  unsigned k = 0;

  rig_keep(rig);
  rig_go(rig, &reference);
  if (log.thread[0].n == 0)
    rig_note(rig, "no system call was seen");
  sweep_end_well(rig, name);
  if (log.thread[0].n == 0)
    return;
  for (unsigned t = 0; t < TRACE_THREADS; t++) {
    if (s->worker == 0)
      sweep_add(SWEEP_CALLS, log.thread[t].n);
    for (unsigned call = 1; call <= log.thread[t].n; call++, k++) {
      if (sweep_is_mine(s, k, SAMPLE_KILLS))
        kill_at(rig, s, name, t, call);
      if (sweep_is_mine(s, k, SAMPLE_ERRORS))
        fail_at(rig, s, name, t, call, log.thread[t].nr[call - 1]);
    }
  }
  for (unsigned n = 0; n < sweep_number(s, ALL_PAIRS, SAMPLE_PAIRS); n++)
    if (n % s->jobs == s->worker && !sweep_is_late(s))
      pair(rig, s, name, n, &log);
  trace_log_clear(&log);
}

static void
work(struct sweep *s)
{
  for (int kind = 0; kind < RIG_KINDS; kind++) {
    struct rig *rig = rig_new((enum rig_kind)kind);

    for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
      char name[64];

      snprintf(name, sizeof(name), "%s %s", rig_kind_names[kind],
               moments[i].name);
      rig_begin(rig);
      moments[i].reach(rig);
      sweep_moment(rig, s, name);
    }
    rig_free(rig);
  }
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
