/*
 * Guarantees that an update is sent at most once, and that an update reported
 * as not sent never left.
 *
 * libcurl itself repeats a request when a kept connection turns out dead before
 * a reply.  That is right for a read.  But an update may have arrived before
 * the connection died, so a new connection is refused once a part of the update
 * may have left (http_open_socket, http_begin_request).
 *
 * libcurl's own count of the bytes sent (CURLINFO_REQUEST_SIZE) misses bytes:
 * 7.88 counts only those of its first send().  So the kernel's count for the
 * socket is compared (bytes_out): at the start of the request, when the
 * connection and its TLS session are ready, and when the request ends or its
 * socket closes.
 *
 * A proxy that closes the connection after every reply, without announcing it,
 * cuts off an update that is sent at that moment.  After the first such close
 * each request gets a new connection (see_loss).
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/http/http_impl.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netinet/in.h>
#include <linux/tcp.h>

#include "lib/clock.h"

/* Any server may close a connection that was idle for longer than this. */
#define IDLE_MS 4000
#define UNKNOWN UINT64_MAX

/* Returns the count of bytes that the kernel took for FD: sent, or still in its
 * queue, which is sent even after close().  Retransmitted bytes count again.
 * UNKNOWN: this kernel has no such count. */
static uint64_t
bytes_out(curl_socket_t fd)
{
  struct tcp_info info = { 0 };
  socklen_t size = sizeof(info);

  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
      size < offsetof(struct tcp_info, tcpi_bytes_sent) +
               sizeof(info.tcpi_bytes_sent))
    return UNKNOWN;
  return info.tcpi_bytes_sent + info.tcpi_notsent_bytes;
}

/* Sets moved if the connection may have carried away a part of the request.  A
 * count of 0 proves nothing: an emulated kernel may never increase it. */
static void
look_at_count(struct http *h)
{
  uint64_t now;

  if (h->fd == CURL_SOCKET_BAD)
    return;
  now = bytes_out(h->fd);
  if (now == UNKNOWN || now == 0 || now != h->mark)
    h->moved = true;
}

bool
http_may_have_left(struct http *h)
{
  look_at_count(h);
  return h->moved;
}

/* Returns true if the current step would send an update a second time. */
static bool
is_repetition(struct http *h)
{
  if (!(h->request->flags & HTTP_UPDATE) || !http_may_have_left(h))
    return false;
  h->cut = true;
  return true;
}

static curl_socket_t *
find_socket(struct http *h, curl_socket_t fd)
{
  for (size_t i = 0; i < SOCKETS; i++)
    if (h->sockets[i] == fd)
      return &h->sockets[i];
  return NULL;
}

/* Returns the socket of the connection if no other one is open.  (libcurl
 * reports CURLINFO_ACTIVESOCKET only after the request.) */
static curl_socket_t
only_socket(const struct http *h)
{
  curl_socket_t only = CURL_SOCKET_BAD;

  for (size_t i = 0; i < SOCKETS; i++) {
    if (h->sockets[i] == CURL_SOCKET_BAD)
      continue;
    if (only != CURL_SOCKET_BAD)
      return CURL_SOCKET_BAD;
    only = h->sockets[i];
  }
  return only;
}

int
http_begin_request(void *ctx, char *address, char *local, int port,
                   int local_port)
{
  struct http *h = ctx;

  (void)address, (void)local, (void)port, (void)local_port;
  if (is_repetition(h))
    return CURL_PREREQFUNC_ABORT;
  h->fd = only_socket(h);
  if (h->fd == CURL_SOCKET_BAD)
    h->moved = true;
  else
    h->mark = bytes_out(h->fd);
  return CURL_PREREQFUNC_OK;
}

/* Called when libcurl opens a new connection.  If the kept one was closed
 * shortly after its last request, the server closes connections without
 * announcing it. */
static void
see_loss(struct http *h)
{
  if (h->lost && clock_mono_ms() - h->kept_at_ms < IDLE_MS)
    h->single = true;
}

curl_socket_t
http_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
  struct http *h = ctx;
  curl_socket_t *place = find_socket(h, CURL_SOCKET_BAD);

  (void)purpose;
  see_loss(h);
  if (!place || is_repetition(h))
    return CURL_SOCKET_BAD;
  *place = socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
  return *place;
}

int
http_close_socket(void *ctx, curl_socket_t fd)
{
  struct http *h = ctx;
  curl_socket_t *place = find_socket(h, fd);

  if (fd == h->fd) {
    look_at_count(h);
    h->fd = CURL_SOCKET_BAD;
  }
  if (fd == h->kept) {
    h->lost = true;
    h->kept = CURL_SOCKET_BAD;
  }
  if (place)
    *place = CURL_SOCKET_BAD;
  return close(fd);
}

void
http_note_kept(struct http *h)
{
  h->kept = only_socket(h);
  h->kept_at_ms = clock_mono_ms();
  h->lost = false;
}
