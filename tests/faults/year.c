/*
 * Simulates years of a house: 26,280 runs at intervals of 20 minutes (with
 * --all; --share N: a part of each year; otherwise some hours), with all kinds
 * of trouble: Domoticz unreachable or not answering, no meter, a kill, a full
 * disk, power cuts that lose Domoticz's last writes, meters exchanged, totals
 * changed or deleted, a backup restored, both changes of the clock.  Also
 * hourly runs across the end of summer time, when two updates have the same
 * time text.
 *
 * This file keeps its own account from the true readings of the meters.  After
 * every undisturbed run, the total must be its value at the beginning of the
 * epoch plus what the meter has counted since.  A new epoch begins when the
 * user changes the total, or the meter is exchanged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/faults/fault_setup_impl.h"
#include "tests/faults/sweep.h"

/* Begin and end of summer time in the year after the first run of a setup:
 * 2027-03-28 and 2027-10-31, 01:00 UTC. */
#define SUMMER_BEGINS INT64_C(1806195600)
#define SUMMER_ENDS INT64_C(1824944400)
#define HOUR 3600

/* Maximum repetitions of one run. */
#define REPEATS 5
/* Maximum repetitions in total. */
#define REPEATED_MAX 100

/* The simulated periods; the sample does only so many runs around a certain
 * time. */
static const struct span {
  const char *name;
  enum setup_kind kind;
  int64_t interval;
  int64_t begin; /* 0: first run of the setup */
  int64_t sample_begin;
  unsigned runs, sample, sample_parts;
  bool clock_goes_on; /* also during a run, which waits for the next second */
} spans[] = {
  { "hourly", SETUP_BOTH, HOUR, SUMMER_ENDS - 24 * HOUR, SUMMER_ENDS - 2 * HOUR,
    72, 4, 1, true },
  { "year", SETUP_BOTH, 1200, 0, SUMMER_BEGINS - 15 * HOUR, 26280, 90, 3,
    false },
  { "year of volumes", SETUP_TYPES, 1200, 0, SUMMER_ENDS - 15 * HOUR, 26280, 90,
    3, false },
};

#define USAGE SETUP_USAGE(0)
#define BASE SETUP_BASE(0)
#define TOTAL SETUP_TOTAL(0, 0)

/* The trouble in the next runs. */
enum trouble {
  NONE,
  AWAY,      /* Domoticz does not listen */
  MUTE,      /* Domoticz carries out updates but does not reply */
  DEAF,      /* Domoticz neither carries out updates nor replies */
  NO_METER,  /* optical head unplugged */
  SILENT,    /* the meter does not answer */
  KILLED,    /* killed at a random call of the run */
  DISK_FULL, /* no space for the state */
  LOG_FULL,  /* no space for the CSV */
  HOUSE_OFF, /* no power in the house: no run */
  TROUBLES
};

/* A sum that grows with the meter: BEGIN when the meter was at READING. */
struct sum {
  int64_t begin, reading;
};

/* The CSV, as far as it has been read. */
struct log_file {
  long end; /* offset of the next row */
  char time[32];
  int64_t usages, total; /* sum of all usages; last total */
  struct sum must;       /* expected sum of usages */
};

struct year {
  const struct span *span;
  struct fault_setup *setup;
  struct setup_moment *now;
  uint32_t random;
  unsigned events, troubles, meter;
  unsigned clean; /* runs without trouble so far */
  unsigned calls; /* system calls of one undisturbed run */
  unsigned repeated;
  bool in_turn; /* sample: all troubles in turn, and short ones */
  enum trouble trouble;
  unsigned lasts;    /* remaining runs of the trouble */
  int64_t delivered; /* reading at the last undisturbed run */
  bool doubtful;     /* a value may have been sent since then */
  struct sum total, given;
  struct log_file log;
  struct sum backup;    /* total and base in the backup */
  char backup_time[32]; /* update time of its base */
  bool has_backup;
  char before[32]; /* update time of the base before its last update */
};

static unsigned
draw(struct year *y, unsigned n)
{
  return sweep_random(&y->random) % n;
}

static int64_t
device(struct year *y, unsigned idx)
{
  return setup_parse(domoticz_server_get(y->setup->server, idx));
}

/* Returns the time of the last update of the base. */
static const char *
base_time(struct year *y)
{
  return domoticz_server_updated(y->setup->server, BASE);
}

