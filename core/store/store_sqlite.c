/*
 * The SQLite database of a store: two tables, with a checksum in every row.
 *
 * Rollback journal and synchronous=FULL: when a commit returns, it is on disk.
 * A crash at any instant leaves the state from before or after the commit.
 */
#include "core/store/store_sqlite.h"

#include "core/store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "core/store/store_files.h"
#include "meterpipe/plugin.h"

#define ENTRY_TABLE                                                            \
  "CREATE TABLE entry(area TEXT NOT NULL, owner TEXT NOT NULL,"                \
  " name TEXT NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL,"             \
  " PRIMARY KEY(area, owner, name)) WITHOUT ROWID"
#define QUEUE_TABLE                                                            \
  "CREATE TABLE queue(id INTEGER PRIMARY KEY AUTOINCREMENT,"                   \
  " output TEXT NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL)"

static const char schema[] =
  ENTRY_TABLE ";" QUEUE_TABLE ";PRAGMA user_version=1;";

/* Checks that the tables have this schema, as no checksum covers it.  The third
 * table is SQLite's own, for AUTOINCREMENT. */
static const char schema_check[] =
  "SELECT count(*) = 3 AND sum(type = 'table' AND tbl_name = name AND"
  " (name, rootpage, sql) IN (VALUES('entry', 2, '" ENTRY_TABLE "'),"
  " ('queue', 3, '" QUEUE_TABLE "'),"
  " ('sqlite_sequence', 4, 'CREATE TABLE sqlite_sequence(name,seq)'))) = 3"
  " FROM sqlite_master";

/* ---- Errors ---- */

static bool
is_damage(int code)
{
  code &= 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
         code == SQLITE_FORMAT;
}

static bool
is_without_memory(int code)
{
  return (code & 0xff) == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM;
}

static const char *
column_text(sqlite3_stmt *stmt, int i)
{
  const unsigned char *text = sqlite3_column_text(stmt, i);

  if (!text && is_without_memory(sqlite3_errcode(sqlite3_db_handle(stmt))))
    memory_out(); /* an empty text would look like damage */
  return text ? (const char *)text : "";
}

/* Returns true if every byte of the file can be read. */
static bool
can_be_read(const char *path)
{
  char buf[4096];
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  ssize_t n = fd < 0 ? -1 : 1;

  while (n > 0)
    n = read(fd, buf, sizeof(buf));
  if (fd >= 0)
    close(fd);
  return n == 0;
}

/* SQLite reports damage also for read errors (EIO, no memory).  The database
 * counts as damaged only if a second check finds the damage again and the whole
 * file can be read. */
static bool
is_damaged(const char *path)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
  bool good = false;

  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_step(stmt);
  if (code == SQLITE_ROW)
    good = strcmp(column_text(stmt, 0), "ok") == 0;
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return !good && (code == SQLITE_ROW || is_damage(code)) && can_be_read(path);
}

/* SQLite takes ENOLCK for a lock that another process holds. */
static bool
is_about_locks(int code)
{
  return (code & 0xff) == SQLITE_BUSY || code == SQLITE_IOERR_LOCK ||
         code == SQLITE_IOERR_RDLOCK || code == SQLITE_IOERR_CHECKRESERVEDLOCK;
}

/* Sets the error text for the last SQLite error of DOING, and returns the
 * MP_... code.  MP_EDATA: proven damage. */
static int
sqlite_failure(struct store *store, const char *doing)
{
  int err = errno;
  int code = sqlite3_extended_errcode(store->db);
  int sys = sqlite3_system_errno(store->db);
  const char *words = sqlite3_errmsg(store->db);

  if (is_without_memory(code))
    memory_out();
  if (sys == 0 && code == SQLITE_IOERR_WRITE && err == EFBIG)
    sys = err; /* SQLite loses it in its rollback */
  if (sys == EACCES || sys == EPERM || sys == EROFS || sys == EIO ||
      sys == ENOSPC || sys == EFBIG || sys == EMFILE)
    words = strerror(sys);
  store_set_error(store, "%s: %s: %s", store->path, doing, words);
  if (is_about_locks(code) && store_files_check_locks(store) != MP_OK)
    return MP_EIO;
  if (is_damage(code))
    return is_damaged(store->path) ? MP_EDATA : MP_EIO;
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return MP_EBUSY;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    return MP_EPERM;
  default:
    return sys == EACCES || sys == EPERM || sys == EROFS ? MP_EPERM : MP_EIO;
  }
}

