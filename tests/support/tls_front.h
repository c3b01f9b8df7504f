/*
 * A TLS server before another server, for tests: stunnel, with certificates
 * that openssl makes in the scene's directory.
 *
 *     tls_make_ca(scene);
 *     tls_make_certificate(scene, "good");
 *     front = tls_front_start(scene, "good", 0, domoticz_server_port(server));
 *     ... run against https://127.0.0.1:tls_front_port(front), with
 *         ca_file = ca.pem ...
 *     tls_front_stop(front);
 *
 * Certificates are dated by the clock at which a scene begins.
 */
#ifndef SUPPORT_TLS_FRONT_H
#define SUPPORT_TLS_FRONT_H

#include <stdbool.h>

#include "tests/support/scene.h"

struct tls_front;

/* Whether there are stunnel and openssl. */
bool tls_is_there(void);

/* A CA of our own: "ca.pem"; and one that nobody trusts. */
void tls_make_ca(struct scene *s);

/*
 * "NAME.pem", for 127.0.0.1 and localhost by our own CA, unless NAME says
 * otherwise:
 *
 *     good       nothing is wrong with it
 *     elsewhere  it is for domoticz.example.org
 *     expired    since a day
 *     early      valid from tomorrow
 *     self       signed by itself
 *     stranger   by the CA that nobody trusts
 */
void tls_make_certificate(struct scene *s, const char *name);

/* Listens on PORT (0: any) of 127.0.0.1 with NAME.pem, and leads on to port
 * BEHIND. */
struct tls_front *tls_front_start(struct scene *s, const char *name,
                                  unsigned port, unsigned behind);
/* Accepts NULL. */
void tls_front_stop(struct tls_front *f);
unsigned tls_front_port(const struct tls_front *f);

#endif
