/*
 * Fuzz target: a whole conversation with an MQTT broker that sends arbitrary
 * bytes.  Calls the mqtt output through its table, with the real libmosquitto.
 * The first line of the input has the call to make and options (begin()); the
 * rest is what the broker sends, in parts that end with "\n-\n".  It sends one
 * part for each packet of the client, or when the client only waits.  After the
 * last one it closes the connection.
 *
 * The broker acts while the plugin waits, in poll(), which is this file's.
 *
 * Also checks that the core accepts the displayed values; that every target is
 * displayed after a successful fetch; that each written value has one result;
 * that a value whose message left is not reported as not sent; that an accepted
 * value left, and was answered; that every failure is explained and no password
 * is logged.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/require.h"
#include "lib/array.h"
#include "lib/storable.h"
#include "lib/value.h"
#include "plugins/mqtt/mqtt.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* The linker gives the plugin these names for poll(). */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);

#define PASSWORD "pass-word-not-to-be-shown"
#define NOW INT64_C(1795341600000)
#define ID "0b5c1ac2-6d2f-4c55-b2f0-14a8e0a1f0aa-1795341600000"
#define TARGETS 3
#define TOPIC "meterpipe/test/"
#define MAX_STREAM 65536

static const char *const names[TARGETS] = { "energy", "usage", "info" };
static const uint32_t kinds[TARGETS] = { MP_COUNTER, MP_DELTA, MP_TEXT };
static const char *const values[TARGETS] = { "84.208 GJ", "0.044 GJ",
                                             "sensor open" };

/* One conversation at a time: static. */
static struct {
  /* What the broker sends */
  const uint8_t *script;
  size_t script_len;
  /* Its connection */
  int fd; /* -1: none */
  uint8_t stream[MAX_STREAM];
  size_t len, parsed;
  /* Since the last write */
  bool left[TARGETS]; /* the message of the target arrived */
  uint8_t mid[TARGETS][2];
  uint8_t sent[MAX_STREAM];
  size_t n_sent;
  bool shown[TARGETS];
} fuzz;

static struct fake_host *host;
static struct fake_sink *sink;
static const struct mp_output_ops *ops;
static void *self;
static int listener = -1;

/* ---- The broker: what it receives ---------------------------------------- */

/* Parses the packet at AT in the stream.  Returns its size with the header, 0
 * if it is not complete. */
static size_t
packet_size(size_t at, size_t *ret_body)
{
  size_t size = 0, i = at + 1;

  for (unsigned shift = 0; shift < 28; shift += 7, i++) {
    if (i >= fuzz.len)
      return 0;
    size |= (size_t)(fuzz.stream[i] & 0x7f) << shift;
    if (!(fuzz.stream[i] & 0x80))
      break;
  }
  *ret_body = i + 1;
  return i + 1 + size <= fuzz.len ? i + 1 + size - at : 0;
}

/* Notes whose message the PUBLISH with BODY is; its QoS is 1. */
static void
note_publish(const uint8_t *body)
{
  size_t len = (size_t)body[0] << 8 | body[1];
  char topic[64];

  for (int i = 0; i < TARGETS; i++) {
    snprintf(topic, sizeof(topic), TOPIC "%s", names[i]);
    if (len != strlen(topic) || memcmp(body + 2, topic, len) != 0)
      continue;
    fuzz.left[i] = true;
    memcpy(fuzz.mid[i], body + 2 + len, 2);
  }
}

/* Receives all that has come.  Returns the number of whole packets. */
static unsigned
receive(void)
{
  ssize_t n;
  size_t size, body = 0;
  unsigned packets = 0;

  while ((n = recv(fuzz.fd, fuzz.stream + fuzz.len, MAX_STREAM - fuzz.len,
                   MSG_DONTWAIT)) > 0)
    fuzz.len += (size_t)n;
  require(fuzz.len < MAX_STREAM);
  while (fuzz.parsed < fuzz.len &&
         (size = packet_size(fuzz.parsed, &body)) > 0) {
    if (fuzz.stream[fuzz.parsed] >> 4 == 3)
      note_publish(fuzz.stream + body);
    fuzz.parsed += size;
    packets++;
  }
  return packets;
}

/* ---- The broker: what it sends ------------------------------------------- */

static void
hang_up(void)
{
  static const struct linger hard = { .l_onoff = 1, .l_linger = 0 };

  if (fuzz.fd < 0)
    return;
  receive();
  /* Without TIME_WAIT: the ports would run out. */
  setsockopt(fuzz.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close(fuzz.fd);
  fuzz.fd = -1;
}

/* Takes the newest connection, if there is one. */
static void
take_connection(void)
{
  int fd;

  while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >=
         0) {
    hang_up();
    fuzz.fd = fd;
    fuzz.len = fuzz.parsed = 0;
  }
}

