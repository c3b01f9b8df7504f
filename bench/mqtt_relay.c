/* Relays MQTT connections, and has the bare client. */
#include "bench/mqtt_relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "bench/bench.h"
#include "lib/clock.h"

/* The most unanswered publications: mosquitto's max_inflight_messages, which it
 * names in CONNACK. */
#define RECEIVE_MAXIMUM 20
#define CHUNK 65536
/* While an answer is held back, the relay looks at this interval whether it has
 * left. */
#define LOOK_NS 10000

/* ---- Streams ---- */

bool
stream_next(struct stream *s, struct mqtt_packet *ret)
{
  if (!mqtt_packet_parse(s->bytes + s->parsed, s->len - s->parsed, ret))
    return false;
  s->parsed += ret->size;
  return true;
}

void
stream_clear(struct stream *s)
{
  free(s->bytes);
  *s = (struct stream){ 0 };
}

/* Receives once from FD.  Returns the number of bytes; 0: end of file. */
static size_t
stream_receive(struct stream *s, int fd)
{
  ssize_t n;

  s->bytes = realloc(s->bytes, s->len + CHUNK);
  if (!s->bytes)
    program_die("out of memory");
  n = recv(fd, s->bytes + s->len, CHUNK, 0);
  if (n < 0 && errno != ECONNRESET)
    program_die("recv: %s", strerror(errno));
  s->len += n > 0 ? (size_t)n : 0;
  return n > 0 ? (size_t)n : 0;
}

static void
send_bytes(int fd, const uint8_t *bytes, size_t len)
{
  while (len > 0) {
    ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

    if (n < 0)
      program_die("send: %s", strerror(errno));
    bytes += n;
    len -= (size_t)n;
  }
}

static void
send_packet(int fd, const struct mqtt_packet *packet)
{
  send_bytes(fd, packet->body + packet->body_len - packet->size, packet->size);
}

/* ---- The relay ---- */

static int listener = -1;
static pthread_t thread;
static const char *broker_path;

static int
connect_to_broker(void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  snprintf(address.sun_path, sizeof(address.sun_path), "%s", broker_path);
  if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
    program_die("%s: %s", broker_path, strerror(errno));
  return fd;
}

/* Passes what the client sends.  Returns false at its end. */
static bool
pass_requests(struct connection_record *r, int client, int broker)
{
  size_t n = stream_receive(&r->sent, client);

  if (r->begun_us == 0)
    r->begun_us = clock_mono_us();
  send_bytes(broker, r->sent.bytes + r->sent.len - n, n);
  return n > 0;
}

/* Passes the answers, each by itself, as the broker sends them: a client whose
 * kernel delays its acknowledgements gets the next one late (Nagle's algorithm;
 * neither mosquitto nor the relay sets TCP_NODELAY).  Returns false at the end.
 */
static bool
pass_answers(struct connection_record *r, int client, int broker)
{
  size_t n = stream_receive(&r->answers, broker);
  struct mqtt_packet packet;

  while (stream_next(&r->answers, &packet)) {
    send_packet(client, &packet);
    if (packet.type == MQTT_PUBACK) {
      r->acknowledged++;
      r->is_held = true;
    }
  }
  return n > 0;
}

/* Notes the time if the last PUBACK has left. */
static void
look_at_clock(struct connection_record *r, int client)
{
  int unsent = 0;

  if (ioctl(client, SIOCOUTQNSD, &unsent) != 0)
    program_die("SIOCOUTQNSD: %s", strerror(errno));
  if (unsent > 0)
    return;
  r->is_held = false;
  r->ended_us = clock_mono_us();
}

static void *
relay(void *arg)
{
  struct connection_record *r = arg;
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  int broker = connect_to_broker();
  const struct timespec pause = { .tv_nsec = LOOK_NS };
  struct pollfd fds[] = { { .fd = client, .events = POLLIN },
                          { .fd = broker, .events = POLLIN } };
  bool open = true;

  while (open && ppoll(fds, 2, r->is_held ? &pause : NULL, NULL) >= 0) {
    if (fds[0].revents)
      open = pass_requests(r, client, broker);
    if (open && fds[1].revents)
      open = pass_answers(r, client, broker);
    if (r->is_held)
      look_at_clock(r, client);
  }
  close(client);
  close(broker);
  return NULL;
}

static void
listen_on_loopback(void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
      listen(listener, 1) != 0)
    program_die("cannot listen on 127.0.0.1: %s", strerror(errno));
}

unsigned
relay_port(void)
{
  struct sockaddr_in address = { .sin_port = 0 };
  socklen_t len = sizeof(address);

  if (listener < 0)
    listen_on_loopback();
  getsockname(listener, (struct sockaddr *)&address, &len);
  return ntohs(address.sin_port);
}

void
relay_begin(struct connection_record *r, const char *broker)
{
  record_clear(r);
  relay_port();
  broker_path = broker;
  if (pthread_create(&thread, NULL, relay, r) != 0)
    program_die("cannot start a thread");
}

void
relay_end(void)
{
  pthread_join(thread, NULL);
}

void
record_clear(struct connection_record *r)
{
  stream_clear(&r->sent);
  stream_clear(&r->answers);
  *r = (struct connection_record){ .begun_us = 0 };
}

/* ---- The bare client ---- */

struct bare_client {
  int fd;
  struct stream answers;
  unsigned on_the_way; /* publications without an answer */
};

/* Waits for the next packet of TYPE. */
static void
await(struct bare_client *c, unsigned type)
{
  struct mqtt_packet packet = { .type = 0 };
  int on = 1;

  while (packet.type != type) {
    while (!stream_next(&c->answers, &packet)) {
      if (stream_receive(&c->answers, c->fd) == 0)
        program_die("the broker closed the connection of the bare client");
      setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
    }
    if (packet.type == MQTT_PUBACK)
      c->on_the_way--;
  }
}

static void
publish_or_ask(struct bare_client *c, const struct mqtt_packet *packet)
{
  unsigned most = packet->type == MQTT_PUBLISH ? RECEIVE_MAXIMUM - 1 : 0;

  while (c->on_the_way > most)
    await(c, MQTT_PUBACK);
  send_packet(c->fd, packet);
  if (packet->type == MQTT_PUBLISH)
    c->on_the_way++;
  else if (packet->type != MQTT_DISCONNECT)
    await(c, packet->type + 1);
}

void
bare_client_run(unsigned port, struct stream *sent)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port) };
  struct bare_client c = { .fd =
                             socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
  struct mqtt_packet packet;
  int on = 1;

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(c.fd, (struct sockaddr *)&address, sizeof(address)) != 0)
    program_die("connect: %s", strerror(errno));
  setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sent->parsed = 0;
  while (stream_next(sent, &packet))
    publish_or_ask(&c, &packet);
  close(c.fd);
  stream_clear(&c.answers);
}
