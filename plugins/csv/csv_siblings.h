/*
 * Finds files that a log rotation may have made of a CSV file: files beside it
 * whose names begin like its own and have its extension, such as heat.csv.1 and
 * heat-20261130.csv.
 */
#ifndef CSV_SIBLINGS_H
#define CSV_SIBLINGS_H

struct csv_siblings;

/* Returns NULL if the directory cannot be read, or memory ran out. */
struct csv_siblings *csv_siblings_open(const char *path);
/* Returns the path of the next regular file, valid until the next call; NULL:
 * no more. */
const char *csv_siblings_next(struct csv_siblings *siblings);
void csv_siblings_close(struct csv_siblings *siblings);

#endif
