/*
 * The queue under long outages.  A month (with --all or --share; otherwise some
 * hours) without Domoticz and with a full disk for the CSV.  The queue must
 * stay within queue_max, the state within the size that meterpipe.ini(5)
 * states, and the program must report each trouble once when it begins, once a
 * day, and once when it ends.  Afterwards all queued rows must be written,
 * complete and in order.
 *
 * A second case: a queue full of rows whose delivery has an unknown outcome.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/faults/fault_setup_impl.h"
#include "tests/faults/sweep.h"

#define INTERVAL 1200
#define DAY 86400
#define GOOD_RUNS 2

/* Sizes from meterpipe.ini(5), in bytes: the state without rows, each row, and
 * each value of a row. */
#define STATE_ALONE 65536
#define STATE_ROW 100
#define STATE_VALUE 100
#define COLUMNS 3

static const struct trouble {
  const char *begun, *ended; /* beginning of a line of standard error */
} troubles[] = {
  { "error: house: ", "notice: house: " },
  { "error: log: heat.csv: ", "notice: log: heat.csv: " },
  { "error: log: queue: ", "notice: log: queue: " },
};

#define N_TROUBLES ARRAY_SIZE(troubles)

struct month {
  struct fault_setup *setup;
  unsigned runs, queue_max;
  int64_t begun[N_TROUBLES]; /* time of the first report */
  unsigned told[N_TROUBLES], lines;
};

/* ---- Runs ---- */

static unsigned
count(const char *text, const char *what)
{
  unsigned n = 0;

  for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
    n++;
  return n;
}

static void
do_run(struct fault_setup *setup, struct setup_run *run)
{
  setup_pass(setup, INTERVAL);
  setup_count(setup, 0, 7);
  setup_do(setup, run);
  domoticz_server_forget(setup->server);
  sweep_add(SWEEP_RUNS, 1);
}

static char *
go(struct month *m, int status)
{
  struct setup_run run = { 0 };
  char *said;

  do_run(m->setup, &run);
  said = setup_said(m->setup);
  if (run.status != status)
    setup_note(m->setup, "ended with %d and not %d: %s", run.status, status,
               said);
  return said;
}

static void
go_well(struct month *m)
{
  char *said = go(m, 0);

  if (*said)
    setup_note(m->setup, "said without need: %s", said);
  free(said);
}

/* ---- The month ---- */

static void
note_lines(struct month *m, const char *said)
{
  m->lines += count(said, "\n");
  for (size_t i = 0; i < N_TROUBLES; i++) {
    unsigned n = count(said, troubles[i].begun);

    if (n > 0 && m->told[i] == 0)
      m->begun[i] = m->setup->now.time;
    m->told[i] += n;
  }
}

/* Checks the number of reports of each trouble.  A day is counted from the
 * first report; one more report is allowed, because a day may begin early. */
static void
check_lines(struct month *m)
{
  unsigned all = 0;

  for (size_t i = 0; i < N_TROUBLES; i++) {
    unsigned days = (unsigned)((m->setup->now.time - m->begun[i]) / DAY);

    all += m->told[i];
    if (m->told[i] < 1 + days || m->told[i] > 2 + days)
      setup_note(m->setup, "\"%s\" was told %u times in %u days",
                 troubles[i].begun, m->told[i], days);
  }
  if (m->lines != all)
    setup_note(m->setup, "%u lines, of which %u were meant", m->lines, all);
}

static void
check_size(struct month *m)
{
  long most =
    STATE_ALONE + (long)m->queue_max * (STATE_ROW + STATE_VALUE * COLUMNS);
  char path[256];
  struct stat st;

  snprintf(path, sizeof(path), "%s/house.db", m->setup->dir);
  if (stat(path, &st) != 0)
    setup_die(path);
  printf("%u rows wait; the state has %ld bytes, at most %ld\n", m->queue_max,
         (long)st.st_size, most);
  if (st.st_size > most)
    setup_note(m->setup, "the state has %ld bytes", (long)st.st_size);
}

/* ---- After the month ---- */

static void
check_ends(struct month *m, const char *said)
{
  for (size_t i = 0; i < N_TROUBLES; i++)
    if (count(said, troubles[i].ended) != 1)
      setup_note(m->setup, "no \"%s\" in: %s", troubles[i].ended, said);
  if (count(said, "\n") != N_TROUBLES)
    setup_note(m->setup, "more was said: %s", said);
}

/* Checks the rows: those before the outage, the newest ones that fit into the
 * queue, and the two after the outage.  Each reading must be 7 more than the
 * one before. */
