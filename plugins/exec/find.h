/*
 * Finds the program of a command.
 */
#ifndef EXEC_FIND_H
#define EXEC_FIND_H

#include <meterpipe/plugin.h>

/* Room for the path of a program. */
#define FIND_PATH 4096

/* Writes the path of the program NAME; returns 0, or the errno for which it
 * cannot be run. */
int find_path(const char *name, char path[FIND_PATH]);

/* MP_OK, or why NAME cannot be run, explained as a run would. */
int find_program(const struct mp_host *host, const char *name);

#endif
