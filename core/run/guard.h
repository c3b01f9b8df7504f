/*
 * Detects a plugin that ends the process (exit, quick_exit) or the main thread
 * (pthread_exit): reports it, and exits with status 70.  _exit cannot be
 * detected.
 */
#ifndef CORE_RUN_GUARD_H
#define CORE_RUN_GUARD_H

/* Call guard_begin before any plugin is loaded, and guard_end before the
 * program exits normally. */
void guard_begin(void);
void guard_end(void);

#endif
