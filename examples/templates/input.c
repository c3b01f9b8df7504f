/*
 * @NAME@: describe the plugin here in a line or two.
 *
 * <meterpipe/plugin.h> says when the host calls each callback, and who owns the
 * data; meterpipe-plugin(3) is the manual.
 */
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

/* One [input NAME] section of a pipeline file. */
struct instance {
  const struct mp_host *host;
};

static const struct mp_option options[] = {
  { "answer", MP_TYPE_DECIMAL, 0, "42.00", NULL, "the value to read" },
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL,
    "fields to read besides those that stages name" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

/* ---- Fields: their names; the host asks before there is an instance ---- */

static const struct mp_field fields[] = {
  { .struct_size = sizeof(struct mp_field),
    .kind = MP_GAUGE,
    .name = "answer",
    .label = "The answer",
    .unit = "kW" },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int
find_field(const char *name, const struct mp_field_sink *sink)
{
  for (size_t i = 0; i < N_FIELDS; i++)
    if (strcmp(name, fields[i].name) == 0) {
      sink->field(sink, &fields[i]);
      return MP_OK;
    }
  return MP_ECONFIG;
}

static int
list_fields(const struct mp_field_sink *sink)
{
  for (size_t i = 0; i < N_FIELDS; i++)
    sink->field(sink, &fields[i]);
  return MP_OK;
}

/* ---- An instance ---- */

static int
instance_create(const struct mp_host *host, void **ret_self)
{
  struct instance *in = calloc(1, sizeof(*in));

  if (!in)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  in->host = host;
  *ret_self = in;
  return MP_OK;
}

static void
instance_destroy(void *self)
{
  free(self);
}

/* Reads one cycle.  A field that is not emitted is missing in this cycle. */
static int
instance_read(void *self, const struct mp_sink *sink)
{
  struct instance *in = self;
  struct mp_value value = { .struct_size = sizeof(value) };

  if (in->host->option_decimal(in->host, "answer", &value.number) != MP_OK)
    return mp_fail(in->host, MP_EINTERNAL, "answer", "has no value");
  value.kind = MP_GAUGE;
  value.unit = "kW";
  sink->emit(sink, "answer", &value);
  return MP_OK;
}

static const struct mp_input_ops ops = {
  .struct_size = sizeof(struct mp_input_ops),
  .field = find_field,
  .list_fields = list_fields,
  .default_fields = "answer",
  .read = instance_read,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "@NAME@",
  .version = "0.1",
  .summary = "reads the answer",
  .options = options,
  .create = instance_create,
  .destroy = instance_destroy,
  .input = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
