/* The checks for transforms. */
#include "core/conform/conform.h"
#include "lib/array.h"

#include <string.h>

static const int alone[] = { MP_OK, MP_DROP, MP_HOLD, -1 }; /* no operand */
static const int outcomes[] = { MP_OK, MP_DROP, MP_HOLD, MP_REBASE, -1 };

static const struct mp_value readings[] = {
  { .kind = MP_COUNTER, .number = { 84208, -3 }, .unit = "GJ" },
  { .kind = MP_GAUGE, .number = { -1, 0 }, .unit = NULL },
  { .kind = MP_DELTA, .number = { 0, -2 }, .unit = "m3" },
  { .kind = MP_GAUGE, .number = { INT64_MAX, 63 }, .unit = "kW" },
  { .kind = MP_GAUGE, .number = { INT64_MIN, -63 }, .unit = "kW" },
  { .kind = MP_GAUGE, .number = { 1, 0 }, .unit = "no such unit" },
  { .kind = MP_TEXT, .text = "a text" },
  { .kind = MP_TEXT, .text = "" },
};

static const struct {
  uint32_t flags;
  const char *value;
} operands[] = {
  { MP_OPERAND_MISSING, NULL }, { MP_OPERAND_FIRST, NULL }, { 0, "84.000 GJ" },
  { 0, "1000000000000000000" }, { 0, "9999999.9 kWh" },
};

static bool
has_operand(const struct conform *c)
{
  const struct mp_option *option = c->plugin->table.options;

  while (option && option->key && option->type != MP_TYPE_OPERAND)
    option++;
  return option && option->key;
}

static void
apply_trial(struct conform *c, struct fake_host *h, void *self,
            const struct mp_value *reading, bool lacks_operand)
{
  struct mp_value value = *reading;
  uint32_t failures = fake_host_failures(h);
  const char *wrong;
  int r;

  value.struct_size = sizeof(value);
  value.time_ms = 1;
  r = c->plugin->transform.apply(self, &value);
  conform_result(c, h, "apply", r, has_operand(c) ? outcomes : alone, failures);
  if (r == MP_HOLD && fake_host_failures(h) == failures)
    conform_fail(c, "apply held a value and did not say why: use mp_fail");
  if (r == MP_DROP && !lacks_operand && fake_host_failures(h) == failures)
    conform_fail(c, "apply dropped a value, and no operand is missing");
  if (r != MP_OK)
    return;
  value.struct_size = sizeof(value);
  wrong = conform_value(&value);
  if (wrong)
    conform_fail(c, "apply made %s", wrong);
}

/* Applies the transform to all readings, with operand number I in each operand
 * option. */
static void
apply_all(struct conform *c, size_t i)
{
  struct fake_host *h = conform_host(c, "one");
  const struct mp_option *option = c->plugin->table.options;
  void *self = NULL;

  for (; option && option->key; option++)
    if (option->type == MP_TYPE_OPERAND)
      fake_host_set_operand(h, option->key, operands[i].flags,
                            operands[i].value, MP_EXACT);
  if (!conform_create(c, h, &self)) {
    fake_host_free(h);
    return;
  }
  for (size_t k = 0; k < ARRAY_SIZE(readings); k++)
    apply_trial(c, h, self, &readings[k],
                has_operand(c) && (operands[i].flags & MP_OPERAND_MISSING));
  c->plugin->table.destroy(self);
  fake_host_free(h);
}

static void
check_apply(struct conform *c)
{
  for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
    apply_all(c, i);
}

static void
check_value_option(struct conform *c)
{
  const struct mp_option *option = c->plugin->table.options;

  for (; option && option->key; option++)
    if (strcmp(option->key, "value") == 0 && option->type == MP_TYPE_VALUE)
      return;
  conform_fail(
    c, "it has no option \"value\" of MP_TYPE_VALUE: it would get no value");
}

const struct conform_check conform_transform[] = {
  { "value", check_value_option, false },
  { "apply", check_apply, false },
  { NULL, NULL, false },
};
