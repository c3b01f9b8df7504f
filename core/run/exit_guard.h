/*
 * Detects a plugin that ends the process (exit, quick_exit) or the main thread
 * (pthread_exit): reports it, and exits with status 70.  _exit cannot be
 * detected.
 */
#ifndef CORE_RUN_EXIT_GUARD_H
#define CORE_RUN_EXIT_GUARD_H

/* Call exit_guard_begin before any plugin is loaded, and exit_guard_end before
 * the program exits normally. */
void exit_guard_begin(void);
void exit_guard_end(void);

#endif
