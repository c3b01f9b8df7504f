/*
 * A plugin of interface 1, built with the header in 1/.  Every later host
 * refuses it, and names both numbers.
 */
#include <stdlib.h>

#include <meterpipe/plugin.h>

static int
old_create(const struct mp_host *host, void **ret_self)
{
  (void)host;
  *ret_self = malloc(1);
  return *ret_self ? MP_OK : MP_ENOMEM;
}

static int
old_write(void *self, uint32_t target, const struct mp_value *value)
{
  (void)self;
  (void)target;
  return value->coef < 0 ? MP_EDATA : MP_OK;
}

static int
old_commit(void *self, const struct mp_output_sink *sink)
{
  (void)self;
  sink->result(sink, 0, MP_ALL_TARGETS, MP_ACCEPTED);
  return MP_OK;
}

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "place",
  .write = old_write,
  .commit = old_commit,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "old",
  .version = "1",
  .summary = "a plugin of interface 1",
  .create = old_create,
  .destroy = free,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