static int
run_sql(struct store *store, const char *sql)
{
  if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return sqlite_failure(store, "using the state");
  return MP_OK;
}

/* ---- Checksums: 64-bit FNV-1a, which detects each single changed byte ---- */

static uint64_t
fnv1a(uint64_t sum, const char *text)
{
  const unsigned char *p = (const unsigned char *)text;

  do {
    sum ^= *p;
    sum *= UINT64_C(0x100000001b3);
  } while (*p++); /* the NUL too: it separates one text from the next */
  return sum;
}

static sqlite3_int64
checksum(const char *const *texts, size_t n, int64_t id)
{
  uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)id;

  for (size_t i = 0; i < n; i++)
    sum = fnv1a(sum, texts[i]);
  return (sqlite3_int64)sum;
}

/* ---- Reading ---- */

/* Returns true if the columns have the TYPES ("t": text, "i": integer) that
 * were written.  The checksum does not cover them: a text that became a blob
 * has the same bytes, but is another key. */
static bool
has_types(sqlite3_stmt *stmt, const char *types)
{
  for (int i = 0; types[i]; i++)
    if (sqlite3_column_type(stmt, i) !=
        (types[i] == 't' ? SQLITE_TEXT : SQLITE_INTEGER))
      return false;
  return true;
}

static int
read_entry(struct store *store, sqlite3_stmt *stmt)
{
  bool good = has_types(stmt, "tttti");
  const char *texts[] = { column_text(stmt, 0), column_text(stmt, 1),
                          column_text(stmt, 2), column_text(stmt, 3) };
  struct store_entry *e;

  if (!good || checksum(texts, 4, 0) != sqlite3_column_int64(stmt, 4)) {
    store_set_error(store, "%s: a checksum is wrong (%s %s %s)", store->path,
                    texts[0], texts[1], texts[2]);
    return MP_EDATA;
  }
  e = memory_have(store_entry_try_add(store, texts[0], texts[1], texts[2]));
  e->body = memory_text(texts[3]);
  return MP_OK;
}

static int
read_row(struct store *store, sqlite3_stmt *stmt)
{
  bool good = has_types(stmt, "itti");
  int64_t id = sqlite3_column_int64(stmt, 0);
  const char *texts[] = { column_text(stmt, 1), column_text(stmt, 2) };

  if (!good || checksum(texts, 2, id) != sqlite3_column_int64(stmt, 3)) {
    store_set_error(store, "%s: a checksum is wrong (row %lld)", store->path,
                    (long long)id);
    return MP_EDATA;
  }
  store_row_insert(store, id, texts[0], texts[1]);
  return MP_OK;
}

/* Reads the last id ever used, so that ids of removed rows are not used
 * again. */
static int
read_sequence(struct store *store, sqlite3_stmt *stmt)
{
  int64_t id = sqlite3_column_int64(stmt, 0);

  if (id > store->last_id)
    store->last_id = id;
  return MP_OK;
}

static int
read_check(struct store *store, sqlite3_stmt *stmt)
{
  if (strcmp(column_text(stmt, 0), "ok") == 0)
    return MP_OK;
  store_set_error(store, "%s: %s", store->path, column_text(stmt, 0));
  return is_damaged(store->path) ? MP_EDATA : MP_EIO;
}

