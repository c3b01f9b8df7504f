/* The store in memory, with the snapshot of the last commit; it replaces
 * core/store.  Ledgers in it are handles.  See fakes.h. */
#include "tests/exhaustive/fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/queue_row.h"
#include "core/store/store.h"

struct fake_hooks fake_hooks;
bool fake_texts;

/* ---- Entries ---- */

#define MOST_ENTRIES 64
#define ARENA (256 * 1024)
#define HANDLES 256
#define MOST_ROWS 16

struct fake_entry {
  const char *area, *owner, *name, *body;
};

struct fake_table {
  struct fake_entry entries[MOST_ENTRIES];
  size_t n;
  struct store_row rows[MOST_ROWS];
  size_t n_rows;
};

/* Texts live until the next run begins. */
static char arena[ARENA];
static size_t arena_used;
static struct fake_table live, committed;
static unsigned n_commits;
static int64_t last_row_id;
static struct entry entries[HANDLES];
static struct entry_reading readings[HANDLES];
static size_t n_entries, n_readings;

struct store *
fake_store(void)
{
  return (struct store *)&live;
}

void
fake_store_begin(void)
{
  arena_used = n_entries = n_readings = 0;
  live.n = committed.n = 0;
  live.n_rows = committed.n_rows = 0;
  last_row_id = 0;
  n_commits = 0;
}

static void
copy_to_committed(void)
{
  committed.n = live.n;
  memcpy(committed.entries, live.entries, live.n * sizeof(live.entries[0]));
  committed.n_rows = live.n_rows;
  memcpy(committed.rows, live.rows, live.n_rows * sizeof(live.rows[0]));
}

void
fake_store_loaded(void)
{
  copy_to_committed();
}

static char *
keep_text(const char *text)
{
  size_t size = strlen(text) + 1;
  char *to = arena + arena_used;

  if (arena_used + size > sizeof(arena))
    fake_too_small("texts");
  arena_used += size;
  return memcpy(to, text, size);
}

/* Names are mostly the same pointers. */
static bool
same_text(const char *a, const char *b)
{
  return a == b || (*a == *b && strcmp(a, b) == 0);
}

static struct fake_entry *
find_entry(struct fake_table *table, const char *area, const char *owner,
           const char *name)
{
  for (size_t i = 0; i < table->n; i++) {
    struct fake_entry *e = &table->entries[i];

    if (same_text(e->name, name) && same_text(e->owner, owner) &&
        same_text(e->area, area))
      return e;
  }
  return NULL;
}

const char *
store_get(struct store *store, const char *area, const char *owner,
          const char *name)
{
  struct fake_entry *e = find_entry(&live, area, owner, name);

  (void)store;
  return e ? e->body : NULL;
}

void
store_put(struct store *store, const char *area, const char *owner,
          const char *name, const char *body)
{
  struct fake_entry *e = find_entry(&live, area, owner, name);

  (void)store;
  if (!e && !body)
    return;
  if (!e) {
    if (live.n == MOST_ENTRIES)
      fake_too_small("entries");
    e = &live.entries[live.n++];
    *e = (struct fake_entry){ area, owner, keep_text(name), NULL };
  }
  e->body = body ? keep_text(body) : NULL;
}

int
store_try_put(struct store *store, const char *area, const char *owner,
              const char *name, const char *body)
{
  store_put(store, area, owner, name, body);
  return MP_OK;
}

void
store_each(struct store *store, const char *area,
           void (*fn)(void *ctx, const char *owner, const char *name,
                      const char *body),
           void *ctx)
{
  (void)store;
  for (size_t i = 0; i < live.n; i++)
    if (live.entries[i].body && strcmp(live.entries[i].area, area) == 0)
      fn(ctx, live.entries[i].owner, live.entries[i].name,
         live.entries[i].body);
}

static int
commit(bool of_all)
{
  enum fake_commit what =
    of_all && n_commits++ == 0 ? FAKE_COMMIT_CYCLE : FAKE_COMMIT_ANSWERS;

  fake_hooks.before_commit();
  copy_to_committed();
  fake_hooks.after_commit(what);
  return MP_OK;
}

int
store_commit(struct store *store)
{
  (void)store;
  return commit(true);
}

int
store_commit_answers(struct store *store, const char *output)
{
  (void)store, (void)output;
  return commit(false);
}

bool
store_is_durable(const struct store *store)
{
  (void)store;
  return true;
}

const char *
store_error(const struct store *store)
{
  (void)store;
  return "";
}

const char *
store_path(const struct store *store)
{
  (void)store;
  return "memory";
}

