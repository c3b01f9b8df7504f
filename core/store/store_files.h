/*
 * The files of a store: directories, lock, note, database.
 */
#ifndef CORE_STORE_STORE_FILES_H
#define CORE_STORE_STORE_FILES_H

#include "core/store/store_impl.h"

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

#endif
