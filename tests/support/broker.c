/* Runs mosquitto for tests, and talks to it through a Unix socket. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/broker.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/mqtt_packet.h"

#define MOSQUITTO "/usr/sbin/mosquitto"
#define PORT_TRIES 5
/* The limit of each wait for the broker. */
#define PATIENCE_MS 20000
#define REPEAT_MS 200

struct broker {
  struct sandbox *s;
  char name[32], *lines;
  unsigned port;
  pid_t pid; /* 0: does not run */
  char *retained;
};

bool
broker_is_there(void)
{
  return access(MOSQUITTO, X_OK) == 0 &&
         system("command -v mosquitto_sub >/dev/null") == 0;
}

/* Returns the path of the broker's file with SUFFIX; valid until the next
 * call. */
static const char *
path_of(const struct broker *b, const char *suffix)
{
  static char path[128];

  ck_assert_int_lt(
    snprintf(path, sizeof(path), "%s/%s%s", sandbox_dir(b->s), b->name, suffix),
    (int)sizeof(path));
  return path;
}

const char *
broker_log(struct broker *b)
{
  const char *log = sandbox_read(b->s, path_of(b, ".log"));

  return log ? log : "";
}

/* ---- The process ---- */

static unsigned
free_port(void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof(address);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  close(fd);
  return ntohs(address.sin_port);
}

/* Started by root, mosquitto would become a user who cannot enter the
 * sandbox. */
static void
write_config(struct broker *b)
{
  const char *anonymous =
    strstr(b->lines, "password_file") || strstr(b->lines, "allow_anonymous")
      ? ""
      : "allow_anonymous true\n";
  char name[64];

  snprintf(name, sizeof(name), "%s.conf", b->name);
  sandbox_write(b->s, name,
                "per_listener_settings true\nuser root\nlog_type all\n"
                "log_dest stderr\nset_tcp_nodelay true\n"
                "persistence_location %s/\npersistence_file %s.db\n"
                "listener 0 %s.sock\nallow_anonymous true\n"
                "listener %u 127.0.0.1\n%s%s",
                sandbox_dir(b->s), b->name, b->name, b->port, anonymous,
                b->lines);
}

/* Runs in the child.  The test has threads, so nothing here may allocate. */
static void
become_mosquitto(const char *dir, const char *config, const char *log_path)
{
  int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || chdir(dir) != 0 || log < 0 ||
      dup2(log, STDERR_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0)
    _exit(126);
  execl(MOSQUITTO, MOSQUITTO, "-c", config, (char *)NULL);
  _exit(127);
}

static bool
accepts(unsigned port)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  r = connect(fd, (struct sockaddr *)&address, sizeof(address));
  close(fd);
  return r == 0;
}

/* Returns whether the broker runs and accepts connections, false if it
 * ended. */
static bool
comes_up(struct broker *b)
{
  for (int i = 0; i < PATIENCE_MS; i++) {
    if (waitpid(b->pid, NULL, WNOHANG) == b->pid) {
      b->pid = 0;
      return false;
    }
    if (accepts(b->port))
      return true;
    usleep(1000);
  }
  ck_abort_msg("mosquitto does not listen: %s", broker_log(b));
  return false;
}

static bool
try_start(struct broker *b)
{
  char config[64], log[128];

  write_config(b);
  snprintf(config, sizeof(config), "%s.conf", b->name);
  snprintf(log, sizeof(log), "%s", path_of(b, ".log"));
  b->pid = fork();
  ck_assert_int_ge(b->pid, 0);
  if (b->pid == 0)
    become_mosquitto(sandbox_dir(b->s), config, log);
  return comes_up(b);
}

struct broker *
broker_start(struct sandbox *s, const char *name, const char *lines)
{
  struct broker *b = calloc(1, sizeof(*b));
  bool up = false;

  ck_assert_ptr_nonnull(b);
  b->s = s;
  snprintf(b->name, sizeof(b->name), "%s", name);
  b->lines = strdup(lines);
  /* Another program may take the port in between. */
  for (int i = 0; i < PORT_TRIES && !up; i++) {
    b->port = free_port();
    up = try_start(b);
  }
  ck_assert_msg(up, "mosquitto ended: %s", broker_log(b));
  return b;
}

