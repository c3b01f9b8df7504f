#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/kmp/line/lock_table.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

/* An order for the thread.  It is on the stack of the thread that gives it. */
struct order {
  const struct sockaddr *name; /* NULL: close NUMBER */
  socklen_t size;
  int backlog;
  int number;
  int err;
  sem_t done;
  struct order *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ordered = PTHREAD_COND_INITIALIZER;
static struct order *orders;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t started;
static pid_t owner; /* the process with the thread; 0: there is none */

/* ---- The sockets --------------------------------------------------------- */

static int
listen_at(struct order *order)
{
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int err;

  if (fd >= 0 && bind(fd, order->name, order->size) == 0 &&
      listen(fd, order->backlog) == 0) {
    order->number = fd;
    return 0;
  }
  err = errno;
  if (fd >= 0)
    close(fd);
  return err;
}

static void
execute(struct order *order)
{
  if (order->name)
    order->err = listen_at(order);
  else
    close(order->number);
}

/* ---- The thread ---------------------------------------------------------- */

static void
wait_for(sem_t *sem)
{
  while (sem_wait(sem) != 0 && errno == EINTR)
    continue;
}

/* Gives this thread an empty table of descriptors. */
static bool
leave_table(void)
{
#ifdef __SANITIZE_THREAD__
  return false; /* it takes equal numbers in two tables for one descriptor */
#else
  return close_range(0, ~0U, CLOSE_RANGE_UNSHARE) == 0;
#endif
}

static struct order *
take_order(void)
{
  struct order *order;

  pthread_mutex_lock(&mutex);
  while (!orders)
    pthread_cond_wait(&ordered, &mutex);
  order = orders;
  orders = order->next;
  pthread_mutex_unlock(&mutex);
  return order;
}

static void *
serve(void *unused)
{
  bool is_separate = leave_table();

  if (is_separate)
    owner = getpid();
  sem_post(&started);
  if (!is_separate)
    return unused;
  for (;;) {
    struct order *order = take_order();

    execute(order);
    sem_post(&order->done);
  }
}

/* The thread gets no signals: a handler may use descriptors of the process. */
static void
start(void)
{
  pthread_t thread;
  sigset_t all, before;
  int err;

  sem_init(&started, 0, 0);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  err = pthread_create(&thread, NULL, serve, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (err)
    return;
  wait_for(&started);
  pthread_detach(thread);
}

bool
lock_table_is_separate(void)
{
  pthread_once(&once, start);
  return owner == getpid(); /* a child has no copy of the thread */
}

static void
give(struct order *order)
{
  if (!lock_table_is_separate()) {
    execute(order);
    return;
  }
  sem_init(&order->done, 0, 0);
  pthread_mutex_lock(&mutex);
  order->next = orders;
  orders = order;
  pthread_cond_signal(&ordered);
  pthread_mutex_unlock(&mutex);
  wait_for(&order->done);
  sem_destroy(&order->done);
}

int
lock_table_listen(const struct sockaddr *name, socklen_t size, int backlog,
                  int *ret_number)
{
  struct order order = { .name = name, .size = size, .backlog = backlog };

  give(&order);
  if (!order.err)
    *ret_number = order.number;
  return order.err;
}

void
lock_table_close(int number)
{
  struct order order = { .number = number };

  give(&order);
}
