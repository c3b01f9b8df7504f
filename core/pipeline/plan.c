/* Stages, slots and targets of a pipeline file. */
#include "core/pipeline/plan_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "core/pipeline/target_options.h"

/* ---- Helpers ---- */

void
builder_problem(struct builder *b, unsigned line, const char *fmt, ...)
{
  char text[1024];
  va_list args;

  va_start(args, fmt);
  vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  problems_add(b->problems, b->config->path, line, "%s", text);
}

void
builder_append(void *array, size_t *n, void *item)
{
  void **items;

  memcpy(&items, array, sizeof(items));
  if ((*n & (*n - 1)) == 0) /* the room is a power of two */
    items = memory_resize(items, *n, *n ? 2 * *n : 1, sizeof(*items));
  items[(*n)++] = item;
  memcpy(array, &items, sizeof(items));
}

const struct stage *
plan_stage(const struct plan *plan, const char *name)
{
  size_t at;

  return name_index_find(&plan->stage_names, name, &at) ? plan->stages[at]
                                                        : NULL;
}

const struct target *
stage_target(const struct stage *stage, const char *name, const char *part)
{
  const struct target *target;
  size_t at;

  if (!name_index_find(&stage->target_names, name, &at))
    return NULL;
  target = stage->targets[at];
  if (!part)
    return target;
  for (target = target->parts; target; target = target->next_part)
    if (strcmp(target->part, part) == 0)
      return target;
  return NULL;
}

static void
slot_free(struct slot *slot)
{
  free(slot->name);
  free(slot->field);
  free(slot);
}

struct slot *
builder_add_slot(struct plan *plan, struct stage *stage, const char *field,
                 uint32_t kind)
{
  struct slot *slot = memory_get(1, sizeof(*slot));

  slot->index = plan->n_slots;
  slot->stage = stage;
  slot->kind = kind;
  slot->field = field ? memory_text(field) : NULL;
  slot->name =
    memory_format("%s%s%s", stage->name, field ? "." : "", field ? field : "");
  builder_append(&plan->slots, &plan->n_slots, slot);
  if (field) {
    name_index_add(&stage->field_names, slot->field, stage->n_fields);
    builder_append(&stage->fields, &stage->n_fields, slot);
  }
  return slot;
}

static void
target_free(struct target *target)
{
  free(target->name);
  free(target->part);
  free(target->full_name);
  free(target->object);
  free(target);
}

/* Returns "FIRST.NAME", or "FIRST.NAME.PART". */
static char *
join_names(const char *first, const char *name, const char *part)
{
  return memory_format("%s.%s%s%s", first, name, part ? "." : "",
                       part ? part : "");
}

struct target *
builder_add_target(struct plan *plan, struct stage *output, const char *name,
                   const char *part, const struct slot *source)
{
  struct target *target = memory_get(1, sizeof(*target));

  target->index = plan->n_targets;
  target->stage = output;
  target->number = (uint32_t)output->n_targets;
  target->source = source;
  target->name = memory_text(name);
  target->part = part ? memory_text(part) : NULL;
  target->full_name = join_names(output->name, name, part);
  target->object = join_names(output->plugin->output.target_prefix, name, part);
  if (!part)
    name_index_add(&output->target_names, target->name, target->number);
  builder_append(&plan->targets, &plan->n_targets, target);
  builder_append(&output->targets, &output->n_targets, target);
  return target;
}

const struct slot *
plan_add_field(struct plan *plan, const struct stage *input, const char *field)
{
  struct slot *slot =
    builder_add_slot(plan, plan->stages[input->index], field, 0);

  for (size_t i = 0; i < plan->n_stages; i++)
    if (plan->stages[i]->takes_all &&
        !target_options_omit(plan->stages[i], slot->name))
      builder_add_target(plan, plan->stages[i], slot->name, NULL, slot);
  return slot;
}

const struct slot *
slot_field(const struct slot *slot)
{
  while (slot && slot->stage->kind == PLUGIN_TRANSFORM)
    slot = slot->stage->n_operands == 0 ? slot->stage->input : NULL;
  return slot;
}

const struct slot *
slot_origin(const struct slot *slot)
{
  while (slot && slot->stage->kind == PLUGIN_TRANSFORM)
    slot = slot->stage->input;
  return slot;
}

const struct base *
base_leader(const struct base *base)
{
  while (base && base->leader != base)
    base = base->leader;
  return base;
}

char *
plan_name_of(const char *path)
{
  static const char suffix[] = ".ini";
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  size_t len = strlen(name), cut = strlen(suffix);

  if (len > cut && strcmp(name + len - cut, suffix) == 0)
    len -= cut;
  return memory_text_of(name, len);
}

/* ---- Freeing ---- */

static void
stage_free(struct stage *stage)
{
  free(stage->targets);
  free(stage->operands);
  free(stage->fields);
  name_index_clear(&stage->field_names);
  name_index_clear(&stage->target_names);
  target_options_free(stage->target_options);
  options_free(stage->options);
  config_free(stage->replay);
  free(stage);
}

void
plan_free(struct plan *plan)
{
  if (!plan)
    return;
  for (size_t i = 0; i < plan->n_stages; i++)
    stage_free(plan->stages[i]);
  for (size_t i = 0; i < plan->n_slots; i++)
    slot_free(plan->slots[i]);
  for (size_t i = 0; i < plan->n_targets; i++)
    target_free(plan->targets[i]);
  while (plan->bases) {
    struct base *next = plan->bases->next;

    free(plan->bases);
    plan->bases = next;
  }
  name_index_clear(&plan->stage_names);
  options_free(plan->options);
  free(plan->name);
  free(plan->stages);
  free(plan->transforms);
  free(plan->slots);
  free(plan->targets);
  free(plan);
}
