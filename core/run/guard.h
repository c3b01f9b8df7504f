/*
 * A plugin that ends the process (exit, quick_exit) or the main thread
 * (pthread_exit): reported, with exit status 70.  The host cannot see _exit.
 */
#ifndef CORE_RUN_GUARD_H
#define CORE_RUN_GUARD_H

/* Call guard_begin before any plugin is loaded, and guard_end when the program
 * ends by itself. */
void guard_begin(void);
void guard_end(void);

#endif