/* ---- Troubles ---- */

static void
begin_trouble(struct year *y)
{
  static const unsigned longest[TROUBLES] = {
    [AWAY] = 72,     [MUTE] = 6,      [DEAF] = 6,
    [NO_METER] = 40, [SILENT] = 2,    [KILLED] = 2,
    [DISK_FULL] = 5, [LOG_FULL] = 30, [HOUSE_OFF] = 100,
  };

  unsigned most, n = y->troubles++;

  if (!y->in_turn)
    n = draw(y, TROUBLES - 1);
  y->trouble = (enum trouble)(1 + n % (TROUBLES - 1));
  most = longest[y->trouble];
  y->lasts = 1 + draw(y, y->in_turn && most > 4 ? 4 : most);
  y->events++;
}

static void
arrange(struct year *y, struct trace_fault *fault)
{
  struct domoticz_server *server = y->setup->server;
  char path[256];

  *fault = (struct trace_fault){ .what = TRACE_NOTHING };
  snprintf(path, sizeof(path), "%s/meter0", y->setup->dir);
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
    meter_fault(y->setup->meters[0], "silent");
    break;
  case KILLED:
    *fault = (struct trace_fault){ .what = TRACE_KILL_BEFORE,
                                   .call = 1 + draw(y, y->calls),
                                   .nr = -1 };
    break;
  case LOG_FULL:
    y->setup->csv_full = true;
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

  snprintf(path, sizeof(path), "%s/meter0", y->setup->dir);
  domoticz_server_up(y->setup->server);
  domoticz_server_heal(y->setup->server);
  meter_clear_faults(y->setup->meters[0]);
  y->setup->csv_full = false;
  if (y->trouble == NO_METER)
    meter_link(y->setup->meters[0], path);
}

/* ---- Actions of the user, and accidents ---- */

static void run_once(struct year *y, struct setup_run *run);
static void pass(struct year *y);

/* Simulates a power cut in the house: each Domoticz device loses its last
 * update. */
static void
cut_power(struct year *y)
{
  struct domoticz_server *server = y->setup->server;
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
  struct setup_run run = { 0 };
  char text[32];

  y->total.begin += y->delivered - y->total.reading;
  y->given.begin += y->delivered - y->given.reading;
  y->log.must.begin += y->delivered - y->log.must.reading;
  y->now->reading[0] = 100 + draw(y, 200000);
  y->total.reading = y->given.reading = y->now->reading[0];
  y->log.must.reading = y->now->reading[0];
  y->meter++;
  y->has_backup = false; /* its base is of the old meter */
  snprintf(text, sizeof(text), "1001=6860%04u", y->meter);
  meter_set(y->setup->meters[0], text);
  setup_set_meter(y->setup, 0);
  /* The first reading of the new meter is a candidate; the next one confirms
   * it. */
  run_once(y, &run);
  if (run.status != 0)
    setup_note(y->setup, "the run after an exchange ended with %d", run.status);
  pass(y);
}

static void
set_total(struct year *y, int64_t to)
{
  char text[32];

  snprintf(text, sizeof(text), "%" PRId64, to);
  domoticz_server_set(y->setup->server, TOTAL, text);
  y->total = (struct sum){ to, y->delivered };
}

static void
make_total_again(struct year *y)
{
  domoticz_server_delete(y->setup->server, TOTAL);
  setup_add_total(y->setup, 0, 0);
  y->total = (struct sum){ 0, y->delivered };
  y->has_backup = false; /* the backup does not contain the new device */
}

static void
take_backup(struct year *y)
{
  domoticz_server_snapshot(y->setup->server);
  y->backup = (struct sum){ device(y, TOTAL), device(y, BASE) };
  snprintf(y->backup_time, sizeof(y->backup_time), "%s", base_time(y));
  y->has_backup = true;
}

/* Restores the backup.  The usage since the backup is delivered again.  A
 * backup that is exactly one update old looks like a power cut: then the CSV
 * has that usage already. */
static void
put_back(struct year *y)
{
  domoticz_server_restore(y->setup->server);
  y->total = y->backup;
  y->given = (struct sum){ y->now->given[0], y->backup.reading };
  if (strcmp(y->backup_time, y->before) != 0)
    y->log.must = (struct sum){ y->log.usages, y->backup.reading };
  y->has_backup = false;
}

