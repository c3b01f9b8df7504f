/*
 * A transform that breaks the contract of <meterpipe/plugin.h> as the
 * environment variable BAD selects; without BAD it keeps the contract.
 */
#include <meterpipe/plugin.h>

#include "tests/support/bad.h"
#include "tests/support/manners.h"

/* Gives VALUE a unit on the stack. */
__attribute__((noinline)) static void
set_unit_on_stack(struct mp_value *value)
{
  char unit[4] = "GJ";
  char *volatile address = unit;

  value->unit = address;
}

static int
bad_apply(void *self, struct mp_value *value)
{
  const struct bad *b = self;

  misbehave("apply");
  keep("apply-keeps-value", value);
  keep("apply-keeps-text", value->text);
  if (bad_is("apply-limit") &&
      b->host->option_decimal(b->host, "limit", &value->number) != MP_OK)
    return mp_fail(b->host, MP_ECONFIG, "limit", "is not there");
  if (bad_is("apply-exponent"))
    value->number.exp10 = -1000;
  if (bad_is("apply-kind"))
    value->kind = 5;
  if (bad_is("apply-unit"))
    value->unit = "a\nb";
  if (bad_is("apply-stack"))
    set_unit_on_stack(value);
  if (bad_is("apply-text")) {
    value->kind = MP_TEXT;
    value->text = "\303";
  }
  if (bad_is("apply-holds"))
    return MP_HOLD;
  if (bad_is("apply-drops"))
    return MP_DROP;
  if (bad_is("apply-rebases"))
    return MP_REBASE;
  if (bad_is("apply-silent"))
    return MP_ERANGE;
  return bad_is("apply-nonsense") ? MP_END : MP_OK;
}

static const struct mp_option options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the input value" },
  { "limit", MP_TYPE_DECIMAL, 0, "17.50", NULL, "a number" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

/* Filled in again at each call, as in bad_plugin.c. */
static struct mp_transform_ops ops;

static const struct mp_plugin good = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "bad",
  .version = "1",
  .summary = "breaks the contract",
  .options = options,
  .create = bad_new,
  .destroy = free,
  .transform = &ops,
};

/* A transform without the option "value": it has no operand. */
static const struct mp_plugin deaf = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "bad",
  .version = "1",
  .summary = "breaks the contract",
  .create = bad_new,
  .destroy = free,
  .transform = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  ops = (struct mp_transform_ops){
    .struct_size = sizeof(struct mp_transform_ops),
    .apply = bad_apply,
  };
  if (bad_is("ops-small"))
    ops.struct_size = 8;
  if (bad_is("ops-no-apply"))
    ops.apply = NULL;
  return bad_is("value-none") ? &deaf : &good;
}
