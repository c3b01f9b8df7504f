/*
 * The outputs for time series in the setup: a stand-in that takes points and
 * records over HTTP, a file for Prometheus, and what they must have.
 *
 * The stand-in appends what it takes to files, which belong to a moment.
 */
#include "tests/faults/fault_setup_impl.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/http_stand_in.h"

struct setup_series {
  struct http_stand_in *server;
  char points[256], records[256]; /* paths */
  unsigned lost;                  /* an enum setup_answers */
  unsigned hit, away;
};

/* ---- The stand-in -------------------------------------------------------- */

static void
append(const char *path, const struct stand_in_request *r)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  if (fd < 0 || write(fd, r->body, r->len) != (ssize_t)r->len)
    setup_die(path);
  close(fd);
}

/* All zeros end the connection without a reply. */
static struct stand_in_answer
answer(void *ctx, const struct stand_in_request *r)
{
  struct setup_series *series = ctx;
  bool is_points = strncmp(r->head, "POST /api/v2/write?", 19) == 0;
  unsigned lost = __atomic_load_n(&series->lost, __ATOMIC_SEQ_CST);

  if (!is_points && strncmp(r->head, "POST /hook ", 11) != 0)
    return (struct stand_in_answer){ .status = 0 };
  if (__atomic_load_n(&series->away, __ATOMIC_SEQ_CST) > 0)
    return (struct stand_in_answer){ .status = 503 };
  if (lost != SETUP_ANSWERED)
    __atomic_store_n(&series->hit, 1, __ATOMIC_SEQ_CST);
  if (lost != SETUP_LOST_BEFORE)
    append(is_points ? series->points : series->records, r);
  if (lost != SETUP_ANSWERED)
    return (struct stand_in_answer){ .status = 0 };
  return (struct stand_in_answer){ .status = is_points ? 204 : 200 };
}

void
setup_series_new(struct fault_setup *setup)
{
  struct setup_series *series = calloc(1, sizeof(*series));

  if (!series)
    setup_die("memory");
  snprintf(series->points, sizeof(series->points), "%s/" SETUP_POINTS,
           setup->dir);
  snprintf(series->records, sizeof(series->records), "%s/" SETUP_RECORDS,
           setup->dir);
  series->server = http_stand_in_start(answer, series);
  setup->series = series;
}

void
setup_series_free(struct fault_setup *setup)
{
  http_stand_in_stop(setup->series->server);
  free(setup->series);
}

unsigned
setup_series_port(const struct fault_setup *setup)
{
  return http_stand_in_port(setup->series->server);
}

void
setup_series_answer(struct fault_setup *setup, enum setup_answers answers)
{
  __atomic_store_n(&setup->series->hit, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&setup->series->lost, answers, __ATOMIC_SEQ_CST);
}

bool
setup_series_lost_answer(const struct fault_setup *setup)
{
  return __atomic_load_n(&setup->series->hit, __ATOMIC_SEQ_CST) > 0;
}

void
setup_series_away(struct fault_setup *setup, bool away)
{
  __atomic_store_n(&setup->series->away, away, __ATOMIC_SEQ_CST);
}

void
setup_put_series(FILE *f, unsigned port)
{
  fprintf(f,
          "[output points]\nplugin = influxdb\nurl = http://127.0.0.1:%u\n"
          "bucket = b\ntimeout = 3s\n"
          "field.energy = m0.heat_energy_e1\nfield.usage = usage0\n"
          "[output web]\nplugin = webhook\nurl = http://127.0.0.1:%u/hook\n"
          "timeout = 3s\n"
          "value.energy = m0.heat_energy_e1\nvalue.usage = usage0\n"
          "[output metrics]\nplugin = prometheus\npath = " SETUP_METRICS "\n"
          "metric.energy = m0.heat_energy_e1\n",
          port, port);
}

/* ---- The rows that arrived ------------------------------------------------
 */

/* The row of each run at one of the servers. */
struct rows {
  const char *what;
  struct {
    char *text; /* NULL: it has none */
    int64_t usage;
  } of[SETUP_MAX_RUNS];
};

/* Returns the number that follows KEY in TEXT; -1: there is none. */
static int64_t
number_after(const char *text, const char *key)
{
  const char *found = strstr(text, key);
  char number[32];

  if (!found || sscanf(found + strlen(key), "%31[0-9.]", number) != 1)
    return -1;
  return setup_parse(number);
}

/* Returns the run with the reading ENERGY; SETUP_MAX_RUNS: there is none. */
static unsigned
find_run(const struct fault_setup *setup, int64_t energy)
{
  unsigned n = 0;

  while (n < setup->now.runs && setup->now.read[n].reading[0] != energy)
    n++;
  return n < setup->now.runs ? n : SETUP_MAX_RUNS;
}

/* Takes LINE, which has the reading after ENERGY and the usage after USAGE.  A
 * row that arrives again must be the same. */
