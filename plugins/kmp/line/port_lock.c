/*
 * The lock of a serial server.  A connection cannot be locked as a tty can, and
 * a server that accepts several clients would mix their requests.  So a run
 * binds a socket to a name of the server in the abstract socket namespace.  The
 * kernel frees the name when the process ends, however it ends.
 *
 * Every local user can bind such a name.  The socket therefore listens: a run
 * that finds the name in use connects to it, and the kernel tells which process
 * listens there.  The run waits only for a process that may run this pipeline.
 * The holder never accepts the connections.  They end when the name becomes
 * free, and that wakes the waiting runs.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/user.h"
#include "plugins/kmp/line/lock_table.h"
#include "plugins/kmp/line/port_impl.h"

/* More runs than ever wait for one server; any others try again LOOKS times. */
#define BACKLOG 64

/* The holder of a name is unknown while its socket does not listen (yet) or its
 * queue is full.  Number of attempts to find it out, and the time between
 * them. */
#define LOOKS 20
#define LOOK_MS 50

static socklen_t
make_name(const char *device, struct sockaddr_un *ret_name)
{
  const size_t room = sizeof(ret_name->sun_path) - 1;
  int len;

  memset(ret_name, 0, sizeof(*ret_name));
  ret_name->sun_family = AF_UNIX;
  len = snprintf(ret_name->sun_path + 1, room, "meterpipe-kmp tcp://%s",
                 port_tcp_address(device));
  if (len < 0 || (size_t)len >= room)
    len = (int)room - 1;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

static int
no_lock(const struct mp_host *host, const char *device, int err)
{
  if (err == EMFILE || err == ENFILE)
    return port_no_files(host, device, err);
  return mp_fail(host, MP_EIO, device, "cannot be locked: %s", strerror(err));
}

/* Binds the name, or connects to the socket that holds it.  Returns MP_OK with
 * the lock in *ret_fd; MP_EBUSY with the connection; MP_DROP: the holder is
 * unknown; or a reason (reported). */
static int
take_or_connect(const struct mp_host *host, const char *device, int *ret_fd)
{
  struct sockaddr_un name;
  socklen_t size = make_name(device, &name);
  const struct sockaddr *address = (const struct sockaddr *)&name;
  int err = lock_table_listen(address, size, BACKLOG, ret_fd);
  int fd;

  if (!err)
    return MP_OK;
  if (err != EADDRINUSE)
    return no_lock(host, device, err);
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return no_lock(host, device, errno);
  *ret_fd = fd;
  if (connect(fd, address, size) == 0)
    return MP_EBUSY;
  close(fd); /* ECONNREFUSED, EAGAIN */
  return MP_DROP;
}

/* True if GROUP is a supplementary group of the process that FD is connected
 * to. */
static bool
has_group(int fd, gid_t group)
{
  socklen_t size = 0;
  gid_t *groups;
  bool found = false;

  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 ||
      errno != ERANGE)
    return false;
  groups = malloc(size);
  if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
    for (size_t i = 0; i < size / sizeof(*groups); i++)
      found |= groups[i] == group;
  free(groups);
  return found;
}

/* True if PEER may run this pipeline: it is root, this user, or a user who may
 * write in the state directory. */
static bool
is_one_of_us(const struct mp_host *host, int fd, const struct ucred *peer)
{
  struct stat dir;

  if (peer->uid == 0 || peer->uid == geteuid())
    return true;
  if (!MP_HAS(host, struct mp_host, state_dir) || !host->state_dir ||
      stat(host->state_dir, &dir) != 0)
    return false;
  if (peer->uid == dir.st_uid)
    return true;
  return (dir.st_mode & S_IRWXG) == S_IRWXG &&
         (peer->gid == dir.st_gid || has_group(fd, dir.st_gid));
}

/* Uses the server without the lock, and logs that. */
static int
go_without(const struct mp_host *host, const char *device, const char *who)
{
  mp_log(host, MP_LOG_NOTICE, device,
         "its lock is held by %s; this run does not wait for other users, so "
         "the requests of both can mix: stop that program, or run both as one "
         "user",
         who);
  return MP_OK;
}

static int
judge_holder(const struct mp_host *host, const char *device, int *fd)
{
  struct ucred peer = { .pid = 0 };
  socklen_t size = sizeof(peer);
  char program[PORT_USER], user[USER_WORDS], who[PORT_USER + USER_WORDS + 8];

  if (getsockopt(*fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    int r = no_lock(host, device, errno);

    close(*fd);
    *fd = -1;
    return r;
  }
  if (is_one_of_us(host, *fd, &peer))
    return MP_EBUSY;
  close(*fd);
  *fd = -1;
  snprintf(who, sizeof(who), "%s of %s",
           port_process(peer.pid, program, sizeof(program)),
           user_words(peer.uid, user));
  return go_without(host, device, who);
}

int
port_lock_try(const struct mp_host *host, const char *device, int *ret_fd)
{
  int r = MP_DROP;

  for (int i = 0; i < LOOKS && r == MP_DROP; i++) {
    *ret_fd = -1;
    if (i > 0 && port_wait(host, -1, 0, port_clock() + LOOK_MS) != MP_DROP)
      return MP_EBUSY; /* the caller sees that the cycle must end */
    r = take_or_connect(host, device, ret_fd);
  }
  if (r == MP_EBUSY)
    return judge_holder(host, device, ret_fd);
  if (r != MP_DROP)
    return r;
  *ret_fd = -1;
  return go_without(host, device, "a program of an unknown user");
}

void
port_lock_user(int fd, char *buf, size_t size)
{
  struct ucred peer = { .pid = 0 };
  socklen_t len = sizeof(peer);

  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
    port_process(peer.pid, buf, size);
  else
    buf[0] = '\0';
}
