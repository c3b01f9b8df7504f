/*
 * Simulates a fleet: 20 pipelines of 50 emulated meters on two hosts, which
 * publish to a real mosquitto; with --all.  Otherwise 4 pipelines of 10 meters.
 * The second round has two brokers, bridged.
 *
 * The broker is killed while runs publish, 5 % of the connections to meters and
 * broker are reset, runs are killed, and the state of a host is moved to
 * another directory.
 *
 * mosquitto_sub is the subscriber; its books are its output.  At the end, the
 * total of each meter there is what its counter has counted, and each amount
 * whose acknowledgement passed the proxy is in the books with one value.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/remove_tree.h"
#include "plugins/kmp/emulator/meter.h"
#include "tests/fleet/crowd.h"
#include "tests/support/mqtt_packet.h"

#define MOSQUITTO "/usr/sbin/mosquitto"
#define MAX_METERS 1000
#define MAX_PIPELINES 20
#define AT_ONCE 4 /* runs at the same time */
#define RESET_PERCENT 5
#define PATIENCE_MS 30000
#define HOUR 3600
#define RECOVERY_RUNS 6

/* ---- Sizes ----------------------------------------------------------------
 */

struct size {
  unsigned pipelines, meters, cycles, kills;
};

static const struct size whole = { 20, 50, 5, 20 };
static const struct size sample = { 4, 10, 4, 4 };

/* An amount whose PUBLISH the proxy passed on. */
struct amount {
  char *key; /* topic and id */
  bool acknowledged;
};

struct books {
  struct entry {
    char *key, *value;
  } * amounts;
  size_t n_amounts;
  char totals[MAX_METERS][32];
};

struct fleet {
  struct size size;
  char dir[64];
  struct crowd *crowd;
  struct meter *meters[MAX_METERS];
  unsigned device[MAX_METERS];
  int64_t first[MAX_METERS], counter[MAX_METERS]; /* in 0.001 GJ */
  unsigned host[MAX_PIPELINES];
  unsigned ports[2], door, brokers;
  pid_t broker[2], subscriber;
  unsigned seed, runs, killed, broker_kills, moves, failed, violations;
  long max_kib;
  int64_t now;
  /* Written by the thread of the proxy. */
  pthread_mutex_t lock;
  struct amount *sent;
  size_t n_sent, messages, acknowledged;
};

static struct fleet f;

__attribute__((noreturn)) static void
die(const char *what)
{
  fprintf(stderr, "fleet: %s: %s\n", what, strerror(errno));
  exit(99);
}

__attribute__((format(printf, 1, 2))) static void
violation(const char *fmt, ...)
{
  va_list args;

  if (++f.violations > 20)
    return;
  va_start(args, fmt);
  fputs("violation: ", stdout);
  vprintf(fmt, args);
  va_end(args);
  putchar('\n');
}

static unsigned
draw(unsigned below)
{
  return (unsigned)rand_r(&f.seed) % below;
}

static unsigned
n_meters(void)
{
  return f.size.pipelines * f.size.meters;
}

static void *
grow(void *list, size_t n, size_t size)
{
  /* Doubles at each power of two. */
  if (n & (n - 1))
    return list;
  list = realloc(list, (n ? 2 * n : 1) * size);
  if (!list)
    die("memory");
  return list;
}

__attribute__((format(printf, 2, 3))) static FILE *
create(const char *mode, const char *fmt, ...)
{
  char path[256];
  va_list args;
  FILE *file;

  va_start(args, fmt);
  vsnprintf(path, sizeof(path), fmt, args);
  va_end(args);
  file = fopen(path, mode);
  if (!file)
    die(path);
  return file;
}

/* ---- The proxy's account ------------------------------------------------- */

/* Copies the member KEY of a JSON object of one level; false: it has none. */
static bool
member(const char *json, const char *key, char *buf, size_t size)
{
  char text[32];
  const char *at;

  snprintf(text, sizeof(text), "\"%s\":", key);
  at = strstr(json, text);
  if (!at)
    return false;
  at += strlen(text);
  at += *at == '"';
  snprintf(buf, size, "%.*s", (int)strcspn(at, "\",}"), at);
  return true;
}

struct connection {
  unsigned level;
  uint8_t buf[2][65536];
  size_t len[2];
  size_t message[65536]; /* by packet identifier: index in sent + 1 */
};

