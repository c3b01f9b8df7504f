/* Resolves the names in a pipeline file: fields, values, operands. */
#include "core/pipeline/resolve_names.h"

#include "core/pipeline/plan_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/fleet.h"
#include "core/memory/memory.h"
#include "core/run/progress.h"
#include "lib/nearest.h"
#include "lib/storable.h"

/* ---- Fields of an input ---- */

struct known_field {
  bool known; /* the plugin gave a valid description */
  uint32_t kind;
  char name[STORABLE_NAME];
  struct mp_decimal max_rate;
  const char *max_rate_unit;
  const char *unit, *label, *number;
};

static void
take_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct known_field *known = sink->ctx;

  known->known = MP_HAS(field, struct mp_field, max_rate_unit) && field->name &&
                 storable_field(field->name) && field->kind <= MP_TEXT;
  if (!known->known)
    return;
  snprintf(known->name, sizeof(known->name), "%s", field->name);
  known->kind = field->kind;
  known->unit = memory_intern(field->unit);
  known->label = memory_intern(field->label);
  known->number = memory_intern(field->number);
  if (field->max_rate.coef <= 0 || !decimal_valid(field->max_rate))
    return;
  known->max_rate = field->max_rate;
  known->max_rate_unit = memory_intern(field->max_rate_unit);
}

static void
offer_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  nearest_offer(sink->ctx, field->name);
}

static void
unknown_field(struct builder *b, const struct stage *input, const char *field,
              unsigned line, const char *key)
{
  const struct config_entry *fields = config_find(input->section, "fields");
  bool hidden = fields && fields->continued && fields->line == line;
  struct nearest nearest;
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .ctx = &nearest,
                                .field = offer_field };
  char words[128], place[FLEET_LINE_TEXT];

  nearest_start(&nearest, field);
  plugin_list_fields(input->plugin, &sink);
  nearest_hint(&nearest, words, sizeof(words));
  if (!*words && input->plugin->input.list_fields)
    snprintf(words, sizeof(words), " (\"meterpipe plugins %s\" lists them)",
             input->plugin->table.name);
  if (hidden)
    builder_problem(
      b, line,
      "%s: the input \"%s\" lacks a field of this list%s; "
      "the list is not shown, because it continues in line %s",
      key, input->name, words,
      fleet_line_text(b->config->fleet, fields->continued, place));
  else
    builder_problem(b, line, "%s: the input \"%s\" has no field \"%s\"%s", key,
                    input->name, field, words);
}

static void
describe_slot(struct slot *slot, const struct known_field *known)
{
  slot->kind = known->kind;
  slot->max_rate = known->max_rate;
  slot->max_rate_unit = known->max_rate_unit;
  slot->usual_unit = known->unit;
  slot->label = known->label;
  slot->number = known->number;
}

static struct slot *
names_field(struct builder *b, struct stage *input, const char *field,
            unsigned line, const char *key)
{
  struct known_field known = { .known = false };
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .ctx = &known,
                                .field = take_field };
  struct slot *slot;
  size_t at;

  if (!input->plugin)
    return NULL; /* reported already */
  if (plugin_field(input->plugin, field, &sink) != MP_OK) {
    unknown_field(b, input, field, line, key);
    return NULL;
  }
  if (!known.known) {
    builder_problem(b, line,
                    "%s: the plugin of the input \"%s\" describes the field "
                    "\"%s\" in a way that the plugin interface does not allow",
                    key, input->name, field);
    return NULL;
  }
  if (name_index_find(&input->field_names, known.name, &at))
    return input->fields[at];
  slot = builder_add_slot(b->plan, input, known.name, known.kind);
  describe_slot(slot, &known);
  return slot;
}

static void
resolve_instance(struct builder *b, const struct stage *input, void *self)
{
  const struct mp_input_ops *ops = &input->plugin->input;

  for (size_t i = 0; i < input->n_fields; i++) {
    struct known_field known = { .known = false };
    struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                  .ctx = &known,
                                  .field = take_field };
    struct slot *slot = input->fields[i];
    int r;

    progress_begin(input->name, "field_of");
    r = ops->field_of(self, slot->field, &sink);
    progress_end();
    if (r != MP_OK || !known.known || strcmp(known.name, slot->field) != 0)
      builder_problem(b, input->section->line,
                      "the plugin of [input %s] does not describe its field "
                      "\"%s\"",
                      input->name, slot->field);
    else
      describe_slot(slot, &known);
  }
}

