/*
 * Listening sockets that do not count in this process's limit of open files.
 *
 * The limit is one for each table of descriptors, and on Linux a thread can
 * have a table of its own.  The lock of a serial server is only made and
 * closed, so a thread does that for all inputs: a thousand meters need one
 * descriptor each, and the usual limit is 1024.
 */
#ifndef KMP_LOCK_TABLE_H
#define KMP_LOCK_TABLE_H

#include <stdbool.h>
#include <sys/socket.h>

/* False if there is no such thread, because the system is out of threads, or
 * its kernel is older than Linux 5.9.  The sockets then count. */
bool lock_table_is_separate(void);

/* Makes a socket that listens at NAME, until lock_table_close or the end of the
 * process.  Returns 0 with its number, which only lock_table_close can use, and
 * only in this process; or an errno value. */
int lock_table_listen(const struct sockaddr *name, socklen_t size, int backlog,
                      int *ret_number);
void lock_table_close(int number);

#endif
