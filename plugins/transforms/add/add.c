/*
 * add: a running total, the last known value of a target plus a value.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <meterpipe/plugin.h>

#include "plugins/transforms/transform.h"

/* In the order of the option's `allowed`. */
enum first { FIRST_ZERO, FIRST_SKIP };

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the value to add" },
  { "plus", MP_TYPE_OPERAND, MP_REQUIRED | MP_TOTAL, NULL, NULL,
    "OUTPUT.TARGET that holds the total so far" },
  { "first", MP_TYPE_CHOICE, 0, "zero", "zero|skip",
    "if there is no total yet: begin with the value, or with 0" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

/* Adds VALUE to TOTAL; NULL: there is no total yet. */
static int
add_to_total(struct transform *t, const struct mp_value *total,
             struct mp_value *value)
{
  uint32_t kind = value->kind == MP_GAUGE ? MP_GAUGE : MP_COUNTER;
  struct mp_value result = transform_number(value);
  struct mp_value plus;
  int r;

  if (total) {
    plus = transform_number(total);
    r = transform_align(t, &result, &plus);
    if (r != MP_OK)
      return r;
    if (t->host->decimal_add(result.number, plus.number, &result.number) !=
        MP_OK)
      return transform_fail_range(t, total, "plus", value);
  }
  return transform_finish(t, value, &result, kind);
}

static int
add_apply(void *self, struct mp_value *value)
{
  struct transform *t = self;
  const struct mp_operand *operand = t->host->operand(t->host, "plus");
  int r;

  if (transform_check_number(t, value) != MP_OK)
    return MP_ECONFIG;
  if (!operand)
    return MP_DROP;
  if (operand->value) {
    r = transform_check_operand(t, "plus", operand->value);
    return r == MP_OK ? add_to_total(t, operand->value, value) : r;
  }
  if (t->host->option_int(t->host, "first") == FIRST_SKIP)
    return MP_REBASE;
  return add_to_total(t, NULL, value);
}

static const struct mp_transform_ops ops = {
  .struct_size = sizeof(struct mp_transform_ops),
  .apply = add_apply,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "add",
  .version = PACKAGE_VERSION,
  .summary = "running total: the last one plus a value",
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
