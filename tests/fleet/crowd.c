/* The proxy in front of many servers. */
#include "tests/fleet/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 64

struct pair;

/* The data of an epoll event: a door (PAIR is NULL), a side of a pair, or the
 * order to end (DOOR is NULL). */
struct end {
  int fd;
  struct door *door;
  struct pair *pair;
  int side;
};

struct door {
  unsigned behind, reach;
  crowd_bytes_fn bytes;
  void *ctx;
  struct end end;
  struct door *next;
};

/* One connection: fd[0] is the client's, fd[1] the server's. */
struct pair {
  struct door *door;
  void *state;
  int fd[2];
  struct end ends[2];
  long left; /* bytes until the reset; -1: none */
  bool dead;
  struct pair *next_dead;
};

struct crowd {
  pthread_t thread;
  pthread_mutex_t lock; /* protects the members below */
  unsigned percent, seed;
  struct crowd_counts counts;
  int epoll, wake[2];
  struct end stop;
  struct door *doors; /* for the caller's thread */
};

__attribute__((noreturn)) static void
die(const char *what)
{
  fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
  exit(99);
}

static void *
allocate(size_t size)
{
  void *p = calloc(1, size);

  if (!p)
    die("memory");
  return p;
}

static void
watch(struct crowd *c, struct end *end)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = end };

  if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, end->fd, &event) != 0)
    die("epoll_ctl");
}

static int
connect_to(unsigned port)
{
  struct sockaddr_in to = { .sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port) };
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
    close(fd);
    return -1;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

static void
accept_one(struct crowd *c, int listener, struct door *door)
{
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
  int behind = fd < 0 ? -1 : connect_to(door->behind);
  struct pair *pair;

  if (behind < 0) {
    if (fd >= 0)
      close(fd);
    return;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  pair = allocate(sizeof(*pair));
  *pair = (struct pair){ .door = door, .fd = { fd, behind }, .left = -1 };
  pthread_mutex_lock(&c->lock);
  c->counts.connections++;
  if ((unsigned)rand_r(&c->seed) % 100 < c->percent)
    pair->left = (long)((unsigned)rand_r(&c->seed) % door->reach);
  pthread_mutex_unlock(&c->lock);
  for (int i = 0; i < 2; i++) {
    pair->ends[i] = (struct end){ pair->fd[i], door, pair, i };
    watch(c, &pair->ends[i]);
  }
}

static void
end_pair(struct pair *pair, bool reset, struct pair **dead)
{
  struct linger hard = { .l_onoff = 1, .l_linger = 0 };

  for (int i = 0; i < 2; i++) {
    if (reset)
      setsockopt(pair->fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(pair->fd[i]);
  }
  pair->dead = true;
  pair->next_dead = *dead;
  *dead = pair;
}

static bool
put(int fd, const uint8_t *buf, size_t len)
{
  while (len > 0) {
    ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

    if (n <= 0)
      return false;
    buf += n;
    len -= (size_t)n;
  }
  return true;
}

static void
pass(struct crowd *c, struct pair *pair, int side, struct pair **dead)
{
  uint8_t buf[16384];
  ssize_t n = read(pair->fd[side], buf, sizeof(buf));
  bool reset = n > 0 && pair->left >= 0 && pair->left < n;
  size_t len = reset ? (size_t)pair->left : n > 0 ? (size_t)n : 0;

  if (pair->door->bytes && len > 0)
    pair->door->bytes(pair->door->ctx, &pair->state, side == 0, buf, len);
  if (pair->left >= 0)
    pair->left -= (long)len;
  if (!put(pair->fd[!side], buf, len) || n <= 0 || reset)
    end_pair(pair, reset, dead);
  if (reset) {
    pthread_mutex_lock(&c->lock);
    c->counts.resets++;
    pthread_mutex_unlock(&c->lock);
  }
}

/* The ends of a dead pair stay allocated until here: one batch of events can
 * contain both. */
static void
free_dead(struct pair *dead)
{
  while (dead) {
    struct pair *next = dead->next_dead;

    free(dead->state);
    free(dead);
    dead = next;
  }
}

static void *
serve(void *arg)
{
  struct crowd *c = arg;
  struct epoll_event events[EVENTS];

  for (;;) {
    int n = epoll_wait(c->epoll, events, EVENTS, -1);
    struct pair *dead = NULL;

    for (int i = 0; i < n; i++) {
      struct end *end = events[i].data.ptr;

      if (!end->door)
        return NULL;
      if (!end->pair)
        accept_one(c, end->fd, end->door);
      else if (!end->pair->dead)
        pass(c, end->pair, end->side, &dead);
    }
    free_dead(dead);
  }
}

struct crowd *
crowd_start(unsigned seed)
{
  struct crowd *c = allocate(sizeof(*c));

  c->seed = seed;
  pthread_mutex_init(&c->lock, NULL);
  c->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (c->epoll < 0 || pipe(c->wake) != 0)
    die("epoll");
  c->stop.fd = c->wake[0];
  watch(c, &c->stop);
  if (pthread_create(&c->thread, NULL, serve, c) != 0)
    die("thread");
  return c;
}

void
crowd_stop(struct crowd *c)
{
  if (!c)
    return;
  if (write(c->wake[1], "", 1) != 1)
    die("wake");
  pthread_join(c->thread, NULL);
  while (c->doors) {
    struct door *next = c->doors->next;

    close(c->doors->end.fd);
    free(c->doors);
    c->doors = next;
  }
  close(c->wake[0]);
  close(c->wake[1]);
  close(c->epoll);
  pthread_mutex_destroy(&c->lock);
  free(c);
}

unsigned
crowd_add(struct crowd *c, unsigned behind, unsigned reach,
          crowd_bytes_fn bytes, void *ctx)
{
  struct sockaddr_in at = { .sin_family = AF_INET };
  socklen_t len = sizeof(at);
  struct door *door = allocate(sizeof(*door));
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 16) != 0 ||
      getsockname(fd, (struct sockaddr *)&at, &len) != 0)
    die("listen");
  *door = (struct door){ behind,  reach, bytes, ctx, { .fd = fd, .door = door },
                         c->doors };
  c->doors = door;
  watch(c, &door->end);
  return ntohs(at.sin_port);
}

void
crowd_set_resets(struct crowd *c, unsigned percent)
{
  pthread_mutex_lock(&c->lock);
  c->percent = percent;
  pthread_mutex_unlock(&c->lock);
}

struct crowd_counts
crowd_count(struct crowd *c)
{
  struct crowd_counts counts;

  pthread_mutex_lock(&c->lock);
  counts = c->counts;
  pthread_mutex_unlock(&c->lock);
  return counts;
}
