/*
 * Faults between the program and a real MQTT broker: the connection ends at
 * every byte of both directions; the broker is killed at every packet, with and
 * without a database that it saved some cycles before.  The base of the usage
 * is at the same broker, in a CSV file or at another broker.
 *
 * In every case the total is exact.  The amounts that the broker acknowledged
 * add up to it, except for one whose acknowledgement was lost and which the
 * broker then forgot.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/faults/sweep.h"
#include "tests/support/mqtt_setup.h"

/* Samples: one case in so many. */
#define SAMPLE_CUTS 1499
#define SAMPLE_KILLS 61

#define KEEPS "persistence true\nautosave_interval 0\n"
#define FORGETS "persistence false\n"

static struct mqtt_setup h;
static struct broker *other;

/* ---- Pipelines ----------------------------------------------------------- */

enum base { BASE_BUS, BASE_CSV, BASE_OTHER, BASES };

static const struct {
  const char *name, *minus, *output;
} bases[BASES] = {
  [BASE_BUS] = { "bus", "bus.energy",
                 "sensor.energy = meter.heat_energy_e1\n" },
  [BASE_CSV] = { "csv", "log.energy",
                 "[output log]\nplugin = csv\npath = log.csv\n"
                 "column.energy = meter.heat_energy_e1\n" },
  [BASE_OTHER] = { "other", "other.energy",
                   "[output other]\nplugin = mqtt\ndiscovery = off\n"
                   "sensor.energy = meter.heat_energy_e1\nurl = " },
};

static const struct variant {
  const char *name, *options;
} variants[] = {
  { "5", "discovery = off\n" },
  { "3.1.1", "discovery = off\nprotocol = 3.1.1\n" },
  { "discovery", "discovery = single\n" },
};

static void
write_pipeline(enum base base, const struct variant *v)
{
  char url[64] = "";

  if (base == BASE_OTHER)
    snprintf(url, sizeof(url), "mqtt://127.0.0.1:%u\n", broker_port(other));
  sandbox_write(h.s, "house.ini",
                "[pipeline]\nstate_dir = .\n" MQTT_SETUP_INPUT
                "[transform usage]\nplugin = subtract\n"
                "value = meter.heat_energy_e1\nminus = %s\n"
                "[transform total]\nplugin = add\nvalue = usage\n"
                "plus = bus.total\n"
                "[output bus]\nplugin = mqtt\nurl = %s\ntimeout = 5s\n%s"
                "sensor.usage = usage\nsensor.total = total\n%s%s",
                bases[base].minus, mqtt_setup_url(&h), v->options,
                bases[base].output, url);
}

/* ---- Moments of a history ------------------------------------------------ */

/* A moment: the state, the CSV file, and the messages that both brokers retain.
 */
static const char *const files[] = { "house.db", "log.csv" };

struct bytes {
  char *data;
  size_t len;
};

static struct bytes kept_files[ARRAY_SIZE(files)];
static char *kept_bus, *kept_other;

static const char *
path_of(const char *file)
{
  static char path[128];

  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(h.s), file);
  return path;
}

static void
keep_file(const char *file, struct bytes *ret)
{
  FILE *f = fopen(path_of(file), "r");
  size_t size = 0;

  free(ret->data);
  *ret = (struct bytes){ .data = NULL };
  if (!f)
    return;
  ret->len = (size_t)getdelim(&ret->data, &size, EOF, f);
  fclose(f);
}

static void
put_file(const char *file, const struct bytes *bytes)
{
  FILE *f;

  if (!bytes->data) {
    unlink(path_of(file));
    return;
  }
  f = fopen(path_of(file), "w");
  if (!f || fwrite(bytes->data, 1, bytes->len, f) != bytes->len ||
      fclose(f) != 0) {
    perror(file);
    exit(99);
  }
}

/* Publishes LINES, "TOPIC PAYLOAD", with EMPTY instead of each payload if it is
 * not NULL. */
static void
publish_lines(struct broker *b, const char *lines, const char *empty)
{
  char *copy = strdup(lines), *rest = copy, *line;

  while ((line = strsep(&rest, "\n"))) {
    char *payload = strchr(line, ' ');

    if (!payload)
      continue;
    *payload++ = '\0';
    broker_publish(b, line, empty ? empty : payload);
  }
  free(copy);
}

static void
put_retained(struct broker *b, const char *lines)
{
  char *present = strdup(broker_retained(b, "#"));

  if (strcmp(present, lines) != 0) {
    publish_lines(b, present, "");
    publish_lines(b, lines, NULL);
  }
  free(present);
}

static void
keep(void)
{
  for (size_t i = 0; i < ARRAY_SIZE(files); i++)
    keep_file(files[i], &kept_files[i]);
  free(kept_bus);
  free(kept_other);
  kept_bus = strdup(broker_retained(h.broker, "#"));
  kept_other = strdup(broker_retained(other, "#"));
}

