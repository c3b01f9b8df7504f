/*
 * Opens and locks the file of a CSV output.
 */
#ifndef CSV_OPEN_H
#define CSV_OPEN_H

#include "plugins/csv/csv_file.h"

void csv_file_init(struct csv_file *f, const struct mp_host *host,
                   const char *path);

/* Opens the file.  To write, also locks it, and waits for other writers up to a
 * limit or the time left.  MP_DROP: the file does not exist and MODE does not
 * create it; or MODE is to read, and it is a pipe or device, which does not
 * keep its data. */
int csv_file_open(struct csv_file *f, int mode);

void csv_file_close(struct csv_file *f);

/* Returns MP_OK if the file can be created, or MP_ECREATE or MP_EPERM. */
int csv_file_check_create(struct csv_file *f);

#endif