static void
take_row(struct fault_setup *setup, struct rows *rows, const char *line,
         const char *energy, const char *usage)
{
  unsigned n = find_run(setup, number_after(line, energy));

  if (n == SETUP_MAX_RUNS) {
    setup_note(setup, "%s: a row of no run: %s", rows->what, line);
    return;
  }
  if (rows->of[n].text && strcmp(rows->of[n].text, line) != 0)
    setup_note(setup, "%s: run %u has two rows: %s and %s", rows->what, n,
               rows->of[n].text, line);
  if (rows->of[n].text)
    return;
  rows->of[n].text = strdup(line);
  rows->of[n].usage = number_after(line, usage);
}

static void
take_file(struct fault_setup *setup, struct rows *rows, const char *file,
          const char *energy, const char *usage)
{
  char *text = setup_read(setup, file, NULL), *next = text, *line;

  while ((line = strsep(&next, "\n")))
    if (*line)
      take_row(setup, rows, line, energy, usage);
  free(text);
}

static void
check_rows(struct fault_setup *setup, struct rows *rows)
{
  int64_t sum = 0;

  for (unsigned n = 0; n < setup->now.runs; n++) {
    if (setup->now.read[n].must && !rows->of[n].text)
      setup_note(setup, "%s: run %u has no row", rows->what, n);
    if (rows->of[n].usage > 0)
      sum += rows->of[n].usage;
    free(rows->of[n].text);
  }
  setup_check_sum(setup, rows->what, 0, sum, setup_sum_must_be(setup, 0, sum));
}

/* A point is at the time of its reading, and has its tags. */
static void
check_points(struct fault_setup *setup, const struct rows *rows)
{
  static const char tags[] = "heat_meter,meter=m0,serial=68500001 energy=";

  for (unsigned n = 0; n < setup->now.runs; n++) {
    const char *text = rows->of[n].text;
    int64_t time = text ? strtoll(strrchr(text, ' '), NULL, 10) / 1000 : 0;

    if (text && (strncmp(text, tags, sizeof(tags) - 1) != 0 ||
                 time < setup->now.read[n].time ||
                 time > setup->now.read[n].time + SETUP_READ_WITHIN))
      setup_note(setup, "the point of run %u is %s", n, text);
  }
}

/* ---- The file for Prometheus --------------------------------------------- */

static const char metric[] = "\nmeterpipe_energy_joules_total{";

/* What a complete file has, in this order. */
static const char *const parts[] = {
  "# HELP meterpipe_energy_joules_total ",
  "\n# TYPE meterpipe_energy_joules_total counter\n",
  "meterpipe_energy_joules_total{",
  "\n# HELP meterpipe_reading_timestamp_seconds ",
  "\n# TYPE meterpipe_reading_timestamp_seconds gauge\n",
  "meterpipe_reading_timestamp_seconds{",
};

static bool
is_complete(const char *text, size_t len)
{
  const char *at = text;

  for (size_t i = 0; at && i < ARRAY_SIZE(parts); i++)
    at = strstr(at, parts[i]);
  return at && text[len - 1] == '\n';
}

/* Returns the reading in TEXT, in thousandths of GJ; -1: there is none. */
static int64_t
reading_in(const char *text)
{
  const char *at = strstr(text, metric), *number = at ? strstr(at, "} ") : NULL;

  return number ? strtoll(number + 2, NULL, 10) / 1000000 : -1;
}

void
setup_check_metrics(struct fault_setup *setup)
{
  size_t len = 0;
  char *text = setup_read(setup, SETUP_METRICS, &len);
  int64_t reading = text ? reading_in(text) : -1;

  if (reading < setup->now.exported ||
      (text &&
       (!is_complete(text, len) || find_run(setup, reading) == SETUP_MAX_RUNS)))
    setup_note(setup, "the file for Prometheus is \"%s\"",
               text ? text : "not there any more");
  setup->now.exported = reading;
  free(text);
}

void
setup_check_series(struct fault_setup *setup)
{
  struct rows points = { .what = "points" }, records = { .what = "records" };
  char *text = setup_read(setup, SETUP_METRICS, NULL);

  take_file(setup, &points, SETUP_POINTS, "energy=", "usage=");
  check_points(setup, &points);
  check_rows(setup, &points);
  take_file(setup, &records, SETUP_RECORDS, "\"energy\":{\"value\":\"",
            "\"usage\":{\"value\":\"");
  check_rows(setup, &records);
  if (setup_has(setup, SETUP_METRICS "?*"))
    setup_note(setup, "a temporary file for Prometheus is left");
  if (!text || reading_in(text) != setup->now.reading[0])
    setup_note(setup, "the file for Prometheus has not %" PRId64 ": %s",
               setup->now.reading[0], text ? text : "there is none");
  free(text);
}
