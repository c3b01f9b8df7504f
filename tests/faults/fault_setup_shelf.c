/*
 * Checks the rows of the history output, which refuses some for good.  Each row
 * that a run has booked was taken or is set aside, and none of them is both.
 * After a retry and another run, all were taken.
 */
#include "tests/faults/fault_setup_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

/* The rows of each run. */
struct shelf {
  struct {
    unsigned taken, aside;
    int64_t usage;
    char id[64]; /* of its record; "": it was not sent */
  } rows[SETUP_MAX_RUNS];
};

/* ---- Refused rows ---- */

/* The first one, one after two good rows, and one of a backlog. */
static const unsigned refused_runs[] = { 0, 3, 5 };

bool
setup_is_refused(unsigned n)
{
  for (size_t i = 0; i < ARRAY_SIZE(refused_runs); i++)
    if (refused_runs[i] == n)
      return true;
  return false;
}

void
setup_write_refused(struct fault_setup *setup)
{
  int64_t reading = setup_first_reading(0);
  char text[256] = "", line[32];

  for (unsigned n = 0; n < SETUP_MAX_RUNS; n++) {
    size_t len = strlen(text);

    reading += setup_growth(n, 0);
    setup_format(reading, line, sizeof(line));
    if (setup_is_refused(n))
      snprintf(text + len, sizeof(text) - len, "%s\n", line);
  }
  setup_write(setup, SETUP_REFUSED, text, strlen(text));
}

bool
setup_only_set_aside(const char *text)
{
  static const char *const lines[] = { "error: hook: does not take ",
                                       "error: hook: set aside: rows that ",
                                       "notice: " };

  for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
    bool known = false;

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
      known |= strncmp(line, lines[i], strlen(lines[i])) == 0;
    if (!known)
      return false;
  }
  return true;
}

/* ---- The rows ---- */

/* Returns the run with the reading that follows KEY in TEXT; SETUP_MAX_RUNS:
 * there is none, which is noted. */
static unsigned
find_run(struct fault_setup *setup, const char *text, const char *key)
{
  const char *found = strstr(text, key);
  int64_t energy = -1;
  char number[32];

  if (found && sscanf(found + strlen(key), "%31[0-9.]", number) == 1)
    energy = setup_parse(number);
  for (unsigned n = 0; n < setup->now.runs; n++)
    if (setup->now.read[n].reading[0] == energy)
      return n;
  setup_note(setup, "a row of no run: %.*s", (int)strcspn(text, "\n"), text);
  return SETUP_MAX_RUNS;
}

/* Returns the usage that follows KEY in the row TEXT, which ends at END; 0:
 * there is none, as in the first row. */
static int64_t
find_usage(const char *text, const char *end, const char *key)
{
  const char *found = strstr(text, key);
  char number[32];

  if (!found || found >= end ||
      sscanf(found + strlen(key), "%31[0-9.]", number) != 1)
    return 0;
  return setup_parse(number);
}

static void
read_taken(struct fault_setup *setup, struct shelf *shelf)
{
  char *text = setup_read(setup, SETUP_TAKEN, NULL), *next = text, *line;

  while ((line = strsep(&next, "\n"))) {
    unsigned n = *line ? find_run(setup, line, "energy=") : SETUP_MAX_RUNS;

    if (n == SETUP_MAX_RUNS)
      continue;
    shelf->rows[n].taken++;
    shelf->rows[n].usage = find_usage(line, line + strlen(line), "usage=");
  }
  free(text);
}

/* Checks that a row always has the same id, and no other row has it. */
static void
check_ids(struct fault_setup *setup, struct shelf *shelf)
{
  char *text = setup_read(setup, SETUP_SEEN, NULL), *next = text, *line;

  while ((line = strsep(&next, "\n"))) {
    unsigned n = *line ? find_run(setup, line, "energy=") : SETUP_MAX_RUNS;
    char id[64] = "";

    if (n == SETUP_MAX_RUNS)
      continue;
    sscanf(line, "%63s", id);
    if (shelf->rows[n].id[0] && strcmp(shelf->rows[n].id, id) != 0)
      setup_note(setup, "the row of run %u has two ids", n);
    snprintf(shelf->rows[n].id, sizeof(shelf->rows[n].id), "%s", id);
    for (unsigned k = 0; k < SETUP_MAX_RUNS; k++)
      if (k != n && strcmp(shelf->rows[k].id, id) == 0)
        setup_note(setup, "the rows of runs %u and %u have the same id", k, n);
  }
  free(text);
}

/* Reads the list of rows set aside. */
static void
read_aside(struct fault_setup *setup, struct shelf *shelf)
{
  static char *const words[] = { "status",      "-c",     "house.ini",
                                 "--set-aside", "--json", NULL };
  static const char key[] = "\"energy\":{\"value\":\"";
  struct setup_run run = { .words = words };
  const char *end;
  char *list;

  setup_do(setup, &run);
  list = setup_read(setup, "out", NULL);
  if (run.status != 0 || !strstr(list, "\"set_aside\":["))
    setup_note(setup, "status ended with %d: %s", run.status, list);
  for (const char *row = strstr(list, key); row; row = *end ? end : NULL) {
    unsigned n = find_run(setup, row, key);

    end = strstr(row + 1, key);
    if (!end)
      end = row + strlen(row);
    if (n == SETUP_MAX_RUNS)
      continue;
    shelf->rows[n].aside++;
    shelf->rows[n].usage = find_usage(row, end, "\"usage\":{\"value\":\"");
  }
  free(list);
}

/* ---- The checks ---- */

static void
check_row(struct fault_setup *setup, const struct shelf *shelf, unsigned n)
{
  unsigned taken = shelf->rows[n].taken, aside = shelf->rows[n].aside;

  if (setup->now.read[n].must && taken == 0 && aside == 0)
    setup_note(setup, "the row of run %u was neither taken nor set aside", n);
  if ((taken > 0 && aside > 0) || aside > 1)
    setup_note(setup,
               "the row of run %u was taken %u times and set aside %u "
               "times",
               n, taken, aside);
  if (taken > 0 && setup_is_refused(n) && !setup->now.takes_all)
    setup_note(setup, "the row of run %u was taken and is refused", n);
  if (aside > 0 && !setup_is_refused(n))
    setup_note(setup, "the row of run %u was set aside and not refused", n);
}

/* Checks the places of all rows, and the sum of their usages: a row that was
 * booked and has no place is missing in it. */
static void
check_rows(struct fault_setup *setup, bool all_taken)
{
  struct shelf shelf = { 0 };
  int64_t sum = 0;

  read_taken(setup, &shelf);
  check_ids(setup, &shelf);
  read_aside(setup, &shelf);
  for (unsigned n = 0; n < setup->now.runs; n++) {
    check_row(setup, &shelf, n);
    if (all_taken && shelf.rows[n].aside > 0)
      setup_note(setup, "the row of run %u is still set aside", n);
    if (shelf.rows[n].taken > 0 || shelf.rows[n].aside > 0)
      sum += shelf.rows[n].usage;
  }
  setup_check_sum(setup, "the sum of usages", 0, sum,
                  setup_sum_must_be(setup, 0, sum));
}

void
setup_check_shelf(struct fault_setup *setup)
{
  struct setup_run retry = { 0 };

  check_rows(setup, false);
  setup_take_all(setup);
  setup_retry(setup, &retry);
  if (retry.status != 0)
    setup_note(setup, "retry ended with %d", retry.status);
  setup_go_well(setup);
  check_rows(setup, true);
}
