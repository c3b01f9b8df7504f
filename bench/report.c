/*
 * A report of a million rows, against cut and awk over the same file.  The
 * memory depends on the days, not on the rows.
 */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdint.h>
#include <time.h>

#define RUNS 5
#define DAYS 360
#define BOUND 3.0 /* times the time of cut and awk, of wall or CPU time */
/* The longest may use this many times the memory of the shortest. */
#define MEMORY_FACTOR 1.5

static const long sizes[] = { 10000, 100000, 1000000 };

static void
write_rows(long n)
{
  const time_t first = 1767225600; /* 2026-01-01 */
  FILE *f = program_create("long.csv");

  fputs("time,energy,volume,t1,t2,flow\n", f);
  for (long i = 0; i < n; i++) {
    time_t t = first + (time_t)((int64_t)i * DAYS * 86400 / n);
    struct tm tm;
    char text[32];

    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(f, "%s,%ld.%02ld,%ld.%03ld,%ld.%02ld,%ld.%02ld,%ld\n", text,
            i / 100, i % 100, i / 50, i % 1000, 60 + i % 20, i % 100,
            30 + i % 10, i % 100, i % 400);
  }
  fclose(f);
}

/* Adds up two columns by the first ten characters of the time. */
static const char *const awk[] = {
  "/bin/sh", "-c",
  "cut -d, -f1-3 long.csv | awk -F, '{ d = substr($1, 1, 10); e[d] += $2 - "
  "le; v[d] += $3 - lv; le = $2; lv = $3 } END { for (d in e) print d, e[d], "
  "v[d] }'",
  NULL
};

static int
measure_size(long rows, long *first_kib)
{
  const char *const argv[] = {
    program_meterpipe(), "report", "-c", "report.ini", "--zone",
    "Europe/Copenhagen", NULL
  };
  struct took bare[RUNS], run[RUNS], best, other;
  bool last = rows == sizes[ARRAY_SIZE(sizes) - 1];
  double wall, cpu;
  int missed = 0;

  write_rows(rows);
  for (size_t i = 0; i < RUNS; i++) {
    bare[i] = program_run(awk, "out.txt");
    run[i] = program_run(argv, "out.txt");
  }
  other = figures_least(bare, RUNS);
  best = figures_least(run, RUNS);
  wall = best.wall_ms / other.wall_ms;
  cpu = best.cpu_ms / other.cpu_ms;
  if (*first_kib == 0)
    *first_kib = best.peak_kib;
  printf("| %ld | %.0f | %.0f | %.2f | %.2f | %ld | %s |\n", rows,
         other.wall_ms, best.wall_ms, wall, cpu, best.peak_kib,
         last ? figures_verdict((wall < cpu ? wall : cpu) <= BOUND &&
                                  (double)best.peak_kib <
                                    MEMORY_FACTOR * (double)*first_kib,
                                &missed)
              : "");
  return missed;
}

int
bench_report(void)
{
  long first_kib = 0;
  int missed = 0;

  printf("## 10. A report\n\nOf %d days, against `cut | awk` over the same "
         "file, which adds up two columns by day; of %d runs side by side the "
         "least.  Bounds at a million rows: %.1f x, of wall or CPU time, and "
         "%.1f x the memory of the shortest file.\n\n"
         "| rows | cut and awk, ms | report, ms | ratio | of CPU time | peak "
         "memory, KiB | |\n|--:|--:|--:|--:|--:|--:|---|\n",
         DAYS, RUNS, BOUND, MEMORY_FACTOR);
  program_write("report.ini", "%s",
                "[input m]\nplugin = replay\npath = x\n[report]\n"
                "csv = long.csv\nenergy = energy GJ\nvolume = volume m3\n"
                "flow_temperature = t1\nreturn_temperature = t2\n"
                "flow = flow l/h\nprice = 545 DKK/MWh from 2026-01-01\n");
  for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
    missed += measure_size(sizes[i], &first_kib);
  printf("\n");
  return missed;
}
