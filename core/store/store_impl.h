/*
 * Internals that the files of the store share.
 */
#ifndef CORE_STORE_STORE_IMPL_H
#define CORE_STORE_STORE_IMPL_H

#include <pthread.h>
#include <sqlite3.h>

#include "core/store/store.h"

/* Version of the tables, kept as SQLite's user version. */
#define STORE_VERSION 1

struct store_entry {
  struct store_entry *next, **link; /* LINK points to this entry */
  struct store_entry *chain;        /* next entry in the same bucket */
  uint32_t hash;
  char *area, *owner, *name;
  char *body; /* NULL: removed, but the removal is not committed yet */
  bool dirty; /* changed since the last commit: in the list of those */
  struct store_entry *next_dirty;
};

/* Buckets of a new store. */
#define STORE_BUCKETS 256

struct store_row_entry {
  struct store_row row;
  bool added, removed; /* since the last commit */
};

struct store {
  enum store_mode mode;
  pthread_mutex_t lock; /* guards the entries; recursive, for store_each */
  char *path;
  int lock_fd;
  int note_fd; /* -1: no note is kept */
  sqlite3 *db;
  struct store_entry *entries;
  struct store_entry *dirty; /* list of those that were changed */
  size_t n_entries;
  /* Entries are looked up by a hash of their names.  There are as many buckets
   * as entries, so that thousands are found as fast as a few. */
  struct store_entry **buckets;
  size_t n_buckets;             /* a power of two */
  struct store_row_entry *rows; /* sorted by id */
  size_t n_rows;
  int64_t last_id;
  /* Of STORE_TEXT, only this owner's changes are part of the commit in
   * progress; NULL: those of all. */
  const char *texts_of;
  char *moved_aside;
  char error[1024];
};

void store_set_error(struct store *store, const char *fmt, ...)
  __attribute__((format(printf, 2, 3)));

/* Adds an entry without a body.  NULL: out of memory. */
struct store_entry *store_entry_try_add(struct store *store, const char *area,
                                        const char *owner, const char *name);
struct store_row_entry *store_row_insert(struct store *store, int64_t id,
                                         const char *output, const char *body);
void store_forget_all(struct store *store);
/* Returns true if the commit in progress writes E. */
bool store_entry_is_due(const struct store *store, const struct store_entry *e);

#endif
