/*
 * The requests of one run to a Domoticz server: one connection, one read for
 * all targets, one write for each.
 */
#include "bench/bench.h"

#include "tests/support/domoticz_server.h"

static void
write_pipeline(struct domoticz_server *server, unsigned targets)
{
  FILE *f = program_create(PIPELINE_FILE);

  fprintf(f,
          "[pipeline]\nstate_dir = .\n"
          "[input meter]\nplugin = replay\npath = http.capture\n"
          "[output domoticz]\nplugin = domoticz\nurl = %s\n",
          domoticz_server_url(server));
  for (unsigned i = 1; i <= targets; i++) {
    domoticz_server_add(server, i, "custom", "GJ");
    fprintf(f, "idx.%u = meter.heat_energy_e1\n", i);
  }
  /* Make the devices a minute old: a run waits before it writes to a new
   * one. */
  domoticz_server_advance(server, 60);
  fclose(f);
}

static int
measure(unsigned targets)
{
  struct domoticz_server *server = domoticz_server_start(DOMOTICZ_2025_1);
  unsigned connections, requests, writes;
  struct took took;
  int missed = 0;

  program_forget();
  write_pipeline(server, targets);
  took = program_run_pipeline();
  connections = domoticz_server_connections(server);
  requests = domoticz_server_requests(server);
  writes = domoticz_server_count(server, "udevice");
  printf("| %u | %u | %u | %u | %.1f | %s |\n", targets, connections,
         requests - writes, writes, took.wall_ms,
         figures_verdict(connections == 1 && requests - writes == 1 &&
                           writes == targets,
                         &missed));
  domoticz_server_stop(server);
  return missed;
}

int
bench_http(void)
{
  static const unsigned targets[] = { 2, 8, 32 };
  const char *const capture[] = { program_helper("make_capture"), "1", "1",
                                  NULL };
  int missed = 0;

  program_run(capture, "http.capture");
  printf("## 5. HTTP\n\nBound: one connection, one read for all targets, one "
         "write a target.\n\n"
         "| targets | connections | reads | writes | run, ms | |\n"
         "|--:|--:|--:|--:|--:|---|\n");
  for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
    missed += measure(targets[i]);
  printf("\n");
  return missed;
}
