/*
 * A CSV output on a test's bench: an instance, and a file in a directory of its
 * own.
 */
#ifndef CSV_BENCH_H
#define CSV_BENCH_H

#include <stdint.h>

#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

/* 2026-11-22T10:00:00Z, and the cycles after it */
#define BENCH_TIME INT64_C(1795341600000)
#define BENCH_CYCLE (20 * 60 * 1000)

struct csv_bench {
  struct fake_host *h;
  struct fake_sink *sink;
  const struct mp_output_ops *ops;
  void *self;
  char dir[64];
  char path[128];
};

/* What fsync fails with; 0: it does nothing, at once. */
extern int bench_fsync_errno;

/* What another program does just before an fsync, or a flock; NULL: nothing. */
extern void (*bench_at_fsync)(void);
extern void (*bench_at_flock)(void);

/* A directory without the file; an instance with COLUMNS ("energy usage"), not
 * yet open.  A column with '<' before its name is only read, one with '-' is
 * the base of a transform. */
void bench_begin(struct csv_bench *b, const char *columns);
void bench_end(struct csv_bench *b);

/* Another run: a new instance with COLUMNS that has the same store. */
void bench_next_run(struct csv_bench *b, const char *columns);

/* Creates and opens the instance; options may be set on b->h before. */
void bench_open(struct csv_bench *b);

/* Cycle number N, its VALUES by '|': "84.208 GJ|0.208 GJ"; nothing: missing;
 * with '~' before it, a text. */
void bench_row(struct csv_bench *b, int n, const char *values);
int bench_commit(struct csv_bench *b);

/* The file: its bytes as TEXT; as a text until the next call, NULL: none. */
void bench_put(struct csv_bench *b, const char *text);
void bench_append(struct csv_bench *b, const char *text);
const char *bench_get(struct csv_bench *b);

#endif
