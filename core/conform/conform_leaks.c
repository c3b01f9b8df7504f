/* Finds memory, descriptors, threads and children that a plugin leaves. */
#include "core/conform/conform.h"

#include <malloc.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/file.h"

/* Runs before the first measurement: they fill the caches of libraries, and use
 * up those of malloc, which count as memory in use. */
#define WARM_UP 20
/* A leak is one in each round.  With libcurl, the caches of malloc may take
 * more than one round until they are full. */
#define ROUNDS 5
/* A leak of one byte takes a block of 4 * sizeof(size_t).  A few may come from
 * a cache of malloc. */
#define LEAK_BYTES (3 * sizeof(size_t))
/* A thread that was joined may stay in /proc for a moment. */
#define PATIENCE_MS 500

struct use {
  size_t bytes;
  int descriptors, threads;
  bool children;
};

/* The C library counts the bytes; without such a count, as with a sanitizer,
 * this returns 0. */
static size_t
bytes_in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  struct mallinfo2 info = mallinfo2();

  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

int
conform_descriptors(void)
{
  return (int)file_count_entries("/proc/self/fd");
}

static bool
has_children(void)
{
  siginfo_t info;

  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void
measure(struct use *use)
{
  *use = (struct use){ .bytes = bytes_in_use(),
                       .descriptors = conform_descriptors(),
                       .threads = (int)file_count_entries("/proc/self/task"),
                       .children = has_children() };
}

/* Measures, and waits a moment for more threads than BEFORE to end. */
static void
measure_after(struct use *use, const struct use *before)
{
  const struct timespec t = { .tv_nsec = 1000000 };

  measure(use);
  for (int i = 0; i < PATIENCE_MS && use->threads > before->threads; i++) {
    nanosleep(&t, NULL);
    measure(use);
  }
}

/* A cache grows once; a leak grows in both halves. */
static bool
has_leak(const struct use u[3], int times)
{
  size_t least = (size_t)times / 2 * LEAK_BYTES;

  return u[1].bytes >= u[0].bytes + least && u[2].bytes >= u[1].bytes + least;
}

static void
compare(struct conform *c, const char *what, int times, const struct use u[3])
{
  if (u[2].descriptors > u[0].descriptors)
    conform_fail(c, "%s left %d descriptors open: close them", what,
                 u[2].descriptors - u[0].descriptors);
  if (u[2].threads > u[0].threads)
    conform_fail(c, "%s left %d threads running: join them", what,
                 u[2].threads - u[0].threads);
  if (u[2].children)
    conform_fail(c, "%s left child processes: end them and wait for them",
                 what);
  if (has_leak(u, times))
    conform_fail(c, "%s leaked %zu bytes: free them", what,
                 u[2].bytes - u[0].bytes);
}

/* Measures before, between and after two halves of TIMES calls. */
static bool
measure_halves(struct conform *c, int times,
               bool (*fn)(struct conform *c, void *ctx), void *ctx,
               struct use u[3])
{
  measure(&u[0]);
  for (int half = 1; half <= 2; half++) {
    for (int i = 0; i < times / 2; i++)
      if (!fn(c, ctx) || conform_failed(c))
        return false;
    measure_after(&u[half], &u[0]);
  }
  return true;
}

void
conform_leaks(struct conform *c, const char *what, int times,
              bool (*fn)(struct conform *c, void *ctx), void *ctx)
{
  struct use u[3];

  for (int i = 0; i < WARM_UP; i++)
    if (!fn(c, ctx))
      return;
  for (int round = 0; round < ROUNDS; round++) {
    if (!measure_halves(c, times, fn, ctx, u))
      return;
    if (!has_leak(u, times))
      break;
  }
  compare(c, what, times, u);
}
