/*
 * The files of a store: directories, lock, note, database.
 */
#ifndef CORE_STORE_STORE_FILES_H
#define CORE_STORE_STORE_FILES_H

#include "core/store/store_impl.h"

/* For STORE_WRITE: creates the directories and takes the lock.  In every mode
 * it refuses files and directories that another user may have planted.
 * MP_EBUSY: another run holds the lock. */
int store_files_prepare(struct store *store);

/* Opens the note beside the state; without a note, note_fd stays -1. */
void store_files_open_note(struct store *store);

/* Creates the database file if it is missing, because SQLite would create a
 * file that all users can read. */
int store_files_create(struct store *store);

/* Reads the state version from the file header.  SQLite might change a database
 * of a newer version merely by opening it, for example because of its journal.
 * MP_ECONFIG: the version is newer. */
int store_files_check_version(struct store *store);

/* Sets the error text for a newer state version; returns MP_ECONFIG. */
int store_files_newer(struct store *store, int version);

/* Renames the damaged database; WHY goes into the text of store_moved_aside. */
int store_files_move_aside(struct store *store, const char *why);

/* Checks that SQLite can lock the database.  MP_OK; MP_EIO, with an error text,
 * if the file system has no locks.  Releases all record locks that this process
 * holds on the database. */
int store_files_check_locks(struct store *store);

/* Sets the error text for errno; returns MP_EPERM or MP_EIO. */
int store_files_failed(struct store *store, const char *path);

#endif
