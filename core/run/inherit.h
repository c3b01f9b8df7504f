/*
 * What a process inherits from its parent, set to a known state.
 */
#ifndef CORE_RUN_INHERIT_H
#define CORE_RUN_INHERIT_H

/*
 * First in main(), before any thread and any file.  Afterwards:
 *
 *   SIGCHLD                    default: the ends of children are told
 *   SIGPIPE, SIGXFSZ           ignored: EPIPE and EFBIG are errors like others
 *   SIGTERM, SIGINT, SIGALRM   default, also where the parent ignored them
 *   SIGHUP                     as inherited: nohup(1) ignores it on purpose
 *   signal mask                empty
 *   descriptors 0 to 2         open; one that was closed gives EBADF when used
 *   umask                      never takes away the rights of the user itself
 *   open files                 the soft limit is the hard one: each input needs
 *                              some; a forked process has the old limit again
 *
 * TZ and the locale are left for the commands that plugins start: times are
 * UTC, and setlocale() is never called.
 */
void inherit_reset(void);

/* Before another program is executed without a fork: the limit of open files
 * that we were started with. */
void inherit_restore_files(void);

#endif
