/*
 * Preloaded into the program under test: allows only $TEST_THREADS threads at a
 * time, besides the main thread, as a limit of the system does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PUBLIC __attribute__((visibility("default")))

typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                         void *);

struct start {
  void *(*run)(void *);
  void *arg;
};

static atomic_int running;

static void
count_end(void *unused)
{
  (void)unused;
  atomic_fetch_sub(&running, 1);
}

static void *
run_counted(void *arg)
{
  struct start start = *(struct start *)arg;
  void *result;

  free(arg);
  pthread_cleanup_push(count_end, NULL);
  result = start.run(start.arg);
  pthread_cleanup_pop(1);
  return result;
}

PUBLIC int
pthread_create(pthread_t *thread, const pthread_attr_t *attr,
               void *(*run)(void *), void *arg)
{
  const char *limit = getenv("TEST_THREADS");
  struct start *start;
  create_fn real;
  int err;

  *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
  if (!limit)
    return real(thread, attr, run, arg);
  start = malloc(sizeof(*start));
  if (!start || atomic_fetch_add(&running, 1) >= atoi(limit)) {
    if (start)
      atomic_fetch_sub(&running, 1);
    free(start);
    return EAGAIN;
  }
  *start = (struct start){ run, arg };
  err = real(thread, attr, run_counted, start);
  if (err != 0) {
    atomic_fetch_sub(&running, 1);
    free(start);
  }
  return err;
}
