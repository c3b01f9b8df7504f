/*
 * Replays of up to a million cycles, against a bare pass over the same file.
 * Neither the time per cycle nor the memory depends on the number of cycles.
 */
#include "bench/bench.h"

/* Replay and bare pass run in turn, and the least time of each counts, because
 * a busy machine can only slow them down. */
#define RUNS 5
/* The longest replay may use this many times the memory of the shortest; rows
 * are written in blocks of 16384, of a live output 1024. */
#define MEMORY_FACTOR 4

static const char *const cycles[] = { "1000", "10000", "100000", "1000000" };

static const char input[] =
  "[input meter]\nplugin = replay\npath = long.capture\n";

static const char *const columns[] = {
  "heat_energy_e1", "volume_v1",        "operating_hours", "temperature_t1",
  "temperature_t2", "temperature_diff", "power_e1",        "flow_v1",
};

static void
write_csv_pipeline(const char *name, size_t registers)
{
  FILE *f = program_create(name);

  fprintf(f, "%s[output log]\nplugin = csv\npath = out.csv\n", input);
  for (size_t i = 0; i < registers; i++)
    fprintf(f, "column.%s = meter.%s\n", columns[i], columns[i]);
  fclose(f);
}

static void
write_pipelines(void)
{
  write_csv_pipeline("csv-1.ini", 1);
  write_csv_pipeline("csv-8.ini", ARRAY_SIZE(columns));
  program_write("stdout.ini",
                "%s[output out]\nplugin = stdout\nformat = json\n", input);
}

struct measured {
  struct took bare, run;
  long peak_kib;
};

/* Returns the smaller ratio of wall and CPU time.  A replay is one thread and
 * waits only for the disk, so any extra wall time comes from other programs. */
static double
ratio_of(const struct measured *m)
{
  double wall = m->run.wall_ms / m->bare.wall_ms;
  double cpu = m->run.cpu_ms / m->bare.cpu_ms;

  return wall < cpu ? wall : cpu;
}

static struct measured
measure(const char *pipeline)
{
  const char *const pass[] = { program_helper("bare_pass"), "long.capture",
                               NULL };
  const char *const argv[] = { program_meterpipe(), "run", "-c", pipeline,
                               NULL };
  struct took bare[RUNS], run[RUNS];

  for (size_t i = 0; i < RUNS; i++) {
    program_forget();
    bare[i] = program_run(pass, "out.txt");
    run[i] = program_run(argv, "out.txt");
  }
  program_forget();
  return (struct measured){ .bare = figures_least(bare, RUNS),
                            .run = figures_least(run, RUNS),
                            .peak_kib = watch_run(argv, "out.txt").peak_kib };
}

/* A replay, and the bound of its time against the bare pass. */
static const struct row {
  const char *what, *pipeline, *registers;
  const char *form; /* of make_capture; NULL: with times and requests */
  double bound;
} rows[] = {
  { "CSV", "csv-1.ini", "1", NULL, 2.0 },
  { "standard output", "stdout.ini", "1", NULL, 2.5 },
  { "CSV", "csv-8.ini", "8", NULL, 2.5 },
  { "standard output", "stdout.ini", "8", NULL, 2.5 },
  { "CSV, only answers", "csv-1.ini", "1", "answers", 3.0 },
};

static int
measure_row(const struct row *row)
{
  long first_kib = 0;
  int missed = 0;

  for (size_t i = 0; i < ARRAY_SIZE(cycles); i++) {
    const char *const make[] = { program_helper("make_capture"), row->registers,
                                 cycles[i], row->form, NULL };
    double n;
    struct measured m;
    bool last = i + 1 == ARRAY_SIZE(cycles);

    program_run(make, "long.capture");
    m = measure(row->pipeline);
    sscanf(cycles[i], "%lf", &n);
    if (i == 0)
      first_kib = m.peak_kib;
    printf("| %s | %s | %s | %.3f | %.3f | %.2f | %.2f | %ld | %s |\n",
           row->what, row->registers, cycles[i], m.bare.wall_ms * 1e3 / n,
           m.run.wall_ms * 1e3 / n, m.run.wall_ms / m.bare.wall_ms,
           m.run.cpu_ms / m.bare.cpu_ms, m.peak_kib,
           last ? figures_verdict(ratio_of(&m) <= row->bound &&
                                    m.peak_kib < MEMORY_FACTOR * first_kib,
                                  &missed)
                : "");
  }
  return missed;
}

int
bench_replay(void)
{
  int missed = 0;

  printf("## 4. Long replays\n\nAgainst a bare pass over the same file, which "
         "decodes the hex and checks each CRC; of %d runs side by side the "
         "least.  Bounds at a million cycles, of wall or CPU time:",
         RUNS);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    printf("%s %s of %s %.1f x", i > 0 ? "," : "", rows[i].what,
           rows[i].registers, rows[i].bound);
  printf(
    ".\n\n| to | registers | cycles | bare pass, us a cycle | replay, us a "
    "cycle | ratio | of CPU time | peak memory, KiB | |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|---|\n");
  write_pipelines();
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    missed += measure_row(&rows[i]);
  printf("\n");
  return missed;
}
