/*
 * The benchmarks: what they share, and the one function of each.
 *
 * Each prints its part of a Markdown page on standard output and returns how
 * many of its bounds did not hold.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/array.h"

int bench_meter(void);  /* one meter, by the number of registers */
int bench_meters(void); /* eight of them at once */
int bench_cold(void);   /* from the start of the program to its end */
int bench_replay(void); /* a million cycles */
int bench_http(void);   /* requests and connections */
int bench_size(void);   /* what is installed */

/* ---- Running programs: program.c ---- */

/* What a run took. */
struct took {
  double wall_ms;
  double cpu_ms; /* user and system */
};

/* Where all runs take place: a directory in memory, where there is one.  Enters
 * it; leave removes it. */
void program_enter(void);
void program_leave(void);

/* The programs that are run, by their paths. */
const char *program_meterpipe(void);
/* A helper of the benchmarks ("bare_pass"), and the file NAME of the build's
 * plugins; until the next call of either. */
const char *program_helper(const char *name);
const char *program_plugin(const char *name);

/* Writes a file. */
FILE *program_create(const char *name);
void program_write(const char *name, const char *fmt, ...)
  __attribute__((format(printf, 2, 3)));
/* Forgets the state of the pipeline PIPELINE_FILE and what was written to
 * out.csv: the next run is the first. */
void program_forget(void);

/* Starts ARGV, standard output to the file OUT; in the child, PREPARE is called
 * first, unless it is NULL. */
pid_t program_start(const char *const *argv, const char *out,
                    void (*prepare)(void));
/* Runs ARGV to its end, which must be good. */
struct took program_run(const char *const *argv, const char *out);
/* Runs PIPELINE_FILE. */
#define PIPELINE_FILE "bench.ini"
struct took program_run_pipeline(void);
/* Explains, and ends the benchmarks. */
void program_die(const char *fmt, ...)
  __attribute__((format(printf, 1, 2), noreturn));

/* ---- Watching one: watch.c ---- */

/* What a run did, as ptrace sees it. */
struct watched {
  unsigned calls;     /* system calls */
  unsigned libraries; /* shared objects that it loads, the plugins too */
  long peak_kib;      /* of resident memory */
};

struct watched watch_run(const char *const *argv, const char *out);

/* ---- Figures: figures.c ---- */

struct took figures_median(struct took *runs, size_t n);
struct took figures_least(const struct took *runs, size_t n);
/* "held" or "NOT HELD"; counts the latter in *missed. */
const char *figures_verdict(bool held, int *missed);

#endif