static void
see_publish(struct connection *c, const struct mqtt_packet *packet)
{
  struct mqtt_publish publish;
  char *key, *payload, id[96];

  if (!mqtt_publish_parse(packet, c->level, &publish))
    die("a PUBLISH is malformed");
  f.messages++;
  if (!strstr(publish.topic, "_usage") || publish.payload_len == 0)
    return;
  payload = strndup(publish.payload, publish.payload_len);
  if (!payload || !member(payload, "id", id, sizeof(id)) ||
      asprintf(&key, "%s %s", publish.topic, id) < 0)
    die("a state has no id");
  free(payload);
  f.sent = grow(f.sent, f.n_sent, sizeof(*f.sent));
  f.sent[f.n_sent++] = (struct amount){ .key = key };
  c->message[publish.packet_id] = f.n_sent;
}

static void
see_packet(struct connection *c, bool there, const struct mqtt_packet *packet)
{
  unsigned reason, id;

  if (there && packet->type == MQTT_CONNECT)
    c->level = mqtt_connect_level(packet);
  if (there && packet->type == MQTT_PUBLISH)
    see_publish(c, packet);
  if (there || packet->type != MQTT_PUBACK)
    return;
  id = mqtt_puback_parse(packet, &reason);
  f.acknowledged += reason < 0x80;
  if (c->message[id] && reason < 0x80)
    f.sent[c->message[id] - 1].acknowledged = true;
  c->message[id] = 0;
}

static void
see_bytes(void *ctx, void **state, bool there, const uint8_t *buf, size_t len)
{
  struct connection *c = *state;
  struct mqtt_packet packet;
  size_t used = 0;

  (void)ctx;
  if (!c)
    *state = c = calloc(1, sizeof(*c));
  if (!c || len > sizeof(c->buf[there]) - c->len[there])
    die("a packet is too long");
  memcpy(c->buf[there] + c->len[there], buf, len);
  c->len[there] += len;
  pthread_mutex_lock(&f.lock);
  while (
    mqtt_packet_parse(c->buf[there] + used, c->len[there] - used, &packet)) {
    see_packet(c, there, &packet);
    used += packet.size;
  }
  pthread_mutex_unlock(&f.lock);
  c->len[there] -= used;
  memmove(c->buf[there], c->buf[there] + used, c->len[there]);
}

static size_t
messages_now(void)
{
  size_t n;

  pthread_mutex_lock(&f.lock);
  n = f.messages;
  pthread_mutex_unlock(&f.lock);
  return n;
}

/* ---- Brokers and subscriber ---------------------------------------------- */

/* Starts a program that ends with this one; its output goes to LOG.
 * With DIR, it runs there, at the time of the simulation. */
static pid_t
spawn(const char *const *words, const char *log, const char *dir)
{
  pid_t parent = getpid(), pid = fork();
  char clock[32];
  int fd;

  if (pid < 0)
    die("fork");
  if (pid > 0)
    return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (getppid() != parent || fd < 0)
    _exit(98);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  if (dir) {
    if (chdir(dir) != 0)
      _exit(98);
    snprintf(clock, sizeof(clock), "%" PRId64, f.now);
    setenv("TEST_CLOCK", clock, 1);
    setenv("LD_PRELOAD", getenv("CLOCK_PRELOAD"), 1);
  }
  execvp(words[0], (char *const *)(uintptr_t)words);
  _exit(98);
}

static unsigned
free_port(void)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  socklen_t len = sizeof(at);
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&at, len) != 0 ||
      getsockname(fd, (struct sockaddr *)&at, &len) != 0)
    die("bind");
  close(fd);
  return ntohs(at.sin_port);
}

static void
wait_for_port(unsigned port)
{
  struct sockaddr_in to = { .sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port) };

  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < PATIENCE_MS / 10; i++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = connect(fd, (struct sockaddr *)&to, sizeof(to));

    close(fd);
    if (r == 0)
      return;
    usleep(10000);
  }
  die("the broker does not answer");
}

static void
start_broker(unsigned i)
{
  char config[128], log[128];
  const char *words[] = { MOSQUITTO, "-c", config, NULL };

  snprintf(config, sizeof(config), "%s/broker%u.conf", f.dir, i);
  snprintf(log, sizeof(log), "%s/broker%u.log", f.dir, i);
  f.broker[i] = spawn(words, log, NULL);
  wait_for_port(f.ports[i]);
}

