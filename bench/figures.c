/* Selects the run that counts among several. */
#include "bench/bench.h"

#include <stdlib.h>

static int
by_wall(const void *a, const void *b)
{
  const struct took *x = a, *y = b;

  return (x->wall_ms > y->wall_ms) - (x->wall_ms < y->wall_ms);
}

struct took
figures_median(struct took *runs, size_t n)
{
  qsort(runs, n, sizeof(*runs), by_wall);
  return runs[n / 2];
}

struct took
figures_least(const struct took *runs, size_t n)
{
  struct took least = runs[0];

  for (size_t i = 1; i < n; i++) {
    if (runs[i].wall_ms < least.wall_ms)
      least.wall_ms = runs[i].wall_ms;
    if (runs[i].cpu_ms < least.cpu_ms)
      least.cpu_ms = runs[i].cpu_ms;
  }
  return least;
}

const char *
figures_verdict(bool held, int *missed)
{
  *missed += !held;
  return held ? "held" : "**NOT HELD**";
}
