/*
 * meterpipe-kmp: what its commands share.
 */
#ifndef KMP_PROGRAM_H
#define KMP_PROGRAM_H

/* Each gets its own name as argv[0], and returns the exit status. */
int command_mask(int argc, char **argv);
int command_emulate(int argc, char **argv);

/* "error: OBJECT: fact" on standard error; returns STATUS. */
__attribute__((format(printf, 3, 4))) int
program_fail(int status, const char *object, const char *fmt, ...);

/* The same for a file that cannot be read, by errno. */
int program_fail_file(const char *path);

#endif
