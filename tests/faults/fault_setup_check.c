/*
 * Computes and checks the expected results.  It is independent of how the
 * program works: it uses only the readings, their times, and the values
 * delivered.
 */
#include "tests/faults/fault_setup_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
setup_format(int64_t energy, char *buf, size_t size)
{
  snprintf(buf, size, "%s%" PRId64 ".%03" PRId64, energy < 0 ? "-" : "",
           (energy < 0 ? -energy : energy) / 1000,
           (energy < 0 ? -energy : energy) % 1000);
}

/* TEXT has three decimals. */
int64_t
setup_parse(const char *text)
{
  bool negative = *text == '-';
  int64_t n = 0;

  for (const char *p = text + negative; *p; p++)
    if (*p >= '0' && *p <= '9')
      n = 10 * n + (*p - '0');
  return negative ? -n : n;
}

/* ---- The CSV ---- */

/* The expected values of a chain, from the rows so far. */
struct account {
  bool begun, certain;
  int64_t first, last; /* readings of rows */
};

/* Returns whether a row is the beginning of a chain, its first committed
 * reading.  A run that could not fetch the value from Domoticz commits nothing,
 * although its row has the reading.  Then the next run is the beginning. */
static bool
begins(const struct account *a, bool no_usage)
{
  return !a->begun || (no_usage && !a->certain);
}

static void
put_cells(FILE *out, struct account *a, int64_t reading, bool no_usage,
          bool certain)
{
  char energy[32], usage[32], total[32];

  setup_format(reading, energy, sizeof(energy));
  if (begins(a, no_usage)) {
    fprintf(out, ",%s,,", energy);
    *a = (struct account){ true, certain, reading, reading };
    return;
  }
  setup_format(reading - a->last, usage, sizeof(usage));
  setup_format(reading - a->first, total, sizeof(total));
  fprintf(out, ",%s,%s,%s", energy, usage, total);
  a->last = reading;
  a->certain = true;
}

/* Returns the number of the run that made row LINE, found by the time; -1:
 * none. */
static int
run_of(const struct fault_setup *setup, const char *line)
{
  struct tm tm = { 0 };
  int64_t time;

  if (!strptime(line, "%Y-%m-%dT%H:%M:%SZ,", &tm))
    return -1;
  time = (int64_t)timegm(&tm);
  for (unsigned i = 0; i < setup->now.runs; i++)
    if (time >= setup->now.read[i].time &&
        time <= setup->now.read[i].time + SETUP_READ_WITHIN)
      return (int)i;
  return -1;
}

/* Returns whether cell N of chain C in LINE is empty. */
static bool
is_empty(const char *line, unsigned c, unsigned n)
{
  for (unsigned i = 0; line && i < 1 + 3 * c + n; i++) {
    line = strchr(line, ',');
    line = line ? line + 1 : NULL;
  }
  return line && (*line == ',' || *line == '\n');
}

/* Writes the expected row of run I, with the time of LINE.  A missing reading
 * is accepted if the run failed: its meter may not have answered. */
static void
put_row(const struct fault_setup *setup, FILE *out, const char *line,
        unsigned i, struct account *accounts)
{
  bool must = setup->now.read[i].must;

  fprintf(out, "%.*s", (int)strcspn(line, ","), line);
  for (unsigned c = 0; c < setup->plan->meters; c++)
    if (is_empty(line, c, 0) && !must)
      fprintf(out, ",,,");
    else
      put_cells(out, &accounts[c], setup->now.read[i].reading[c],
                is_empty(line, c, 1), must);
  putc('\n', out);
}

/* Returns the expected content of the file, from malloc, for the rows that FILE
 * has.  Notes missing, repeated and misplaced rows. */