int
store_locate(const char *pipeline_path, const char *state_dir, char **ret)
{
  (void)pipeline_path;
  (void)state_dir;
  *ret = strdup("/nowhere/state.db");
  return *ret ? MP_OK : MP_ENOMEM;
}

/* ---- Rows ---- */

int64_t
store_row_add(struct store *store, const char *output, const char *body)
{
  struct store_row *row;

  (void)store;
  if (live.n_rows == MOST_ROWS)
    fake_too_small("rows");
  row = &live.rows[live.n_rows++];
  *row = (struct store_row){ .id = ++last_row_id,
                             .output = keep_text(output),
                             .body = keep_text(body) };
  return row->id;
}

const struct store_row *
store_row_next(const struct store *store, const char *output, int64_t after)
{
  (void)store;
  (void)output; /* there is one queue */
  for (size_t i = 0; i < live.n_rows; i++)
    if (live.rows[i].id > after)
      return &live.rows[i];
  return NULL;
}

void
store_row_remove(struct store *store, int64_t id)
{
  size_t kept = 0;

  (void)store;
  for (size_t i = 0; i < live.n_rows; i++)
    if (live.rows[i].id != id)
      live.rows[kept++] = live.rows[i];
  live.n_rows = kept;
}

/* Only `meterpipe retry` calls it, and no house has a history output. */
void
store_row_restore(struct store *store, int64_t id, const char *output,
                  const char *body)
{
  (void)store;
  (void)id;
  (void)output;
  (void)body;
  abort();
}

size_t
store_row_count(const struct store *store, const char *output)
{
  (void)store;
  (void)output;
  return live.n_rows;
}

static const char file_name[] = "file";

/* The form of core/cycle/queue_row.c. */
static void
put_row(const struct house *house, const struct entry_row *row)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);

  fprintf(out, "time %lld\n", (long long)row->time * 1000);
  for (size_t i = 0; i < house->plan.n_targets; i++) {
    struct value v;

    if (!row->cells[i].kind)
      continue;
    state_get_value(&v, &row->cells[i]);
    fprintf(out, "%s\t", house->targets[i]);
    value_write(out, &v);
    putc('\n', out);
  }
  fclose(out);
  store_row_add(NULL, file_name, text);
  free(text);
}

static void
get_row(const struct house *house, struct entry_row *row, const char *body)
{
  struct queue_row decoded;

  if (!queue_row_decode(&decoded, body))
    abort();
  *row = (struct entry_row){ .time = decoded.time_ms / 1000 };
  for (size_t k = 0; k < decoded.n_values; k++)
    for (size_t i = 0; i < house->plan.n_targets; i++)
      if (house->plan.in_file[i] &&
          strcmp(decoded.values[k].target, house->targets[i]) == 0)
        state_put_value(&row->cells[i], &decoded.values[k].value);
  queue_row_clear(&decoded);
}

void
fake_put_rows(const struct house *house, const struct program *p)
{
  char text[64];

  for (size_t i = 0; i < WORLD_ROWS && p->rows[i].time; i++)
    put_row(house, &p->rows[i]);
  if (p->last_row) {
    snprintf(text, sizeof(text), "%lld", (long long)p->last_row * 1000);
    store_put(NULL, STORE_META, file_name, "last_row", text);
  }
  if (p->token.present) {
    snprintf(text, sizeof(text), "%lld %lld file %lld",
             (long long)p->token.first, (long long)p->token.last,
             (long long)p->token.rows);
    store_put(NULL, STORE_META, file_name, "token", text);
  }
}

/* Returns the place of the row ID in the queue, from 1; of a row that was taken
 * off, that of the one before it. */
static int64_t
place_of(int64_t id)
{
  int64_t place = 0;

  for (size_t i = 0; i < committed.n_rows && committed.rows[i].id <= id; i++)
    place++;
  return place;
}

void
fake_get_rows(const struct house *house, struct program *p)
{
  struct fake_entry *last =
    find_entry(&committed, STORE_META, file_name, "last_row");
  struct fake_entry *token =
    find_entry(&committed, STORE_META, file_name, "token");
  long long first, until, rows;

  for (size_t i = 0; i < committed.n_rows; i++)
    if (i < WORLD_ROWS)
      get_row(house, &p->rows[i], committed.rows[i].body);
    else
      fake_too_small("rows");
  if (last && last->body)
    p->last_row = atoll(last->body) / 1000;
  if (!token || !token->body)
    return;
  if (sscanf(token->body, "%lld %lld file %lld", &first, &until, &rows) != 3)
    abort();
  p->token = (struct entry_token){ .present = 1,
                                   .first = place_of(first),
                                   .last = place_of(until),
                                   .rows = rows };
}