/* Runs SQL and calls TAKE with each row of its result. */
static int
query_rows(struct store *store, const char *sql,
           int (*take)(struct store *store, sqlite3_stmt *stmt))
{
  sqlite3_stmt *stmt;
  int code, r = MP_OK;

  if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return sqlite_failure(store, "reading the state");
  for (code = sqlite3_step(stmt); code == SQLITE_ROW && r == MP_OK;
       code = sqlite3_step(stmt))
    r = take(store, stmt);
  if (r == MP_OK && code != SQLITE_DONE)
    r = sqlite_failure(store, "reading the state");
  sqlite3_finalize(stmt);
  return r;
}

static int
read_version(struct store *store, sqlite3_stmt *stmt)
{
  int version = sqlite3_column_int(stmt, 0);

  if (version == STORE_VERSION)
    return MP_DROP;
  return version == 0 ? MP_OK : store_files_newer(store, version);
}

static int
read_schema(struct store *store, sqlite3_stmt *stmt)
{
  if (sqlite3_column_int(stmt, 0) == 1)
    return MP_OK;
  store_set_error(store, "%s: its tables are not those of a state of meterpipe",
                  store->path);
  return MP_EDATA;
}

static int
read_database(struct store *store)
{
  int r = query_rows(store, "PRAGMA quick_check(1)", read_check);

  if (r == MP_OK)
    r = query_rows(store, schema_check, read_schema);
  if (r == MP_OK)
    r = query_rows(store, "SELECT area, owner, name, body, sum FROM entry",
                   read_entry);
  if (r == MP_OK)
    r = query_rows(store, "SELECT id, output, body, sum FROM queue ORDER BY id",
                   read_row);
  if (r == MP_OK)
    r = query_rows(store, "SELECT seq FROM sqlite_sequence WHERE name='queue'",
                   read_sequence);
  return r;
}

/* ---- Opening ---- */

static int
open_handle(struct store *store)
{
  int r;

  /* Open for writing in every mode: the journal of a killed run is rolled back
   * by the next process that may write.  SQLite falls back to read-only access
   * if the file cannot be written. */
  if (sqlite3_open_v2(store->path, &store->db,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                      NULL) != SQLITE_OK)
    return sqlite_failure(store, "opening the state");
  sqlite3_busy_timeout(store->db, 2000);
  if (store->mode != STORE_WRITE)
    return MP_OK;
  if (sqlite3_db_readonly(store->db, "main")) {
    store_set_error(store, "%s: the state cannot be written", store->path);
    return MP_EPERM;
  }
  r = run_sql(store, "PRAGMA journal_mode=TRUNCATE");
  return r == MP_OK ? run_sql(store, "PRAGMA synchronous=FULL") : r;
}

/* Only an empty file may have version 0.  Otherwise the file is damaged, and
 * would look like a pipeline that never ran. */
static int
read_emptiness(struct store *store, sqlite3_stmt *stmt)
{
  if (sqlite3_column_int64(stmt, 0) == 0)
    return MP_OK;
  store_set_error(store, "%s: it is not empty, but has no state version",
                  store->path);
  return MP_EDATA;
}

static int
begin_new_database(struct store *store)
{
  int r = query_rows(store, "PRAGMA page_count", read_emptiness);

  if (r != MP_OK)
    return r;
  if (store->mode != STORE_WRITE)
    return MP_DROP; /* an empty file: nothing to read */
  r = run_sql(store, "BEGIN IMMEDIATE");
  if (r == MP_OK)
    r = run_sql(store, schema);
  return r == MP_OK ? run_sql(store, "COMMIT") : r;
}

int
store_sqlite_read(struct store *store)
{
  int r = MP_OK;

  if (store->mode == STORE_WRITE)
    r = store_files_create(store);
  else if (access(store->path, F_OK) != 0 && errno == ENOENT)
    return MP_OK; /* the pipeline never ran: there is nothing to read */
  if (r == MP_OK)
    r = store_files_check_version(store);
  if (r == MP_OK)
    r = open_handle(store);
  if (r == MP_OK)
    r = query_rows(store, "PRAGMA user_version", read_version);
  if (r == MP_OK)
    r = begin_new_database(store);
  else if (r == MP_DROP)
    r = read_database(store);
  if (r == MP_DROP)
    r = MP_OK;
  if (r != MP_OK || store->mode != STORE_WRITE)
    store_sqlite_close(store);
  return r;
}

