/*
 * The database behind a store; inside of the store only.
 */
#ifndef CORE_STORE_SQLITE_H
#define CORE_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "core/store/store.h"

/* Of the tables, kept as SQLite's user version. */
#define STORE_VERSION 1

struct store_entry {
  struct store_entry *next;
  struct store_entry *chain; /* the next one of its bucket */
  char *area, *owner, *name;
  char *body; /* NULL: removed, and not yet committed */
  bool dirty;
};

/* Entries are looked up by a hash of their names. */
#define STORE_BUCKETS 256

struct store_row_entry {
  struct store_row row;
  bool added, removed; /* since the last commit */
};

struct store {
  enum store_mode mode;
  pthread_mutex_t lock; /* of the entries; recursive, for store_each */
  char *path;
  int lock_fd;
  int note_fd; /* -1: no note is kept */
  sqlite3 *db;
  struct store_entry *entries;
  struct store_entry *buckets[STORE_BUCKETS];
  struct store_row_entry *rows; /* by id */
  size_t n_rows, rows_room;
  int64_t last_id;
  bool keeps_texts; /* STORE_TEXT is left out of the commit in progress */
  char *set_aside;
  char error[1024];
};

void store_set_error(struct store *store, const char *fmt, ...)
  __attribute__((format(printf, 2, 3)));

struct store_entry *store_entry_add(struct store *store, const char *area,
                                    const char *owner, const char *name);
struct store_row_entry *store_row_insert(struct store *store, int64_t id,
                                         const char *output, const char *body);
void store_forget_all(struct store *store);
/* Whether the commit in progress writes E. */
bool store_entry_is_due(const struct store *store, const struct store_entry *e);

/* ---- Files (store_files.c) ------------------------------------------------
 */

/* Makes directories and lock, for a mode that writes; refuses what somebody
 * else may have planted.  MP_EBUSY: another run has the lock. */
int store_files_prepare(struct store *store);
/* Opens the note beside the state, where there can be one. */
void store_files_open_note(struct store *store);
/* Makes the database where there is none, before SQLite would make it readable
 * by all. */
int store_files_create(struct store *store);
/* Looks into the file itself for the version of a newer meterpipe: SQLite might
 * change it merely by opening it, as a newer journal.  MP_ECONFIG: it is. */
int store_files_check_version(struct store *store);
/* MP_ECONFIG, with words. */
int store_files_newer(struct store *store, int version);
/* Moves the damaged database out of the way. */
int store_files_set_aside(struct store *store, const char *why);
/* Whether SQLite can lock the database: MP_OK, or MP_EIO with words where its
 * file system has no locks.  Gives up the locks that this process has on it. */
int store_files_check_locks(struct store *store);

/* The reason behind errno, with words. */
int store_files_failed(struct store *store, const char *path);

/* ---- The database (store_sqlite.c) ----------------------------------------
 */

/* Opens the database as the mode says and reads all of it.  MP_EDATA: proven
 * damage; MP_EPERM, MP_EIO, MP_EBUSY, MP_ECONFIG (a newer version). */
int store_sqlite_read(struct store *store);

/* Writes every change in one transaction. */
int store_sqlite_write(struct store *store);

void store_sqlite_close(struct store *store);

#endif
