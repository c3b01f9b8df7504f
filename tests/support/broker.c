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

#include "tests/support/daemon.h"
#include "tests/support/mqtt_packet.h"
#include "tests/support/times_in.h"

#define MOSQUITTO "/usr/sbin/mosquitto"
/* The limit of each wait for the broker. */
#define PATIENCE_MS 20000

struct broker {
  struct sandbox *s;
  struct daemon *daemon;
  const char *words[4];
  char name[32], config[64];
  char *lines;
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
  return daemon_log(b->daemon);
}

/* ---- The process ---- */

/* Started by root, mosquitto would become a user who cannot enter the
 * sandbox. */
static void
write_config(void *ctx, unsigned port)
{
  struct broker *b = ctx;
  const char *anonymous =
    strstr(b->lines, "password_file") || strstr(b->lines, "allow_anonymous")
      ? ""
      : "allow_anonymous true\n";
  sandbox_write(b->s, b->config,
                "per_listener_settings true\nuser root\nlog_type all\n"
                "log_dest stderr\nset_tcp_nodelay true\n"
                "persistence_location %s/\npersistence_file %s.db\n"
                "listener 0 %s.sock\nallow_anonymous true\n"
                "listener %u 127.0.0.1\n%s%s",
                sandbox_dir(b->s), b->name, b->name, port, anonymous, b->lines);
}

struct broker *
broker_start(struct sandbox *s, const char *name, const char *lines)
{
  struct broker *b = calloc(1, sizeof(*b));

  ck_assert_ptr_nonnull(b);
  b->s = s;
  snprintf(b->name, sizeof(b->name), "%s", name);
  snprintf(b->config, sizeof(b->config), "%s.conf", name);
  b->words[0] = MOSQUITTO;
  b->words[1] = "-c";
  b->words[2] = b->config;
  b->lines = strdup(lines);
  b->daemon = daemon_start(s, name, b->words, write_config, b);
  return b;
}

void
broker_configure(struct broker *b, const char *lines)
{
  free(b->lines);
  b->lines = strdup(lines);
}

void
broker_restart(struct broker *b)
{
  daemon_restart(b->daemon);
}

void
broker_stop(struct broker *b)
{
  daemon_stop(b->daemon);
}

void
broker_kill(struct broker *b)
{
  daemon_kill(b->daemon);
}

void
broker_free(struct broker *b)
{
  if (!b)
    return;
  daemon_free(b->daemon);
  free(b->lines);
  free(b->retained);
  free(b);
}

unsigned
broker_port(const struct broker *b)
{
  return daemon_port(b->daemon);
}

pid_t
broker_pid(const struct broker *b)
{
  return daemon_pid(b->daemon);
}

/* Returns how often the broker logged TEXT. */
static unsigned
times_logged(struct broker *b, const char *text)
{
  return times_in(broker_log(b), text);
}

void
broker_reload(struct broker *b)
{
  unsigned before = times_logged(b, "Reloading config");

  kill(broker_pid(b), SIGHUP);
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
  kill(broker_pid(b), SIGUSR1);
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
