/*
 * The watchdog: ends a run that is past its deadline and stuck in a call that
 * does not return.  It takes SIGALRM and ITIMER_REAL.
 */
#ifndef CORE_RUN_WATCHDOG_H
#define CORE_RUN_WATCHDOG_H

#include <stdint.h>

/* How long after its deadline, or after a signal to stop, a run is ended. */
#define WATCHDOG_GRACE_MS 5000

/* Installs the handler; nothing is armed yet. */
void watchdog_init(void);

/* Ends the process at DEADLINE_MS from now and the grace, with one line on
 * standard error and the status 74. */
void watchdog_arm(int64_t deadline_ms);
void watchdog_disarm(void);

/* A signal to stop: the grace begins now, unless it ends sooner anyway.  For
 * handlers of signals. */
void watchdog_hurry(void);

#endif
