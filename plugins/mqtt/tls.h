/*
 * TLS for a connection to a broker.
 *
 * libmosquitto gets a numeric address, so it can neither name the host to the
 * server nor compare it with the certificate: both are done here.
 */
#ifndef MQTT_TLS_H
#define MQTT_TLS_H

#include <stdbool.h>

#include <meterpipe/plugin.h>

#include "plugins/mqtt/connection.h"

struct tls;

/* Makes the settings for connections to the host of OPTIONS.  MP_OK and *RET;
 * or a reason, reported: a file that cannot be used. */
int tls_new(const struct mp_host *host,
            const struct connection_options *options, struct tls **ret);
/* Accepts NULL. */
void tls_free(struct tls *tls);

/* Returns the SSL_CTX. */
void *tls_context(const struct tls *tls);

/* Returns what is wrong with the server's certificate, in words that continue
 * "the certificate"; NULL: nothing was found. */
const char *tls_problem(const struct tls *tls);

#endif
