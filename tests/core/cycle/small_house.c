/* A plan made by hand. */
#include "tests/core/cycle/small_house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
fetch(void *self, const struct mp_output_sink *sink)
{
  (void)self;
  (void)sink;
  return MP_OK;
}

static void
make_stages(struct small_house *h)
{
  h->input = (struct stage){ .index = 0,
                             .kind = PLUGIN_INPUT,
                             .name = "meter",
                             .plugin = &h->input_plugin,
                             .fields = h->fields,
                             .n_fields = 1 };
  h->transform = (struct stage){ .index = 1,
                                 .kind = PLUGIN_TRANSFORM,
                                 .name = "usage",
                                 .input = &h->slots[READING],
                                 .output = &h->slots[USAGE],
                                 .operands = &h->operand,
                                 .n_operands = 1 };
  h->output = (struct stage){ .index = 2,
                              .kind = PLUGIN_OUTPUT,
                              .name = "house",
                              .plugin = &h->output_plugin,
                              .targets = h->target_list,
                              .n_targets = TARGETS,
                              .delivery = MP_LATEST };
  h->output_plugin.output.fetch = fetch;
}

static void
make_values(struct small_house *h)
{
  h->base = (struct base){ .leader = &h->base,
                           .target = &h->targets[BASE_TARGET],
                           .advances = true };
  h->operand = (struct operand){ .key = "minus",
                                 .flags = MP_BASE,
                                 .target = &h->targets[BASE_TARGET] };
  h->slots[READING] = (struct slot){ .index = READING,
                                     .name = "meter.energy",
                                     .field = "energy",
                                     .stage = &h->input };
  h->slots[USAGE] = (struct slot){ .index = USAGE,
                                   .name = "usage",
                                   .stage = &h->transform,
                                   .kind = MP_DELTA,
                                   .base = &h->base };
  h->targets[BASE_TARGET] = (struct target){ .index = BASE_TARGET,
                                             .number = 0,
                                             .stage = &h->output,
                                             .name = "base",
                                             .full_name = "house.base",
                                             .object = "value.base",
                                             .source = &h->slots[READING],
                                             .is_operand = true,
                                             .operand_flags = MP_BASE,
                                             .role = LEDGER_BASE,
                                             .base = &h->base };
  h->targets[USAGE_TARGET] = (struct target){ .index = USAGE_TARGET,
                                              .number = 1,
                                              .stage = &h->output,
                                              .name = "usage",
                                              .full_name = "house.usage",
                                              .object = "value.usage",
                                              .source = &h->slots[USAGE],
                                              .role = LEDGER_DELTA };
}

void
small_house_init(struct small_house *h)
{
  memset(h, 0, sizeof(*h));
  make_stages(h);
  make_values(h);
  h->stages[0] = &h->input;
  h->stages[1] = &h->transform;
  h->stages[2] = &h->output;
  h->fields[0] = &h->slots[READING];
  for (size_t i = 0; i < SLOTS; i++)
    h->slot_list[i] = &h->slots[i];
  for (size_t i = 0; i < TARGETS; i++)
    h->target_list[i] = &h->targets[i];
  h->plan = (struct plan){ .stages = h->stages,
                           .n_stages = 3,
                           .first = { [PLUGIN_INPUT] = &h->input,
                                      [PLUGIN_TRANSFORM] = &h->transform,
                                      [PLUGIN_OUTPUT] = &h->output },
                           .slots = h->slot_list,
                           .n_slots = SLOTS,
                           .targets = h->target_list,
                           .n_targets = TARGETS,
                           .bases = &h->base,
                           .n_bases = 1,
                           .n_operands = 1 };
  cycle_data_init(&h->d, &h->plan);
}

void
small_house_clear(struct small_house *h)
{
  cycle_data_clear(&h->d);
}

void
small_house_value(struct value *v, uint32_t kind, const char *text)
{
  const char *blank = strchr(text, ' ');
  char number[64];

  value_clear(v);
  if (!*text)
    return;
  snprintf(number, sizeof(number), "%.*s",
           (int)(blank ? blank - text : (long)strlen(text)), text);
  v->kind = kind;
  v->time_ms = 1000;
  if (decimal_parse(number, strlen(number), &v->number) != MP_OK) {
    v->kind = MP_TEXT;
    v->text = strdup(text);
    return;
  }
  v->unit = blank ? value_intern(blank + 1) : NULL;
}