void
resolve_instances(struct builder *b, const struct instances *instances)
{
  FOR_EACH_STAGE(b->plan, input, PLUGIN_INPUT)
  {
    const struct instance *instance = &instances->list[input->index];

    if (instance->created && input->plugin->input.field_of)
      resolve_instance(b, input, instance->self);
  }
}

void
resolve_fields(struct builder *b, struct stage *input, const char *list,
               unsigned line)
{
  char *copy = memory_text(list), *rest = copy, *word;

  while ((word = strsep(&rest, ","))) {
    word += strspn(word, " \t");
    word[strcspn(word, " \t")] = 0;
    if (*word)
      names_field(b, input, word, line, "fields");
  }
  free(copy);
}

/* ---- Stages ---- */

static struct stage *
find_stage(struct builder *b, const char *name, size_t len, unsigned line,
           const char *key)
{
  char text[128], words[128];
  const struct stage *found;
  struct nearest nearest;

  snprintf(text, sizeof(text), "%.*s", (int)len, name);
  found = plan_stage(b->plan, text);
  if (found)
    return b->plan->stages[found->index];
  if (b->config->lost_section) /* it may be in the lost section */
    return NULL;
  nearest_start(&nearest, text);
  for (size_t i = 0; i < b->plan->n_stages; i++)
    nearest_offer(&nearest, b->plan->stages[i]->name);
  builder_problem(b, line, "%s: there is no stage \"%s\"%s", key, text,
                  nearest_hint(&nearest, words, sizeof(words)));
  return NULL;
}

/* ---- Values: INPUT.FIELD or TRANSFORM ---- */

static struct slot *
value_of_input(struct builder *b, struct stage *stage, const char *field,
               unsigned line, const char *key)
{
  if (field)
    return names_field(b, stage, field, line, key);
  builder_problem(b, line,
                  "%s: \"%s\" is an input: name one of its fields, as in "
                  "%s.FIELD",
                  key, stage->name, stage->name);
  return NULL;
}

static struct slot *
value_of_transform(struct builder *b, struct stage *stage, const char *field,
                   unsigned line, const char *key)
{
  if (!field)
    return stage->output;
  builder_problem(b, line,
                  "%s: the transform \"%s\" makes one value, which is named "
                  "\"%s\" alone, without \".%s\"",
                  key, stage->name, stage->name, field);
  return NULL;
}

struct slot *
resolve_value(struct builder *b, const char *text, unsigned line,
              const char *key)
{
  const char *dot = strchr(text, '.');
  const char *field = dot ? dot + 1 : NULL;
  size_t len = dot ? (size_t)(dot - text) : strlen(text);
  struct stage *stage = find_stage(b, text, len, line, key);

  if (!stage)
    return NULL;
  if (stage->kind == PLUGIN_INPUT)
    return value_of_input(b, stage, field, line, key);
  if (stage->kind == PLUGIN_TRANSFORM)
    return value_of_transform(b, stage, field, line, key);
  builder_problem(b, line,
                  "%s: \"%s\" is the last known value of an output: only an "
                  "operand of a transform (minus, plus) can name it",
                  key, text);
  return NULL;
}

/* ---- Operands: OUTPUT.TARGET ---- */

struct target *
resolve_operand(struct builder *b, const char *text, unsigned line,
                const char *key)
{
  const char *dot = strchr(text, '.');
  const struct target *target;
  struct target *added;
  struct stage *stage;

  if (!dot || !dot[1]) {
    builder_problem(b, line,
                    "%s: \"%s\" must name a target of an output, as "
                    "OUTPUT.TARGET",
                    key, text);
    return NULL;
  }
  stage = find_stage(b, text, (size_t)(dot - text), line, key);
  if (!stage)
    return NULL;
  if (stage->kind != PLUGIN_OUTPUT) {
    builder_problem(b, line,
                    "%s: \"%s\" is not an output: an operand is the last known "
                    "value of OUTPUT.TARGET",
                    key, stage->name);
    return NULL;
  }
  if (!stage->plugin)
    return NULL; /* reported already */
  if (stage->delivery == MP_LIVE) {
    builder_problem(b, line,
                    "%s: \"%s\" is a live output, which has no last known "
                    "values: name another output",
                    key, stage->name);
    return NULL;
  }
  target = stage_target(stage, dot + 1, NULL);
  if (target)
    return stage->targets[target->number];
  added = builder_add_target(b->plan, stage, dot + 1, NULL, NULL);
  added->line = line;
  return added;
}
