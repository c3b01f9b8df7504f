/*
 * Opening the file, and who else uses it.
 */
#ifndef CSV_OPEN_H
#define CSV_OPEN_H

#include "plugins/csv/csv_file.h"

void csv_file_init(struct csv_file *f, const struct mp_host *host,
                   const char *path);

/* Opens, and locks for writing: waits for other writers up to time_left.
 * MP_DROP: there is no file (to read: that keeps what is written), and none was
 * to be created. */
int csv_file_open(struct csv_file *f, int mode);

void csv_file_close(struct csv_file *f);

/* Whether the file could be created: MP_OK, MP_ECREATE, MP_EPERM. */
int csv_file_check_create(struct csv_file *f);

#endif
