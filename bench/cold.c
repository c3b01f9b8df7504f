/*
 * A cold run: the program starts, reads one cycle of a capture, writes it and
 * ends, as cron runs it every twenty minutes.  To find the cost of a stage,
 * compare with the run without it.
 */
#include "bench/bench.h"

#include "tests/support/domoticz_server.h"

#define RUNS 41
/* The bounds for standard output. */
#define BOUND_MS 5
#define BOUND_KIB (8 * 1024)
#define INPUT "[input meter]\nplugin = replay\npath = cold.capture\n"

static void
write_stdout(struct domoticz_server *server)
{
  (void)server;
  program_write(PIPELINE_FILE, INPUT "[output out]\nplugin = stdout\n");
}

static void
write_csv(struct domoticz_server *server)
{
  (void)server;
  program_write(PIPELINE_FILE,
                INPUT "[output log]\nplugin = csv\npath = out.csv\n"
                      "column.energy = meter.heat_energy_e1\n");
}

static void
write_csv_state(struct domoticz_server *server)
{
  (void)server;
  program_write(PIPELINE_FILE, "[pipeline]\nstate_dir = .\n" INPUT
                               "[output log]\nplugin = csv\npath = out.csv\n"
                               "column.energy = meter.heat_energy_e1\n");
}

/* Creates the device anew each time and makes it a minute old, so that the run
 * need not wait before it writes. */
static void
write_domoticz(struct domoticz_server *server)
{
  domoticz_server_delete(server, 1);
  domoticz_server_add(server, 1, "custom", "GJ");
  domoticz_server_advance(server, 60);
  program_write(PIPELINE_FILE,
                "[pipeline]\nstate_dir = .\n" INPUT
                "[output domoticz]\nplugin = domoticz\nurl = %s\n"
                "idx.1 = meter.heat_energy_e1\n",
                domoticz_server_url(server));
}

struct cold {
  const char *what;
  void (*write)(struct domoticz_server *server); /* NULL: a bare pass */
};

static const struct cold colds[] = {
  { "a bare pass over the file", NULL },
  { "to standard output", write_stdout },
  { "to CSV", write_csv },
  { "to CSV, with a state on disk", write_csv_state },
  { "to Domoticz, with a state on disk", write_domoticz },
};

static void
prepare(const struct cold *cold, struct domoticz_server *server)
{
  program_forget();
  if (cold->write)
    cold->write(server);
}

/* Measures one kind of run; only standard output has bounds. */
static int
measure(const struct cold *cold, struct domoticz_server *server)
{
  const char *const run[] = { program_meterpipe(), "run", "-c", PIPELINE_FILE,
                              NULL };
  const char *const pass[] = { program_helper("bare_pass"), "cold.capture",
                               NULL };
  const char *const *argv = cold->write ? run : pass;
  struct took runs[RUNS], median;
  struct watched watched;
  const char *verdict = "";
  int missed = 0;

  for (size_t i = 0; i < RUNS; i++) {
    prepare(cold, server);
    runs[i] = program_run(argv, "out.txt");
  }
  median = figures_median(runs, RUNS);
  prepare(cold, server);
  watched = watch_run(argv, "out.txt");
  if (cold->write == write_stdout)
    verdict = figures_verdict(
      median.wall_ms < BOUND_MS && watched.peak_kib < BOUND_KIB, &missed);
  printf("| %s | %.2f | %.2f | %ld | %u | %u | %s |\n", cold->what,
         median.wall_ms, median.cpu_ms, watched.peak_kib, watched.calls,
         watched.libraries, verdict);
  return missed;
}

int
bench_cold(void)
{
  struct domoticz_server *server = domoticz_server_start(DOMOTICZ_2025_1);
  const char *const capture[] = { program_helper("make_capture"), "1", "1",
                                  NULL };
  int missed = 0;

  program_run(capture, "cold.capture");
  printf("## 3. A cold run\n\nOne cycle of one register, the median of %d "
         "runs.  Bound, for standard output: %d ms, %d KiB.\n\n"
         "| from a replay | wall, ms | user and system, ms | peak memory, KiB "
         "| system calls | libraries and plugins | |\n"
         "|---|--:|--:|--:|--:|--:|---|\n",
         RUNS, BOUND_MS, BOUND_KIB);
  for (size_t i = 0; i < ARRAY_SIZE(colds); i++)
    missed += measure(&colds[i], server);
  printf("\n");
  domoticz_server_stop(server);
  return missed;
}
