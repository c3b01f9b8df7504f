/*
 * Faults at every system call of a run, from main() on: the program is killed
 * right after the call, which is right before the next call of its thread, and
 * the call fails with every error it can return.  Undisturbed runs follow,
 * after which all results must be as if nothing had happened.
 *
 * Runs are disturbed at four moments: the very first run, one after three good
 * runs, one after lost answers and a kill, and one with pending rows and
 * values.  If rows were set aside, `meterpipe retry` is disturbed, too.
 *
 * After the three good runs, each call also fails in a run whose outputs lose
 * their answers, before or after carrying out the delivery.  There, and at the
 * other moments, only every second error is tried.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/array.h"
#include "tests/faults/sweep.h"

/* Samples: one case in so many. */
#define SAMPLE_KILLS 223
#define SAMPLE_ERRORS 443
#define SAMPLE_LOSSES 397
#define SAMPLE_PAIRS 4
#define ALL_PAIRS 300
/* With --all, one call in so many hangs: each case lasts as long as a
 * deadline. */
#define HANG_EVERY 5

/* The moment at which cases are run. */
struct place {
  struct fault_setup *setup;
  const struct sweep *s;
  const char *name;
  void (*go)(struct fault_setup *setup, struct setup_run *run);
  enum setup_answers answers;
  bool steady; /* the moment after the three good runs */
};

/* ---- Moments ---- */

static void
first_run(struct fault_setup *setup)
{
  (void)setup;
}

static void
after_good_runs(struct fault_setup *setup)
{
  for (int i = 0; i < 3; i++)
    setup_go_well(setup);
}

/* A run whose outputs accept everything but lose their answers; then a run that
 * is killed when it begins to deliver its committed values. */
static void
after_bad_runs(struct fault_setup *setup)
{
  struct trace_fault fault = { .what = TRACE_KILL_BEFORE,
                               .call = 1,
                               .nr = SYS_write };
  struct setup_run silence = { 0 }, kill = { .fault = &fault };

  after_good_runs(setup);
  setup_answer(setup, SETUP_LOST_AFTER);
  setup_go(setup, &silence);
  setup_answer(setup, SETUP_ANSWERED);
  setup_go(setup, &kill);
  if (!fault.hit)
    setup_note(setup, "the run that was to be killed was not");
}

static void
with_a_backlog(struct fault_setup *setup)
{
  after_good_runs(setup);
  setup_pile_up(setup);
}

/* Two rows are set aside, and the output would take them now. */
static void
with_rows_aside(struct fault_setup *setup)
{
  after_good_runs(setup);
  setup_go_well(setup);
  setup_take_all(setup);
}

static const struct {
  const char *name;
  void (*reach)(struct fault_setup *setup);
  void (*go)(struct fault_setup *setup, struct setup_run *run);
} moments[] = {
  { "first", first_run, setup_go },
  { "steady", after_good_runs, setup_go },
  { "outage", after_bad_runs, setup_go },
  { "backlog", with_a_backlog, setup_go },
  { "retry", with_rows_aside, setup_retry },
};

static bool
has_moment(enum setup_kind kind, size_t moment)
{
  return moments[moment].go != setup_retry || kind == SETUP_SHELF;
}

/* ---- A case ---- */

static void
count(const struct trace_fault *fault)
{
  if (fault->what == TRACE_HANG)
    sweep_add(SWEEP_HANGS, 1);
  else if (fault->what == TRACE_ERROR || fault->what == TRACE_SHORT)
    sweep_add(SWEEP_ERRORS, 1);
  else
    sweep_add(SWEEP_KILLS, 1);
}

/* Does one run with FAULT, starting at the saved moment.  Returns whether the
 * fault was applied. */
static bool
disturb(const struct place *p, struct trace_fault fault)
{
  struct setup_run run = { .fault = &fault };

  setup_back(p->setup);
  setup_answer(p->setup, p->answers);
  p->go(p->setup, &run);
  if (fault.hit && setup_lost_answer(p->setup))
    sweep_add(SWEEP_ANSWERS, 1);
  setup_answer(p->setup, SETUP_ANSWERED);
  return fault.hit;
}

