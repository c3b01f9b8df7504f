/*
 * A run to an MQTT broker, against a bare client that writes the same packets:
 * the time from the first byte to the last PUBACK, at a relay before a real
 * mosquitto.
 */
#include "bench/bench.h"
#include "bench/mqtt_relay.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOSQUITTO "/usr/sbin/mosquitto"
#define SOCKET "broker.sock"
#define START_TRIES 2000
#define START_PAUSE_US 1000

/* The quickest run counts: a busy machine can only slow a run down. */
#define RUNS 9
/* The bound. */
#define FACTOR 5

/* ---- The broker ---- */

static bool
accepts(void)
{
  const struct sockaddr_un address = { .sun_family = AF_UNIX,
                                       .sun_path = SOCKET };
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool yes =
    connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

  close(fd);
  return yes;
}

/* As root, mosquitto warns of that on standard error. */
static void
send_errors_to_output(void)
{
  dup2(STDOUT_FILENO, STDERR_FILENO);
}

/* Starts a broker that has no messages and writes nothing to disk. */
static pid_t
start_broker(void)
{
  const char *const argv[] = { MOSQUITTO, "-c", "broker.conf", NULL };
  pid_t pid;

  unlink(SOCKET);
  program_write("broker.conf", "listener 0 " SOCKET "\nallow_anonymous true\n"
                               "user root\npersistence false\nlog_dest none\n");
  pid = program_start(argv, "broker.txt", send_errors_to_output);
  for (int i = 0; i < START_TRIES; i++) {
    if (accepts())
      return pid;
    if (program_has_ended(pid))
      break;
    usleep(START_PAUSE_US);
  }
  program_die(MOSQUITTO " does not start");
}

/* ---- Cases ---- */

struct mqtt_case {
  unsigned targets;
  const char *discovery;
  bool is_first; /* the broker is empty */
};

struct times {
  double run_ms, bare_ms; /* from the first byte to the last PUBACK */
  struct took whole;      /* the program */
  unsigned published;     /* messages */
};

static void
write_pipeline(const struct mqtt_case *c)
{
  FILE *f = program_create(PIPELINE_FILE);

  fprintf(f,
          "[pipeline]\nstate_dir = .\n"
          "[input meter]\nplugin = exec\ncommand = cat readings\n"
          "[output bus]\nplugin = mqtt\nurl = mqtt://127.0.0.1:%u\n"
          "discovery = %s\n",
          relay_port(), c->discovery);
  for (unsigned i = 0; i < c->targets; i++)
    fprintf(f, "sensor.value%u = meter.field%u\n", i, i);
  fclose(f);
}

static double
ms_of(const struct connection_record *r)
{
  return (double)(r->ended_us - r->begun_us) / 1e3;
}

/* Runs the program, with readings of VALUE. */
static struct took
run(const struct mqtt_case *c, unsigned value, struct connection_record *r)
{
  struct took took;

  readings_write(c->targets, value);
  relay_begin(r, SOCKET);
  took = program_run_pipeline();
  relay_end();
  return took;
}

static void
run_bare(struct stream *sent, struct connection_record *r)
{
  relay_begin(r, SOCKET);
  bare_client_run(relay_port(), sent);
  relay_end();
}

/* The bare client meets the broker as the program did: empty, or with all
 * messages. */
static struct times
measure_once(const struct mqtt_case *c, unsigned value)
{
  struct connection_record record = { .begun_us = 0 }, bare = record;
  struct times t;
  pid_t broker = start_broker();

  program_forget();
  if (!c->is_first)
    run(c, value, &record);
  t.whole = run(c, value + 1, &record);
  t.run_ms = ms_of(&record);
  t.published = record.acknowledged;
  if (c->is_first) {
    program_stop(broker);
    broker = start_broker();
  }
  run_bare(&record.sent, &bare);
  program_stop(broker);
  t.bare_ms = ms_of(&bare);
  if (bare.acknowledged != t.published || t.published < c->targets)
    program_die("%u messages for %u targets, %u of the bare client",
                t.published, c->targets, bare.acknowledged);
  record_clear(&record);
  record_clear(&bare);
  return t;
}

static int
measure(const struct mqtt_case *c)
{
  struct times least, t;
  double ratio;
  int missed = 0;

  write_pipeline(c);
  least = measure_once(c, 100);
  for (unsigned i = 1; i < RUNS; i++) {
    t = measure_once(c, 100 + 2 * i);
    if (t.run_ms < least.run_ms)
      least.run_ms = t.run_ms;
    if (t.bare_ms < least.bare_ms)
      least.bare_ms = t.bare_ms;
    if (t.whole.wall_ms < least.whole.wall_ms)
      least.whole.wall_ms = t.whole.wall_ms;
    if (t.whole.cpu_ms < least.whole.cpu_ms)
      least.whole.cpu_ms = t.whole.cpu_ms;
  }
  ratio = least.run_ms / least.bare_ms;
  printf("| %u | %s | %s | %u | %.2f | %.2f | %.2f | %.1f | %.1f | %s |\n",
         c->targets, c->discovery, c->is_first ? "first" : "later",
         least.published, least.bare_ms, least.run_ms, ratio,
         least.whole.wall_ms, least.whole.cpu_ms,
         figures_verdict(ratio <= FACTOR, &missed));
  fflush(stdout);
  return missed;
}

int
bench_mqtt(void)
{
  static const struct mqtt_case cases[] = {
    { 8, "off", true },       { 8, "off", false },
    { 8, "single", true },    { 8, "single", false },
    { 1000, "off", true },    { 1000, "off", false },
    { 1000, "single", true }, { 1000, "single", false },
    { 1000, "device", true }, { 1000, "device", false },
  };
  int missed = 0;

  printf("## 9. MQTT\n\n"
         "From the first byte to the last PUBACK, against a bare client that "
         "writes the same packets to the same broker.  Bound: %d x the bare "
         "client.  Of %d runs each the quickest.\n\n"
         "| targets | discovery | run | messages | bare client, ms | program, "
         "ms | ratio | whole run, ms | its CPU time, ms | |\n"
         "|--:|---|---|--:|--:|--:|--:|--:|--:|---|\n",
         FACTOR, RUNS);
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
    missed += measure(&cases[i]);
  printf("\n");
  return missed;
}