/* Sends the next part; or ends the connection.  Returns false if the part is
 * empty. */
static bool
send_part(void)
{
  static const char mark[] = "\n-\n";
  const uint8_t *end = memmem(fuzz.script, fuzz.script_len, mark, strlen(mark));
  size_t len = end ? (size_t)(end - fuzz.script) : fuzz.script_len;
  bool sent;

  if (fuzz.script_len == 0) {
    shutdown(fuzz.fd, SHUT_WR);
    return true;
  }
  if (len > 0 && send(fuzz.fd, fuzz.script, len, MSG_NOSIGNAL) > 0 &&
      fuzz.n_sent + len <= sizeof(fuzz.sent)) {
    memcpy(fuzz.sent + fuzz.n_sent, fuzz.script, len);
    fuzz.n_sent += len;
  }
  sent = len > 0;
  if (end)
    len += strlen(mark);
  fuzz.script += len;
  fuzz.script_len -= len;
  return sent;
}

/* Answers each packet that has come, at least with one byte. */
static void
act(void)
{
  bool sent = false;

  take_connection();
  if (fuzz.fd < 0)
    return;
  for (unsigned packets = receive(); packets > 1; packets--)
    sent |= send_part();
  while (!sent)
    sent = send_part();
}

int
__wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
  int r = __real_poll(fds, n, 0);

  if (r != 0 || timeout == 0)
    return r;
  if (fds[0].events & POLLIN)
    act();
  return __real_poll(fds, n, timeout);
}

/* Returns the port that the plugin connects to. */
static unsigned
listen_once(void)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  socklen_t len = sizeof(at);

  if (listener < 0) {
    connection_init(); /* for the whole process */
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(bind(listener, (struct sockaddr *)&at, len) == 0);
    require(listen(listener, 16) == 0);
  }
  require(getsockname(listener, (struct sockaddr *)&at, &len) == 0);
  return ntohs(at.sin_port);
}

/* ---- A fault of libmosquitto --------------------------------------------- */

/*
 * libmosquitto 2.0.11 aborts when the broker sends a property that
 * it does not know: log__printf() asserts that there is a handle, and the
 * reader of properties gives it none.  Such a conversation ends here.
 */
static jmp_buf aborted;

__attribute__((visibility("default"), noreturn)) void
__assert_fail(const char *what, const char *file, unsigned line,
              const char *function)
{
  if (strcmp(function, "log__printf") == 0)
    longjmp(aborted, 1);
  fprintf(stderr, "%s:%u: %s: %s\n", file, line, function, what);
  abort();
}

/* Ends it without the library, whose memory is lost. */
static void
clear_away(void)
{
  targets_forget(self);
  fake_sink_free(sink);
  fake_host_free(host);
  close_range((unsigned)listener + 1, ~0u, 0);
  fuzz.fd = -1;
}

/* ---- Checks -------------------------------------------------------------- */

/* Checks the return value R of a call: a failure must be explained. */
static void
check_return(int r)
{
  uint32_t i, n = fake_host_failures(host);

  require(r <= MP_OK);
  for (i = 0; i < n && fake_host_failure(host, i) != r; i++)
    ;
  require(r == MP_OK || i < n);
}

/* mp_output_sink.shown: checks a displayed value. */
static int
take_shown(const struct mp_output_sink *to, const struct mp_shown *shown)
{
  struct value imported = { 0 };

  (void)to;
  require(shown->struct_size == sizeof(*shown));
  require(shown->target < TARGETS);
  require(shown->answer == MP_SHOWN_VALUE ||
          shown->answer == MP_SHOWN_FORGOTTEN);
  require((shown->answer == MP_SHOWN_FORGOTTEN) == !shown->value);
  require(!storable_shown(shown));
  require(!shown->value || !value_import(&imported, shown->value));
  value_clear(&imported);
  fuzz.shown[shown->target] = true;
  return MP_OK;
}

static void
check_result(uint32_t target)
{
  uint32_t result = fake_sink_result(sink, 0, target);

  require(result != 0);
  if (fuzz.left[target])
    require(result != MP_NOT_SENT);
  if (result == MP_ACCEPTED || result == MP_RETRY) {
    require(fuzz.left[target]);
    require(memmem(fuzz.sent, fuzz.n_sent, fuzz.mid[target], 2));
  }
  if (result == MP_REJECTED || result == MP_RETRY)
    require(fake_host_failures(host) > 0);
}

