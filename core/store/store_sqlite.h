/*
 * The SQLite database of a store.
 */
#ifndef CORE_STORE_STORE_SQLITE_H
#define CORE_STORE_STORE_SQLITE_H

#include "core/store/store_impl.h"

/* Opens the database in the store's mode and reads all of it.  MP_EDATA: proven
 * damage; MP_EPERM, MP_EIO, MP_EBUSY, MP_ECONFIG (a newer version). */
int store_sqlite_read(struct store *store);

/* Writes all changes in one transaction. */
int store_sqlite_write(struct store *store);

void store_sqlite_close(struct store *store);

#endif
