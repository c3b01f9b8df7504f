/* TLS settings, by OpenSSL, which libmosquitto uses, too. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/mqtt/tls.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/array.h"

struct tls {
  SSL_CTX *context;
  const char *name;  /* of the host */
  char problem[128]; /* "": none */
};

static bool
is_numeric(const char *name)
{
  uint8_t address[sizeof(struct in6_addr)];

  return inet_pton(AF_INET, name, address) == 1 ||
         inet_pton(AF_INET6, name, address) == 1;
}

static struct tls *
tls_of(const SSL *ssl)
{
  return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

#define NO_CA "'s CA is not trusted; name that CA with ca_file"
#define OTHER_HOST                                                             \
  " is for another host; use the host name of the certificate in `url`"

static const struct {
  int code;
  const char *text;
} problems[] = {
  { X509_V_ERR_CERT_HAS_EXPIRED, " has expired; the broker needs a new one" },
  { X509_V_ERR_CERT_NOT_YET_VALID,
    " is not valid yet; compare the clocks of both machines" },
  { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
    " is self-signed; if it is that of your broker, name it with ca_file" },
  { X509_V_ERR_HOSTNAME_MISMATCH, OTHER_HOST },
  { X509_V_ERR_IP_ADDRESS_MISMATCH, OTHER_HOST },
  { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, NO_CA },
  { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, NO_CA },
  { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, NO_CA },
  { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, NO_CA },
};

static void
take_problem(struct tls *tls, int code)
{
  for (size_t i = 0; i < ARRAY_SIZE(problems); i++)
    if (problems[i].code == code) {
      snprintf(tls->problem, sizeof(tls->problem), "%s", problems[i].text);
      return;
    }
  snprintf(tls->problem, sizeof(tls->problem), " is not accepted: %s",
           X509_verify_cert_error_string(code));
}

/* Keeps the first problem. */
static int
note_problem(int good, X509_STORE_CTX *store)
{
  const SSL *ssl =
    X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct tls *tls = tls_of(ssl);

  if (!good && !tls->problem[0])
    take_problem(tls, X509_STORE_CTX_get_error(store));
  return good;
}

/* Names the host to the server (SNI) in place of the address that libmosquitto
 * has set. */
static void
name_host(const SSL *ssl, int where, int ret)
{
  const struct tls *tls = tls_of(ssl);

  (void)ret;
  if ((where & SSL_CB_HANDSHAKE_START) != 0 && !is_numeric(tls->name))
    SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl,
                             (char *)(uintptr_t)tls->name);
}

static bool
expect_name(SSL_CTX *context, const char *name)
{
  X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);

  return (is_numeric(name) ? X509_VERIFY_PARAM_set1_ip_asc(param, name)
                           : X509_VERIFY_PARAM_set1_host(param, name, 0)) == 1;
}

/* ---- Files --------------------------------------------------------------- */

static int
bad_file(const struct mp_host *host, const char *option, const char *path)
{
  unsigned long error = ERR_peek_last_error();
  const char *why = error ? ERR_reason_error_string(error) : NULL;
  int r = mp_fail(host, MP_ECONFIG, option, "%s cannot be used: %s", path,
                  why ? why : "not such a PEM file");

  ERR_clear_error();
  return r;
}

static int
take_ca(const struct mp_host *host, const struct connection_options *options,
        SSL_CTX *context)
{
  if (!options->ca_file) {
    SSL_CTX_set_default_verify_paths(context);
    return MP_OK;
  }
  return SSL_CTX_load_verify_locations(context, options->ca_file, NULL) == 1
           ? MP_OK
           : bad_file(host, "ca_file", options->ca_file);
}

static int
take_certificate(const struct mp_host *host,
                 const struct connection_options *options, SSL_CTX *context)
{
  const char *key = options->key_file ? options->key_file : options->cert_file;

  if (!options->cert_file)
    return MP_OK;
  if (SSL_CTX_use_certificate_chain_file(context, options->cert_file) != 1)
    return bad_file(host, "cert_file", options->cert_file);
  if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
    return bad_file(host, "key_file", key);
  return MP_OK;
}

/* ---- Settings ------------------------------------------------------------ */

static int
set_up(const struct mp_host *host, const struct connection_options *options,
       struct tls *tls)
{
  int r = take_ca(host, options, tls->context);

  if (r == MP_OK)
    r = take_certificate(host, options, tls->context);
  if (r != MP_OK)
    return r;
  SSL_CTX_set_app_data(tls->context, tls);
  SSL_CTX_set_info_callback(tls->context, name_host);
  if (!options->tls_verify)
    return MP_OK;
  SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, note_problem);
  if (!expect_name(tls->context, tls->name))
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  return MP_OK;
}

int
tls_new(const struct mp_host *host, const struct connection_options *options,
        struct tls **ret)
{
  struct tls *tls = calloc(1, sizeof(*tls));
  int r;

  if (tls)
    tls->context = SSL_CTX_new(TLS_client_method());
  if (!tls || !tls->context) {
    tls_free(tls);
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  }
  tls->name = options->address.name;
  r = set_up(host, options, tls);
  if (r != MP_OK) {
    tls_free(tls);
    return r;
  }
  *ret = tls;
  return MP_OK;
}

void
tls_free(struct tls *tls)
{
  if (!tls)
    return;
  SSL_CTX_free(tls->context);
  free(tls);
}

void *
tls_context(const struct tls *tls)
{
  return tls->context;
}

const char *
tls_problem(const struct tls *tls)
{
  return tls->problem[0] ? tls->problem : NULL;
}
