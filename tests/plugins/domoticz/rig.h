/*
 * What the tests of the domoticz output stand on: the plugin in a fake host,
 * before the stand-in.
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

/* The server runs and the plugin is named "domoticz"; url is set. */
void rig_start(struct rig *r, enum domoticz_version version);
void rig_stop(struct rig *r);

/* A device and a target for it; returns the target's number. */
uint32_t rig_add(struct rig *r, unsigned idx, const char *type,
                 const char *label);

/* create and open must succeed. */
void rig_open(struct rig *r);
/* close and destroy, as between two runs. */
void rig_close(struct rig *r);

/* fetch; the answers are in r->sink. */
int rig_fetch(struct rig *r);
/* begin, write "12.5 GJ" to the target, commit; the result. */
uint32_t rig_send(struct rig *r, uint32_t target, const char *value);
/* The parts of it. */
void rig_begin(struct rig *r);
int rig_write(struct rig *r, uint32_t target, uint32_t kind, const char *value);
int rig_commit(struct rig *r);
uint32_t rig_result(struct rig *r, uint32_t target);

/* Whether the log has TEXT. */
int rig_logged(struct rig *r, const char *text);

#endif
