/*
 * Executes a program meterpipe-NAME in place of this one.
 */
#ifndef CORE_COMMANDS_EXECUTE_H
#define CORE_COMMANDS_EXECUTE_H

/* Executes meterpipe-NAME with the N words unchanged; its exit status is then
 * ours.  Returns only after a failure, which it reports with the REMEDY for a
 * program that is missing: an exit status. */
int execute_program(const char *name, char **words, int n, const char *remedy);

#endif