static bool
try(const struct place *p, const struct trace_fault *fault)
{
  if (!disturb(p, *fault))
    return false;
  count(fault);
  return true;
}

/* Tries until FAULT is applied; if it never is, counts NAME as missed.  How
 * often a thread waits differs from run to run: after two tries, each further
 * one takes an earlier call of the same number, down to the first.  If only the
 * logged run had such a call, the program is killed after the call in its
 * place, or after an earlier one. */
static void
reach(const struct place *p, const char *name, const struct trace_fault *fault)
{
  struct trace_fault f = *fault;

  for (int i = 0; i < REACH_TRIES || f.nth > 1; i++) {
    if (i > 1)
      f.nth = (f.nth + 1) / 2;
    if (try(p, &f))
      return;
  }
  f.what = TRACE_KILL_AFTER;
  f.nr = -1;
  f.nth = 0;
  for (; f.call > 0; f.call /= 2)
    if (try(p, &f))
      return;
  sweep_miss(name);
}

static void
do_case(const struct place *p, const char *name,
        const struct trace_fault *fault)
{
  if (!sweep_wants(p->s, name))
    return;
  reach(p, name, fault);
  sweep_end_well(p->setup, name);
}

/* Returns the first call NR of the first thread; 0: there is none. */
static unsigned
first_call(const struct trace_log *log, long nr)
{
  for (unsigned call = 1; call <= log->thread[0].n; call++)
    if (log->thread[0].nr[call - 1] == nr)
      return call;
  return 0;
}

/* Returns the call that locks the state. */
static unsigned
lock_of(const struct trace_log *log)
{
  return first_call(log, SYS_flock);
}

/* Returns a fault at CALL of THREAD in the logged run; the caller sets the
 * kind. */
static struct trace_fault
fault_at(const struct trace_log *log, unsigned thread, unsigned call)
{
  return (struct trace_fault){ .thread = thread,
                               .call = call,
                               .nr = log->thread[thread].nr[call - 1],
                               .nth = trace_log_nth(log, thread, call) };
}

/* ---- Kills ---- */

static void
kill_at(const struct place *p, struct trace_fault fault)
{
  for (int after = fault.call == 1 ? 0 : 1; after < 2; after++) {
    char name[96];

    fault.what = after ? TRACE_KILL_AFTER : TRACE_KILL_BEFORE;
    snprintf(name, sizeof(name), "kill %s %u.%u %s", p->name, fault.thread,
             fault.call, after ? "after" : "before");
    do_case(p, name, &fault);
  }
}

/* ---- Errors ---- */

/* Calls that never fail, or whose failure makes libc abort. */
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

/* Calls with their own lists of errors; all others use usual_errors. */
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
fail_with(const struct place *p, const struct trace_fault *fault)
{
  static const char *const answers[] = { "", "lost before ", "lost after " };
  char name[128];

  snprintf(name, sizeof(name), "error %s %s%u.%u %ld %s", p->name,
           answers[p->answers], fault->thread, fault->call, fault->nr,
           fault->what == TRACE_SHORT ? "short"
                                      : strerrorname_np(fault->error));
  do_case(p, name, fault);
}

/* Returns M, so that one in M of the N errors of a call is tried; for the
 * sample, one of all N. */
static unsigned
ways_between(const struct place *p, unsigned n)
{
  if (p->s->only)
    return 1;
  if (!p->s->share)
    return n;
  return p->steady && p->answers == SETUP_ANSWERED ? 1 : 2;
}

static void
fail_at(const struct place *p, struct trace_fault fault)
{
  const int *errors;
  unsigned every;
  size_t n;

  if (!can_fail(fault.nr) || !trace_can_inject())
    return;
  fault.what = TRACE_ERROR;
  errors = errors_of(fault.nr, &n);
  every = ways_between(p, (unsigned)n);
  for (size_t i = 0; i < n; i++) {
    fault.error = errors[i];
    if ((fault.call + i) % every == 0)
      fail_with(p, &fault);
  }
  fault.what = TRACE_SHORT;
  if (trace_is_transfer(fault.nr) && (p->s->share || p->s->only))
    fail_with(p, &fault);
}

/* ---- Calls that never return ---- */