void
broker_restart(struct broker *b)
{
  ck_assert_int_eq(b->pid, 0);
  ck_assert_msg(try_start(b), "mosquitto ended: %s", broker_log(b));
}

void
broker_configure(struct broker *b, const char *lines)
{
  free(b->lines);
  b->lines = strdup(lines);
}

/* mosquitto forgets a signal that comes between its first connection and its
 * main loop, so the signal is repeated. */
static void
end(struct broker *b, int sig)
{
  if (b->pid == 0)
    return;
  for (int ms = 0; waitpid(b->pid, NULL, WNOHANG) == 0; ms++) {
    if (ms % REPEAT_MS == 0)
      kill(b->pid, sig);
    usleep(1000);
  }
  b->pid = 0;
}

void
broker_stop(struct broker *b)
{
  end(b, SIGTERM);
}

void
broker_kill(struct broker *b)
{
  end(b, SIGKILL);
}

void
broker_free(struct broker *b)
{
  if (!b)
    return;
  broker_kill(b);
  free(b->lines);
  free(b->retained);
  free(b);
}

unsigned
broker_port(const struct broker *b)
{
  return b->port;
}

pid_t
broker_pid(const struct broker *b)
{
  return b->pid;
}

/* Returns how often the broker logged TEXT. */
static unsigned
times_logged(struct broker *b, const char *text)
{
  unsigned n = 0;

  for (const char *at = broker_log(b); (at = strstr(at, text)); at++)
    n++;
  return n;
}

void
broker_reload(struct broker *b)
{
  unsigned before = times_logged(b, "Reloading config");

  kill(b->pid, SIGHUP);
  for (int i = 0; times_logged(b, "Reloading config") == before; i++) {
    ck_assert_int_lt(i, PATIENCE_MS);
    usleep(1000);
  }
  /* It reads the files after that line, and answers nobody before. */
  broker_retained(b, "nothing");
}

/* The broker replaces the file when it is complete. */
void
broker_save(struct broker *b)
{
  struct stat st = { 0 };
  ino_t before;

  stat(path_of(b, ".db"), &st);
  before = st.st_ino;
  kill(b->pid, SIGUSR1);
  for (int i = 0; st.st_ino == before; i++) {
    ck_assert_int_lt(i, PATIENCE_MS);
    usleep(1000);
    stat(path_of(b, ".db"), &st);
  }
}

void
broker_add_user(struct sandbox *s, const char *name, const char *user,
                const char *password)
{
  char command[512];

  snprintf(command, sizeof(command),
           "cd '%s' && touch '%s' && mosquitto_passwd -b '%s' '%s' '%s' "
           "2>passwd.log",
           sandbox_dir(s), name, name, user, password);
  ck_assert_int_eq(system(command), 0);
}

/* ---- The test's own client ---- */

struct client {
  int fd;
  uint8_t buf[262144];
  size_t len, used; /* received; parsed */
};

static void
send_packet(struct client *c, struct mqtt_writer *w, unsigned type,
            unsigned flags)
{
  mqtt_finish(w, type, flags);
  ck_assert_int_eq(send(c->fd, w->buf, w->len, MSG_NOSIGNAL), (ssize_t)w->len);
}

/* Waits for the next packet, which lives until the next call. */
static struct mqtt_packet
receive(struct client *c)
{
  struct mqtt_packet packet;
  ssize_t n;

  memmove(c->buf, c->buf + c->used, c->len - c->used);
  c->len -= c->used;
  while (!mqtt_packet_parse(c->buf, c->len, &packet)) {
    ck_assert_uint_lt(c->len, sizeof(c->buf));
    n = recv(c->fd, c->buf + c->len, sizeof(c->buf) - c->len, 0);
    ck_assert_msg(n > 0, "mosquitto does not answer the test: %s",
                  n ? strerror(errno) : "end of connection");
    c->len += (size_t)n;
  }
  c->used = packet.size;
  return packet;
}