static void
check_rows(struct month *m)
{
  char *csv = setup_read(m->setup, SETUP_CSV, NULL), *next = csv, energy[32];
  unsigned last = GOOD_RUNS + m->runs + 2, row = 0;
  int64_t first = m->setup->now.reading[0] - 7 * (last - 1);

  for (char *line = strsep(&next, "\n"); next;
       line = strsep(&next, "\n"), row++) {
    unsigned run =
      row <= GOOD_RUNS ? row : last - m->queue_max - 2 + row - GOOD_RUNS;

    setup_format(first + 7 * (run - 1), energy, sizeof(energy));
    if (row > 0 && !strstr(line, energy))
      setup_note(m->setup, "row %u is %s and must have %s", row, line, energy);
  }
  if (row != 1 + GOOD_RUNS + m->queue_max + 2)
    setup_note(m->setup, "the CSV has %u lines", row);
  free(csv);
}

static void
check_total(struct month *m)
{
  int64_t is =
    setup_parse(domoticz_server_get(m->setup->server, SETUP_TOTAL(0, 0)));
  int64_t must = 7 * (GOOD_RUNS + m->runs + 1);

  if (is == must)
    return;
  m->setup->lost += is < must;
  m->setup->doubled += is > must;
  setup_note(m->setup, "the total is %" PRId64 " and must be %" PRId64, is,
             must);
}

static void
live_through(struct month *m)
{
  char *said;

  setup_lead_by(m->setup, 0, 0); /* queue_max is in the pipeline file */
  for (unsigned n = 0; n < GOOD_RUNS; n++)
    go_well(m);
  domoticz_server_down(m->setup->server);
  m->setup->csv_full = true;
  for (unsigned n = 0; n < m->runs; n++) {
    said = go(m, 74); /* that of the CSV; it has priority over Domoticz's 75 */
    note_lines(m, said);
    free(said);
  }
  check_lines(m);
  check_size(m);
  domoticz_server_up(m->setup->server);
  m->setup->csv_full = false;
  said = go(m, 0);
  check_ends(m, said);
  free(said);
  go_well(m);
  check_rows(m);
  check_total(m);
}

/* ---- Rows with an unknown outcome ---- */

static int
lock_csv(const struct fault_setup *setup)
{
  char path[256];
  int fd;

  snprintf(path, sizeof(path), "%s/" SETUP_CSV, setup->dir);
  fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0 || flock(fd, LOCK_EX) != 0)
    setup_die(path);
  return fd;
}

/* Checks that the CSV contains exactly READINGS, in this order. */
static void
check_readings(struct fault_setup *setup, const char *readings)
{
  char *csv = setup_read(setup, SETUP_CSV, NULL), *next = csv;
  char have[256] = "";

  strsep(&next, "\n");
  for (char *line = strsep(&next, "\n"); next; line = strsep(&next, "\n")) {
    char *cell = strchr(line, ',') + 1;
    size_t len = strlen(have);

    snprintf(have + len, sizeof(have) - len, "%s%.*s", len ? " " : "",
             (int)strcspn(cell, ","), cell);
  }
  if (strcmp(have, readings) != 0)
    setup_note(setup, "the CSV has %s and must have %s", have, readings);
  free(csv);
}

static void
month(const struct sweep *s)
{
  bool all = s->share || s->only;
  struct month m = { .runs = all ? 30 * DAY / INTERVAL : 100,
                     .queue_max = all ? 1000 : 50 };

  if (!sweep_wants(s, "month"))
    return;
  m.setup = setup_new(SETUP_BOTH);
  m.setup->queue_max = m.queue_max;
  live_through(&m);
  sweep_end_case(m.setup, "month", m.setup->wrong[0] ? m.setup->wrong : NULL);
  setup_free(m.setup);
}

/* Two rows are written, and the run is killed before it learns their result.
 * In the next run another process locks the file while the queue is full.
 * The rows with an unknown outcome must be kept, and the row of that run
 * dropped. */
static void
doubt_in(struct fault_setup *setup)
{
  /* The state uses fdatasync, so this fsync is that of the CSV. */
  struct trace_fault fault = { .what = TRACE_KILL_BEFORE,
                               .call = 1,
                               .nr = SYS_fsync };
  struct setup_run run = { 0 }, kill = { .fault = &fault };
  int fd;

  setup->queue_max = 2;
  setup_lead_by(setup, 0, 0);
  do_run(setup, &run);
  setup->csv_full = true;
  do_run(setup, &run);
  setup->csv_full = false;
  do_run(setup, &kill);
  fd = lock_csv(setup);
  do_run(setup, &run);
  close(fd);
  do_run(setup, &run);
  do_run(setup, &run);
  check_readings(setup, "84.215 84.222 84.229 84.243 84.250");
  if (!fault.hit)
    sweep_miss("doubt");
}

static void
doubt(const struct sweep *s)
{
  struct fault_setup *setup;

  if (!sweep_wants(s, "doubt"))
    return;
  setup = setup_new(SETUP_BOTH);
  doubt_in(setup);
  sweep_end_case(setup, "doubt", setup->wrong[0] ? setup->wrong : NULL);
  setup_free(setup);
}

static void
work(struct sweep *s)
{
  static void (*const cases[])(const struct sweep *s) = { month, doubt };

  for (unsigned i = 0; i < 2; i++)
    if (sweep_begin_group(s, i) && sweep_is_mine(s, i, 1))
      cases[i](s);
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
