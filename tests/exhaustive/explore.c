/* Breadth-first exploration with a compact table of the known states. */
#include "tests/exhaustive/explore.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/exhaustive/hash.h"

double
explore_seconds(void)
{
  struct timespec t;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- Known states ---- */

/* One known state: 24 bytes, and on average 6 of the index. */
struct known {
  struct hash hash;
  uint32_t parent; /* index of a known state */
  uint32_t step;   /* from the parent */
};

struct table {
  struct known *states;
  size_t n, room;
  uint32_t *index; /* number of a state plus 1; 0: free */
  size_t mask;     /* size of the index less 1; a power of two less 1 */
};

static void
table_grow_index(struct table *t)
{
  size_t size = t->index ? (t->mask + 1) * 2 : 1 << 16;

  free(t->index);
  t->index = hash_resize(NULL, size * sizeof(*t->index));
  memset(t->index, 0, size * sizeof(*t->index));
  t->mask = size - 1;
  for (size_t i = 0; i < t->n; i++) {
    size_t at = t->states[i].hash.a & t->mask;

    while (t->index[at])
      at = (at + 1) & t->mask;
    t->index[at] = (uint32_t)i + 1;
  }
}

/* Adds a state, unless it is known.  Returns true if it is new. */
static bool
table_add(struct table *t, struct hash hash, uint32_t parent, uint32_t step)
{
  size_t at;

  if (!t->index || t->n * 3 > t->mask * 2)
    table_grow_index(t);
  for (at = hash.a & t->mask; t->index[at]; at = (at + 1) & t->mask)
    if (hash_same(t->states[t->index[at] - 1].hash, hash))
      return false;
  if (t->n == t->room) {
    t->room = t->room ? t->room + t->room / 2 : 1 << 14;
    t->states = hash_resize(t->states, t->room * sizeof(*t->states));
  }
  t->states[t->n] = (struct known){ hash, parent, step };
  t->index[at] = (uint32_t)++t->n;
  return true;
}

/* ---- Levels ---- */

/* The bytes of the states of a level, one after the other: the number of the
 * state, the size, the bytes. */
struct level {
  uint8_t *bytes;
  size_t size, room;
  uint64_t n;
};

#define STATE_HEAD (sizeof(uint32_t) + sizeof(uint16_t))

static void
level_add(struct level *level, uint32_t number, const uint8_t *bytes,
          size_t size)
{
  uint16_t short_size = (uint16_t)size;
  uint8_t *to;

  if (level->size + STATE_HEAD + size > level->room) {
    level->room = level->room * 3 / 2 + STATE_HEAD + size + 4096;
    level->bytes = hash_resize(level->bytes, level->room);
  }
  to = level->bytes + level->size;
  memcpy(to, &number, sizeof(number));
  memcpy(to + sizeof(number), &short_size, sizeof(short_size));
  memcpy(to + STATE_HEAD, bytes, size);
  level->size += STATE_HEAD + size;
  level->n++;
}

/* Returns the offset of the state after the one at AT. */
static size_t
level_read(const struct level *level, size_t at, uint32_t *ret_number,
           uint16_t *ret_size)
{
  memcpy(ret_number, level->bytes + at, sizeof(*ret_number));
  memcpy(ret_size, level->bytes + at + sizeof(*ret_number), sizeof(*ret_size));
  return at + STATE_HEAD + *ret_size;
}

static void
level_free(struct level *level)
{
  free(level->bytes);
  *level = (struct level){ .bytes = NULL };
}

/* ---- Exploring ---- */

#define KEPT_LEVELS (EXPLORE_MOST_COST + 1)

struct explorer {
  struct explore_sink sink; /* first: the sink is the explorer */
  const struct explore_system *system;
  const struct explore_limits *limits;
  struct explore_result result;
  struct table table;
  struct level levels[KEPT_LEVELS]; /* level N at N % KEPT_LEVELS */
  unsigned depth;                   /* the level that is being filled */
  uint32_t parent;                  /* the state that is being expanded */
  double begun;
  bool stopped;
  FILE *out;
};

static struct level *
level_of(struct explorer *e, unsigned depth)
{
  return &e->levels[depth % KEPT_LEVELS];
}

static void
print_history(struct explorer *e, uint32_t number)
{
  uint32_t steps[256];
  size_t n = 0;

  for (; number != 0 && n < 256; number = e->table.states[number].parent)
    steps[n++] = e->table.states[number].step;
  for (size_t i = 0; i < n / 2; i++) {
    uint32_t step = steps[i];

    steps[i] = steps[n - 1 - i];
    steps[n - 1 - i] = step;
  }
  e->system->print(e->system->ctx, steps, n, e->out);
}

static void
note_violation(struct explorer *e, uint32_t number)
{
  if (e->result.violations++ == 0)
    e->result.first_depth = e->depth;
  if (e->result.violations <= e->limits->printed)
    print_history(e, number);
  if (e->limits->violations && e->result.violations >= e->limits->violations)
    e->stopped = true;
}

static void
take_state(struct explore_sink *sink, uint32_t step, const uint8_t *bytes,
           size_t size)
{
  struct explorer *e = (struct explorer *)sink;
  uint32_t number = (uint32_t)e->table.n;

  e->result.transitions++;
  if (!table_add(&e->table, hash_bytes(bytes, size), e->parent, step))
    return;
  level_add(level_of(e, e->depth), number, bytes, size);
  if (!e->system->check(e->system->ctx, bytes, size))
    note_violation(e, number);
}

static bool
is_over(struct explorer *e)
{
  size_t kept = 0;

  if (e->limits->seconds > 0 &&
      explore_seconds() - e->begun > e->limits->seconds)
    e->stopped = true;
  for (size_t i = 0; i < KEPT_LEVELS; i++)
    kept += e->levels[i].size;
  if ((e->limits->memory && kept > e->limits->memory) ||
      e->table.n > UINT32_MAX - 1000000)
    e->stopped = true;
  return e->stopped;
}

static bool
is_in_sample(const struct explorer *e, uint32_t number)
{
  return e->limits->share <= 1 ||
         e->table.states[number].hash.b % e->limits->share == 0;
}

/* Expands all states of the level DEPTH by steps that cost COST, also those
 * that are added meanwhile. */
static void
expand_level(struct explorer *e, unsigned depth, unsigned cost)
{
  struct level *level = level_of(e, depth);
  uint8_t state[UINT16_MAX];
  uint16_t size;

  for (size_t at = 0; at < level->size && !is_over(e);) {
    size_t next = level_read(level, at, &e->parent, &size);

    /* A copy: the level may grow and move. */
    memcpy(state, level->bytes + at + STATE_HEAD, size);
    if (cost == 0 || depth == 0 || is_in_sample(e, e->parent))
      e->system->expand(e->system->ctx, state, size, cost, &e->sink);
    at = next;
  }
}

static void
fill_level(struct explorer *e)
{
  level_free(level_of(e, e->depth));
  for (unsigned cost = EXPLORE_MOST_COST; cost > 0; cost--)
    if (cost <= e->depth)
      expand_level(e, e->depth - cost, cost);
  expand_level(e, e->depth, 0);
}

static void
print_level(const struct explorer *e, uint64_t new_states)
{
  if (!e->limits->quiet)
    fprintf(e->out,
            "  depth %u%s: %llu new states; in all %llu states, %llu "
            "transitions, %llu violations, %.0f s\n",
            e->depth, e->stopped ? " (not complete)" : "",
            (unsigned long long)new_states, (unsigned long long)e->table.n,
            (unsigned long long)e->result.transitions,
            (unsigned long long)e->result.violations,
            explore_seconds() - e->begun);
  fflush(e->out);
}

static void
run_levels(struct explorer *e)
{
  unsigned empty = 0;

  for (e->depth = 0; e->depth <= e->limits->depth && !e->stopped; e->depth++) {
    uint64_t new_states;

    e->system->begin_level(e->system->ctx, e->depth == e->limits->depth);
    if (e->depth == 0) {
      e->system->first(e->system->ctx, &e->sink);
      expand_level(e, 0, 0);
    } else
      fill_level(e);
    new_states = level_of(e, e->depth)->n;
    print_level(e, new_states);
    if (e->stopped)
      return;
    e->result.depth = e->depth;
    empty = new_states ? 0 : empty + 1;
    e->result.closed = empty >= EXPLORE_MOST_COST;
    if (e->result.closed)
      break;
  }
  e->result.complete = true;
}

struct explore_result
explore(const struct explore_system *system,
        const struct explore_limits *limits, FILE *out)
{
  struct explorer e = { .sink = { .take = take_state },
                        .system = system,
                        .limits = limits,
                        .begun = explore_seconds(),
                        .out = out };

  run_levels(&e);
  e.result.states = e.table.n;
  e.result.seconds = explore_seconds() - e.begun;
  for (unsigned i = 0; i < KEPT_LEVELS; i++)
    level_free(&e.levels[i]);
  free(e.table.states);
  free(e.table.index);
  return e.result;
}