/* Returns to the moment that was kept; the account begins there. */
static void
go_back(void)
{
  for (size_t i = 0; i < ARRAY_SIZE(files); i++)
    put_file(files[i], &kept_files[i]);
  put_retained(h.broker, kept_bus);
  put_retained(other, kept_other);
  mqtt_watch_forget(h.watch);
}

/* Removes all that the program and the brokers know. */
static void
begin(const char *lines)
{
  unlink(path_of("house.db"));
  unlink(path_of("log.csv"));
  broker_kill(h.broker);
  unlink(path_of("broker.db"));
  broker_configure(h.broker, lines);
  broker_restart(h.broker);
  put_retained(other, "");
  mqtt_watch_forget(h.watch);
}

/* ---- Runs ---------------------------------------------------------------- */

/* Does a run with the next reading, 0.1 GJ above the last one; returns the exit
 * status. */
static int
go(unsigned *tenths)
{
  char reading[32];

  ++*tenths;
  snprintf(reading, sizeof(reading), "%u.%u", 84 + *tenths / 10, *tenths % 10);
  mqtt_setup_run(&h, reading);
  return sandbox_status(h.s);
}

static void
end_case(const char *name, const char *wrong)
{
  sweep_add(SWEEP_RUNS, 1);
  if (!wrong)
    return;
  sweep_add(SWEEP_WRONG, 1);
  printf("%s: %s\n", name, wrong);
  fflush(stdout);
}

/* Does two runs without a fault.  Returns NULL, or the message of the first one
 * that fails. */
static const char *
recover(unsigned *tenths)
{
  static char text[1024];
  int status = go(tenths);

  if (status == EX_OK)
    status = go(tenths);
  if (status == EX_OK)
    return NULL;
  snprintf(text, sizeof(text), "status %d: %.900s", status, sandbox_err(h.s));
  return text;
}

/* Writes N tenths as a decimal. */
static const char *
tenths_text(char *buf, size_t size, unsigned n)
{
  snprintf(buf, size, "%u.%u", n / 10, n % 10);
  return buf;
}

/* ---- Cuts at every byte -------------------------------------------------- */

static const char *const ways[] = { "there", "back" };

static void
cut(const struct sweep *s, const char *about, enum proxy_what what,
    enum proxy_way way, size_t at)
{
  unsigned tenths = 5;
  bool hit = false;
  char name[160], total[32], sum[32];
  const char *wrong;

  snprintf(name, sizeof(name), "%s %s %s %zu", about,
           what == PROXY_CUT ? "cut" : "reset", ways[way], at);
  if (!sweep_wants(s, name))
    return;
  for (int i = 0; i < REACH_TRIES && !hit; i++) {
    go_back();
    tenths = 5;
    proxy_order(h.proxy, what, way, at);
    go(&tenths);
    hit = proxy_struck(h.proxy);
    proxy_order(h.proxy, PROXY_PASS, way, 0);
  }
  if (!hit)
    sweep_miss(name);
  sweep_add(SWEEP_CUTS, 1);
  wrong = recover(&tenths);
  if (!wrong)
    wrong = mqtt_setup_account(&h, tenths_text(total, sizeof(total), tenths),
                               tenths_text(sum, sizeof(sum), tenths - 5));
  end_case(name, wrong);
}

static void
sweep_cuts(const struct sweep *s, const char *about)
{
  unsigned tenths = 5, k = 0;
  size_t n[2];

  go_back();
  proxy_order(h.proxy, PROXY_PASS, PROXY_THERE, 0);
  go(&tenths);
  n[PROXY_THERE] = proxy_bytes(h.proxy, PROXY_THERE);
  n[PROXY_BACK] = proxy_bytes(h.proxy, PROXY_BACK);
  for (int way = 0; way < 2; way++)
    for (size_t at = 0; at < n[way]; at++)
      for (int what = PROXY_CUT; what <= PROXY_RESET; what++, k++)
        if (sweep_is_mine(s, k, SAMPLE_CUTS))
          cut(s, about, (enum proxy_what)what, (enum proxy_way)way, at);
}

/* A history of five cycles, in which the total reaches 0.5. */
static void
five_cycles(const char *about)
{
  unsigned tenths = 0;

  mqtt_setup_run(&h, "84.0");
  while (tenths < 5)
    if (go(&tenths) != EX_OK) {
      fprintf(stderr, "%s: cycle %u: %s\n", about, tenths, sandbox_err(h.s));
      exit(1);
    }
}

static void
sweep_moment(const struct sweep *s, enum base base, const struct variant *v)
{
  char about[96];

  snprintf(about, sizeof(about), "%s %s", bases[base].name, v->name);
  begin(FORGETS);
  write_pipeline(base, v);
  five_cycles(about);
  keep();
  sweep_cuts(s, about);
}

/* ---- Kills at every packet ----------------------------------------------- */

/* The proxy calls this at a packet.  The broker has time for the packets before
 * it. */
static bool
kill_broker(void *ctx)
{
  const bool *goes_on = ctx;

  usleep(2000);
  kill(broker_pid(h.broker), SIGKILL);
  return *goes_on;
}

