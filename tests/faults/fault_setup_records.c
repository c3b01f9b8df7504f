/*
 * Checks the records that the exec command kept.  Like a receiver that
 * remembers ids, it counts each id once; a repeated id must have the same
 * usage.
 */
#include "tests/faults/fault_setup_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RECORDS (4 * SETUP_MAX_RUNS)

/* A value that is missing in a record. */
#define NONE INT64_MIN

struct record {
  char id[96];
  int64_t energy, usage, total;
};

struct records {
  struct record list[MAX_RECORDS]; /* in the order of first arrival */
  unsigned n;
  unsigned repeated; /* records that came again */
};

/* Copies the text after KEY in LINE, up to the next quote, to BUF.  Returns
 * false if KEY is missing or BUF too small. */
static bool
find_text(const char *line, const char *key, char *buf, size_t size)
{
  const char *text = strstr(line, key);
  size_t len;

  if (!text)
    return false;
  text += strlen(key);
  len = strcspn(text, "\"");
  return snprintf(buf, size, "%.*s", (int)len, text) < (int)size;
}

static int64_t
find_number(const char *line, const char *key)
{
  char text[64];

  return find_text(line, key, text, sizeof(text)) ? setup_parse(text) : NONE;
}

static bool
parse_record(const char *line, struct record *r)
{
  r->energy = find_number(line, "\"energy\":{\"value\":\"");
  r->usage = find_number(line, "\"usage\":{\"value\":\"");
  r->total = find_number(line, "\"total\":{\"value\":\"");
  return find_text(line, "\"id\":\"", r->id, sizeof(r->id));
}

/* Adds the record in LINE, unless its id is a repetition. */
static void
take_line(struct fault_setup *setup, struct records *records, const char *line)
{
  struct record *r = &records->list[records->n];

  if (records->n == MAX_RECORDS)
    setup_die("too many records");
  if (!parse_record(line, r)) {
    setup_note(setup, "a record without an id: %s", line);
    return;
  }
  for (unsigned i = 0; i < records->n; i++)
    if (strcmp(records->list[i].id, r->id) == 0) {
      if (records->list[i].usage != r->usage)
        setup_note(setup, "id %s came again with another amount", r->id);
      records->repeated++;
      return;
    }
  records->n++;
}

static void
read_records(struct fault_setup *setup, struct records *records)
{
  char *store = setup_read(setup, SETUP_STORE, NULL), *next = store;
  char *line;

  records->n = records->repeated = 0;
  while ((line = strsep(&next, "\n")))
    if (*line)
      take_line(setup, records, line);
  free(store);
}

/* For class append: checks that the records are in order, and that each run
 * that succeeded has one. */
static void
check_order(struct fault_setup *setup, const struct records *records)
{
  const struct setup_moment *now = &setup->now;
  unsigned k = 0;

  for (unsigned i = 1; i < records->n; i++)
    if (records->list[i].energy <= records->list[i - 1].energy)
      setup_note(setup, "record %s is out of order", records->list[i].id);
  for (unsigned i = 0; i < now->runs; i++) {
    while (k < records->n && records->list[k].energy < now->read[i].reading[0])
      k++;
    if (now->read[i].must &&
        (k == records->n || records->list[k].energy != now->read[i].reading[0]))
      setup_note(setup, "run %u has no record", i);
  }
}

static int64_t
last_energy(const struct records *records)
{
  for (unsigned i = records->n; i > 0; i--)
    if (records->list[i - 1].energy != NONE)
      return records->list[i - 1].energy;
  return NONE;
}

static int64_t
last_total(const struct records *records)
{
  for (unsigned i = records->n; i > 0; i--)
    if (records->list[i - 1].total != NONE)
      return records->list[i - 1].total;
  return 0;
}

static int64_t
sum_usages(const struct records *records)
{
  int64_t sum = 0;

  for (unsigned i = 0; i < records->n; i++)
    if (records->list[i].usage != NONE)
      sum += records->list[i].usage;
  return sum;
}

unsigned
setup_repeated(struct fault_setup *setup)
{
  static struct records records;

  read_records(setup, &records);
  return records.repeated;
}

void
setup_check_records(struct fault_setup *setup)
{
  static struct records records;
  int64_t sum, must;

  read_records(setup, &records);
  sum = sum_usages(&records);
  must = setup_sum_must_be(setup, 0, sum);
  setup_check_sum(setup, "the sum of usages", 0, sum, must);
  setup_check_sum(setup, "total", 0, last_total(&records), must);
  if (last_energy(&records) != setup->now.reading[0])
    setup_note(setup, "the last reading is %" PRId64 " and must be %" PRId64,
               last_energy(&records), setup->now.reading[0]);
  if (!setup_lags(setup))
    check_order(setup, &records);
}