/* The queue has room for all messages of a cycle.  With a limit of messages in
 * flight (20 by default, and in a subscriber of MQTT 5), the broker
 * acknowledges a message that it has not sent to the subscriber yet, and loses
 * it when it is killed. */
static void
write_broker(unsigned i)
{
  FILE *file = create("w", "%s/broker%u.conf", f.dir, i);

  fprintf(file,
          "user root\nlistener %u 127.0.0.1\nallow_anonymous true\n"
          "persistence true\npersistence_location %s/\n"
          "persistence_file broker%u.db\nautosave_interval 1\n"
          "max_queued_messages 100000\nmax_inflight_messages "
          "0\nset_tcp_nodelay true\n",
          f.ports[i], f.dir, i);
  if (i == 0 && f.brokers == 2)
    fprintf(file,
            "connection centre\naddress 127.0.0.1:%u\n"
            "bridge_protocol_version mqttv50\ncleansession false\n"
            "restart_timeout 1\ntopic fleet/# out 1\n",
            f.ports[1]);
  fclose(file);
}

static void
start_subscriber(void)
{
  char port[16], log[128];
  const char *words[] = { "mosquitto_sub",
                          "-h",
                          "127.0.0.1",
                          "-p",
                          port,
                          "-V",
                          "311",
                          "-q",
                          "1",
                          "-c",
                          "-i",
                          "books",
                          "-t",
                          "fleet/#",
                          "-F",
                          "%t %p",
                          NULL };

  snprintf(port, sizeof(port), "%u", f.ports[f.brokers - 1]);
  snprintf(log, sizeof(log), "%s/books", f.dir);
  f.subscriber = spawn(words, log, NULL);
}

/* Publishes MARK, and waits until it is in the books: the subscriber is
 * connected, and has all earlier messages. */
static void
wait_for_subscriber(const char *mark)
{
  char command[512];

  snprintf(command, sizeof(command),
           "for i in $(seq 300); do"
           " mosquitto_pub -h 127.0.0.1 -p %u -q 1 -t fleet/mark -m %s"
           " 2>>%s/errors;"
           " grep -q '^fleet/mark %s' %s/books && exit 0; sleep 0.1; done;"
           " exit 1",
           f.ports[0], mark, f.dir, mark, f.dir);
  if (system(command) != 0)
    die("the subscriber does not receive");
}

static void
kill_broker(void)
{
  kill(f.broker[0], SIGKILL);
  waitpid(f.broker[0], NULL, 0);
  f.broker_kills++;
  start_broker(0);
}

/* ---- Meters and pipelines ------------------------------------------------ */

static void
count_on(void)
{
  char text[64];

  for (unsigned i = 0; i < n_meters(); i++) {
    f.counter[i] += 1 + draw(90);
    snprintf(text, sizeof(text), "60=%" PRId64 ".%03" PRId64 "GJ",
             f.counter[i] / 1000, f.counter[i] % 1000);
    meter_set(f.meters[i], text);
  }
}

static void
start_meters(void)
{
  const char *why, *port;
  char text[64];

  for (unsigned i = 0; i < n_meters(); i++) {
    f.meters[i] = meter_new();
    if (!f.meters[i] || meter_listen(f.meters[i], "127.0.0.1", 0, &why) != 0 ||
        meter_serve(f.meters[i]) != 0)
      die("meter");
    snprintf(text, sizeof(text), "1001=%u", METER_FIRST_SERIAL + i);
    meter_set(f.meters[i], text);
    port = strrchr(meter_path(f.meters[i]), ':') + 1;
    f.device[i] =
      crowd_add(f.crowd, (unsigned)strtoul(port, NULL, 10), 40, NULL, NULL);
    f.counter[i] = 10000 + draw(1000000);
  }
}

