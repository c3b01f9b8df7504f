/*
 * Reading at 1200 baud: a run takes little more than the time of the bytes on
 * the wire.  The meter is emulated, paced, and delays its answers; the output
 * is a Domoticz server on loopback.
 */
#include "bench/bench.h"

#include "plugins/kmp/emulator/meter.h"
#include "tests/support/domoticz_server.h"

#define BAUD 1200
#define BITS_A_BYTE 11
#define DELAY_MS 20
#define MOST_REGISTERS 40
/* The quickest run counts: a busy machine can only slow a run down. */
#define RUNS 3
#define METERS 8
/* The most registers of one request. */
#define PER_REQUEST 8
/* Register numbers from here on have no name. */
#define FIRST_REGISTER 2000

/* The bounds. */
#define WIRE_FACTOR 1.05
#define START_MS 30
#define FURTHER_REQUEST_MS 50
#define METERS_FACTOR 1.1

static struct meter *
start_meter(unsigned registers)
{
  struct meter *m = meter_start();
  char text[64];

  meter_set_baud(m, BAUD);
  meter_set_delay(m, DELAY_MS);
  meter_set(m, "1001=68500001");
  for (unsigned i = 0; i < registers; i++) {
    snprintf(text, sizeof(text), "%u=84.208GJ", FIRST_REGISTER + i);
    meter_set(m, text);
  }
  return m;
}

static void
add_input(FILE *f, unsigned number, const struct meter *m)
{
  fprintf(f, "[input meter%u]\nplugin = kmp\ndevice = %s\n", number,
          meter_path(m));
}

/* ---- One meter, by registers ---- */

static void
write_pipeline(const struct meter *m, struct domoticz_server *server,
               unsigned registers)
{
  FILE *f = program_create(PIPELINE_FILE);

  add_input(f, 0, m);
  fprintf(f, "[output domoticz]\nplugin = domoticz\nurl = %s\n",
          domoticz_server_url(server));
  for (unsigned i = 0; i < registers; i++) {
    domoticz_server_add(server, i + 1, "custom", "GJ");
    fprintf(f, "idx.%u = meter0.%u\n", i + 1, FIRST_REGISTER + i);
  }
  /* Make the devices a minute old: a run waits before it writes to a new
   * one. */
  domoticz_server_advance(server, 60);
  fclose(f);
}

struct read {
  unsigned requests;
  size_t bytes;
  double wall_ms;
};

static struct read
read_once(unsigned registers)
{
  struct domoticz_server *server = domoticz_server_start(DOMOTICZ_2025_1);
  struct meter *m = start_meter(registers);
  struct read r;

  program_forget();
  write_pipeline(m, server, registers);
  r.wall_ms = program_run_pipeline().wall_ms;
  r.requests = meter_requests(m);
  r.bytes = meter_bytes(m);
  meter_stop(m);
  domoticz_server_stop(server);
  return r;
}

static int
measure(unsigned registers)
{
  struct read best = read_once(registers);
  double wire, least, bound;
  int missed = 0;

  for (unsigned i = 1; i < RUNS; i++) {
    struct read r = read_once(registers);

    if (r.wall_ms < best.wall_ms)
      best = r;
  }
  wire = (double)best.bytes * BITS_A_BYTE * 1000 / BAUD;
  least = wire + best.requests * DELAY_MS;
  bound = WIRE_FACTOR * wire + best.requests * DELAY_MS + START_MS +
          (best.requests - 1) * FURTHER_REQUEST_MS;
  printf("| %u | %u | %zu | %.0f | %.0f | %.3f | %.0f | %s |\n", registers,
         best.requests, best.bytes, least, best.wall_ms, best.wall_ms / least,
         bound, figures_verdict(best.wall_ms <= bound, &missed));
  return missed;
}

int
bench_meter(void)
{
  static const unsigned registers[] = { 1, 7, 16, MOST_REGISTERS };
  int missed = 0;

  printf("## 1. A run at %d baud, to Domoticz\n\n"
         "The meter takes %d ms to answer.  Bound: %.2f x the time of the "
         "bytes, the meter's delay, %d ms, and %d ms for each further "
         "request.  Of %d runs the quickest.\n\n"
         "| registers | requests | bytes | wire and meter, ms | run, ms | "
         "ratio | bound, ms | |\n|--:|--:|--:|--:|--:|--:|--:|---|\n",
         BAUD, DELAY_MS, WIRE_FACTOR, START_MS, FURTHER_REQUEST_MS, RUNS);
  for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
    missed += measure(registers[i]);
  printf("\n");
  return missed;
}

/* ---- Eight at once ---- */

static struct took
measure_meters(unsigned n)
{
  struct meter *meters[METERS];
  FILE *f = program_create(PIPELINE_FILE);
  struct took took;

  program_forget();
  for (unsigned i = 0; i < n; i++) {
    meters[i] = start_meter(PER_REQUEST);
    add_input(f, i, meters[i]);
  }
  fprintf(f, "[output log]\nplugin = csv\npath = out.csv\n");
  for (unsigned i = 0; i < n; i++)
    for (unsigned k = 0; k < PER_REQUEST; k++)
      fprintf(f, "column.m%ur%u = meter%u.%u\n", i, k, i, FIRST_REGISTER + k);
  fclose(f);
  took = program_run_pipeline();
  for (unsigned i = 0; i < n; i++)
    meter_stop(meters[i]);
  return took;
}

int
bench_meters(void)
{
  struct took ones[RUNS], alls[RUNS], one, all;
  double ratio;
  int missed = 0;

  for (size_t i = 0; i < RUNS; i++) {
    ones[i] = measure_meters(1);
    alls[i] = measure_meters(METERS);
  }
  one = figures_least(ones, RUNS);
  all = figures_least(alls, RUNS);
  ratio = all.wall_ms / one.wall_ms;

  printf("## 2. %d meters at once\n\n"
         "%d registers each, to CSV.  Bound: %.1f x one meter.  Of %d runs "
         "each the quickest.\n\n"
         "| meters | run, ms | ratio | |\n|--:|--:|--:|---|\n"
         "| 1 | %.0f | 1 | |\n| %d | %.0f | %.3f | %s |\n\n",
         METERS, PER_REQUEST, METERS_FACTOR, RUNS, one.wall_ms, METERS,
         all.wall_ms, ratio, figures_verdict(ratio <= METERS_FACTOR, &missed));
  return missed;
}
