/*
 * @NAME@: describe the plugin here, in a line or two.
 *
 * <meterpipe/plugin.h> documents for each callback when the host calls it, and
 * who owns the data; meterpipe-plugin(3) explains the interface as a whole.
 */
#include <stdlib.h>

#include <meterpipe/plugin.h>

/* One [transform NAME] section of a pipeline file. */
struct instance {
  const struct mp_host *host;
  struct mp_value offset;
};

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "what comes in" },
  { "offset", MP_TYPE_DECIMAL, 0, "0.00", NULL, "what is added to it" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
instance_create(const struct mp_host *host, void **ret_self)
{
  struct instance *in = calloc(1, sizeof(*in));

  if (in == NULL)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  in->host = host;
  in->offset.struct_size = sizeof(in->offset);
  host->option_decimal(host, "offset", &in->offset);
  *ret_self = in;
  return MP_OK;
}

static void
instance_destroy(void *self)
{
  free(self);
}

/* Edits the value in place. */
static int
instance_apply(void *self, struct mp_value *value)
{
  struct instance *in = self;

  if (value->kind == MP_TEXT)
    return mp_fail(in->host, MP_EDATA, NULL, "\"%s\" is no number",
                   value->text);
  if (in->host->decimal_add(value, &in->offset) != MP_OK)
    return mp_fail(in->host, MP_ERANGE, NULL, "the sum is too large");
  return MP_OK;
}

static const struct mp_transform_ops ops = {
  .struct_size = sizeof(struct mp_transform_ops),
  .apply = instance_apply,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "@NAME@",
  .version = "0.1",
  .summary = "adds an offset",
  .options = options,
  .create = instance_create,
  .destroy = instance_destroy,
  .transform = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