static char *
make_csv(struct fault_setup *setup, const char *file, struct account *accounts)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  int last = -1;

  fputs("time", out);
  for (unsigned c = 0; c < setup->plan->meters; c++)
    fprintf(out, ",energy%u,usage%u,total%u", c, c, c);
  putc('\n', out);
  for (const char *line = strchr(file, '\n'); line && line[1];
       line = strchr(line, '\n')) {
    int i = run_of(setup, ++line);

    if (i <= last) {
      setup_note(setup, "a row out of order, twice or of no run: %.*s",
                 (int)strcspn(line, "\n"), line);
      break;
    }
    for (int k = last + 1; k < i; k++)
      if (setup->now.read[k].must)
        setup_note(setup, "run %d has no row", k);
    put_row(setup, out, line, (unsigned)i, accounts);
    last = i;
  }
  for (unsigned k = (unsigned)(last + 1); k < setup->now.runs; k++)
    if (setup->now.read[k].must)
      setup_note(setup, "run %u has no row", k);
  fclose(out);
  return text;
}

static void
check_csv(struct fault_setup *setup, struct account *accounts)
{
  char *file = setup_read(setup, SETUP_CSV, NULL);
  char *must;

  if (!file) {
    setup_note(setup, "there is no CSV");
    return;
  }
  must = make_csv(setup, file, accounts);
  if (!setup->wrong[0] && strcmp(file, must) != 0)
    setup_note(setup, "the CSV is:\n%sand must be:\n%s", file, must);
  free(must);
  free(file);
}

/* ---- Domoticz ---- */

static int64_t
device(struct fault_setup *setup, unsigned idx)
{
  const char *text = domoticz_server_get(setup->server, idx);

  return text ? setup_parse(text) : -1;
}

void
setup_check_sum(struct fault_setup *setup, const char *what, unsigned idx,
                int64_t is, int64_t must)
{
  if (is == must)
    return;
  setup->lost += is < must;
  setup->doubled += is > must;
  setup_note(setup, "%s %u is %" PRId64 " and must be %" PRId64, what, idx, is,
             must);
}

/* The sum since the first committed reading.  If the data do not show which one
 * that was, the function takes the one that fits IS, up to the first run that
 * succeeded. */
int64_t
setup_sum_must_be(const struct fault_setup *setup, unsigned c, int64_t is)
{
  const struct setup_moment *now = &setup->now;
  int64_t must = 0;

  for (unsigned i = 0; i < now->runs; i++) {
    must = now->reading[c] - now->read[i].reading[c];
    if (must == is || now->read[i].must)
      break;
  }
  return must;
}

static void
check_chain(struct fault_setup *setup, unsigned c, const struct account *a)
{
  int64_t must =
    a->begun ? a->last - a->first
             : setup_sum_must_be(setup, c, device(setup, SETUP_TOTAL(c, 0)));

  if (device(setup, SETUP_BASE(c)) != setup->now.reading[c])
    setup_note(setup, "base %u is %" PRId64 " and must be %" PRId64,
               SETUP_BASE(c), device(setup, SETUP_BASE(c)),
               setup->now.reading[c]);
  for (unsigned i = 0; i < setup->plan->totals; i++)
    setup_check_sum(setup, "total", SETUP_TOTAL(c, i),
                    device(setup, SETUP_TOTAL(c, i)), must);
  setup_check_sum(setup, "the sum of usages", SETUP_USAGE(c),
                  setup->now.given[c], must);
}

const char *
setup_check(struct fault_setup *setup)
{
  struct account accounts[2] = { { 0 } };

  if (setup->plan->csv)
    check_csv(setup, accounts);
  for (unsigned c = 0; c < setup->plan->meters && !setup->plan->class; c++)
    check_chain(setup, c, &accounts[c]);
  if (setup->series)
    setup_check_series(setup);
  if (setup->bus)
    setup_check_bus(setup);
  else if (setup->plan->shelf)
    setup_check_shelf(setup);
  else if (setup->plan->class)
    setup_check_records(setup);
  if (!setup->damaged && setup_has(setup, "house.db.corrupt*"))
    setup_note(setup, "the state was moved aside");
  return setup->wrong[0] ? setup->wrong : NULL;
}
