/*
 * A year of a house: 26,280 runs at 20 minutes (--all; else some days), with
 * all that comes about: Domoticz or its answers away, no meter, a kill, a full
 * disk, power cuts that take Domoticz' last writes, meters exchanged, totals
 * reset or deleted, a backup put back, both changes of the clock.
 *
 * The account of it is kept here, from the meters' true readings.  After every
 * undisturbed run the total must be what was there at the beginning of an epoch
 * and what the meter has counted since; an epoch begins where somebody changes
 * the total, or the meter.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/rig_impl.h"
#include "tests/faults/sweep.h"

#define INTERVAL 1200
#define RUNS_OF_A_YEAR 26280
#define RUNS_OF_A_SAMPLE 90

#define USAGE RIG_USAGE(0)
#define BASE RIG_BASE(0)
#define TOTAL RIG_TOTAL(0, 0)

/* What is wrong with the next runs. */
enum trouble {
  NONE,
  AWAY,      /* nothing listens where Domoticz was */
  MUTE,      /* it does all and answers nothing */
  DEAF,      /* it hears nothing of updates */
  NO_METER,  /* the optical head is unplugged */
  SILENT,    /* the meter sleeps */
  KILLED,    /* somewhere in the run */
  DISK_FULL, /* for the state */
  HOUSE_OFF, /* no run at all */
  TROUBLES
};

/* A sum that grows with the meter, from where an epoch began. */
struct sum {
  int64_t begin, reading;
};

struct year {
  struct rig *rig;
  struct rig_moment *now;
  uint32_t random;
  unsigned runs, events, meter, clean; /* clean: runs without trouble so far */
  enum trouble trouble;
  unsigned lasts;    /* the trouble, runs */
  int64_t delivered; /* reading of the last undisturbed run */
  bool doubtful;     /* something may have been sent since */
  struct sum total, given;
  struct sum backup; /* what it holds: total and base */
  bool has_backup;
};

static unsigned
draw(struct year *y, unsigned n)
{
  return sweep_random(&y->random) % n;
}

static int64_t
device(struct year *y, unsigned idx)
{
  return rig_parse(domoticz_server_get(y->rig->server, idx));
}

/* ---- Troubles ---- */

static void
begin_trouble(struct year *y)
{
  static const unsigned longest[TROUBLES] = {
    [AWAY] = 72,  [MUTE] = 6,   [DEAF] = 6,      [NO_METER] = 40,
    [SILENT] = 2, [KILLED] = 2, [DISK_FULL] = 5, [HOUSE_OFF] = 100,
  };

  y->trouble = (enum trouble)(1 + draw(y, TROUBLES - 1));
  y->lasts = 1 + draw(y, longest[y->trouble]);
  y->events++;
}

static void
arrange(struct year *y, struct trace_fault *fault)
{
  struct domoticz_server *server = y->rig->server;
  char path[256];

  *fault = (struct trace_fault){ .what = TRACE_NOTHING };
  snprintf(path, sizeof(path), "%s/meter0", y->rig->dir);
  switch (y->trouble) {
  case AWAY:
    domoticz_server_down(server);
    break;
  case MUTE:
    domoticz_server_fault(server, DOMOTICZ_CUT_AFTER, "udevice", draw(y, 3), 0,
                          0);
    break;
  case DEAF:
    domoticz_server_fault(server, DOMOTICZ_CUT_BEFORE, "udevice", draw(y, 3), 0,
                          0);
    break;
  case NO_METER:
    unlink(path);
    break;
  case SILENT:
    meter_fault(y->rig->meters[0], "silent");
    break;
  case KILLED:
    *fault = (struct trace_fault){ .what = TRACE_KILL_BEFORE,
                                   .call = 350 + draw(y, 400),
                                   .nr = -1 };
    break;
  case DISK_FULL:
    if (trace_can_inject())
      *fault = (struct trace_fault){ .what = TRACE_ERROR,
                                     .call = 1,
                                     .nr = SYS_pwrite64,
                                     .error = ENOSPC,
                                     .lasting = true };
    break;
  default:
    break;
  }
}

static void
clear_up(struct year *y)
{
  char path[256];

  snprintf(path, sizeof(path), "%s/meter0", y->rig->dir);
  domoticz_server_up(y->rig->server);
  domoticz_server_heal(y->rig->server);
  meter_clear_faults(y->rig->meters[0]);
  if (y->trouble == NO_METER)
    meter_link(y->rig->meters[0], path);
}

/* ---- What people and fate do ---- */

/* The house was without power: Domoticz has lost each device's last write. */
static void
cut_power(struct year *y)
{
  struct domoticz_server *server = y->rig->server;
  int64_t usage = device(y, USAGE);
  const char *at = domoticz_server_updated(server, USAGE);

  domoticz_server_power_cut(server);
  if (strcmp(at, domoticz_server_updated(server, USAGE)) != 0)
    y->now->given[0] -= usage;
  y->doubtful = true;
}

static void
exchange_meter(struct year *y)
{
  char text[32];

  y->total.begin += y->delivered - y->total.reading;
  y->given.begin += y->delivered - y->given.reading;
  y->now->reading[0] = 100 + draw(y, 200000);
  y->total.reading = y->given.reading = y->now->reading[0];
  y->meter++;
  y->has_backup = false; /* its base is another meter's */
  snprintf(text, sizeof(text), "1001=6860%04u", y->meter);
  meter_set(y->rig->meters[0], text);
  rig_set_meter(y->rig, 0);
}