/* ---- Writing ---- */

static int
step_once(struct store *store, sqlite3_stmt *stmt)
{
  int code = sqlite3_step(stmt);

  sqlite3_reset(stmt);
  return code == SQLITE_DONE ? MP_OK
                             : sqlite_failure(store, "writing the state");
}

static int
write_entry(struct store *store, const struct store_entry *e, sqlite3_stmt *put,
            sqlite3_stmt *removal)
{
  sqlite3_stmt *stmt = e->body ? put : removal;
  const char *texts[] = { e->area, e->owner, e->name, e->body };
  int n = e->body ? 4 : 3;

  for (int i = 0; i < n; i++)
    sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
  if (e->body)
    sqlite3_bind_int64(stmt, 5, checksum(texts, 4, 0));
  return step_once(store, stmt);
}

static int
write_row(struct store *store, const struct store_row_entry *e,
          sqlite3_stmt *put, sqlite3_stmt *removal)
{
  const char *texts[] = { e->row.output, e->row.body };
  sqlite3_stmt *stmt = e->removed ? removal : put;

  if (e->removed == e->added)
    return MP_OK; /* unchanged, or added and removed since the last commit */
  sqlite3_bind_int64(stmt, 1, e->row.id);
  if (e->added) {
    sqlite3_bind_text(stmt, 2, texts[0], -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, texts[1], -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, checksum(texts, 2, e->row.id));
  }
  return step_once(store, stmt);
}

static int
write_changes(struct store *store, sqlite3_stmt *const *stmts)
{
  int r = MP_OK;

  for (struct store_entry *e = store->dirty; e && r == MP_OK; e = e->next_dirty)
    if (store_entry_is_due(store, e))
      r = write_entry(store, e, stmts[0], stmts[1]);
  for (size_t i = 0; i < store->n_rows && r == MP_OK; i++)
    r = write_row(store, &store->rows[i], stmts[2], stmts[3]);
  return r;
}

/* Moves aside a database whose damage was found while writing; the next run
 * creates a new one.  Returns MP_EIO. */
static int
move_aside_while_writing(struct store *store)
{
  char why[sizeof(store->error)];

  snprintf(why, sizeof(why), "%s", store->error);
  if (store_files_move_aside(store, why) == MP_OK && store->moved_aside)
    store_set_error(store, "%s", store->moved_aside);
  return MP_EIO;
}

int
store_sqlite_write(struct store *store)
{
  static const char *const sql[] = {
    ("INSERT OR REPLACE INTO entry(area, owner, name, body, sum)"
     " VALUES(?,?,?,?,?)"),
    "DELETE FROM entry WHERE area=? AND owner=? AND name=?",
    "INSERT INTO queue(id, output, body, sum) VALUES(?,?,?,?)",
    "DELETE FROM queue WHERE id=?",
  };
  sqlite3_stmt *stmts[4] = { NULL };
  int r = MP_OK;

  for (int i = 0; i < 4 && r == MP_OK; i++)
    if (sqlite3_prepare_v2(store->db, sql[i], -1, &stmts[i], NULL) != SQLITE_OK)
      r = sqlite_failure(store, "writing the state");
  if (r == MP_OK)
    r = run_sql(store, "BEGIN IMMEDIATE");
  if (r == MP_OK)
    r = write_changes(store, stmts);
  if (r == MP_OK)
    r = run_sql(store, "COMMIT");
  if (r != MP_OK)
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  for (int i = 0; i < 4; i++)
    sqlite3_finalize(stmts[i]);
  return r == MP_EDATA ? move_aside_while_writing(store) : r;
}

void
store_sqlite_close(struct store *store)
{
  sqlite3_close(store->db);
  store->db = NULL;
}
