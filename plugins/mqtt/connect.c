/* Connects to a broker, and ends the connection. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/close_range.h>

#include <mqtt_protocol.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "plugins/mqtt/connection_impl.h"

/* In seconds: a connection may rest for half a day between two cycles.  0 would
 * switch the limit off, but mosquitto refuses it; and with 65535, the most that
 * the protocol knows, mosquitto 2.0.21 ends the connection after a second. */
#define KEEPALIVE_S 43200

void
connection_init(void)
{
  mosquitto_lib_init();
}

void
connection_exit(void)
{
  mosquitto_lib_cleanup();
}

/* ---- Answers to CONNECT -------------------------------------------------- */

/* An answer to CONNECT, of MQTT 5 and 3.1.1. */
static const struct refusal {
  int code, code_3;
  int reason;
  const char *text;
} refusals[] = {
  { MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION, 1, MP_ECONFIG,
    "the broker does not know this version of MQTT; set `protocol`" },
  { MQTT_RC_CLIENTID_NOT_VALID, 2, MP_EREFUSED,
    "the broker rejected the client id; set `client_id`" },
  { MQTT_RC_BAD_USERNAME_OR_PASSWORD, 4, MP_EREFUSED,
    "the broker rejected the login; check `username` and `password`" },
  { MQTT_RC_NOT_AUTHORIZED, 5, MP_EREFUSED,
    "the broker does not let this user connect; check `username`, `password` "
    "and the broker's access rights" },
  { MQTT_RC_SERVER_UNAVAILABLE, 3, MP_EAGAIN, "the broker is not available" },
  { MQTT_RC_SERVER_BUSY, 0, MP_EAGAIN, "the broker is busy" },
  { MQTT_RC_BANNED, 0, MP_EREFUSED, "the broker has banned this client" },
  { MQTT_RC_PACKET_TOO_LARGE, 0, MP_EREFUSED,
    "the request to connect is too large for the broker" },
  { MQTT_RC_QUOTA_EXCEEDED, 0, MP_EAGAIN,
    "the broker's quota for this client is exceeded" },
  { MQTT_RC_USE_ANOTHER_SERVER, 0, MP_ECONFIG,
    "the broker asks to use another one; change `url`" },
  { MQTT_RC_SERVER_MOVED, 0, MP_ECONFIG, "the broker has moved; change `url`" },
  { MQTT_RC_CONNECTION_RATE_EXCEEDED, 0, MP_EAGAIN,
    "the broker gets too many connections at a time" },
};

static int
report_refusal(const struct connection *c)
{
  for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
    if (c->connack ==
        (c->options.mqtt_3 ? refusals[i].code_3 : refusals[i].code))
      return mp_fail(c->host, refusals[i].reason, c->options.url,
                     "%s (code 0x%02X)", refusals[i].text,
                     (unsigned)c->connack);
  return mp_fail(c->host, MP_EREFUSED, c->options.url,
                 "the broker refused the connection (code 0x%02X: %s)",
                 (unsigned)c->connack,
                 c->options.mqtt_3 ? mosquitto_connack_string(c->connack)
                                   : mosquitto_reason_string(c->connack));
}

static int
check_connack(const struct connection *c)
{
  if (c->connack != 0)
    return report_refusal(c);
  if (c->may_not_retain)
    return mp_fail(c->host, MP_ECONFIG, c->options.url,
                   "the broker retains no messages, so it cannot tell what "
                   "arrived; allow retained messages in its settings");
  if (c->may_not_acknowledge)
    return mp_fail(c->host, MP_ECONFIG, c->options.url,
                   "the broker acknowledges no messages (QoS 0 only); allow "
                   "QoS 1 in its settings");
  return MP_OK;
}

/* Returns whether it is known why the broker cannot be used, although it was
 * reached. */
static bool
is_decided(const struct connection *c)
{
  return c->connack > 0 || (c->tls && tls_problem(c->tls));
}

/* Reports why there is no connection.  A refusal can arrive in any call of the
 * library. */
static int
report_failure(const struct connection *c, int r)
{
  if (c->connack > 0)
    return report_refusal(c);
  if (is_decided(c))
    return mp_fail(c->host, MP_EREFUSED, c->options.url, "the certificate%s",
                   tls_problem(c->tls));
  /* With TLS, a server that ends the connection may not know TLS. */
  return connection_report(
    c, r == MP_DROP ? MP_EAGAIN : r,
    c->tls && r == MP_EAGAIN
      ? "the TLS handshake failed; is this an mqtts port?"
      : "cannot connect to the broker");
}

static int
await_connack(struct connection *c, int64_t until)
{
  int r = MP_OK;

  while (r == MP_OK && c->connack < 0)
    r = connection_turn(c, until);
  if (c->connack < 0)
    return report_failure(c, r);
  r = check_connack(c);
  if (r == MP_OK)
    c->stage = STAGE_UP;
  return r;
}

/* Returns why the socket could not be connected; NULL: it is.  The library may
 * have taken the error: it begins the TLS handshake too early. */