static void
set_total(struct year *y, int64_t to)
{
  char text[32];

  snprintf(text, sizeof(text), "%" PRId64, to);
  domoticz_server_set(y->rig->server, TOTAL, text);
  y->total = (struct sum){ to, y->delivered };
}

static void
make_total_again(struct year *y)
{
  domoticz_server_delete(y->rig->server, TOTAL);
  domoticz_server_add(y->rig->server, TOTAL, "counter-custom", "GJ");
  y->total = (struct sum){ 0, y->delivered };
  y->has_backup = false; /* which knows nothing of this one */
}

static void
take_backup(struct year *y)
{
  domoticz_server_snapshot(y->rig->server);
  y->backup = (struct sum){ device(y, TOTAL), device(y, BASE) };
  y->has_backup = true;
}

/* What the meter counted since the backup is given once more. */
static void
put_back(struct year *y)
{
  domoticz_server_restore(y->rig->server);
  y->total = y->backup;
  y->given = (struct sum){ y->now->given[0], y->backup.reading };
  y->has_backup = false;
}

/* Between two runs, the last of which was undisturbed. */
static void
live(struct year *y)
{
  unsigned what = draw(y, 100);

  y->events++;
  if (what < 30)
    cut_power(y);
  else if (what < 50)
    set_total(y, draw(y, 500000));
  else if (what < 60)
    make_total_again(y);
  else if (what < 80 || !y->has_backup)
    take_backup(y);
  else
    put_back(y);
}

/* ---- Runs ---- */

static void
check(struct year *y)
{
  int64_t total = y->total.begin + y->now->reading[0] - y->total.reading;
  int64_t given = y->given.begin + y->now->reading[0] - y->given.reading;

  if (device(y, BASE) != y->now->reading[0])
    rig_note(y->rig, "the base is %" PRId64 " and must be %" PRId64,
             device(y, BASE), y->now->reading[0]);
  if (device(y, TOTAL) != total) {
    y->rig->lost += device(y, TOTAL) < total;
    y->rig->doubled += device(y, TOTAL) > total;
    rig_note(y->rig, "the total is %" PRId64 " and must be %" PRId64,
             device(y, TOTAL), total);
  }
  if (y->now->given[0] != given)
    rig_note(y->rig,
             "usages of %" PRId64 " were given and must add up to %" PRId64,
             y->now->given[0], given);
}

static void
go(struct year *y)
{
  struct trace_fault fault;
  struct rig_run run = { .fault = &fault };
  char *said;

  arrange(y, &fault);
  if (fault.what == TRACE_NOTHING)
    run.fault = NULL;
  rig_set_meter(y->rig, 0);
  rig_do(y->rig, &run);
  sweep_add(SWEEP_RUNS, 1);
  clear_up(y);
  if (y->trouble != NONE) {
    y->doubtful = true;
    return;
  }
  if (run.status != 0) {
    said = rig_said(y->rig);
    rig_note(y->rig, "ended with %d: %s", run.status, said);
    free(said);
  }
  check(y);
  y->delivered = y->now->reading[0];
  y->doubtful = false;
  y->clean++;
}

/* Summer time, as the server's clock has it: of the northern year 2027. */
static int
zone_of(int64_t time)
{
  return time >= INT64_C(1806109200) && time < INT64_C(1824858000) ? 120 : 60;
}

static void
pass(struct year *y)
{
  y->now->time += INTERVAL;
  y->now->reading[0] += draw(y, 60);
  domoticz_server_set_clock(y->rig->server, y->now->time);
  domoticz_server_set_zone(y->rig->server, zone_of(y->now->time));
}

/* One run, or what is in its place. */
static void
step(struct year *y, unsigned n, unsigned of)
{
  pass(y);
  if (y->lasts > 0 && --y->lasts == 0)
    y->trouble = NONE;
  if (y->lasts == 0 && y->clean > 3 && draw(y, 12) == 0)
    begin_trouble(y);
  if (y->trouble == HOUSE_OFF) {
    if (y->lasts == 1)
      cut_power(y);
    return;
  }
  if (y->trouble == NONE && !y->doubtful && y->clean > 3) {
    if (n % (of / 3) == of / 6)
      exchange_meter(y);
    else if (draw(y, 25) == 0)
      live(y);
  }
  go(y);
}

static void
begin_year(struct year *y)
{
  rig_begin(y->rig);
  y->now = &y->rig->now;
  y->rig->by_hand = true;
  pass(y);
  y->total.reading = y->given.reading = y->now->reading[0];
  y->delivered = y->now->reading[0];
  go(y);
}

static void
work(struct sweep *s)
{
  unsigned runs = s->all ? RUNS_OF_A_YEAR : RUNS_OF_A_SAMPLE;
  struct year y = { .rig = rig_new(RIG_BOTH),
                    .random = s->seed + 40503 * (s->worker + 1) };
  char name[64];

  begin_year(&y);
  for (unsigned n = 0; n < runs && !y.rig->wrong[0]; n++) {
    step(&y, n, runs);
    domoticz_server_forget(y.rig->server);
    snprintf(name, sizeof(name), "year of worker %u, run %u", s->worker, n);
    sweep_end_case(y.rig, name, y.rig->wrong[0] ? y.rig->wrong : NULL);
  }
  sweep_add(SWEEP_FAULTS, y.events);
  rig_free(y.rig);
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
