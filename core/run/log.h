/*
 * Lines on standard error: "LEVEL: NAME: OBJECT: fact", one write(2) each.
 *
 * Standard error may be a full pipe, or a terminal stopped by Ctrl-S.  A line
 * waits at most a quarter of the cycle's remaining time, or two seconds without
 * a deadline, and not at all once the run must end; then it is dropped.  After
 * a dropped line, no line waits until standard error accepts bytes again; the
 * first line is then "N lines were dropped".
 */
#ifndef CORE_RUN_LOG_H
#define CORE_RUN_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meterpipe/plugin.h"

/* Verbosity: -1 with -q, 0, 1 with -v, 2 with -v -v. */
void log_setup(int verbosity);

/* Returns true if lines of LEVEL are shown. */
bool log_shows(int level);

/* Returns true if standard error is a terminal, so that a person may be
 * reading. */
bool log_is_terminal(void);

/* Lines do not wait while FD is readable; -1: no such descriptor. */
void log_set_cancel(int fd);
/* Sets the end of the cycle, ms on the monotonic clock; 0: no deadline. */
void log_set_deadline(int64_t ms);

/* Reports the number of dropped lines that was not reported yet. */
void log_finish(void);

/* Writes formatted lines, each with its line end.  Any thread. */
void log_text(const char *text);

/* Writes one formatted line if standard error accepts it now.
 * Async-signal-safe. */
void log_emergency(const char *line, size_t len);

/* Format and write one line.  NAME and OBJECT may be NULL.  Any thread. */
void log_line(int level, const char *name, const char *object, const char *fmt,
              ...) MP_PRINTF(4, 5);
void log_vline(int level, const char *name, const char *object, const char *fmt,
               va_list args) MP_PRINTF(4, 0);

#endif
