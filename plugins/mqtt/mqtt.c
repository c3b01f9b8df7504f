/*
 * The mqtt output: publishes values as retained messages of an MQTT broker, and
 * tells Home Assistant about them.  This file has the instance, its options,
 * and the table of callbacks.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/mqtt/mqtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Options ------------------------------------------------------------- */

static const struct mp_option options[] = {
  { "url", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "mqtt://HOST[:PORT], or mqtts://HOST[:PORT] for TLS" },
  { "username", MP_TYPE_STRING, 0, NULL, NULL, "user of the broker" },
  { "password", MP_TYPE_SECRET, 0, NULL, NULL, "the user's password" },
  { "ca_file", MP_TYPE_PATH, 0, NULL, NULL,
    "PEM file with the CA of the broker's certificate" },
  { "cert_file", MP_TYPE_PATH, 0, NULL, NULL,
    "PEM file with a certificate that identifies this client" },
  { "key_file", MP_TYPE_PATH, 0, NULL, NULL,
    "PEM file with the key of cert_file, if it is not in there" },
  { "tls_verify", MP_TYPE_BOOL, 0, "yes", NULL,
    "check the certificate of the broker" },
  { "client_id", MP_TYPE_STRING, 0, NULL, NULL,
    "client id; without it a new one for each connection" },
  { "topic", MP_TYPE_STRING, 0, NULL, NULL,
    "topic above those of the targets; without it meterpipe/PIPELINE" },
  { "expire", MP_TYPE_DURATION, 0, NULL, "1s..",
    "after this time without a new reading, a value disappears" },
  { "payload", MP_TYPE_CHOICE, 0, "json", "json|plain",
    "json: an object with value, unit, time, serial and id; plain: the value "
    "alone" },
  { "discovery", MP_TYPE_CHOICE, 0, "single", "single|device|off",
    "how Home Assistant is told about the targets: one message for each, one "
    "for each meter, or not" },
  { "discovery_prefix", MP_TYPE_STRING, 0, "homeassistant", NULL,
    "Home Assistant's topic for discovery" },
  { "protocol", MP_TYPE_CHOICE, 0, "5", "5|3.1.1", "version of MQTT" },
  { "timeout", MP_TYPE_DURATION, 0, "10s", "1ms..",
    "longest wait for one answer" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option target_options[] = {
  { "label", MP_TYPE_STRING, 0, NULL, NULL, "name in Home Assistant" },
  { "device_class", MP_TYPE_STRING, 0, NULL, NULL,
    "device class in Home Assistant; none" },
  { "state_class", MP_TYPE_CHOICE, 0, NULL,
    "none|measurement|total|total_increasing",
    "state class in Home Assistant" },
  { "unit", MP_TYPE_STRING, 0, NULL, NULL,
    "unit to convert the value to, exactly" },
  { "precision", MP_TYPE_INT, 0, NULL, "0..12",
    "decimals that Home Assistant displays" },
  { "category", MP_TYPE_CHOICE, 0, NULL, "none|diagnostic",
    "category in Home Assistant" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
check_topic(const struct mp_host *host, const char *key)
{
  const char *text = host->option(host, key);
  const char *problem = text ? targets_topic_problem(text) : NULL;

  return problem ? mp_fail(host, MP_ECONFIG, key, "%s", problem) : MP_OK;
}

static int
check_together(const struct mp_host *host, const char *key, const char *needs)
{
  if (host->option(host, key) && !host->option(host, needs))
    return mp_fail(host, MP_ECONFIG, key, "`%s` is missing", needs);
  return MP_OK;
}

static int
check_options(const struct mp_host *host)
{
  static const char *const pairs[][2] = { { "password", "username" },
                                          { "key_file", "cert_file" } };
  struct address address;
  const char *url = host->option(host, "url");
  const char *problem = url ? address_parse(url, &address) : "must be given";
  int r = MP_OK;

  if (problem)
    return mp_fail(host, MP_ECONFIG, "url", "%s", problem);
  if (host->option_int(host, "payload") == 1 &&
      host->option_int(host, "protocol") == 1)
    return mp_fail(host, MP_ECONFIG, "payload",
                   "plain needs MQTT 5, which keeps the id of a value beside "
                   "it; set `protocol = 5`, or `payload = json`");
  for (size_t i = 0; r == MP_OK && i < sizeof(pairs) / sizeof(*pairs); i++)
    r = check_together(host, pairs[i][0], pairs[i][1]);
  if (r == MP_OK)
    r = check_topic(host, "topic");
  return r == MP_OK ? check_topic(host, "discovery_prefix") : r;
}

static void
take_options(struct mqtt *m)
{
  const struct mp_host *host = m->host;

  m->options = (struct connection_options){
    .url = host->option(host, "url"),
    .client_id = host->option(host, "client_id"),
    .username = host->option(host, "username"),
    .password = host->option(host, "password"),
    .ca_file = host->option(host, "ca_file"),
    .cert_file = host->option(host, "cert_file"),
    .key_file = host->option(host, "key_file"),
    .tls_verify = host->option_int(host, "tls_verify") != 0,
    .mqtt_3 = host->option_int(host, "protocol") == 1,
    .timeout_ms = host->option_int(host, "timeout"),
  };
  address_parse(m->options.url, &m->options.address);
  m->prefix = host->option(host, "discovery_prefix");
  m->mode = (enum discovery_mode)host->option_int(host, "discovery");
  m->plain = host->option_int(host, "payload") == 1;
  m->expire_ms = host->option_int(host, "expire");
}

/* ---- Instances ----------------------------------------------------------- */

static void
mqtt_destroy(void *self)
{
  struct mqtt *m = self;

  free(m->topic);
  free(m);
  connection_exit();
}

/* Returns the topic without the option, from malloc.  The name of a pipeline
 * can have characters that a topic cannot have. */
static char *
default_topic(const char *pipeline)
{
  char *topic;

  if (asprintf(&topic, "meterpipe/%s", pipeline) < 0)
    return NULL;
  for (char *p = topic + strlen("meterpipe/"); *p; p++)
    if (strchr("+#/", *p))
      *p = '_';
  return topic;
}

static int
take_topic(struct mqtt *m)
{
  const char *topic = m->host->option(m->host, "topic"), *problem;

  m->topic = topic ? strdup(topic) : default_topic(m->host->pipeline);
  if (!m->topic)
    return mp_fail(m->host, MP_ENOMEM, NULL, "out of memory");
  problem = targets_topic_problem(m->topic);
  return problem
           ? mp_fail(m->host, MP_ECONFIG, "topic",
                     "must be given: the name of this pipeline %s", problem)
           : MP_OK;
}

static int
mqtt_create(const struct mp_host *host, void **ret_self)
{
  int r = check_options(host);
  struct mqtt *m;

  if (r != MP_OK)
    return r;
  m = calloc(1, sizeof(*m));
  if (!m)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  m->host = host;
  r = take_topic(m);
  if (r != MP_OK) {
    free(m->topic);
    free(m);
    return r;
  }
  take_options(m);
  connection_init();
  *ret_self = m;
  return MP_OK;
}

static void
mqtt_close(void *self)
{
  struct mqtt *m = self;

  connection_close(m->connection);
  m->connection = NULL;
  targets_forget(m);
}

static int
mqtt_open(void *self)
{
  struct mqtt *m = self;
  int r = targets_learn(m);

  if (r != MP_OK) {
    mqtt_close(m);
    return r;
  }
  if (m->options.address.tls && !m->options.tls_verify)
    mp_log(m->host, MP_LOG_WARNING, m->options.url,
           "tls_verify = no: anybody on the network path can read and change "
           "all data; name the broker's CA with ca_file instead");
  return MP_OK;
}

/* ---- The plugin ---------------------------------------------------------- */

static const struct mp_output_ops output = {
  .struct_size = sizeof(struct mp_output_ops),
  .flags = MP_OUTPUT_TAKES_ALL,
  .delivery = MP_LATEST,
  .target_prefix = "sensor",
  .target_options = target_options,
  .open = mqtt_open,
  .close = mqtt_close,
  .fetch = mqtt_fetch,
  .begin = mqtt_begin,
  .write = mqtt_write,
  .commit = mqtt_commit,
  .list = mqtt_list,
  .check = mqtt_check,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "mqtt",
  .version = PACKAGE_VERSION,
  .summary = "retained topics of an MQTT broker; Home Assistant discovery",
  .options = options,
  .create = mqtt_create,
  .destroy = mqtt_destroy,
  .output = &output,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
