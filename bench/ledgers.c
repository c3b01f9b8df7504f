/*
 * Transforms with a ledger: the time of a run grows with their number, not
 * faster, and a run with a full state is no slower than the first one.  A
 * command prints the readings, another one takes the values.
 */
#include "bench/bench.h"

#define FEW 100
#define MANY 1000
/* The quickest run counts: a busy machine can only slow a run down. */
#define RUNS 5
/* A cold run, which takes the same time with any number. */
#define START_MS 5

/* The bounds.  The second run also has the usages. */
#define SECOND_FACTOR 1.25
#define GROWTH_FACTOR 1.25

struct pair {
  double first_ms, second_ms;
};

static void
write_pipeline(unsigned n)
{
  FILE *f = program_create(PIPELINE_FILE);

  fprintf(f, "[pipeline]\nstate_dir = .\n"
             "[input meter]\nplugin = exec\ncommand = cat readings\n"
             "[output house]\nplugin = exec\nclass = latest\n"
             "command = cat\n");
  for (unsigned i = 0; i < n; i++)
    fprintf(f, "value.base%u = meter.field%u\n", i, i);
  fprintf(f, "[output show]\nplugin = stdout\nformat = line\n");
  for (unsigned i = 0; i < n; i++)
    fprintf(f, "field.usage%u = usage%u\n", i, i);
  for (unsigned i = 0; i < n; i++)
    fprintf(f,
            "[transform usage%u]\nplugin = subtract\nvalue = meter.field%u\n"
            "minus = house.base%u\n",
            i, i, i);
  fclose(f);
}

static double
run(unsigned n, unsigned value)
{
  readings_write(n, value);
  return program_run_pipeline().wall_ms;
}

static void
keep_least(double *least, double ms)
{
  if (*least == 0 || ms < *least)
    *least = ms;
}

static void
measure(unsigned n, struct pair *least)
{
  write_pipeline(n);
  program_forget();
  keep_least(&least->first_ms, run(n, 100));
  keep_least(&least->second_ms, run(n, 101));
}

static int
print_row(unsigned n, const struct pair *p)
{
  double ratio = p->second_ms / p->first_ms;
  int missed = 0;

  printf("| %u | %.1f | %.1f | %.3f | %s |\n", n, p->first_ms, p->second_ms,
         ratio, figures_verdict(ratio <= SECOND_FACTOR, &missed));
  return missed;
}

int
bench_ledgers(void)
{
  struct pair few = { 0 }, many = { 0 };
  double growth;
  int missed = 0;

  for (int i = 0; i < RUNS; i++) {
    measure(FEW, &few);
    measure(MANY, &many);
  }
  growth =
    (many.second_ms - START_MS) / (few.second_ms - START_MS) * FEW / MANY;
  printf("## 8. Transforms with a ledger\n\n"
         "Each measures a usage from a base, which a command takes; the usages "
         "are printed, from the second run on.  Bound: %.2f x the first run; "
         "and %d take at most "
         "%.2f x the time for each that %d take, beyond %d ms.  Of %d runs the "
         "quickest.\n\n"
         "| transforms | first run, ms | second run, ms | ratio | |\n"
         "|--:|--:|--:|--:|---|\n",
         SECOND_FACTOR, MANY, GROWTH_FACTOR, FEW, START_MS, RUNS);
  missed += print_row(FEW, &few);
  missed += print_row(MANY, &many);
  printf("\nThe time for each, of %d against %d: %.3f, %s.\n\n", MANY, FEW,
         growth, figures_verdict(growth <= GROWTH_FACTOR, &missed));
  return missed;
}
