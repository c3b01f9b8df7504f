/*
 * Fuzz target: the state database.  The input is the file; the store opens it
 * in each mode, and a run uses it.  Also checks that read-only modes change
 * nothing; that a damaged file is moved aside unchanged and a sound state
 * begun; that committed data is found again; that a refused file is left alone.
 *
 * The states belong to the pipeline file /, which exists on every system.
 */
#include "core/ledger/ledger.h"
#include "core/cycle/queue_row.h"
#include "core/store/store.h"
#include "fuzz/require.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/scratch.h"
#include "lib/array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIPELINE "/"
/* Larger than any seed, or what a fuzzer makes of it. */
#define STATE_MAX (1 << 20)

static const char *const areas[] = { STORE_META, STORE_TARGET, STORE_TEXT,
                                     STORE_FAILURE, STORE_RUN };

static char db[300];

/* ---- Files --------------------------------------------------------------- */

/* The expected content of a file. */
struct expected {
  const uint8_t *data;
  size_t size;
  unsigned moved_aside; /* number of files moved aside */
};

static bool
is_same(const char *path, const struct expected *expected)
{
  static uint8_t buf[STATE_MAX + 1];
  long n = scratch_read(path, buf, sizeof(buf));

  return n == (long)expected->size &&
         (n == 0 || memcmp(buf, expected->data, expected->size) == 0);
}

static void
check_moved_aside(const char *path, void *ctx)
{
  struct expected *expected = ctx;

  if (!strstr(path, "house.db.corrupt-"))
    return;
  expected->moved_aside++;
  require(is_same(path, expected));
}

/* ---- Content ------------------------------------------------------------- */

static void
read_entry(void *ctx, const char *owner, const char *name, const char *body)
{
  struct ledger ledger;
  char *again;

  (void)ctx;
  require(owner && name);
  ledger_init(&ledger, LEDGER_PLAIN);
  if (ledger_decode(&ledger, body)) {
    again = ledger_encode(&ledger);
    require(again);
    free(again);
  }
  ledger_clear(&ledger);
}

static void
read_rows(const struct store *store, const char *output)
{
  int64_t last = 0;
  size_t n = 0;

  for (const struct store_row *r = store_row_next(store, output, last); r;
       r = store_row_next(store, output, last)) {
    struct queue_row row;

    require(r->id > last);
    last = r->id;
    n++;
    if (queue_row_decode(&row, r->body))
      queue_row_clear(&row);
  }
  /* store_row_next skips ids below 1, which we never assign. */
  require(n <= store_row_count(store, output));
}

static void
read_all(struct store *store)
{
  for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
    store_each(store, areas[i], read_entry, NULL);
  read_rows(store, "log");
}

/* Returns whether an earlier run's note is found, with the row it names. */
static bool
has_note(struct store *store)
{
  const char *note = store_get(store, STORE_TEXT, "fuzz", "row");
  const struct store_row *row;

  if (!note)
    return false;
  row = store_row_next(store, "fuzz", strtoll(note, NULL, 10) - 1);
  return row && strcmp(row->body, note) == 0;
}

/* Stores a note and a row, both with the row's id. */
static void
change(struct store *store)
{
  const struct store_row *last = NULL;
  char note[32];
  int64_t id;

  id = store_row_add(store, "log", "time 1\n");
  require(id > 0);
  snprintf(note, sizeof(note), "%lld", (long long)id + 1);
  require(store_row_add(store, "fuzz", note) == id + 1);
  store_put(store, STORE_TEXT, "fuzz", "row", note);
  for (const struct store_row *r = store_row_next(store, "log", 0); r;
       r = store_row_next(store, "log", r->id))
    last = r;
  require(last && last->id == id);
  store_row_remove(store, id);
  require(has_note(store));
}

/* ---- Each mode ----------------------------------------------------------- */

static struct store *
open_store(enum store_mode mode, int *ret)
{
  struct store *store = NULL;

  *ret = store_open(db, PIPELINE, mode, &store);
  require(store && *ret <= MP_OK);
  require(*ret == MP_OK || *store_error(store) != '\0');
  if (*ret == MP_OK)
    read_all(store);
  return store;
}

static int
look(enum store_mode mode, const struct expected *expected)
{
  struct store *store;
  int r;

  store = open_store(mode, &r);
  require(!store_moved_aside(store));
  if (r == MP_OK && mode == STORE_SCRATCH) {
    change(store);
    require(store_commit(store) == MP_OK);
  }
  store_close(store);
  require(is_same(db, expected));
  return r;
}

/* Makes a run.  Returns true if its changes were committed. */
static bool
use(struct expected *expected, int looked)
{
  struct store *store;
  int r;
  bool committed = false;

  store = open_store(STORE_WRITE, &r);
  require(r != MP_EDATA && r != MP_EBUSY);
  if (store_moved_aside(store)) {
    require(looked != MP_OK && r == MP_OK);
    scratch_each(check_moved_aside, expected);
    require(expected->moved_aside == 1);
  }
  if (r == MP_OK) {
    change(store);
    committed = store_commit(store) == MP_OK;
  } else
    require(is_same(db, expected));
  store_close(store);
  return committed;
}

/* Makes the next run: it finds the committed changes, or begins a new state. */
static void
use_again(bool committed)
{
  struct store *store;
  int r;

  store = open_store(STORE_WRITE, &r);
  if (committed) {
    require(r == MP_OK && !store_moved_aside(store));
    require(has_note(store));
  }
  store_close(store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct expected expected = { data, size, 0 };
  int looked;
  bool committed;

  if (size > STATE_MAX)
    return 0;
  require(snprintf(db, sizeof(db), "%s/house.db", scratch_directory()) <
          (int)sizeof(db));
  scratch_write(db, data, size);
  looked = look(STORE_READ, &expected);
  require(look(STORE_SCRATCH, &expected) == looked);
  committed = use(&expected, looked);
  use_again(committed);
  scratch_empty();
  return 0;
}
