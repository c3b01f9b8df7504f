/*
 * overwrite: passes a value on unchanged, number or text, to give it a name of
 * its own.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <meterpipe/plugin.h>

#include "plugins/transforms/transform.h"

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the value to pass on" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
overwrite_apply(void *self, struct mp_value *value)
{
  (void)self;
  (void)value;
  return MP_OK;
}

static const struct mp_transform_ops ops = {
  .struct_size = sizeof(struct mp_transform_ops),
  .apply = overwrite_apply,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "overwrite",
  .version = PACKAGE_VERSION,
  .summary = "the value, unchanged",
  .options = options,
  .create = transform_create,
  .destroy = transform_destroy,
  .transform = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
