/*
 * Whether a command could be run, before it is time to.
 */
#ifndef EXEC_FIND_H
#define EXEC_FIND_H

#include <meterpipe/plugin.h>

/* MP_OK, or why NAME cannot be run, explained as a run would. */
int find_program(const struct mp_host *host, const char *name);

#endif
