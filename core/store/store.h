/*
 * The state: one SQLite database for each pipeline, or plain memory.
 *
 * It holds entries (a body of text under area, owner and name) and rows (the
 * queue of append and history outputs, in order).  Everything is read, and its
 * checksums are verified, when the store is opened; changes stay in memory
 * until store_commit writes all of them in one transaction.
 *
 * Entries may be got and put from any thread; the rest is for the main thread.
 */
#ifndef CORE_STORE_STORE_H
#define CORE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Areas of entries. */
#define STORE_META "meta"       /* what the state belongs to */
#define STORE_TARGET "target"   /* ledgers: OUTPUT, TARGET */
#define STORE_READING "reading" /* readings of fields: INPUT, FIELD */
#define STORE_TEXT "text"       /* what plugins keep: STAGE, KEY */
#define STORE_FAILURE "failure" /* failures that were told: STAGE, OBJECT */
#define STORE_RUN "run"         /* the last runs and outages */

enum store_mode {
  STORE_WRITE,   /* locked, created when missing */
  STORE_READ,    /* for status: no lock, nothing is changed */
  STORE_SCRATCH, /* a copy in memory, which commits to nothing */
  STORE_MEMORY,  /* empty, commits to nothing */
};

struct store;

struct store_row {
  int64_t id; /* grows from row to row, and is never used twice */
  char *output;
  char *body;
};

/* Why a store could not be opened or written, in words; never NULL. */
const char *store_error(const struct store *store);

/*
 * Finds the state directory (meterpipe.ini(5), FILES) for the pipeline file
 * PATH: STATE_DIR when it is not NULL, else by environment and place.  *ret is
 * the path of the database, to be freed.  MP_EPERM: a database in an earlier
 * place cannot be looked at; *ret then is the path in question.
 */
int store_locate(const char *pipeline_path, const char *state_dir, char **ret);

/*
 * Opens the database DB_PATH (NULL with STORE_MEMORY).  *ret_store is set
 * whatever is returned, for store_error; only with MP_OK it can be used.
 * MP_EBUSY: another run has it; MP_EPERM; MP_EIO; MP_ECONFIG: it belongs to
 * another pipeline file, or to a newer version of the program.  A database that
 * is proven damaged is set aside; then store_set_aside tells where.
 */
int store_open(const char *db_path, const char *pipeline_path,
               enum store_mode mode, struct store **ret_store);

/* Where the damaged state was put, and why; NULL: it was sound. */
const char *store_set_aside(const struct store *store);

/* Whether commits end up on disk. */
bool store_is_durable(const struct store *store);

/* The path of the database; NULL in memory. */
const char *store_path(const struct store *store);

/* Unlocks and closes; what was not committed is gone.  NULL is allowed. */
void store_close(struct store *store);

/* Lets the next run have the state, and keeps what is in memory for a thread
 * that may still look at it: the store commits to nothing from now on. */
void store_release(struct store *store);

/* The body under a name; NULL: there is none.  Valid until it is put anew. */
const char *store_get(struct store *store, const char *area, const char *owner,
                      const char *name);

/* Sets or (BODY NULL) removes.  False: out of memory. */
bool store_put(struct store *store, const char *area, const char *owner,
               const char *name, const char *body);

/* Calls FN for each entry of AREA; FN may put or remove entries. */
void store_each(struct store *store, const char *area,
                void (*fn)(void *ctx, const char *owner, const char *name,
                           const char *body),
                void *ctx);

/* Adds a row behind the others; its id, or 0 when out of memory. */
int64_t store_row_add(struct store *store, const char *output,
                      const char *body);

/* Rows of OUTPUT in order: the first with an id above AFTER, or NULL. */
const struct store_row *store_row_next(const struct store *store,
                                       const char *output, int64_t after);

void store_row_remove(struct store *store, int64_t id);

size_t store_row_count(const struct store *store, const char *output);

/* Bytes of the note beside the state (core/run/note.h). */
#define STORE_NOTE_SIZE 256

/* Reads or writes the note; not synced.  With STORE_READ it is only read, in
 * memory there is none. */
bool store_note_read(struct store *store, char record[STORE_NOTE_SIZE]);
void store_note_write(struct store *store, const char *record);

/* Whether a run has the state now; for a store that was opened to be read. */
bool store_is_locked(struct store *store);

/* Writes all changes in one transaction; without changes, the disk is left
 * alone.  MP_OK, MP_EIO, MP_EPERM: then nothing of them is on disk, and the
 * store must not be used further. */
int store_commit(struct store *store);

/* The same without STORE_TEXT: what plugins keep is committed with the cycle
 * that they read, and not before. */
int store_commit_answers(struct store *store);

#endif
