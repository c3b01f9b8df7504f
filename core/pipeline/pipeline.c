/* Stages, slots and targets of a pipeline file. */
#include "core/pipeline/pipeline_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/pipeline/notices.h"
#include "core/pipeline/stage.h"
#include "core/pipeline/target_options.h"
#include "lib/array.h"

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

/* Appends ITEM to an array of pointers.  ARRAY is the address of a pointer to
 * pointers of any type.  Returns false if out of memory. */
static bool
append_pointer(void *array, size_t *n, void *item)
{
  void **items;

  if (!array_grow(array, *n, sizeof(item)))
    return false;
  memcpy(&items, array, sizeof(items));
  items[(*n)++] = item;
  return true;
}

bool
builder_append(struct builder *b, void *array, size_t *n, void *item)
{
  if (append_pointer(array, n, item))
    return true;
  b->failed = true;
  return false;
}

struct stage *
pipeline_stage(const struct pipeline *pipeline, const char *name)
{
  for (size_t i = 0; i < pipeline->n_stages; i++)
    if (strcmp(pipeline->stages[i]->name, name) == 0)
      return pipeline->stages[i];
  return NULL;
}

static bool
same_part(const char *a, const char *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

struct target *
stage_target(const struct stage *stage, const char *name, const char *part)
{
  for (size_t i = 0; i < stage->n_targets; i++)
    if (strcmp(stage->targets[i]->name, name) == 0 &&
        same_part(stage->targets[i]->part, part))
      return stage->targets[i];
  return NULL;
}

static void
slot_free(struct slot *slot)
{
  if (!slot)
    return;
  value_clear(&slot->value);
  if (slot->kept)
    reading_clear(slot->kept);
  free(slot->kept);
  free(slot->name);
  free(slot->field);
  free(slot);
}

struct slot *
builder_add_slot(struct pipeline *pipeline, struct stage *stage,
                 const char *field, uint32_t kind)
{
  struct slot *slot = calloc(1, sizeof(*slot));

  if (!slot)
    return NULL;
  slot->stage = stage;
  slot->kind = kind;
  if (field)
    slot->field = strdup(field);
  if ((field && !slot->field) ||
      asprintf(&slot->name, "%s%s%s", stage->name, field ? "." : "",
               field ? field : "") < 0)
    slot->name = NULL;
  if (!slot->name ||
      !append_pointer(&pipeline->slots, &pipeline->n_slots, slot)) {
    slot_free(slot);
    return NULL;
  }
  if (field && !append_pointer(&stage->fields, &stage->n_fields, slot))
    return NULL; /* freed with the pipeline */
  return slot;
}

static void
target_free(struct target *target)
{
  if (!target)
    return;
  ledger_clear(&target->ledger);
  ledger_displayed_clear(&target->displayed);
  free(target->name);
  free(target->part);
  free(target->full_name);
  free(target->delivered);
  free(target->object);
  free(target);
}

/* Returns "FIRST.NAME", or "FIRST.NAME.PART"; NULL: out of memory. */
static char *
join_names(const char *first, const char *name, const char *part)
{
  char *text;

  return asprintf(&text, "%s.%s%s%s", first, name, part ? "." : "",
                  part ? part : "") < 0
           ? NULL
           : text;
}

struct target *
builder_add_target(struct stage *output, const char *name, const char *part,
                   struct slot *source)
{
  struct target *target = calloc(1, sizeof(*target));

  if (!target)
    return NULL;
  target->stage = output;
  target->number = (uint32_t)output->n_targets;
  target->source = source;
  target->name = strdup(name);
  target->part = part ? strdup(part) : NULL;
  target->full_name = join_names(output->name, name, part);
  target->object = join_names(output->plugin->output.target_prefix, name, part);
  if (!target->name || (part && !target->part) || !target->full_name ||
      !target->object ||
      !append_pointer(&output->targets, &output->n_targets, target)) {
    target_free(target);
    return NULL;
  }
  ledger_init(&target->ledger, LEDGER_PLAIN);
  target->public = (struct mp_target){ .struct_size = sizeof(target->public),
                                       .flags = source ? 0 : MP_TARGET_READ,
                                       .name = target->name,
                                       .part = target->part,
                                       .source = source ? source->name : NULL };
  return target;
}

struct slot *
pipeline_add_field(struct stage *input, const char *field)
{
  struct pipeline *pipeline = input->pipeline;
  struct slot *slot;

  slot = builder_add_slot(pipeline, input, field, 0);
  for (size_t i = 0; slot && i < pipeline->n_stages; i++)
    if (pipeline->stages[i]->takes_all &&
        !target_options_omit(pipeline->stages[i], slot->name) &&
        !builder_add_target(pipeline->stages[i], slot->name, NULL, slot))
      slot = NULL;
  return slot;
}

struct slot *
slot_field(struct slot *slot)
{
  while (slot && slot->stage->kind == PLUGIN_TRANSFORM)
    slot = slot->stage->n_operands == 0 ? slot->stage->input : NULL;
  return slot;
}

struct slot *
slot_origin(struct slot *slot)
{
  while (slot && slot->stage->kind == PLUGIN_TRANSFORM)
    slot = slot->stage->input;
  return slot;
}

struct base *
base_leader(struct base *base)
{
  while (base && base->leader != base)
    base = base->leader;
  return base;
}

char *
pipeline_name_of(const char *path)
{
  static const char suffix[] = ".ini";
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  size_t len = strlen(name), cut = strlen(suffix);

  if (len > cut && strcmp(name + len - cut, suffix) == 0)
    len -= cut;
  return strndup(name, len);
}

void
pipeline_find_state_dir(struct pipeline *pipeline, const char *config_path)
{
  const char *option =
    pipeline->options ? options_text(pipeline->options, "state_dir") : NULL;
  char *path = NULL, *slash;

  if (pipeline->only_captures && !option)
    return;
  (void)store_locate(config_path, option, &path); /* NULL: out of memory */
  slash = path ? strrchr(path, '/') : NULL;
  if (slash)
    slash[slash == path] = '\0';
  pipeline->state_dir = path;
  for (size_t i = 0; i < pipeline->n_stages; i++)
    pipeline->stages[i]->host.state_dir = path;
}

/* ---- Freeing ---- */

static void
stage_free(struct stage *stage)
{
  stage_destroy(stage);
  for (size_t i = 0; i < stage->n_targets; i++)
    target_free(stage->targets[i]);
  free(stage->targets);
  free(stage->operands);
  free(stage->fields);
  free(stage->meter_id);
  target_options_free(stage->target_options);
  options_free(stage->options);
  config_free(stage->replay);
  free(stage);
}

void
pipeline_free(struct pipeline *pipeline)
{
  if (!pipeline)
    return;
  for (size_t i = 0; i < pipeline->n_stages; i++)
    stage_free(pipeline->stages[i]);
  for (size_t i = 0; i < pipeline->n_slots; i++)
    slot_free(pipeline->slots[i]);
  while (pipeline->bases) {
    struct base *next = pipeline->bases->next;

    free(pipeline->bases);
    pipeline->bases = next;
  }
  notices_drop(pipeline);
  options_free(pipeline->options);
  free(pipeline->state_dir);
  free(pipeline->name);
  free(pipeline->stages);
  free(pipeline->outputs);
  free(pipeline->transforms);
  free(pipeline->slots);
  pthread_mutex_destroy(&pipeline->lock);
  free(pipeline);
}
