/*
 * Helpers for the tests of the CSV output: an instance, and a file in a
 * temporary directory.
 */
#ifndef CSV_BENCH_H
#define CSV_BENCH_H

#include <stdint.h>

#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

/* 2026-11-22T10:00:00Z, and the interval of the cycles after it */
#define BENCH_TIME INT64_C(1795341600000)
#define BENCH_CYCLE (20 * 60 * 1000)

/* The file with the columns "energy usage", and its first rows. */
#define HEADER "time,energy,usage\n"
#define ROW0 "2026-11-22T10:00:00Z,84.208,0.208\n"
#define ROW1 "2026-11-22T10:20:00Z,84.300,0.092\n"
#define VALUES0 "84.208 GJ|0.208 GJ"
#define VALUES1 "84.300 GJ|0.092 GJ"

struct csv_bench {
  struct fake_host *h;
  struct fake_sink *sink;
  const struct mp_output_ops *ops;
  void *self;
  char dir[64];
  char path[128];
};

/* The errno of fsync; 0: it succeeds at once without doing anything. */
extern int bench_fsync_errno;

/* Called just before an fsync or a flock, to act as another program; or
 * NULL. */
extern void (*bench_at_fsync)(void);
extern void (*bench_at_flock)(void);

/* Creates a directory without the file, and an instance with COLUMNS ("energy
 * usage") that is not yet open.  A column with '<' before its name is only
 * read, one with '-' is the base of a transform. */
void bench_begin(struct csv_bench *b, const char *columns);
void bench_end(struct csv_bench *b);

/* Begins another run: a new instance with COLUMNS and the same store. */
void bench_next_run(struct csv_bench *b, const char *columns);

/* Creates and opens the instance.  Set options on b->h before. */
void bench_open(struct csv_bench *b);

/* Writes the VALUES of cycle N, separated by '|': "84.208 GJ|0.208 GJ".  An
 * empty one is missing; one with '~' before it is a text. */
void bench_row(struct csv_bench *b, int n, const char *values);
int bench_commit(struct csv_bench *b);

/* Opens the instance and writes the first row, VALUES0. */
void bench_open_row(struct csv_bench *b);
/* Checks that commit fails with REASON, that no row was sent, and that the log
 * contains PART. */
void bench_check_refused(struct csv_bench *b, int reason, const char *part);

/* Write the file, append to it, and return its text (valid until the next call;
 * NULL: no file). */
void bench_put(struct csv_bench *b, const char *text);
void bench_append(struct csv_bench *b, const char *text);
const char *bench_get(struct csv_bench *b);

#endif