/* Does one random action between two runs, the last of which was
 * undisturbed. */
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

/* ---- The account ---- */

/* Reads a row "TIME,READING,USAGE,TOTAL"; its time must be later than that of
 * all rows before. */
static void
read_row(struct year *y, char *row)
{
  struct log_file *log = &y->log;
  const char *time = strsep(&row, ","), *usage;

  strsep(&row, ",");
  usage = strsep(&row, ",");
  if (!row || strcmp(time, log->time) <= 0) {
    setup_note(y->setup, "the CSV has a row of %s after %s", time, log->time);
    return;
  }
  snprintf(log->time, sizeof(log->time), "%s", time);
  log->usages += setup_parse(usage ? usage : "");
  if (*row != '\n') /* empty if the meter was exchanged */
    log->total = setup_parse(row);
}

static void
read_log(struct year *y)
{
  char path[256], line[256];
  FILE *f;

  snprintf(path, sizeof(path), "%s/" SETUP_CSV, y->setup->dir);
  f = fopen(path, "r");
  if (!f || fseek(f, y->log.end, SEEK_SET) != 0)
    setup_die(path);
  while (fgets(line, sizeof(line), f))
    if (strncmp(line, "time,", 5) != 0)
      read_row(y, line);
  y->log.end = ftell(f);
  fclose(f);
}

static int64_t
sum_now(const struct year *y, const struct sum *sum)
{
  return sum->begin + y->now->reading[0] - sum->reading;
}

static void
check_log(struct year *y)
{
  read_log(y);
  if (y->log.usages != sum_now(y, &y->log.must))
    setup_note(y->setup,
               "usages of %" PRId64
               " are in the CSV and must add up to %" PRId64,
               y->log.usages, sum_now(y, &y->log.must));
  if (y->clean > 0 && y->log.total != device(y, TOTAL))
    setup_note(y->setup,
               "the total in the CSV is %" PRId64 ", in Domoticz %" PRId64,
               y->log.total, device(y, TOTAL));
}

static void
check(struct year *y)
{
  int64_t total = sum_now(y, &y->total), given = sum_now(y, &y->given);

  if (device(y, BASE) != y->now->reading[0])
    setup_note(y->setup, "the base is %" PRId64 " and must be %" PRId64,
               device(y, BASE), y->now->reading[0]);
  if (device(y, TOTAL) != total) {
    y->setup->lost += device(y, TOTAL) < total;
    y->setup->doubled += device(y, TOTAL) > total;
    setup_note(y->setup, "the total is %" PRId64 " and must be %" PRId64,
               device(y, TOTAL), total);
  }
  if (y->now->given[0] != given)
    setup_note(y->setup,
               "usages of %" PRId64 " were given and must add up to %" PRId64,
               y->now->given[0], given);
  check_log(y);
}

/* ---- Runs ---- */

/* Runs the program.  The meter's timeout is short and the machine may be busy,
 * so an undisturbed run whose meter did not answer in time is repeated a second
 * later. */
static void
run_once(struct year *y, struct setup_run *run)
{
  char time[sizeof(y->before)];

  for (int i = 0;; i++) {
    snprintf(time, sizeof(time), "%s", base_time(y));
    setup_do(y->setup, run);
    if (strcmp(time, base_time(y)) != 0)
      memcpy(y->before, time, sizeof(time));
    sweep_add(SWEEP_RUNS, 1);
    sweep_add(SWEEP_KILLS, run->killed);
    sweep_add(SWEEP_DRAWN_MISSED, run->fault && !run->fault->hit);
    if (y->trouble != NONE || run->status != EX_PROTOCOL || i == REPEATS)
      return;
    sweep_add(SWEEP_REPEATED, 1);
    if (++y->repeated > REPEATED_MAX)
      setup_note(y->setup, "%u undisturbed runs did not hear the meter",
                 y->repeated);
    sleep(1);
  }
}

static void
go(struct year *y)
{
  struct trace_fault fault;
  struct setup_run run = { .fault = &fault };
  char *said;

  arrange(y, &fault);
  if (fault.what == TRACE_NOTHING)
    run.fault = NULL;
  run_once(y, &run);
  clear_up(y);
  if (y->trouble != NONE) {
    y->doubtful = true;
    return;
  }
  if (run.status != 0) {
    said = setup_said(y->setup);
    setup_note(y->setup, "ended with %d: %s", run.status, said);
    free(said);
  }
  check(y);
  y->delivered = y->now->reading[0];
  y->doubtful = false;
  y->clean++;
}

