/*
 * @NAME@: describe the plugin here in a line or two.
 *
 * <meterpipe/plugin.h> says when the host calls each callback, and who owns the
 * data; meterpipe-plugin(3) is the manual.
 */
#include <stdlib.h>

#include <meterpipe/plugin.h>

/* One [transform NAME] section of a pipeline file. */
struct instance {
  const struct mp_host *host;
  struct mp_decimal offset;
};

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the input value" },
  { "offset", MP_TYPE_DECIMAL, 0, "0.00", NULL, "the number to add" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
instance_create(const struct mp_host *host, void **ret_self)
{
  struct instance *in = calloc(1, sizeof(*in));

  if (!in)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  in->host = host;
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
    return mp_fail(in->host, MP_EDATA, NULL, "\"%s\" is not a number",
                   value->text);
  if (in->host->decimal_add(value->number, in->offset, &value->number) != MP_OK)
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