static void
write_pipeline(unsigned p)
{
  FILE *file = create("w", "%s/host%u/p%02u.csv", f.dir, f.host[p], p);

  fputs("name,device\n", file);
  for (unsigned i = p * f.size.meters; i < (p + 1) * f.size.meters; i++)
    fprintf(file, "m%04u,tcp://127.0.0.1:%u\n", i, f.device[i]);
  fclose(file);
  file = create("w", "%s/host%u/p%02u.ini", f.dir, f.host[p], p);
  fprintf(file,
          "[pipeline]\nstate_dir = %s\n[fleet]\nlist = p%02u.csv\n"
          "[input {name}]\nplugin = kmp\ndevice = {device}\n"
          "fields = heat_energy_e1\n"
          "[transform {name}_usage]\nplugin = subtract\n"
          "value = {name}.heat_energy_e1\nminus = bus.{name}_energy\n"
          "[transform {name}_total]\nplugin = add\nvalue = {name}_usage\n"
          "plus = bus.{name}_total\n"
          "[output bus]\nplugin = mqtt\nurl = mqtt://127.0.0.1:%u\n"
          "topic = fleet/p%02u\ndiscovery = off\n"
          "sensor.{name}_energy = {name}.heat_energy_e1\n"
          "sensor.{name}_usage = {name}_usage\n"
          "sensor.{name}_total = {name}_total\n",
          f.moves > 0 && f.host[p] == 0 ? "../moved" : "state", p, f.door, p);
  fclose(file);
}

static void
make_hosts(void)
{
  char path[128];

  for (unsigned host = 0; host < 2; host++) {
    snprintf(path, sizeof(path), "%s/host%u", f.dir, host);
    if (mkdir(path, 0700) != 0)
      die(path);
    strncat(path, "/state", sizeof(path) - strlen(path) - 1);
    if (mkdir(path, 0700) != 0)
      die(path);
  }
  for (unsigned p = 0; p < f.size.pipelines; p++) {
    f.host[p] = p % 2;
    write_pipeline(p);
  }
}

/* Moves the state of host 0 to another directory.  The paths of the pipeline
 * files stay, as on a new host that gets the same files: a state belongs to
 * one. */
static void
move_state(void)
{
  char command[512];

  snprintf(command, sizeof(command),
           "cp -a %s/host0/state %s/moved && rm -r %s/host0/state", f.dir,
           f.dir, f.dir);
  if (system(command) != 0)
    die("cp");
  f.moves++;
  for (unsigned p = 0; p < f.size.pipelines; p++)
    write_pipeline(p);
}

/* ---- Runs ---------------------------------------------------------------- */

static pid_t
start_run(unsigned p)
{
  char config[16], log[128], dir[128];
  const char *words[] = { getenv("METERPIPE"), "run", "-c", config, NULL };

  snprintf(dir, sizeof(dir), "%s/host%u", f.dir, f.host[p]);
  snprintf(config, sizeof(config), "p%02u.ini", p);
  snprintf(log, sizeof(log), "%s/p%02u.log", f.dir, p);
  f.runs++;
  return spawn(words, log, dir);
}

struct job {
  pid_t pid;
  unsigned pipeline;
  int64_t kill_at_ms; /* 0: not */
};

