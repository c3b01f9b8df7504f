/* The fake input: the meters of a house. */
#include "tests/exhaustive/driver_impl.h"

#include <string.h>

static const struct mp_option meter_options[] = {
  { "fields", MP_TYPE_FIELDS, MP_REQUIRED, NULL, NULL, "fields" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
meter_field(const char *name, const struct mp_field_sink *sink)
{
  const struct mp_field field = { .struct_size = sizeof(field),
                                  .kind = MP_COUNTER,
                                  .name = FIELD,
                                  .unit = UNIT };

  if (strcmp(name, FIELD) != 0)
    return MP_ECONFIG;
  sink->field(sink, &field);
  return MP_OK;
}

static size_t
meter_number(const struct mp_host *host)
{
  size_t n = 0;

  while (strcmp(now.driver->house->inputs[n], host->name) != 0)
    n++;
  return n;
}

static int
meter_read(void *self, const struct mp_sink *sink)
{
  const struct mp_host *host = self;
  size_t m = meter_number(host);
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_COUNTER,
                            .number = { 0, WORLD_PLACE },
                            .unit = UNIT };

  if (!now.facts.has_reading[m])
    return mp_fail(host, MP_ETIMEOUT, NULL, "no answer");
  value.number.coef = now.facts.reading[m];
  sink->serial(sink, state_serial(now.facts.serial[m]), MP_SERIAL_READ);
  sink->emit(sink, FIELD, &value);
  return MP_OK;
}

static const struct mp_input_ops meter_ops = {
  .struct_size = sizeof(meter_ops),
  .field = meter_field,
  .read = meter_read,
};

const struct mp_plugin driver_meter = {
  .struct_size = sizeof(driver_meter),
  .abi_version = MP_ABI_VERSION,
  .name = "meter",
  .version = "1",
  .summary = "the meter of a house",
  .options = meter_options,
  .create = driver_create,
  .destroy = driver_destroy,
  .input = &meter_ops,
};
