/*
 * A real server in a sandbox's directory, on a free port of 127.0.0.1, for
 * tests.  It ends with the test process.
 *
 *     static const char *const words[] = {
 *       "/usr/bin/victoria-metrics", "-httpListenAddr=127.0.0.1:{port}", NULL
 *     };
 *     d = daemon_start(sandbox, "metrics", words, NULL, NULL);
 *
 *     ... run against http://127.0.0.1:daemon_port(d) ...
 *     daemon_kill(d);
 *     daemon_restart(d);
 *     daemon_free(d);
 */
#ifndef SUPPORT_DAEMON_H
#define SUPPORT_DAEMON_H

#include <sys/types.h>

#include "tests/support/sandbox.h"

struct daemon;

/*
 * Starts the program WORDS[0] with the words up to NULL, in which {port} stands
 * for the port, and waits until it accepts connections.  WORDS must live as
 * long as the daemon.  NAME.log gets what it prints.  PREPARE, if not NULL, is
 * called with CTX before each start: it writes the files that need the port.
 */
struct daemon *daemon_start(struct sandbox *s, const char *name,
                            const char *const *words,
                            void (*prepare)(void *ctx, unsigned port),
                            void *ctx);
/* Kills it.  Accepts NULL. */
void daemon_free(struct daemon *d);

unsigned daemon_port(const struct daemon *d);
/* 0: it does not run. */
pid_t daemon_pid(const struct daemon *d);
/* Returns what it printed; valid until the next call. */
const char *daemon_log(struct daemon *d);

/* End it: as the system does; as a power cut does.  Both wait for its end, and
 * accept that it ended already. */
void daemon_stop(struct daemon *d);
void daemon_kill(struct daemon *d);
/* Starts it again, on the same port and with the same files. */
void daemon_restart(struct daemon *d);

#endif