/* Calls that can wait for a device, a file system, a peer or a process. */
static const long can_hang[] = { SYS_read,     SYS_write,      SYS_pread64,
                                 SYS_pwrite64, SYS_fsync,      SYS_fdatasync,
                                 SYS_openat,   SYS_ftruncate,  SYS_fcntl,
                                 SYS_flock,    SYS_newfstatat, SYS_connect,
                                 SYS_sendto,   SYS_recvfrom,   SYS_ppoll,
#ifdef SYS_poll
                                 SYS_poll,
#endif
                                 SYS_wait4,    SYS_waitid };

static bool
is_wait(long nr)
{
  for (size_t i = 0; i < ARRAY_SIZE(can_hang); i++)
    if (can_hang[i] == nr)
      return true;
  return false;
}

static void
hang_at(const struct place *p, struct trace_fault fault)
{
  char name[96];

  fault.what = TRACE_HANG;
  snprintf(name, sizeof(name), "hang %s %u.%u %ld", p->name, fault.thread,
           fault.call, fault.nr);
  do_case(p, name, &fault);
}

/* Lets calls hang.  Not part of the sample: each case lasts until the watchdog
 * ends the run.  Begins after the call that starts the watchdog. */
static void
sweep_hangs(const struct place *p, const struct trace_log *log)
{
  unsigned lock = lock_of(log), k = 0;

  if ((!p->s->share && !p->s->only) || !trace_can_hang())
    return;
  for (unsigned call = first_call(log, SYS_setitimer) + 1;
       call <= log->thread[0].n; call++)
    if (is_wait(log->thread[0].nr[call - 1]) &&
        !sweep_leaves_out(p->s, call, lock) && k++ % HANG_EVERY == 0 &&
        sweep_is_mine(p->s, k / HANG_EVERY, 1))
      hang_at(p, fault_at(log, 0, call));
}

/* ---- Errors and lost answers ---- */

/* Lets each call fail in a run with lost answers.  The program makes other
 * calls then, so a new log is made.  Only the first thread: it serves the
 * outputs. */
static void
fail_without(const struct place *p)
{
  struct trace_log log = { 0 };
  struct setup_run reference = { .log = &log };
  unsigned lock, k = 0;

  setup_back(p->setup);
  setup_answer(p->setup, p->answers);
  p->go(p->setup, &reference);
  if (!setup_lost_answer(p->setup))
    setup_note(p->setup, "no answer was lost");
  setup_answer(p->setup, SETUP_ANSWERED);
  sweep_end_well(p->setup, p->name);
  lock = lock_of(&log);
  for (unsigned call = 1; call <= log.thread[0].n; call++)
    if (!sweep_leaves_out(p->s, call, lock) &&
        sweep_is_mine(p->s, k++, SAMPLE_LOSSES))
      fail_at(p, fault_at(&log, 0, call));
  trace_log_clear(&log);
}

static void
sweep_losses(struct place p)
{
  p.answers = SETUP_LOST_BEFORE;
  fail_without(&p);
  p.answers = SETUP_LOST_AFTER;
  fail_without(&p);
}

/* ---- Two faults ---- */

static struct trace_fault
draw(const struct trace_log *log, uint32_t *random)
{
  static const enum trace_what whats[] = { TRACE_KILL_BEFORE, TRACE_KILL_AFTER,
                                           TRACE_ERROR, TRACE_SHORT };
  enum trace_what what = whats[sweep_random(random) % 4];
  struct trace_fault fault;
  unsigned thread;
  size_t n;

  do
    thread = sweep_random(random) % TRACE_THREADS;
  while (log->thread[thread].n == 0);
  fault =
    fault_at(log, thread, 1 + sweep_random(random) % log->thread[thread].n);
  fault.what = what;
  if (what == TRACE_KILL_BEFORE || what == TRACE_KILL_AFTER)
    return fault;
  if (what == TRACE_SHORT && !trace_is_transfer(fault.nr))
    fault.what = TRACE_ERROR;
  if (!trace_can_inject() || !can_fail(fault.nr))
    fault.what = TRACE_KILL_AFTER;
  fault.error = errors_of(fault.nr, &n)[0];
  fault.error = errors_of(fault.nr, &n)[sweep_random(random) % n];
  return fault;
}

