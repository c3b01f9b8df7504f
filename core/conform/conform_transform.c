/* The checks for transforms. */
#include "core/conform/conform.h"
#include "lib/array.h"
#include "lib/decimal.h"

#include <stdint.h>
#include <string.h>

static const int alone[] = { MP_OK, MP_DROP, MP_HOLD, -1 }; /* no operand */
static const int outcomes[] = { MP_OK, MP_DROP, MP_HOLD, MP_REBASE, -1 };

#define FIFTY_DIGITS "12345678901234567890123456789012345678901234567890"

#define STACK_SIZE 1048576 /* more than apply uses */

static const struct mp_value readings[] = {
  { .kind = MP_COUNTER, .number = { 84208, -3 }, .unit = "GJ" },
  { .kind = MP_GAUGE, .number = { -1, 0 }, .unit = NULL },
  { .kind = MP_DELTA, .number = { 0, -2 }, .unit = "m3" },
  { .kind = MP_GAUGE, .number = { INT64_MAX, DECIMAL_MAX_EXP }, .unit = "kW" },
  { .kind = MP_GAUGE, .number = { INT64_MIN, -DECIMAL_MAX_EXP }, .unit = "kW" },
  { .kind = MP_GAUGE, .number = { 1, 0 }, .unit = "no such unit" },
  { .kind = MP_DELTA, .number = { -208, -3 }, .unit = "GJ" },
  { .kind = MP_TEXT, .text = "a text" },
  { .kind = MP_TEXT, .text = FIFTY_DIGITS FIFTY_DIGITS },
  { .kind = MP_TEXT, .text = "" },
};

static const struct {
  bool missing;
  const char *value; /* NULL: never set */
} operands[] = {
  { true, NULL },
  { false, NULL },
  { false, "84.000 GJ" },
  { false, "1000000000000000000" },
  { false, "9999999.9 kWh" },
};

static bool
has_operand(const struct conform *c)
{
  const struct mp_option *option = c->plugin->table.options;

  while (option && option->key && option->type != MP_TYPE_OPERAND)
    option++;
  return option && option->key;
}

struct trial {
  struct conform_host *h;
  void *self;
  bool lacks_operand;
};

/* Returns true if TEXT is in the part of the stack that apply used: below the
 * frame of the caller, whose address is FRAME. */
static bool
is_on_stack(const char *text, const void *frame)
{
  uintptr_t distance = (uintptr_t)frame - (uintptr_t)text;

  return text && distance < STACK_SIZE;
}

/* Checks the result R of apply, in VALUE.  Call it before conform_end. */
static void
check_applied(struct conform *c, const struct trial *t, int r,
              struct mp_value *value)
{
  const char *wrong;

  if (r == MP_HOLD && !conform_explained(c))
    conform_fail(c, "apply held a value and did not say why: use mp_fail");
  if (r == MP_DROP && !t->lacks_operand && !conform_explained(c))
    conform_fail(c, "apply dropped a value, and no operand is missing");
  if (r != MP_OK)
    return;
  value->struct_size = sizeof(*value);
  wrong = conform_value(value);
  if (wrong)
    conform_fail(c, "apply made %s", wrong);
}

static void
apply_one(struct conform *c, const struct trial *t,
          const struct mp_value *reading)
{
  const void *frame = __builtin_frame_address(0);
  struct mp_value filled = *reading, *value;
  struct loan loan;
  int r;

  filled.struct_size = sizeof(filled);
  filled.time_ms = 1;
  filled.serial = "84968362";
  value = conform_lend_value(&loan, "apply", &filled);
  conform_begin(c, "apply");
  r = c->plugin->transform.apply(t->self, value);
  if (r == MP_OK &&
      (is_on_stack(value->unit, frame) || is_on_stack(value->serial, frame) ||
       is_on_stack(value->text, frame)))
    conform_fail(c, "apply made a text on its own stack, which is invalid once "
                    "it has returned: keep it in the instance");
  check_applied(c, t, r, value);
  conform_end(c, r, has_operand(c) ? outcomes : alone);
  loan_close(&loan);
}

static bool
apply_all(struct conform *c, void *ctx)
{
  for (size_t k = 0; k < ARRAY_SIZE(readings); k++)
    apply_one(c, ctx, &readings[k]);
  return true;
}

/* Makes an instance with operand number I in each operand option, and applies
 * it as TRY says. */
static void
with_operand(struct conform *c, size_t i,
             void (*try)(struct conform *c, struct trial *t))
{
  struct trial t = { .h = conform_host(c, "one") };
  const struct mp_option *option = c->plugin->table.options;

  for (; option && option->key; option++)
    if (option->type == MP_TYPE_OPERAND && !operands[i].missing)
      fake_host_set_operand(t.h->fake, option->key, operands[i].value,
                            MP_EXACT);
  t.lacks_operand = has_operand(c) && operands[i].missing;
  if (conform_create(c, t.h, &t.self)) {
    try(c, &t);
    conform_destroy(c, t.h, t.self);
  }
  conform_host_free(t.h);
}

static void
apply_three_times(struct conform *c, struct trial *t)
{
  for (int cycle = 0; cycle < 3; cycle++)
    apply_all(c, t);
}

static void
apply_often(struct conform *c, struct trial *t)
{
  conform_leaks(c, "40 cycles of apply", 40, apply_all, t);
}

static void
check_apply(struct conform *c)
{
  for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
    with_operand(c, i, apply_three_times);
}

static void
check_leaks(struct conform *c)
{
  for (size_t i = 0; i < ARRAY_SIZE(operands); i++)
    with_operand(c, i, apply_often);
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
  { "value", check_value_option },
  { "apply", check_apply },
  { "leaks", check_leaks },
  { NULL, NULL },
};
