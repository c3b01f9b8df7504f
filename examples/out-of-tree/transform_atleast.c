/*
 * atleast: the value, or a bound if the value is below it.
 *
 *     [transform busy]
 *     plugin = atleast
 *     value  = machine.load1
 *     bound  = 0.10
 */
#include <stdlib.h>
#include <meterpipe/plugin.h>

struct atleast {
  const struct mp_host *host;
  struct mp_decimal bound;
};

static int
atleast_create(const struct mp_host *host, void **ret_self)
{
  struct atleast *a = (struct atleast *)calloc(1, sizeof(*a));

  if (!a)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  a->host = host;
  host->option_decimal(host, "bound", &a->bound);
  *ret_self = a;
  return MP_OK;
}

static int
atleast_apply(void *self, struct mp_value *value)
{
  const struct atleast *a = (const struct atleast *)self;

  if (value->kind == MP_TEXT)
    return mp_fail(a->host, MP_EDATA, NULL, "\"%s\" is not a number",
                   value->text);
  if (a->host->decimal_compare(value->number, a->bound) < 0)
    value->number = a->bound;
  return MP_OK;
}

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the input value" },
  { "bound", MP_TYPE_DECIMAL, 0, "0", NULL, "the lowest result" },
  { NULL, 0, 0, NULL, NULL, NULL },
};
static const struct mp_transform_ops ops = {
  .struct_size = sizeof(ops), .apply = atleast_apply,
};
static const struct mp_plugin plugin = {
  .struct_size = sizeof(plugin), .abi_version = MP_ABI_VERSION,
  .name = "atleast", .version = "1", .summary = "not less than a bound",
  .options = options, .create = atleast_create, .destroy = free,
  .transform = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
