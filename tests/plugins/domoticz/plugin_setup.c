/* The plugin in a fake host, connected to the stand-in. */
#include "tests/plugins/domoticz/plugin_setup.h"

#include <stdio.h>
#include <string.h>

#include <check.h>

void
plugin_setup_start(struct plugin_setup *r, enum domoticz_version version)
{
  memset(r, 0, sizeof(*r));
  r->s = domoticz_server_start(version);
  r->plugin = meterpipe_plugin();
  r->ops = r->plugin->output;
  r->host = fake_host_new(r->plugin, "domoticz");
  r->sink = fake_sink_new(&r->host->table);
  fake_host_set(r->host, "url", domoticz_server_url(r->s));
}

void
plugin_setup_stop(struct plugin_setup *r)
{
  if (r->self)
    plugin_setup_close(r);
  fake_sink_free(r->sink);
  fake_host_free(r->host);
  domoticz_server_stop(r->s);
}

uint32_t
plugin_setup_add(struct plugin_setup *r, unsigned idx, const char *type,
                 const char *label)
{
  char name[16];

  if (type)
    domoticz_server_add(r->s, idx, type, label);
  snprintf(name, sizeof(name), "%u", idx);
  return fake_host_add_target(r->host, name, NULL, "value", 0);
}

void
plugin_setup_open(struct plugin_setup *r)
{
  ck_assert_int_eq(r->plugin->create(&r->host->table, &r->self), MP_OK);
  ck_assert_int_eq(r->ops->open(r->self), MP_OK);
}

void
plugin_setup_close(struct plugin_setup *r)
{
  r->ops->close(r->self);
  r->plugin->destroy(r->self);
  r->self = NULL;
}

int
plugin_setup_fetch(struct plugin_setup *r)
{
  fake_sink_forget(r->sink);
  return r->ops->fetch(r->self, &r->sink->output);
}

void
plugin_setup_begin(struct plugin_setup *r)
{
  struct mp_record record = { .struct_size = sizeof(record), .id = "1" };

  fake_sink_forget(r->sink);
  ck_assert_int_eq(r->ops->begin(r->self, &record), MP_OK);
}

int
plugin_setup_write(struct plugin_setup *r, uint32_t target, uint32_t kind,
                   const char *value)
{
  struct mp_value v = fake_host_value(r->host, kind, value);

  return r->ops->write(r->self, target, &v);
}

int
plugin_setup_commit(struct plugin_setup *r)
{
  return r->ops->commit(r->self, &r->sink->output);
}

uint32_t
plugin_setup_result(struct plugin_setup *r, uint32_t target)
{
  return fake_sink_result(r->sink, 0, target);
}

uint32_t
plugin_setup_send(struct plugin_setup *r, uint32_t target, const char *value)
{
  plugin_setup_begin(r);
  ck_assert_int_eq(plugin_setup_write(r, target, MP_COUNTER, value), MP_OK);
  plugin_setup_commit(r);
  return plugin_setup_result(r, target);
}

bool
plugin_setup_logged(struct plugin_setup *r, const char *text)
{
  return strstr(fake_host_log(r->host), text);
}