static struct client *
client_open(struct broker *b)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
  struct client *c = calloc(1, sizeof(*c));
  struct mqtt_writer w = { .len = 0 };

  ck_assert_ptr_nonnull(c);
  snprintf(address.sun_path, sizeof(address.sun_path), "%s",
           path_of(b, ".sock"));
  c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(connect(c->fd, (struct sockaddr *)&address, sizeof(address)),
                   0);
  setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  mqtt_put_text(&w, "MQTT");
  mqtt_put_byte(&w, MQTT_5);
  mqtt_put_byte(&w, 2); /* clean start */
  mqtt_put_number(&w, 60);
  mqtt_put_byte(&w, 0);
  mqtt_put_text(&w, "");
  send_packet(c, &w, MQTT_CONNECT, 0);
  ck_assert_uint_eq(receive(c).type, MQTT_CONNACK);
  return c;
}

static void
client_close(struct client *c)
{
  struct mqtt_writer w = { .len = 0 };

  send_packet(c, &w, MQTT_DISCONNECT, 0);
  close(c->fd);
  free(c);
}

void
broker_publish(struct broker *b, const char *topic, const char *payload)
{
  struct client *c = client_open(b);
  struct mqtt_writer w = { .len = 0 };
  struct mqtt_packet packet;
  unsigned reason;

  mqtt_put_text(&w, topic);
  mqtt_put_number(&w, 1);
  mqtt_put_byte(&w, 0);
  mqtt_put_bytes(&w, payload, strlen(payload));
  send_packet(c, &w, MQTT_PUBLISH, 1 << 1 | 1);
  packet = receive(c);
  ck_assert_uint_eq(packet.type, MQTT_PUBACK);
  mqtt_puback_parse(&packet, &reason);
  ck_assert_uint_lt(reason, 0x80);
  client_close(c);
}

static int
compare_lines(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Joins and frees the N lines. */
static char *
join_sorted(char **lines, size_t n)
{
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);

  ck_assert_ptr_nonnull(f);
  if (n > 0)
    qsort(lines, n, sizeof(*lines), compare_lines);
  for (size_t i = 0; i < n; i++) {
    fputs(lines[i], f);
    free(lines[i]);
  }
  free(lines);
  fclose(f);
  return text;
}

static char *
line_of(const struct mqtt_packet *packet)
{
  struct mqtt_publish publish;
  char *line;

  ck_assert(mqtt_publish_parse(packet, MQTT_5, &publish));
  ck_assert_int_ge(asprintf(&line, "%s %.*s%s%s%s\n", publish.topic,
                            (int)publish.payload_len, publish.payload,
                            publish.id[0] ? " id=" : "", publish.id,
                            publish.expiry ? " expiry" : ""),
                   0);
  return line;
}

/* Asks for the messages of FILTER, and after them for the end of their
 * subscription: the answer to that ends them. */
static void
subscribe(struct client *c, const char *filter)
{
  struct mqtt_writer w = { .len = 0 };

  mqtt_put_number(&w, 1);
  mqtt_put_byte(&w, 0);
  mqtt_put_text(&w, filter);
  mqtt_put_byte(&w, 0);
  send_packet(c, &w, MQTT_SUBSCRIBE, 2);
  w.len = 0;
  mqtt_put_number(&w, 2);
  mqtt_put_byte(&w, 0);
  mqtt_put_text(&w, filter);
  send_packet(c, &w, MQTT_UNSUBSCRIBE, 2);
}

/* Adds LINE to the N lines, which it replaces. */
static char **
add_line(char **lines, size_t n, char *line)
{
  char **more = realloc(lines, (n + 1) * sizeof(*lines));

  if (!more)
    abort();
  more[n] = line;
  return more;
}

const char *
broker_retained(struct broker *b, const char *filter)
{
  struct client *c = client_open(b);
  struct mqtt_packet packet = { .type = MQTT_SUBSCRIBE };
  char **lines = NULL;
  size_t n = 0;

  subscribe(c, filter);
  while (packet.type != MQTT_UNSUBACK) {
    packet = receive(c);
    if (packet.type == MQTT_PUBLISH) {
      lines = add_line(lines, n, line_of(&packet));
      n++;
    }
  }
  client_close(c);
  free(b->retained);
  b->retained = join_sorted(lines, n);
  return b->retained;
}