static const char *
socket_error(const struct connection *c)
{
  int error = 0, fd = mosquitto_socket(c->mosquitto);
  socklen_t size = sizeof(error);
  struct sockaddr_storage peer;

  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
    error = errno;
  if (error != 0 && error != ECONNRESET)
    return strerror(error);
  size = sizeof(peer);
  return error == 0 && getpeername(fd, (struct sockaddr *)&peer, &size) == 0
           ? NULL
           : "it was refused, or ended at once; is this a port for TLS?";
}

/* Waits until the socket is connected.  MP_DROP: it cannot be; `why` tells. */
static int
await_socket(struct connection *c, int64_t until)
{
  const char *error;
  int r = 0;

  while (r == 0)
    r = connection_wait(c, POLLOUT, until);
  if (r < 0)
    return r;
  error = socket_error(c);
  if (error) {
    snprintf(c->why, sizeof(c->why), "%s", error);
    return MP_DROP;
  }
  /* The library continues what it could not do before. */
  r = mosquitto_loop_read(c->mosquitto, 1);
  if (r == MOSQ_ERR_SUCCESS)
    r = mosquitto_loop_write(c->mosquitto, 1);
  return r == MOSQ_ERR_SUCCESS ? MP_OK : connection_lose(c, r);
}

static bool
set_up_handle(struct connection *c)
{
  struct mosquitto *m = c->mosquitto;
  int version = c->options.mqtt_3 ? MQTT_PROTOCOL_V311 : MQTT_PROTOCOL_V5;

  connection_listen(c);
  return mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, version) == 0 &&
         mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1) == 0 &&
         (!c->tls ||
          (mosquitto_int_option(m, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) == 0 &&
           mosquitto_void_option(m, MOSQ_OPT_SSL_CTX, tls_context(c->tls)) ==
             0)) &&
         (!c->options.username ||
          mosquitto_username_pw_set(m, c->options.username,
                                    c->options.password) == 0);
}

static bool
new_handle(struct connection *c)
{
  char id[32];
  uint32_t random = 0;

  if (getrandom(&random, sizeof(random), 0) < 0)
    random = (uint32_t)clock_mono_us();
  snprintf(id, sizeof(id), "meterpipe-%08" PRIx32, random);
  mosquitto_destroy(c->mosquitto);
  c->mosquitto =
    mosquitto_new(c->options.client_id ? c->options.client_id : id, true, c);
  return c->mosquitto && set_up_handle(c);
}

/* Begins to connect to ADDRESS.  MP_DROP: it cannot be reached; `why` tells. */
static int
begin_connection(struct connection *c, const struct addrinfo *address)
{
  char numeric[NI_MAXHOST], port[NI_MAXSERV];
  int r;

  c->why[0] = '\0';
  if (getnameinfo(address->ai_addr, address->ai_addrlen, numeric,
                  sizeof(numeric), port, sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0 ||
      !new_handle(c))
    return mp_fail(c->host, MP_ENOMEM, NULL, "out of memory");
  errno = 0;
  r = mosquitto_connect_bind_async(
    c->mosquitto, numeric, (int)strtol(port, NULL, 10), KEEPALIVE_S, NULL);
  /* The library's sockets would stay open in programs that others start. */
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  if (r == MOSQ_ERR_NOMEM)
    return mp_fail(c->host, MP_ENOMEM, NULL, "out of memory");
  if (r == MOSQ_ERR_SUCCESS)
    return MP_OK;
  connection_lose(c, r);
  return MP_DROP;
}

static int
connect_any(struct connection *c, const struct addrinfo *list, int64_t until)
{
  int r = MP_DROP;

  for (const struct addrinfo *a = list; a && r == MP_DROP && !is_decided(c);
       a = a->ai_next) {
    c->stage = STAGE_CONNECTING;
    r = begin_connection(c, a);
    if (r == MP_OK)
      r = await_socket(c, until);
    if (r == MP_OK)
      return await_connack(c, until);
  }
  return report_failure(c, r);
}

static int
connect_to_broker(struct connection *c)
{
  int64_t until = clock_mono_ms() + c->options.timeout_ms;
  struct addrinfo *list = NULL;
  int r = MP_OK;

  if (c->options.address.tls)
    r = tls_new(c->host, &c->options, &c->tls);
  if (r == MP_OK)
    r = address_resolve(c->host, c->options.url, &c->options.address, until,
                        &list);
  if (r != MP_OK)
    return r;
  r = connect_any(c, list, until);
  freeaddrinfo(list);
  return r;
}

int
connection_open(const struct mp_host *host,
                const struct connection_options *options,
                struct connection **ret)
{
  struct connection *c = calloc(1, sizeof(*c));
  int r;

  if (!c)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  c->host = host;
  c->options = *options;
  c->connack = -1;
  r = connect_to_broker(c);
  if (r != MP_OK) {
    connection_close(c);
    return r;
  }
  *ret = c;
  return MP_OK;
}

void
connection_close(struct connection *c)
{
  if (!c)
    return;
  c->on_message = NULL;
  c->n = 0;
  if (c->stage == STAGE_UP)
    mosquitto_disconnect_v5(c->mosquitto, 0, NULL);
  mosquitto_destroy(c->mosquitto);
  tls_free(c->tls);
  free(c);
}