/* ---- Calls --------------------------------------------------------------- */

static void
deliver(void)
{
  const struct mp_record record = { .struct_size = sizeof(record), .id = ID };
  int r;

  memset(fuzz.left, 0, sizeof(fuzz.left));
  fuzz.n_sent = 0;
  fake_sink_forget(sink);
  require(ops->begin(self, &record) == MP_OK);
  for (uint32_t i = 0; i < TARGETS; i++) {
    struct mp_value value = fake_host_value(host, kinds[i], values[i]);

    value.time_ms = NOW;
    value.serial = "84968362";
    require(ops->write(self, i, &value) == MP_OK);
  }
  r = ops->commit(self, &sink->output);
  if (fuzz.fd >= 0)
    receive();
  take_connection();
  if (fuzz.fd >= 0)
    receive();
  check_return(r);
  require(fake_sink_result_count(sink) == TARGETS);
  for (uint32_t i = 0; i < TARGETS; i++)
    check_result(i);
}

static void
run(void)
{
  const struct mp_output_sink to = { .struct_size = sizeof(to),
                                     .shown = take_shown };
  int r;

  memset(fuzz.shown, 0, sizeof(fuzz.shown));
  r = ops->fetch(self, &to);
  check_return(r);
  for (int i = 0; i < TARGETS; i++)
    require(r != MP_OK || fuzz.shown[i]);
  if (r == MP_OK)
    deliver();
}

static void
list(void)
{
  const struct mp_listed *listed;

  check_return(ops->list(self, &sink->output));
  for (uint32_t i = 0; (listed = fake_sink_listed(sink, i)); i++)
    require(listed->name && listed->value);
}

static void
call(const char *verb)
{
  if (strcmp(verb, "list") == 0) {
    list();
  } else if (strcmp(verb, "check") == 0) {
    check_return(ops->check(self));
  } else {
    run();
    if (strcmp(verb, "again") != 0)
      return;
    fake_host_forget(host);
    run();
  }
}

/* ---- The plugin ---------------------------------------------------------- */

static void
prepare_host(const struct mp_plugin *plugin)
{
  char url[64];

  host = fake_host_new(plugin, "bus");
  sink = fake_sink_new(&host->table);
  fake_host_set_now(host, NOW);
  snprintf(url, sizeof(url), "mqtt://127.0.0.1:%u", listen_once());
  fake_host_set(host, "url", url);
  fake_host_set(host, "username", "user");
  fake_host_set(host, "password", PASSWORD);
  fake_host_set(host, "client_id", "fuzz");
  for (uint32_t i = 0; i < TARGETS; i++) {
    fake_host_add_target(host, names[i], NULL, "meter.value", 0);
    fake_host_set_target_last(host, i, kinds[i], values[i]);
  }
  /* One is left from before. */
  fake_host_store(host, "topics.0", "1\t5\t" ID "\t" TOPIC "old\n");
}

/* Sets the options that the first line names. */
static void
set_options(const char *words)
{
  if (strstr(words, " 3"))
    fake_host_set(host, "protocol", "3.1.1");
  else if (strstr(words, " plain"))
    fake_host_set(host, "payload", "plain");
  if (strstr(words, " off"))
    fake_host_set(host, "discovery", "off");
  if (strstr(words, " device"))
    fake_host_set(host, "discovery", "device");
  if (strstr(words, " expire"))
    fake_host_set(host, "expire", "1h");
}

static void
converse(char *words)
{
  const struct mp_plugin *plugin = meterpipe_plugin();

  prepare_host(plugin);
  set_options(words);
  words[strcspn(words, " ")] = '\0';
  ops = plugin->output;
  require(plugin->create(&host->table, &self) == MP_OK);
  require(ops->open(self) == MP_OK);
  call(words);
  require(!strstr(fake_host_log(host), PASSWORD));
  ops->close(self);
  plugin->destroy(self);
  take_connection();
  hang_up();
  fake_sink_free(sink);
  fake_host_free(host);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *end = memchr(data, '\n', size);
  char words[64];

  /* The broker's own texts may be logged. */
  if (!end || memmem(data, size, PASSWORD, strlen(PASSWORD)))
    return 0;
  snprintf(words, sizeof(words), "%.*s", (int)(end - data), (const char *)data);
  fuzz.fd = -1;
  fuzz.n_sent = 0;
  fuzz.script = end + 1;
  fuzz.script_len = size - (size_t)(end + 1 - data);
  if (setjmp(aborted) == 0)
    converse(words);
  else
    clear_away();
  return 0;
}