static int64_t
now_ms(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* Reaps the run of JOB if it has ended; kills it when its time has come.
 * Returns whether it has ended, with its status. */
static bool
job_ended(struct job *job, int *ret_status)
{
  struct rusage usage;
  int status;

  if (job->kill_at_ms && now_ms() >= job->kill_at_ms) {
    kill(job->pid, SIGKILL);
    job->kill_at_ms = 0;
  }
  if (wait4(job->pid, &status, WNOHANG, &usage) != job->pid)
    return false;
  if (usage.ru_maxrss > f.max_kib)
    f.max_kib = usage.ru_maxrss;
  f.killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  f.failed += WIFEXITED(status) && WEXITSTATUS(status) != 0;
  *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  job->pid = 0;
  return true;
}

/* Runs the pipelines for which WANTED is set, AT_ONCE at a time, and kills
 * KILLS of them.  With BREAK_AT, kills the broker after that many messages.
 * Clears WANTED for those that end with 0. */
static void
run_all(bool *wanted, unsigned kills, size_t break_at)
{
  struct job jobs[AT_ONCE] = { 0 };
  unsigned next = 0, active = 0;
  int status;

  do {
    for (unsigned i = 0; i < AT_ONCE; i++) {
      if (jobs[i].pid && job_ended(&jobs[i], &status)) {
        active--;
        if (status == 0)
          wanted[jobs[i].pipeline] = false;
      }
      while (next < f.size.pipelines && !wanted[next])
        next++;
      if (jobs[i].pid || next >= f.size.pipelines)
        continue;
      jobs[i] = (struct job){ .pid = start_run(next), .pipeline = next };
      if (kills > 0 && draw(f.size.pipelines - next) < kills) {
        kills--;
        jobs[i].kill_at_ms = now_ms() + 20 + draw(400);
      }
      next++;
      active++;
    }
    if (break_at && messages_now() >= break_at) {
      kill_broker();
      break_at = 0;
    }
    usleep(2000);
  } while (active > 0 || next < f.size.pipelines);
}

static void
want_all(bool *wanted)
{
  for (unsigned p = 0; p < MAX_PIPELINES; p++)
    wanted[p] = p < f.size.pipelines;
}

static void
cycle(unsigned n)
{
  bool wanted[MAX_PIPELINES];
  bool quiet = n == 0;
  size_t break_at = 0;
  unsigned kills = 0, left = n < f.size.cycles ? f.size.cycles - n : 1;

  f.now += HOUR;
  count_on();
  want_all(wanted);
  if (!quiet)
    kills = (f.size.kills - f.killed + left - 1) / left;
  if (n == f.size.cycles / 2)
    break_at = messages_now() + n_meters() * 3 / 2;
  crowd_set_resets(f.crowd, quiet ? 0 : RESET_PERCENT);
  run_all(wanted, kills, break_at);
  /* The account begins with a reading that each pipeline has delivered: on a
   * busy machine, a first run can fail. */
  for (int i = 0; quiet && i < RECOVERY_RUNS; i++)
    run_all(wanted, 0, 0);
}

/* Does cycles without faults until each pipeline has ended with 0 in two of
 * them. */
static void
recover(void)
{
  bool wanted[MAX_PIPELINES];

  crowd_set_resets(f.crowd, 0);
  for (int twice = 0; twice < 2; twice++) {
    f.now += HOUR;
    count_on();
    want_all(wanted);
    for (int i = 0; i < RECOVERY_RUNS; i++) {
      run_all(wanted, 0, 0);
      f.now += HOUR;
    }
    for (unsigned p = 0; p < f.size.pipelines; p++)
      if (wanted[p])
        violation("pipeline p%02u does not end with 0 after the faults", p);
  }
}

/* ---- The account --------------------------------------------------------- */

static void
read_line(struct books *b, char *line)
{
  char *topic = strsep(&line, " "), value[32], id[96];
  struct entry *entry;
  unsigned i;

  if (!line || sscanf(topic, "fleet/p%*u/m%u_", &i) != 1 || i >= n_meters() ||
      !member(line, "value", value, sizeof(value)) ||
      !member(line, "id", id, sizeof(id)))
    return;
  if (strstr(topic, "_total"))
    memcpy(b->totals[i], value, sizeof(value));
  if (!strstr(topic, "_usage"))
    return;
  b->amounts = grow(b->amounts, b->n_amounts, sizeof(*b->amounts));
  entry = &b->amounts[b->n_amounts++];
  if (asprintf(&entry->key, "%s %s", topic, id) < 0)
    die("memory");
  entry->value = strdup(value);
}

static int
compare_entries(const void *a, const void *b)
{
  return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static void
read_books(struct books *b)
{
  FILE *file = create("r", "%s/books", f.dir);
  char *line = NULL;
  size_t size = 0;

  while (getline(&line, &size, file) > 0)
    read_line(b, line);
  free(line);
  fclose(file);
  if (b->n_amounts > 0)
    qsort(b->amounts, b->n_amounts, sizeof(*b->amounts), compare_entries);
}

/* Returns the thousandths of TEXT; -1: it is not a number. */
static int64_t
thousandths(const char *text)
{
  char *end;
  int64_t n = strtoll(text, &end, 10) * 1000, unit = 100;

  if (end == text)
    return -1;
  if (*end == '.')
    for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
      n += unit * (*end - '0');
  return *end ? -1 : n;
}

static void
check_totals(const struct books *b)
{
  for (unsigned i = 0; i < n_meters(); i++)
    if (thousandths(b->totals[i]) != f.counter[i] - f.first[i])
      violation("m%04u: the total is \"%s\", and must be %" PRId64 " / 1000", i,
                b->totals[i], f.counter[i] - f.first[i]);
}

/* Returns the number of different amounts. */
static size_t
check_amounts(const struct books *b)
{
  size_t different = b->n_amounts > 0;

  for (size_t i = 1; i < b->n_amounts; i++) {
    if (strcmp(b->amounts[i].key, b->amounts[i - 1].key) != 0)
      different++;
    else if (strcmp(b->amounts[i].value, b->amounts[i - 1].value) != 0)
      violation("%s has the values %s and %s", b->amounts[i].key,
                b->amounts[i - 1].value, b->amounts[i].value);
  }
  for (size_t i = 0; i < f.n_sent; i++) {
    struct entry key = { .key = f.sent[i].key };

    if (f.sent[i].acknowledged &&
        (b->n_amounts == 0 || !bsearch(&key, b->amounts, b->n_amounts,
                                       sizeof(key), compare_entries)))
      violation("%s was acknowledged, and the subscriber does not have it",
                f.sent[i].key);
  }
  return different;
}

static void
check_faults(void)
{
  if (f.killed != f.size.kills)
    violation("%u runs were killed, of %u", f.killed, f.size.kills);
  if (crowd_count(f.crowd).resets == 0)
    violation("no connection was reset");
  if (f.broker_kills != 1 || f.moves != 1)
    violation("the broker was not killed once, or no state moved");
}

/* ---- Rounds -------------------------------------------------------------- */

static void
begin(void)
{
  snprintf(f.dir, sizeof(f.dir), "/tmp/fleet.XXXXXX");
  if (!mkdtemp(f.dir))
    die("mkdtemp");
  f.crowd = crowd_start(f.seed);
  for (unsigned i = 0; i < f.brokers; i++)
    f.ports[i] = free_port();
  for (unsigned i = 0; i < f.brokers; i++)
    write_broker(i);
  for (unsigned i = f.brokers; i-- > 0;)
    start_broker(i);
  f.door = crowd_add(f.crowd, f.ports[0], 8000, see_bytes, NULL);
  start_subscriber();
  start_meters();
  make_hosts();
  wait_for_subscriber("begin");
}

static void
end(void)
{
  crowd_stop(f.crowd);
  for (unsigned i = 0; i < n_meters(); i++)
    meter_stop(f.meters[i]);
  kill(f.subscriber, SIGKILL);
  for (unsigned i = 0; i < f.brokers; i++)
    kill(f.broker[i], SIGKILL);
  if (f.violations > 0)
    printf("the logs are in %s\n", f.dir);
  else
    remove_tree(f.dir);
}

static int
play_round(void)
{
  struct books books = { 0 };
  int64_t start = now_ms();
  size_t different;

  f.now = 1795341600;
  pthread_mutex_init(&f.lock, NULL);
  begin();
  /* A run can end before it is killed. */
  for (unsigned n = 0;
       n < f.size.cycles || (f.killed < f.size.kills && n < 4 * f.size.cycles);
       n++) {
    cycle(n);
    if (n == 0)
      memcpy(f.first, f.counter, sizeof(f.first));
    if (n == f.size.cycles / 2)
      wait_for_subscriber("restarted");
    if (n == f.size.cycles / 2 + 1)
      move_state();
  }
  recover();
  wait_for_subscriber("end");
  read_books(&books);
  check_totals(&books);
  different = check_amounts(&books);
  check_faults();
  printf("%u broker%s: %u meters, %u pipelines; %u runs, %zu messages, %zu "
         "acknowledged, %zu amounts in the books\n"
         "  faults: %u of %u connections reset, %u runs killed, %u broker "
         "killed, %u state moved; %u runs ended with an error\n"
         "  %u violations; %.1f s, a run had at most %ld KiB\n",
         f.brokers, f.brokers > 1 ? "s" : "", n_meters(), f.size.pipelines,
         f.runs, f.messages, f.acknowledged, different,
         crowd_count(f.crowd).resets, crowd_count(f.crowd).connections,
         f.killed, f.broker_kills, f.moves, f.failed, f.violations,
         (double)(now_ms() - start) / 1000, f.max_kib);
  end();
  return f.violations > 0;
}

/* Each round is a process, whose files and threads end with it. */
int
main(int argc, char **argv)
{
  struct rlimit files;
  int status = 0, one;

  if (access(MOSQUITTO, X_OK) != 0 ||
      system("command -v mosquitto_sub >/dev/null") != 0) {
    puts("skipped: there is no mosquitto");
    return 77;
  }
  f.size = argc > 1 && strcmp(argv[1], "--all") == 0 ? whole : sample;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (f.brokers = 1; f.brokers <= 2; f.brokers++) {
    pid_t pid;

    f.seed = f.brokers;
    fflush(stdout);
    pid = fork();
    if (pid == 0)
      exit(play_round());
    if (pid < 0 || waitpid(pid, &one, 0) != pid || one != 0)
      status = 1;
  }
  return status;
}