/* How many cycles ago the broker saved its database; -1: it has none. */
static const int ages[] = { -1, 0, 1, 5 };

/* Returns the account, with or without the amount of the cycle FAULTY, if the
 * broker acknowledged it and the program could not know.  The broker forgot
 * it. */
static const char *
account_of_kill(unsigned tenths, bool goes_on)
{
  char total[32], sum[32];
  const char *wrong;

  tenths_text(total, sizeof(total), tenths);
  wrong = mqtt_setup_account(&h, total, total);
  if (!wrong || goes_on)
    return wrong;
  return mqtt_setup_account(&h, total,
                            tenths_text(sum, sizeof(sum), tenths + 1));
}

/* Does the history before a kill; the proxy's counts begin at its end. */
static unsigned
history(enum base base, const struct variant *v, int age)
{
  unsigned tenths = 0;

  begin(age < 0 ? FORGETS : KEEPS);
  write_pipeline(base, v);
  five_cycles(bases[base].name);
  tenths = 5;
  if (age >= 0)
    broker_save(h.broker);
  for (int i = 0; i < age; i++)
    go(&tenths);
  mqtt_watch_mark(h.watch);
  return tenths;
}

static void
kill_at(const struct sweep *s, enum base base, const struct variant *v, int age,
        enum proxy_way way, size_t packet, size_t at, bool goes_on)
{
  bool hit = false;
  unsigned tenths = 0;
  char name[160];
  const char *wrong;

  snprintf(name, sizeof(name), "%s %s kill %s %zu age %d%s", bases[base].name,
           v->name, ways[way], packet, age, goes_on ? " on" : "");
  if (!sweep_wants(s, name))
    return;
  for (int i = 0; i < REACH_TRIES && !hit; i++) {
    tenths = history(base, v, age);
    proxy_on_call(h.proxy, kill_broker, &goes_on);
    proxy_order(h.proxy, PROXY_CALL, way, at);
    go(&tenths);
    hit = proxy_struck(h.proxy);
    proxy_order(h.proxy, PROXY_PASS, way, 0);
  }
  if (!hit)
    sweep_miss(name);
  sweep_add(SWEEP_KILLS, 1);
  broker_kill(h.broker);
  broker_restart(h.broker);
  wrong = recover(&tenths);
  end_case(name, wrong ? wrong : account_of_kill(tenths, goes_on));
}

/* Returns how many packets of a run go in direction WAY, and where they
 * begin. */
static size_t
packets_of(enum proxy_way way, size_t *at, size_t max)
{
  size_t n = 0;

  while (n < max && mqtt_watch_packet(h.watch, way, n, &at[n]))
    n++;
  return n;
}

static void
sweep_kills(const struct sweep *s, enum base base, const struct variant *v)
{
  size_t at[2][64], n[2];
  unsigned tenths = history(base, v, -1), k = 0;

  go(&tenths);
  for (int way = 0; way < 2; way++)
    n[way] = packets_of((enum proxy_way)way, at[way], ARRAY_SIZE(at[way]));
  for (int way = 0; way < 2; way++)
    for (size_t i = 0; i < n[way]; i++)
      for (size_t a = 0; a < ARRAY_SIZE(ages); a++)
        for (int on = 0; on < 2; on++, k++)
          if (sweep_is_mine(s, k, SAMPLE_KILLS))
            kill_at(s, base, v, ages[a], (enum proxy_way)way, i, at[way][i],
                    on);
}

/* ---- The sweep ----------------------------------------------------------- */

static struct sweep *sweep;

START_TEST(all_cases)
{
  unsigned group = 0;

  mqtt_setup_build(&h, FORGETS);
  other = broker_start(h.s, "other", FORGETS);
  for (int base = 0; base < BASES; base++)
    for (size_t v = 0; v < ARRAY_SIZE(variants); v++) {
      if (sweep_begin_group(sweep, group++))
        sweep_moment(sweep, (enum base)base, &variants[v]);
      if (sweep_begin_group(sweep, group++))
        sweep_kills(sweep, (enum base)base, &variants[v]);
    }
  broker_free(other);
  mqtt_setup_leave(&h);
}
END_TEST

/* The setup is made for tests of libcheck: a worker is one. */
static void
work(struct sweep *s)
{
  Suite *suite = suite_create("faults mqtt");
  TCase *t = tcase_create("faults mqtt");
  SRunner *runner = srunner_create(suite);

  sweep = s;
  tcase_add_test(t, all_cases);
  suite_add_tcase(suite, t);
  srunner_set_fork_status(runner, CK_NOFORK);
  srunner_run_all(runner, CK_SILENT);
  if (srunner_ntests_failed(runner) > 0) {
    srunner_print(runner, CK_NORMAL);
    exit(1);
  }
  srunner_free(runner);
}

int
main(int argc, char **argv)
{
  if (!broker_is_there()) {
    puts("skipped: there is no mosquitto");
    return 77;
  }
  return sweep_main(argc, argv, work);
}
