/*
 * Lines on standard error: "LEVEL: NAME: OBJECT: fact", one write(2) each.
 *
 * Standard error may be a full pipe, or a terminal stopped by Ctrl-S.  A line
 * waits for it at most a quarter of the time that is left of the cycle, or two
 * seconds where there is no deadline, and not at all once the run is told to
 * end; then it is dropped.  After that, lines do not wait until standard error
 * takes bytes again, and "N lines were dropped" comes first then.
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

/* Whether lines of LEVEL are shown. */
bool log_shows(int level);

/* Whether somebody reads along: standard error is a terminal. */
bool log_is_terminal(void);

/* Lines do not wait once FD (-1: none) is readable. */
void log_set_cancel(int fd);
/* The end of the cycle on the monotonic clock; 0: there is none. */
void log_set_deadline(int64_t ms);

/* Says how many lines were dropped, if that was not possible before. */
void log_finish(void);

/* Ready lines, each with its line end.  Any thread. */
void log_text(const char *text);

/* Writes one ready line if standard error takes it now.  Async-signal-safe. */
void log_emergency(const char *line, size_t len);

/* NAME and OBJECT may be NULL.  Any thread. */
void log_line(int level, const char *name, const char *object, const char *fmt,
              ...) MP_PRINTF(4, 5);
void log_vline(int level, const char *name, const char *object, const char *fmt,
               va_list args) MP_PRINTF(4, 0);

#endif
