/*
 * meterpipe-kmp: its commands and the functions that they share.
 */
#ifndef KMP_PROGRAM_H
#define KMP_PROGRAM_H

/* Run a command; argv[0] is the command's name.  Return the exit status. */
int command_mask(int argc, char **argv);
int command_emulate(int argc, char **argv);

/* Prints "error: OBJECT: fact" on standard error.  Returns STATUS. */
__attribute__((format(printf, 3, 4))) int
program_fail(int status, const char *object, const char *fmt, ...);

/* The same for a file that cannot be read.  The fact and the exit status depend
 * on errno. */
int program_fail_file(const char *path);

#endif
