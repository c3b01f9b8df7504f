/*
 * The state: one SQLite database for each pipeline, or plain memory.
 *
 * It holds entries (a text body with an area, an owner and a name) and rows
 * (the queue of append and history outputs, in order).  Opening the store reads
 * everything and verifies all checksums.  Changes stay in memory until
 * store_commit writes them in one transaction.
 *
 * Entries may be read and changed from any thread; everything else is for the
 * main thread.
 */
#ifndef CORE_STORE_STORE_H
#define CORE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Areas of entries. */
#define STORE_META "meta"       /* the pipeline file; facts about each output */
#define STORE_TARGET "target"   /* ledgers: OUTPUT, TARGET */
#define STORE_READING "reading" /* readings of fields: INPUT, FIELD */
#define STORE_TEXT "text"       /* texts kept for plugins: STAGE, KEY */
#define STORE_FAILURE "failure" /* reported failures: STAGE, OBJECT */
#define STORE_RUN "run"     /* the last run; since when values are pending */
#define STORE_ASIDE "aside" /* rows set aside: OUTPUT, id of the row */

enum store_mode {
  STORE_WRITE,   /* locked; created if missing */
  STORE_READ,    /* for status: no lock, changes nothing */
  STORE_SCRATCH, /* a copy in memory; commits write nothing */
  STORE_MEMORY,  /* empty; commits write nothing */
};

struct store;

struct store_row {
  int64_t id; /* increases from row to row and is never reused */
  char *output;
  char *body;
};

/* Returns the reason why a store could not be opened or written. */
const char *store_error(const struct store *store);

/*
 * Finds the path of the database for the pipeline file PATH: in STATE_DIR if it
 * is not NULL, else in the directory that meterpipe.ini(5), FILES, describes.
 * The caller frees *ret.  MP_OK, or MP_EPERM: a directory that comes first may
 * hold the database but cannot be searched; *ret is then the path that was
 * tried.
 */
int store_locate(const char *pipeline_path, const char *state_dir, char **ret);

/*
 * Opens the database DB_PATH (NULL with STORE_MEMORY).  *ret_store is set even
 * on failure, for store_error; the store can be used only after MP_OK.
 * MP_EBUSY: another run has the lock; MP_EPERM; MP_EIO; MP_ECONFIG: the state
 * belongs to another pipeline file or to a newer version of the program.  With
 * STORE_WRITE, a database that is proven damaged is moved aside and a new one
 * is created; store_moved_aside then returns its path.
 */
int store_open(const char *db_path, const char *pipeline_path,
               enum store_mode mode, struct store **ret_store);

/* Returns where the damaged database was moved, and why; NULL: it was sound. */
const char *store_moved_aside(const struct store *store);

/* Returns true if commits write to disk. */
bool store_is_durable(const struct store *store);

/* Returns the path of the database; NULL in memory. */
const char *store_path(const struct store *store);

/* Unlocks and closes; uncommitted changes are lost.  STORE may be NULL. */
void store_close(struct store *store);

/* Unlocks the state for the next run, but keeps the memory for a thread that
 * may still use it.  Commits write nothing from now on. */
void store_release(struct store *store);

/* Returns the body of an entry; NULL: there is none.  Valid until the entry is
 * changed. */
const char *store_get(struct store *store, const char *area, const char *owner,
                      const char *name);

/* Sets the body of an entry, or removes the entry (BODY NULL). */
void store_put(struct store *store, const char *area, const char *owner,
               const char *name, const char *body);

/* The same for a service that a plugin calls.  MP_OK, or MP_ENOMEM: then
 * nothing is changed. */
int store_try_put(struct store *store, const char *area, const char *owner,
                  const char *name, const char *body);

/* Calls FN for each entry of AREA; FN may put or remove entries. */
void store_each(struct store *store, const char *area,
                void (*fn)(void *ctx, const char *owner, const char *name,
                           const char *body),
                void *ctx);

/* Appends a row to the queue of OUTPUT.  Returns its id. */
int64_t store_row_add(struct store *store, const char *output,
                      const char *body);

/* Returns the first row of OUTPUT with an id above AFTER; NULL: there is
 * none. */
const struct store_row *store_row_next(const struct store *store,
                                       const char *output, int64_t after);

void store_row_remove(struct store *store, int64_t id);

/* Puts a row that was removed back into its place in the queue of OUTPUT.  ID
 * is the one that store_row_add returned for it. */
void store_row_restore(struct store *store, int64_t id, const char *output,
                       const char *body);

size_t store_row_count(const struct store *store, const char *output);

/* Size in bytes of the note beside the state (core/run/run_note.h). */
#define STORE_NOTE_SIZE 256

/* Read or write the note, without fsync.  Writing needs STORE_WRITE.  A state
 * in memory has no note.  store_note_read returns false if there is none, or it
 * cannot be read. */
bool store_note_read(struct store *store, char record[STORE_NOTE_SIZE]);
void store_note_write(struct store *store, const char *record);

/* Returns true if a run holds the lock.  Only for a store opened with
 * STORE_READ. */
bool store_is_locked(struct store *store);

/* Writes all changes in one transaction; without changes, the disk is not
 * touched.  MP_OK; MP_EIO, MP_EPERM: then no change is on disk, and the store
 * must not be used further. */
int store_commit(struct store *store);

/* The same, but of the area STORE_TEXT only the changes of OUTPUT: what its
 * plugin keeps belongs to its answers.  The texts of other plugins are left for
 * store_commit, because they belong to readings that are not in the ledgers
 * yet. */
int store_commit_answers(struct store *store, const char *output);

#endif
