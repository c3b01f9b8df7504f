/*
 * The benchmarks: their shared functions, and the one function of each.
 *
 * Each prints its part of a Markdown page on standard output and returns the
 * number of bounds that did not hold.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/array.h"

int bench_meter(void);    /* one meter, by number of registers */
int bench_meters(void);   /* eight meters at once */
int bench_cold(void);     /* from the start of the program to its end */
int bench_replay(void);   /* a million cycles */
int bench_http(void);     /* requests and connections of one run */
int bench_size(void);     /* the installed files */
int bench_thousand(void); /* a thousand meters */
int bench_ledgers(void);  /* a thousand transforms with ledgers */
int bench_mqtt(void);     /* a run to a broker, against a bare client */
int bench_report(void);   /* a report of a million rows */

/* ---- Running programs: program.c ---- */

/* The times and the memory of one run. */
struct took {
  double wall_ms;
  double cpu_ms; /* user and system */
  long peak_kib; /* resident memory; at least that of this program */
};

/* Enters the directory in which all runs take place, in memory where possible;
 * leave removes it. */
void program_enter(void);
void program_leave(void);

/* Returns the path of the program under test. */
const char *program_meterpipe(void);
/* Return the path of a benchmark's helper ("bare_pass"), and of the built
 * plugin file NAME; valid until the next call of either. */
const char *program_helper(const char *name);
const char *program_plugin(const char *name);

/* Creates a file for the caller to write; program_write writes a whole one. */
FILE *program_create(const char *name);
void program_write(const char *name, const char *fmt, ...)
  __attribute__((format(printf, 2, 3)));
/* Removes the state of the pipeline PIPELINE_FILE, and out.csv: the next run is
 * the first. */
void program_forget(void);

/* Starts ARGV with standard output to the file OUT.  The child calls PREPARE
 * first, unless it is NULL. */
pid_t program_start(const char *const *argv, const char *out,
                    void (*prepare)(void));
/* Runs ARGV to its end; ends the benchmarks if its exit status is not STATUS,
 * or 0.  The child calls PREPARE first, unless it is NULL. */
struct took program_run_to(int status, const char *const *argv, const char *out,
                           void (*prepare)(void));
struct took program_run(const char *const *argv, const char *out);
/* Returns true if a program that program_start started has ended by itself;
 * program_stop must not be called then. */
bool program_has_ended(pid_t pid);
/* Ends it by SIGTERM. */
void program_stop(pid_t pid);
/* Runs PIPELINE_FILE. */
#define PIPELINE_FILE "bench.ini"
struct took program_run_pipeline(void);
/* Prints the message and ends the benchmarks. */
void program_die(const char *fmt, ...)
  __attribute__((format(printf, 1, 2), noreturn));

/* ---- Readings: readings.c ---- */

/* Writes the file "readings", what a command for the input exec prints:
 * counters in GJ, the fields "field0" to "fieldN-1", of VALUE.125 and one more
 * each. */
void readings_write(unsigned n, unsigned value);

/* ---- Tracing a run: watch.c ---- */

/* The figures of one run under ptrace. */
struct watched {
  unsigned calls;     /* system calls */
  unsigned libraries; /* shared objects loaded, including plugins */
  long peak_kib;      /* resident memory */
};

struct watched watch_run(const char *const *argv, const char *out);

/* ---- Figures: figures.c ---- */

struct took figures_median(struct took *runs, size_t n);
struct took figures_least(const struct took *runs, size_t n);
/* Returns "held" or "**NOT HELD**"; counts the latter in *missed. */
const char *figures_verdict(bool held, int *missed);

#endif
