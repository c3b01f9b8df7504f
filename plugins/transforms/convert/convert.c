/*
 * convert: converts a value to another unit.  Without `decimals`, the
 * conversion must be exact; with it, the result is rounded half to even.
 *
 * A delta is never rounded, because the lost parts would add up.  To get a
 * usage in another unit, convert the reading first and then subtract.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <meterpipe/plugin.h>

#include "lib/decimal.h"
#include "plugins/transforms/transform.h"

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the value to convert" },
  { "unit", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "the unit to convert to, such as kWh" },
  { "decimals", MP_TYPE_INT, 0, NULL, "0..18",
    "round half to even to this number of decimals (default: convert only "
    "exactly)" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
fail_conversion(const struct transform *t, int code,
                const struct mp_value *value, const char *unit)
{
  const struct mp_host *host = t->host;
  const char *object = transform_object(t);
  char text[TRANSFORM_TEXT];

  if (code == MP_ERANGE)
    return mp_fail(host, code, object,
                   "%s in %s has too many digits for an exact number",
                   transform_show(t, value, text, sizeof(text)), unit);
  if (!transform_is_convertible(t, value, unit))
    return mp_fail(host, MP_ECONFIG, object,
                   "is in %s, which cannot be converted to %s",
                   transform_unit_name(value), unit);
  if (value->kind == MP_DELTA)
    return mp_fail(host, MP_ECONFIG, object,
                   "%s is an amount since the last reading, and not exact in "
                   "%s%s; convert the reading, then subtract",
                   transform_show(t, value, text, sizeof(text)), unit,
                   host->option(host, "decimals") ? " with these decimals"
                                                  : "");
  return mp_fail(host, MP_ECONFIG, object,
                 "%s cannot be converted exactly to %s; give the number of "
                 "`decimals` to round to",
                 transform_show(t, value, text, sizeof(text)), unit);
}

/* Converts *value to UNIT.  MP_OK: exactly; MP_DROP: rounded; else a reason. */
static int
convert(const struct mp_host *host, struct mp_value *value, const char *unit)
{
  int32_t place = MP_EXACT;
  int r;

  if (host->option(host, "decimals"))
    place = -(int32_t)host->option_int(host, "decimals");
  r = host->unit_convert(&value->number, value->unit, unit, place);
  if (r < 0)
    return r;
  value->unit = unit;
  if (r != MP_OK || place == MP_EXACT)
    return r;
  /* an exact result can have more decimals than requested */
  r = decimal_round(&value->number, place);
  if (r < 0)
    return r;
  return r == MP_OK ? MP_DROP : MP_OK;
}

static int
convert_apply(void *self, struct mp_value *value)
{
  struct transform *t = self;
  const char *unit = t->host->option(t->host, "unit");
  struct mp_value number = transform_number(value);
  int r;

  if (transform_check_number(t, value) != MP_OK)
    return MP_ECONFIG;
  r = convert(t->host, &number, unit);
  if (r < 0)
    return fail_conversion(t, r, value, unit);
  if (r == MP_DROP && value->kind == MP_DELTA)
    return fail_conversion(t, MP_ECONFIG, value, unit);
  return transform_finish(t, value, &number, value->kind);
}

static const struct mp_transform_ops ops = {
  .struct_size = sizeof(struct mp_transform_ops),
  .apply = convert_apply,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "convert",
  .version = PACKAGE_VERSION,
  .summary = "a value in another unit",
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
