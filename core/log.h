/*
 * Lines on standard error: "LEVEL: NAME: OBJECT: fact", one write(2) each.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "meterpipe/plugin.h"

/* Writes LINE, unless standard error would block.  For handlers of signals. */
void log_emergency(const char *line, size_t len);

/* Verbosity: -1 with -q, 0, 1 with -v, 2 with -v -v. */
void log_setup(int verbosity);

/* Whether lines of LEVEL are shown. */
bool log_shows(int level);

/* Whether somebody reads along: standard error is a terminal. */
bool log_is_terminal(void);

/* NAME and OBJECT may be NULL.  Any thread. */
void log_line(int level, const char *name, const char *object, const char *fmt,
              ...) MP_PRINTF(4, 5);
void log_vline(int level, const char *name, const char *object, const char *fmt,
               va_list args) MP_PRINTF(4, 0);

#endif