static void
describe(char *buf, size_t size, const struct trace_fault *f)
{
  static const char *const whats[] = { "nothing", "kill before", "kill after",
                                       "error",   "short",       "hang" };

  snprintf(buf, size, "%s %u.%u", whats[f->what], f->thread, f->call);
  if (f->what == TRACE_ERROR)
    snprintf(buf + strlen(buf), size - strlen(buf), " %s",
             strerrorname_np(f->error));
}

/* Runs pair N: two runs, each with a random fault. */
static void
pair(const struct place *p, unsigned n, const struct trace_log *log)
{
  uint32_t random = sweep_seed(p->s, n);
  struct trace_fault faults[2];
  struct setup_run second = { .fault = &faults[1] };
  char name[192], one[40], two[40];

  for (int i = 0; i < 8; i++)
    sweep_random(&random);
  faults[0] = draw(log, &random);
  faults[1] = draw(log, &random);
  describe(one, sizeof(one), &faults[0]);
  describe(two, sizeof(two), &faults[1]);
  snprintf(name, sizeof(name), "pair %s #%u: %s, %s", p->name, n, one, two);
  if (!sweep_wants(p->s, name))
    return;
  reach(p, name, &faults[0]);
  setup_go(p->setup, &second);
  if (faults[1].hit)
    count(&faults[1]);
  else
    sweep_add(SWEEP_DRAWN_MISSED, 1);
  sweep_end_well(p->setup, name);
}

static void
sweep_pairs(const struct place *p, const struct trace_log *log)
{
  for (unsigned n = 0; n < ALL_PAIRS; n++)
    if (sweep_is_mine(p->s, n, ALL_PAIRS / SAMPLE_PAIRS))
      pair(p, n, log);
}

/* ---- The sweep ---- */

static void
sweep_call(const struct place *p, unsigned k, struct trace_fault fault)
{
  if (sweep_is_mine(p->s, k, SAMPLE_KILLS)) {
    sweep_add(SWEEP_CALLS, 1);
    kill_at(p, fault);
  }
  if (sweep_is_mine(p->s, k, SAMPLE_ERRORS))
    fail_at(p, fault);
}

static void
sweep_calls(const struct place *p, const struct trace_log *log)
{
  unsigned lock = lock_of(log), k = 0;

  for (unsigned t = 0; t < TRACE_THREADS; t++)
    for (unsigned call = 1; call <= log->thread[t].n; call++)
      if (t > 0 || !sweep_leaves_out(p->s, call, lock))
        sweep_call(p, k++, fault_at(log, t, call));
}

static void
sweep_moment(const struct place *p)
{
  struct trace_log log = { 0 };
  struct setup_run reference = { .log = &log };

  setup_keep(p->setup);
  p->go(p->setup, &reference);
  if (log.thread[0].n == 0)
    setup_note(p->setup, "no system call was seen");
  sweep_end_well(p->setup, p->name);
  sweep_calls(p, &log);
  if (log.thread[0].n > 0)
    sweep_pairs(p, &log);
  if (p->steady)
    sweep_hangs(p, &log);
  trace_log_clear(&log);
  if (p->steady)
    sweep_losses(*p);
}

static void
sweep_kind(struct fault_setup *setup, const struct sweep *s, int kind,
           size_t moment)
{
  void (*reach_moment)(struct fault_setup * setup) = moments[moment].reach;
  char name[64];

  snprintf(name, sizeof(name), "%s %s", setup_kind_names[kind],
           moments[moment].name);
  setup_begin(setup);
  reach_moment(setup);
  sweep_moment(&(struct place){ setup, s, name, moments[moment].go,
                                SETUP_ANSWERED,
                                reach_moment == after_good_runs });
}

static void
work(struct sweep *s)
{
  unsigned group = 0;

  for (int kind = 0; kind < SETUP_KINDS; kind++) {
    struct fault_setup *setup = setup_new((enum setup_kind)kind);

    for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
      if (has_moment((enum setup_kind)kind, i) && sweep_begin_group(s, group++))
        sweep_kind(setup, s, kind, i);
    setup_free(setup);
  }
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
