/*
 * Helpers for the tests of the domoticz output: the plugin in a fake host,
 * connected to the stand-in.
 */
#ifndef TESTS_DOMOTICZ_RIG_H
#define TESTS_DOMOTICZ_RIG_H

#include <meterpipe/plugin.h>

#include "tests/support/domoticz_server.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

struct rig {
  struct domoticz_server *s;
  struct fake_host *host;
  struct fake_sink *sink;
  const struct mp_plugin *plugin;
  const struct mp_output_ops *ops;
  void *self; /* NULL: not created */
};

/* Starts the server and a host for the plugin, named "domoticz", with its url
 * set. */
void rig_start(struct rig *r, enum domoticz_version version);
void rig_stop(struct rig *r);

/* Adds a device and a target for it; returns the target's number. */
uint32_t rig_add(struct rig *r, unsigned idx, const char *type,
                 const char *label);

/* Calls create and open, which must succeed. */
void rig_open(struct rig *r);
/* Calls close and destroy, as between two runs. */
void rig_close(struct rig *r);

/* Calls fetch; the displayed values are in r->sink. */
int rig_fetch(struct rig *r);
/* Calls begin, write (such as "12.5 GJ") and commit; returns the target's
 * result. */
uint32_t rig_send(struct rig *r, uint32_t target, const char *value);
/* The same, step by step. */
void rig_begin(struct rig *r);
int rig_write(struct rig *r, uint32_t target, uint32_t kind, const char *value);
int rig_commit(struct rig *r);
uint32_t rig_result(struct rig *r, uint32_t target);

/* Returns whether the log contains TEXT. */
int rig_logged(struct rig *r, const char *text);

#endif
