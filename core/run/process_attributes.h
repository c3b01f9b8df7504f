/*
 * Resets the process attributes inherited from the parent to a known state.
 */
#ifndef CORE_RUN_PROCESS_ATTRIBUTES_H
#define CORE_RUN_PROCESS_ATTRIBUTES_H

/*
 * Call it first in main(), before any thread starts and any file is opened.
 * Afterwards:
 *
 *   SIGCHLD                    default: the kernel reports children that end
 *   SIGPIPE, SIGXFSZ           ignored: EPIPE and EFBIG are errors like others
 *   SIGTERM, SIGINT, SIGALRM   default, even if the parent ignored them
 *   SIGHUP                     as inherited: nohup(1) ignores it on purpose
 *   signal mask                empty
 *   descriptors 0 to 2         open; one that was closed gives EBADF when used
 *   umask                      never removes the rights of the user itself
 *   open files                 the soft limit is the hard one: each input needs
 *                              some; a forked process has the old limit again
 *
 * TZ and the locale are left for the commands that plugins start: times are
 * UTC, and setlocale() is never called.
 */
void process_attributes_reset(void);

/* Restores the inherited limit of open files.  Call it before executing another
 * program without a fork. */
void process_attributes_restore_files(void);

#endif
