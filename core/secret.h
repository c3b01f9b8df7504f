/*
 * Secrets: read from a file of their own, and kept out of what a crash leaves
 * behind.
 */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

/* Reads the one line of PATH; a relative path is looked for in
 * $CREDENTIALS_DIRECTORY first.  0 and *ret, for secret_free; or an errno.  Or
 * 0 with *ret_fault: what keeps the content from being a secret. */
int secret_read(const char *path, char **ret, const char **ret_fault);

/* Wipes it first.  Accepts NULL. */
void secret_free(char *secret);

/* From now on the program leaves no core file, and neither do the commands that
 * it starts. */
void secret_forbid_cores(void);

#endif
