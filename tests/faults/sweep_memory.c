/*
 * Lets each allocation of a run fail, from main() on: those of the program, its
 * plugins, every library and libc.  Each fails once alone, and once together
 * with all later ones.  And all of them fail once a command has answered.
 *
 * Exception: allocations in curl_global_init(), where OpenSSL 3.5 crashes or
 * hangs.  There, memory runs out in one case only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "tests/faults/sweep.h"

/* Sample: one case in so many. */
#define SAMPLE 601
/* Also in the sample: so many allocations at the end of a run, each together
 * with all later ones. */
#define LAST 5

/* The line of core/memory/memory.c. */
static const char out_of_memory[] =
  "error: out of memory: the run is ended; the next run continues from the "
  "state\n";

/* Checks the end of a run with a fault.  After the core's line nothing follows,
 * and the status is 71.  A plugin may report a failure of its own instead; but
 * if all later allocations fail too (ALL_AFTER), the core ends the run.  In
 * curl_global_init() a crash or the watchdog may end it. */
static void
judge_end(struct fault_setup *setup, const struct setup_run *run,
          bool all_after)
{
  const struct fault_memory *memory = run->memory;
  char *said = setup_said(setup);
  const char *line = strstr(said, out_of_memory);
  bool good = run->status == 0 || run->killed ||
              (memory->curl_begin > 0 && memory->curl_end == 0);

  if (line)
    good = run->status == EX_OSERR && !line[strlen(out_of_memory)] &&
           (line == said || line[-1] == '\n');
  else if (!all_after && run->status != 0)
    good = !run->silent;
  if (!good)
    setup_note(setup, "ended with %d: %s", run->status, said);
  free(said);
}

static void
fail_at(struct fault_setup *setup, const struct sweep *s, const char *moment,
        unsigned long n, bool all_after)
{
  struct fault_memory memory = { 0 };
  struct setup_run run = { .memory = &memory };
  char name[96];

  snprintf(name, sizeof(name), "memory %s %lu%s", moment, n,
           all_after ? " on" : "");
  if (!sweep_wants(s, name))
    return;
  for (int i = 0; i < REACH_TRIES && !memory.hit; i++) {
    memory = (struct fault_memory){ .fail_at = n, .all_after = all_after };
    setup_back(setup);
    setup_go(setup, &run);
  }
  judge_end(setup, &run, all_after);
  if (memory.hit)
    sweep_add(SWEEP_ALLOCATIONS, 1);
  else
    sweep_miss(name);
  sweep_end_well(setup, name);
}

static bool
is_in_curl(const struct fault_memory *memory, unsigned long n)
{
  return memory->curl_begin > 0 && n >= memory->curl_begin &&
         n <= memory->curl_end;
}

/* Lets memory run out at the first allocation of curl_global_init().  The run
 * may end by a crash or by the watchdog, but must not damage the state. */
static void
fail_in_curl(struct fault_setup *setup, const struct sweep *s,
             const char *moment, const struct fault_memory *memory)
{
  char name[96];

  if (!s->whole && s->worker != 0)
    return;
  snprintf(name, sizeof(name), "%s, in curl_global_init", moment);
  if (memory->curl_end == 0)
    sweep_miss(name);
  else
    fail_at(setup, s, name, memory->curl_begin, true);
}

/* Lets memory run out when the command has taken its rows.  Their removal from
 * the queue must be committed before anything else is allocated: the next run
 * does not send them again.  (For class latest, the commit itself allocates the
 * text of the ledgers.) */
static void
fail_after_answer(struct fault_setup *setup, const struct sweep *s,
                  const char *moment)
{
  struct fault_memory memory = { .after_answer = true };
  struct setup_run run = { .memory = &memory };
  unsigned repeated;
  char name[96];

  snprintf(name, sizeof(name), "memory %s, after an answer", moment);
  if (!sweep_wants(s, name) || (!s->whole && s->worker != 0))
    return;
  setup_back(setup);
  repeated = setup_repeated(setup);
  setup_go(setup, &run);
  if (memory.hit)
    sweep_add(SWEEP_ALLOCATIONS, 1);
  else
    sweep_miss(name);
  judge_end(setup, &run, true);
  setup_go_well(setup);
  if (setup_repeated(setup) > repeated)
    setup_note(setup, "a row was sent again");
  sweep_end_well(setup, name);
}

static void
sweep_moment(struct fault_setup *setup, const struct sweep *s,
             enum setup_kind kind, const char *moment, bool in_curl)
{
  struct fault_memory memory = { 0 };
  struct setup_run reference = { .memory = &memory };
  unsigned k = 0;

  setup_keep(setup);
  setup_go(setup, &reference);
  if (memory.count == 0)
    setup_note(setup, "no allocation was counted");
  sweep_end_case(setup, moment, setup_check(setup));
  for (unsigned long n = 1; n <= memory.count; n++)
    for (int all_after = 0; all_after < 2; all_after++) {
      unsigned every = all_after && n + LAST > memory.count ? 1 : SAMPLE;

      if (!sweep_leaves_out(s, n, memory.locked) && !is_in_curl(&memory, n) &&
          sweep_is_mine(s, k++, every))
        fail_at(setup, s, moment, n, all_after);
    }
  if (kind == SETUP_APPEND)
    fail_after_answer(setup, s, moment);
  if (in_curl)
    fail_in_curl(setup, s, moment, &memory);
}

static void
work(struct sweep *s)
{
  for (int kind = 0; kind < SETUP_KINDS; kind++) {
    struct fault_setup *setup;
    char name[64];

    if (!sweep_begin_group(s, (unsigned)kind))
      continue;
    setup = setup_new((enum setup_kind)kind);
    snprintf(name, sizeof(name), "%s first", setup_kind_names[kind]);
    sweep_moment(setup, s, (enum setup_kind)kind, name, false);
    setup_begin(setup);
    for (int i = 0; i < 3; i++)
      setup_go_well(setup);
    snprintf(name, sizeof(name), "%s steady", setup_kind_names[kind]);
    sweep_moment(setup, s, (enum setup_kind)kind, name, false);
    setup_begin(setup);
    for (int i = 0; i < 3; i++)
      setup_go_well(setup);
    setup_pile_up(setup);
    snprintf(name, sizeof(name), "%s backlog", setup_kind_names[kind]);
    sweep_moment(setup, s, (enum setup_kind)kind, name, kind == SETUP_TYPES);
    setup_free(setup);
  }
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
