/*
 * Lets each allocation of a run fail, from main() on: those of the program, its
 * plugins, every library and libc.  Each fails once alone, and once together
 * with all later ones.
 *
 * Exception: allocations in curl_global_init(), where OpenSSL 3.5 crashes or
 * hangs.  There, memory runs out in one case only.
 */
#include <stdio.h>

#include "tests/faults/sweep.h"

/* Sample: one case in so many. */
#define SAMPLE 601
/* Also in the sample: so many allocations at the end of a run, each together
 * with all later ones. */
#define LAST 5

static void
fail_at(struct rig *rig, const struct sweep *s, const char *moment,
        unsigned long n, bool all_after)
{
  struct fault_memory memory = { 0 };
  struct rig_run run = { .memory = &memory };
  char name[96];

  snprintf(name, sizeof(name), "memory %s %lu%s", moment, n,
           all_after ? " on" : "");
  if (!sweep_wants(s, name))
    return;
  for (int i = 0; i < REACH_TRIES && !memory.hit; i++) {
    memory = (struct fault_memory){ .fail_at = n, .all_after = all_after };
    rig_back(rig);
    rig_go(rig, &run);
  }
  if (memory.hit)
    sweep_add(SWEEP_ALLOCATIONS, 1);
  else
    sweep_miss(name);
  sweep_end_well(rig, name);
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
fail_in_curl(struct rig *rig, const struct sweep *s, const char *moment,
             const struct fault_memory *memory)
{
  char name[96];

  if (!s->whole && s->worker != 0)
    return;
  snprintf(name, sizeof(name), "%s, in curl_global_init", moment);
  if (memory->curl_end == 0)
    sweep_miss(name);
  else
    fail_at(rig, s, name, memory->curl_begin, true);
}

static void
sweep_moment(struct rig *rig, const struct sweep *s, const char *moment,
             bool in_curl)
{
  struct fault_memory memory = { 0 };
  struct rig_run reference = { .memory = &memory };
  unsigned k = 0;

  rig_keep(rig);
  rig_go(rig, &reference);
  if (memory.count == 0)
    rig_note(rig, "no allocation was counted");
  sweep_end_case(rig, moment, rig_check(rig));
  for (unsigned long n = 1; n <= memory.count; n++)
    for (int all_after = 0; all_after < 2; all_after++) {
      unsigned every = all_after && n + LAST > memory.count ? 1 : SAMPLE;

      if (!sweep_leaves_out(s, n, memory.locked) && !is_in_curl(&memory, n) &&
          sweep_is_mine(s, k++, every))
        fail_at(rig, s, moment, n, all_after);
    }
  if (in_curl)
    fail_in_curl(rig, s, moment, &memory);
}

static void
work(struct sweep *s)
{
  for (int kind = 0; kind < RIG_KINDS; kind++) {
    struct rig *rig;
    char name[64];

    if (!sweep_begin_group(s, (unsigned)kind))
      continue;
    rig = rig_new((enum rig_kind)kind);
    snprintf(name, sizeof(name), "%s first", rig_kind_names[kind]);
    sweep_moment(rig, s, name, false);
    rig_begin(rig);
    for (int i = 0; i < 3; i++)
      rig_go_well(rig);
    snprintf(name, sizeof(name), "%s steady", rig_kind_names[kind]);
    sweep_moment(rig, s, name, false);
    rig_begin(rig);
    for (int i = 0; i < 3; i++)
      rig_go_well(rig);
    rig_pile_up(rig);
    snprintf(name, sizeof(name), "%s backlog", rig_kind_names[kind]);
    sweep_moment(rig, s, name, kind == RIG_TYPES);
    rig_free(rig);
  }
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