/* ---- Ledgers and readings as handles ---- */

char *__real_ledger_encode(const struct ledger *t);
bool __real_ledger_decode(struct ledger *t, const char *text);
char *__real_reading_encode(const struct reading *r);
bool __real_reading_decode(struct reading *r, const char *text);
char *__wrap_ledger_encode(const struct ledger *t);
bool __wrap_ledger_decode(struct ledger *t, const char *text);
char *__wrap_reading_encode(const struct reading *r);
bool __wrap_reading_decode(struct reading *r, const char *text);

/* A handle is a text of one line: "@" and two digits to the base 16. */
static char *
handle_text(size_t n)
{
  static const char digits[] = "0123456789abcdef";
  const char text[] = { '@', digits[n / 16], digits[n % 16], '\0' };

  return strdup(text);
}

static size_t
handle_digit(char c)
{
  return (size_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t
handle_number(const char *text)
{
  return handle_digit(text[1]) * 16 + handle_digit(text[2]);
}

char *
__wrap_ledger_encode(const struct ledger *t)
{
  if (fake_texts)
    return __real_ledger_encode(t);
  if (n_entries == HANDLES)
    fake_too_small("ledgers");
  entry_put(&entries[n_entries], t);
  return handle_text(n_entries++);
}

bool
__wrap_ledger_decode(struct ledger *t, const char *text)
{
  if (fake_texts)
    return __real_ledger_decode(t, text);
  entry_get(t, &entries[handle_number(text)]);
  return true;
}

char *
__wrap_reading_encode(const struct reading *r)
{
  if (fake_texts)
    return __real_reading_encode(r);
  if (n_readings == HANDLES)
    fake_too_small("readings");
  entry_put_reading(&readings[n_readings], r);
  return handle_text(n_readings++);
}

bool
__wrap_reading_decode(struct reading *r, const char *text)
{
  if (fake_texts)
    return __real_reading_decode(r, text);
  entry_get_reading(r, &readings[handle_number(text)]);
  return true;
}

void
fake_put_entry(const char *output, const char *target,
               const struct entry *entry)
{
  struct ledger ledger;
  char *text;

  ledger_init(&ledger, LEDGER_PLAIN);
  entry_get(&ledger, entry);
  text = __wrap_ledger_encode(&ledger);
  store_put(NULL, STORE_TARGET, output, target, text);
  free(text);
  ledger_clear(&ledger);
}

bool
fake_get_entry(const char *output, const char *target, struct entry *ret)
{
  struct fake_entry *e = find_entry(&committed, STORE_TARGET, output, target);
  struct ledger ledger;

  if (!e || !e->body)
    return false;
  if (!fake_texts) {
    *ret = entries[handle_number(e->body)];
    return true;
  }
  ledger_init(&ledger, LEDGER_PLAIN);
  __real_ledger_decode(&ledger, e->body);
  entry_put(ret, &ledger);
  ledger_clear(&ledger);
  return true;
}

void
fake_put_reading(const char *input, const char *field,
                 const struct entry_reading *reading)
{
  struct reading r = { .is_candidate = false };
  char *text;

  entry_get_reading(&r, reading);
  text = __wrap_reading_encode(&r);
  store_put(NULL, STORE_READING, input, field, text);
  free(text);
  reading_clear(&r);
}

bool
fake_get_reading(const char *input, const char *field,
                 struct entry_reading *ret)
{
  struct fake_entry *e = find_entry(&committed, STORE_READING, input, field);
  struct reading r = { .is_candidate = false };

  if (!e || !e->body)
    return false;
  if (!fake_texts) {
    *ret = readings[handle_number(e->body)];
    return true;
  }
  __real_reading_decode(&r, e->body);
  entry_put_reading(ret, &r);
  reading_clear(&r);
  return true;
}

/* ---- The UUID of the state ---- */

int64_t fake_next_state;

int __wrap_getentropy(void *buf, size_t size);

int
__wrap_getentropy(void *buf, size_t size)
{
  memset(buf, (int)fake_next_state, size);
  return 0;
}

void
fake_put_state(int64_t state)
{
  char text[STATE_UUID];

  state_format_uuid(state, text);
  store_put(NULL, STORE_META, "", "uuid", text);
}

int64_t
fake_get_state(void)
{
  struct fake_entry *e = find_entry(&committed, STORE_META, "", "uuid");

  return e && e->body ? state_of_uuid(e->body) : 0;
}
