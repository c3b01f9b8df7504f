/*
 * The watchdog ends a run that is past its deadline and stuck in a call that
 * does not return.  It uses SIGALRM and ITIMER_REAL.
 */
#ifndef CORE_RUN_WATCHDOG_H
#define CORE_RUN_WATCHDOG_H

#include <stdint.h>

/* Time from the deadline, or from a signal to stop, until the run is ended. */
#define WATCHDOG_GRACE_MS 5000

/* Installs the handler; arms nothing. */
void watchdog_init(void);

/* Ends the process DEADLINE_MS plus WATCHDOG_GRACE_MS from now, with one line
 * on standard error and status 74. */
void watchdog_arm(int64_t deadline_ms);
void watchdog_disarm(void);

/* For a signal to stop: the grace time starts now, unless the timer expires
 * sooner.  Async-signal-safe. */
void watchdog_hurry(void);

#endif
