/* Finds memory, descriptors, threads and children that a plugin leaves. */
#include "core/conform/conform.h"

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"

/* Runs before the first measurement: they fill the caches of libraries, and use
 * up those of malloc, which count as memory in use. */
#define WARM_UP 40
/* A leak grows in both halves of each round, even if not every call leaks.  A
 * cache stops growing.  With libcurl, this may take more than one round. */
#define ROUNDS 8
/* Mapped memory also grows because the heap is fragmented. */
#define MAPPED_BYTES 4096 /* for each call */
/* A thread that was joined may stay in /proc for a moment. */
#define PATIENCE_MS 500

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

/* Returns the writable memory that is mapped, with the heap. */
static size_t
bytes_mapped(void)
{
  FILE *file = fopen("/proc/self/statm", "re");
  unsigned long pages = 0;

  if (file && fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
    pages = 0;
  if (file)
    fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool
has_children(void)
{
  siginfo_t info;

  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void
conform_measure(struct conform_use *use)
{
  *use = (struct conform_use){
    .heap = bytes_in_use(),
    .descriptors = (int)file_count_entries("/proc/self/fd"),
    .threads = (int)file_count_entries("/proc/self/task"),
  };
  if (use->heap > 0)
    use->mapped = bytes_mapped();
}

/* Measures, and waits a moment for more threads than BEFORE to end. */
static void
measure_after(struct conform_use *use, const struct conform_use *before)
{
  const struct timespec t = { .tv_nsec = 1000000 };

  conform_measure(use);
  for (int i = 0; i < PATIENCE_MS && use->threads > before->threads; i++) {
    nanosleep(&t, NULL);
    conform_measure(use);
  }
}

static void
report_left(struct conform *c, const char *what,
            const struct conform_use *before, const struct conform_use *after)
{
  if (after->descriptors > before->descriptors)
    conform_fail(c, "%s left %d descriptors open: close them", what,
                 after->descriptors - before->descriptors);
  if (after->threads > before->threads)
    conform_fail(c, "%s left %d threads running: join them", what,
                 after->threads - before->threads);
}

void
conform_left(struct conform *c, const struct conform_use *before)
{
  struct conform_use after;

  measure_after(&after, before);
  report_left(c, "its callbacks", before, &after);
  if (has_children())
    conform_fail(c, "its callbacks left child processes: end them and wait for "
                    "them");
}

static bool
heap_grew(const struct conform_use u[3])
{
  return u[1].heap > u[0].heap && u[2].heap > u[1].heap;
}

static bool
mapped_grew(const struct conform_use u[3], int times)
{
  size_t least = (size_t)times / 2 * MAPPED_BYTES;

  return u[1].mapped >= u[0].mapped + least &&
         u[2].mapped >= u[1].mapped + least;
}

/* Measures before, between and after two halves of TIMES calls. */
static bool
measure_halves(struct conform *c, int times,
               bool (*fn)(struct conform *c, void *ctx), void *ctx,
               struct conform_use u[3])
{
  conform_measure(&u[0]);
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
  struct conform_use u[3] = { { .descriptors = 0 } };
  bool heap = true, mapped = true;

  for (int i = 0; i < WARM_UP; i++)
    if (!fn(c, ctx))
      return;
  for (int round = 0; round < ROUNDS && (heap || mapped); round++) {
    if (!measure_halves(c, times, fn, ctx, u))
      return;
    heap = heap && heap_grew(u);
    mapped = mapped && mapped_grew(u, times);
  }
  report_left(c, what, &u[0], &u[2]);
  if (heap)
    conform_fail(c, "%s leaked %zu bytes: free them", what,
                 u[2].heap - u[0].heap);
  else if (mapped)
    conform_fail(c, "%s left %zu bytes mapped: unmap them", what,
                 u[2].mapped - u[0].mapped);
}
