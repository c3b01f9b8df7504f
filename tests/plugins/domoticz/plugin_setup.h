/*
 * Helpers for the tests of the domoticz output: the plugin in a fake host,
 * connected to the stand-in.
 */
#ifndef TESTS_DOMOTICZ_PLUGIN_SETUP_H
#define TESTS_DOMOTICZ_PLUGIN_SETUP_H

#include <stdbool.h>
#include <meterpipe/plugin.h>

#include "tests/support/domoticz_server.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

struct plugin_setup {
  struct domoticz_server *s;
  struct fake_host *host;
  struct fake_sink *sink;
  const struct mp_plugin *plugin;
  const struct mp_output_ops *ops;
  void *self; /* NULL: not created */
};

/* Starts the server and a host for the plugin, named "domoticz", with its url
 * set. */
void plugin_setup_start(struct plugin_setup *r, enum domoticz_version version);
void plugin_setup_stop(struct plugin_setup *r);

/* Adds a device and a target for it; returns the target's number. */
uint32_t plugin_setup_add(struct plugin_setup *r, unsigned idx,
                          const char *type, const char *label);

/* Calls create and open, which must succeed. */
void plugin_setup_open(struct plugin_setup *r);
/* Calls close and destroy, as between two runs. */
void plugin_setup_close(struct plugin_setup *r);

/* Calls fetch; the displayed values are in r->sink. */
int plugin_setup_fetch(struct plugin_setup *r);
/* Calls begin, write (such as "12.5 GJ") and commit; returns the target's
 * result. */
uint32_t plugin_setup_send(struct plugin_setup *r, uint32_t target,
                           const char *value);
/* The same, step by step. */
void plugin_setup_begin(struct plugin_setup *r);
int plugin_setup_write(struct plugin_setup *r, uint32_t target, uint32_t kind,
                       const char *value);
int plugin_setup_commit(struct plugin_setup *r);
uint32_t plugin_setup_result(struct plugin_setup *r, uint32_t target);

/* Returns whether the log contains TEXT. */
bool plugin_setup_logged(struct plugin_setup *r, const char *text);

#endif
