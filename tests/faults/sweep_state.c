/*
 * Damages the state between two runs: truncates it at every page, flips one
 * bit, deletes it, or fills the disk.  The program must move aside a state that
 * is proven to be damaged, and begin anew from the displayed values of
 * Domoticz.  Otherwise it must leave the state alone, and deliver nothing
 * without it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/faults/sweep.h"

/* Size of the header of a SQLite file; no checksum covers it. */
#define HEADER 100
/* Samples: one case in so many.  STEP: distance of the flipped bits, in
 * bytes. */
#define SAMPLE_FLIPS 701
#define STEP 3
#define SAMPLE_CUTS 3
#define SAMPLE_DISK 2

/* ---- Damage ---- */

/* Does a run with the state DATA.  The run may continue normally (if the damage
 * hit nothing that counts), begin anew and report it, or, if REFUSED, fail and
 * leave everything unchanged; then the good state is restored. */
static void
run_with(struct fault_setup *setup, const char *name, const char *data,
         size_t len, bool refused)
{
  struct setup_run run = { 0 };
  size_t good_len;
  char *good = setup_state(setup, &good_len), *said;

  setup_put_state(setup, data, len);
  setup_go(setup, &run);
  said = setup_said(setup);
  if (run.status == EX_DATAERR && !strstr(said, "a new one was begun"))
    setup_note(setup, "65, and not because of the state: %s", said);
  else if (run.status != EX_OK && run.status != EX_DATAERR && !refused)
    setup_note(setup, "ended with %d: %s", run.status, said);
  if (run.status != EX_OK && run.status != EX_DATAERR)
    setup_put_state(setup, good, good_len);
  free(said);
  free(good);
  sweep_add(SWEEP_STATES, 1);
  sweep_end_well(setup, name);
}

static void
cut_at(struct fault_setup *setup, const struct sweep *s, const char *kind,
       const char *state, size_t len)
{
  char name[96];

  snprintf(name, sizeof(name), "state %s cut to %zu", kind, len);
  if (!sweep_wants(s, name))
    return;
  setup_back(setup);
  run_with(setup, name, state, len, false);
}

static void
flip_at(struct fault_setup *setup, const struct sweep *s, const char *kind,
        char *state, size_t len, size_t at)
{
  char name[96], was = state[at];

  snprintf(name, sizeof(name), "state %s bit %zu.%zu", kind, at, at / STEP % 8);
  if (!sweep_wants(s, name))
    return;
  setup_back(setup);
  state[at] = (char)(was ^ 1 << at / STEP % 8);
  run_with(setup, name, state, len, at < HEADER);
  state[at] = was;
}

static void
lose(struct fault_setup *setup, const struct sweep *s, const char *kind)
{
  char name[96];

  snprintf(name, sizeof(name), "state %s gone", kind);
  if (!sweep_wants(s, name))
    return;
  setup_back(setup);
  run_with(setup, name, NULL, 0, false);
}

/* ---- A full disk ---- */

/* Does a run in which, from the NTH call NR on, each such call finds the disk
 * full. */
static bool
go_full(struct fault_setup *setup, long nr, unsigned nth)
{
  struct trace_fault fault = {
    .what = TRACE_ERROR, .nr = nr, .nth = nth, .error = ENOSPC, .lasting = true
  };
  struct setup_run run = { .fault = &fault };

  setup_go(setup, &run);
  sweep_add(SWEEP_ERRORS, fault.hit);
  return fault.hit;
}

/* Does two such runs; the second one may have nothing to write. */
static void
fill_from(struct fault_setup *setup, const struct sweep *s, const char *kind,
          long nr, unsigned nth)
{
  bool hit = false;
  char name[96];

  snprintf(name, sizeof(name), "disk %s full for %ld from %u", kind, nr, nth);
  if (!sweep_wants(s, name))
    return;
  for (int i = 0; i < REACH_TRIES && !hit; i++) {
    setup_back(setup);
    hit = go_full(setup, nr, nth);
  }
  if (!hit)
    sweep_miss(name);
  if (!go_full(setup, nr, nth))
    sweep_add(SWEEP_DRAWN_MISSED, 1);
  sweep_end_well(setup, name);
}

static void
sweep_disk(struct fault_setup *setup, const struct sweep *s, const char *kind)
{
  static const long writes[] = { SYS_pwrite64, SYS_write, SYS_fdatasync };
  struct trace_log log = { 0 };
  struct setup_run run = { .log = &log };
  unsigned k = 0;

  setup_back(setup);
  setup_go(setup, &run);
  for (unsigned call = 1; call <= log.thread[0].n; call++)
    for (size_t i = 0; i < ARRAY_SIZE(writes); i++)
      if (log.thread[0].nr[call - 1] == writes[i] && trace_can_inject() &&
          sweep_is_mine(s, k++, SAMPLE_DISK))
        fill_from(setup, s, kind, writes[i], trace_log_nth(&log, 0, call));
  trace_log_clear(&log);
}

/* ---- The sweep ---- */

static void
sweep_damage(struct fault_setup *setup, const struct sweep *s, const char *kind)
{
  size_t len, half;
  char *state;
  unsigned k = 0;

  setup_back(setup);
  state = setup_state(setup, &len);
  half = len / 2;
  for (size_t n = 0; n < len; n += 4096)
    if (sweep_is_mine(s, k++, SAMPLE_CUTS))
      cut_at(setup, s, kind, state, n);
  for (size_t n = 1; n < len; n += half / 3)
    if (sweep_is_mine(s, k++, SAMPLE_CUTS))
      cut_at(setup, s, kind, state, n);
  for (size_t at = 0; at < len; at += STEP)
    if (sweep_is_mine(s, k++, SAMPLE_FLIPS))
      flip_at(setup, s, kind, state, len, at);
  if (sweep_is_mine(s, k++, 1))
    lose(setup, s, kind);
  free(state);
}

static void
work(struct sweep *s)
{
  /* Only pipelines with Domoticz: an output that cannot report displayed values
   * begins anew without its state. */
  for (int kind = 0; kind < SETUP_COMMANDS; kind++) {
    struct fault_setup *setup = setup_new((enum setup_kind)kind);

    for (int i = 0; i < 3; i++)
      setup_go_well(setup);
    setup_keep(setup);
    sweep_damage(setup, s, setup_kind_names[kind]);
    sweep_disk(setup, s, setup_kind_names[kind]);
    setup_free(setup);
  }
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