/* Returns the time zone of the server's clock at TIME, in minutes east of
 * UTC. */
static int
zone_of(int64_t time)
{
  return time >= SUMMER_BEGINS && time < SUMMER_ENDS ? 120 : 60;
}

static void
pass(struct year *y)
{
  setup_pass(y->setup, y->span->interval);
  setup_count(y->setup, 0, draw(y, 60));
  domoticz_server_set_zone(y->setup->server, zone_of(y->now->time));
  if (y->span->clock_goes_on)
    domoticz_server_run_clock(y->setup->server);
}

/* Does step N of OF: one run, or an event instead of it. */
static void
step(struct year *y, unsigned n, unsigned of)
{
  pass(y);
  if (y->lasts > 0 && --y->lasts == 0)
    y->trouble = NONE;
  if (y->lasts == 0 && y->clean > 3 && draw(y, y->in_turn ? 4 : 8) == 0)
    begin_trouble(y);
  if (y->trouble == HOUSE_OFF) {
    if (y->lasts == 1)
      cut_power(y);
    return;
  }
  if (y->trouble == NONE && !y->doubtful && y->clean > 3) {
    if (n % (of / 3) == of / 6)
      exchange_meter(y);
    else if (draw(y, 15) == 0)
      live(y);
  }
  go(y);
}

/* Counts the system calls of an undisturbed run, at which a later run can be
 * killed. */
static void
count_calls(struct year *y)
{
  struct trace_log log = { 0 };
  struct setup_run run = { .log = &log };

  pass(y);
  setup_do(y->setup, &run);
  y->calls = log.thread[0].n;
  if (y->calls == 0)
    setup_note(y->setup, "no system call was seen");
  trace_log_clear(&log);
  y->delivered = y->now->reading[0];
}

static void
begin_year(struct year *y, int64_t begin)
{
  setup_begin(y->setup);
  y->now = &y->setup->now;
  y->setup->by_hand = true;
  if (begin)
    y->now->time = begin;
  pass(y);
  y->delivered = y->now->reading[0];
  y->total.reading = y->given.reading = y->delivered;
  y->log.must.reading = y->delivered;
  go(y);
  count_calls(y);
}

/* Simulates part NO of OF of a span, with its own house. */
static void
live_through(const struct sweep *s, const struct span *span, unsigned no,
             unsigned of)
{
  unsigned runs = ((s->share ? span->runs : span->sample) + of - 1) / of;
  int64_t begin = s->share ? span->begin : span->sample_begin;
  struct year y = { .span = span,
                    .setup = setup_new(span->kind),
                    .in_turn = s->share == 0,
                    .troubles = no * (TROUBLES - 1) / of };
  char name[64];

  y.random = sweep_seed(s, 40503 * (unsigned)(span - spans + 1) + no);
  if (no > 0)
    begin = (begin ? begin : y.setup->now.time) + no * runs * span->interval;
  begin_year(&y, begin);
  for (unsigned n = 0; n < runs && !y.setup->wrong[0]; n++) {
    if (sweep_is_late(s)) {
      sweep_add(SWEEP_LEFT, runs - n);
      break;
    }
    step(&y, n, runs);
    domoticz_server_forget(y.setup->server);
    snprintf(name, sizeof(name), "%s %u of %u, run %u", span->name, no + 1, of,
             n);
    sweep_end_case(y.setup, name, y.setup->wrong[0] ? y.setup->wrong : NULL);
  }
  sweep_add(SWEEP_FAULTS, y.events);
  setup_free(y.setup);
}

/* With --share, each span has one part per share; the sample runs all its
 * parts. */
static void
work(struct sweep *s)
{
  unsigned k = 0;

  for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
    unsigned of = s->share ? s->share : spans[i].sample_parts;

    for (unsigned no = 0; no < of; no++)
      if ((!s->share || no == s->seed % of) && k++ % s->jobs == s->worker &&
          sweep_wants(s, spans[i].name))
        live_through(s, &spans[i], no, of);
  }
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
