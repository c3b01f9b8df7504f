/*
 * A TLS server in front of another server, for tests: stunnel, with
 * certificates that openssl makes in the sandbox's directory.
 *
 *     tls_make_ca(sandbox);
 *     tls_make_certificate(sandbox, "good");
 *     front = tls_front_start(sandbox, "good", 0,
 * domoticz_server_port(server));
 *     ... run against https://127.0.0.1:tls_front_port(front), with
 *         ca_file = ca.pem ...
 *     tls_front_stop(front);
 *
 * The validity of the certificates is relative to the initial clock of a
 * sandbox.
 */
#ifndef SUPPORT_TLS_FRONT_H
#define SUPPORT_TLS_FRONT_H

#include <stdbool.h>

#include "tests/support/sandbox.h"

struct tls_front;

/* Returns whether stunnel and openssl are installed. */
bool tls_is_there(void);

/* Makes the test's own CA, "ca.pem", and a second CA that is not trusted. */
void tls_make_ca(struct sandbox *s);

/*
 * Makes "NAME.pem", for 127.0.0.1 and localhost, signed by the test's own CA,
 * unless NAME says otherwise:
 *
 *     good       valid
 *     elsewhere  for domoticz.example.org
 *     expired    expired a day ago
 *     early      valid from tomorrow
 *     self       signed by itself
 *     stranger   signed by the CA that is not trusted
 */
void tls_make_certificate(struct sandbox *s, const char *name);

/* Listens on PORT (0: any free port) of 127.0.0.1 with NAME.pem, and forwards
 * to port BEHIND. */
struct tls_front *tls_front_start(struct sandbox *s, const char *name,
                                  unsigned port, unsigned behind);
/* Accepts NULL. */
void tls_front_stop(struct tls_front *f);
unsigned tls_front_port(const struct tls_front *f);

#endif
