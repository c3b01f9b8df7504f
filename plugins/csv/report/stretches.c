#include "plugins/csv/report/stretches.h"

#include <stdlib.h>

#include "meterpipe/plugin.h"

/* A longer time between two rows begins a stretch, so that a row far in the
 * future is not in one stretch with the rows before it. */
#define GAP_S (24 * 60 * 60)
#define NONE SIZE_MAX

int
stretches_add(struct stretches *stretches, unsigned long line, int64_t ms)
{
  struct stretch *last =
    stretches->n > 0 ? &stretches->list[stretches->n - 1] : NULL;
  int64_t s = ms / 1000;

  if (last && s >= last->last_s && s - last->last_s <= GAP_S) {
    last->last_s = s;
    last->rows++;
    return MP_OK;
  }
  if (stretches->n == STRETCHES_MAX)
    return MP_ERANGE;
  if (stretches->n == stretches->size) {
    size_t size = stretches->size ? 2 * stretches->size : 16;

    last = reallocarray(stretches->list, size, sizeof(*last));
    if (!last)
      return MP_ENOMEM;
    stretches->list = last;
    stretches->size = size;
  }
  stretches->list[stretches->n++] =
    (struct stretch){ .first_s = s, .last_s = s, .rows = 1, .line = line };
  return MP_OK;
}

/* ---- The choice ---------------------------------------------------------- */

struct choice {
  int64_t rows;  /* of the best choice that ends with this stretch */
  size_t before; /* the stretch before it in that choice; NONE */
};

/* Returns the rows of STRETCH after END, if they are evenly spaced. */
static int64_t
rows_after(const struct stretch *stretch, int64_t end)
{
  int64_t seconds = stretch->last_s - stretch->first_s + 1;

  if (end < stretch->first_s)
    return stretch->rows;
  return stretch->rows * (stretch->last_s - end) / seconds;
}

/* Chooses what is before stretch I, from the choices of those before it. */
static struct choice
choose_before(const struct stretch *list, const struct choice *choices,
              size_t i)
{
  struct choice best = { list[i].rows, NONE };

  for (size_t k = 0; k < i; k++) {
    int64_t rows;

    if (list[k].last_s >= list[i].last_s)
      continue;
    rows = choices[k].rows + rows_after(&list[i], list[k].last_s);
    if (rows > best.rows)
      best = (struct choice){ rows, k };
  }
  return best;
}

int
stretches_choose(struct stretches *stretches)
{
  struct stretch *list = stretches->list;
  struct choice *choices = calloc(stretches->n + 1, sizeof(*choices));
  size_t best = 0;

  if (!choices)
    return MP_ENOMEM;
  for (size_t i = 0; i < stretches->n; i++) {
    choices[i] = choose_before(list, choices, i);
    if (choices[i].rows > choices[best].rows ||
        (choices[i].rows == choices[best].rows &&
         list[i].last_s < list[best].last_s))
      best = i;
  }
  for (size_t i = stretches->n > 0 ? best : NONE; i != NONE;
       i = choices[i].before)
    list[i].used = true;
  free(choices);
  return MP_OK;
}

bool
stretches_used(const struct stretches *stretches, unsigned long line,
               size_t *at)
{
  while (*at + 1 < stretches->n && stretches->list[*at + 1].line <= line)
    ++*at;
  return *at < stretches->n && stretches->list[*at].used;
}

void
stretches_free(struct stretches *stretches)
{
  free(stretches->list);
  *stretches = (struct stretches){ .list = NULL };
}
