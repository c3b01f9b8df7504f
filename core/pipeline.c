/* Stages, slots and targets of a pipeline file. */
#include "core/pipeline_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/stage.h"

/* ---- Small parts ---- */

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

/* ARRAY is the address of a pointer to pointers, of whatever type. */
static bool
append(void *array, size_t *n, void *item)
{
  void **items;

  memcpy(&items, array, sizeof(items));
  if ((*n & (*n - 1)) == 0) { /* grows at powers of two */
    items = realloc(items, (*n ? *n * 2 : 1) * sizeof(*items));
    if (!items)
      return false;
    memcpy(array, &items, sizeof(items));
  }
  items[(*n)++] = item;
  return true;
}

bool
builder_append(struct builder *b, void *array, size_t *n, void *item)
{
  if (append(array, n, item))
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

struct slot *
pipeline_slot(const struct pipeline *pipeline, const char *name)
{
  for (size_t i = 0; i < pipeline->n_slots; i++)
    if (strcmp(pipeline->slots[i]->name, name) == 0)
      return pipeline->slots[i];
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
  if (!slot->name || !append(&pipeline->slots, &pipeline->n_slots, slot)) {
    slot_free(slot);
    return NULL;
  }
  if (field && !append(&stage->fields, &stage->n_fields, slot))
    return NULL; /* freed with the pipeline */
  return slot;
}

static void
target_free(struct target *target)
{
  if (!target)
    return;
  ledger_clear(&target->ledger);
  ledger_shown_clear(&target->shown);
  free(target->name);
  free(target->part);
  free(target->full_name);
  free(target);
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
  if (asprintf(&target->full_name, "%s.%s%s%s", output->name, name,
               part ? "." : "", part ? part : "") < 0)
    target->full_name = NULL;
  if (!target->name || (part && !target->part) || !target->full_name ||
      !append(&output->targets, &output->n_targets, target)) {
    target_free(target);
    return NULL;
  }
  ledger_init(&target->ledger, LEDGER_PLAIN);
  target->public = (struct mp_target){ .struct_size = sizeof(target->public),
                                       .flags = source ? 0 : MP_TARGET_READ,
                                       .name = target->name,
                                       .part = target->part,
                                       .source = source ? source->name
                                                        : NULL };
  return target;
}

struct slot *
pipeline_add_field(struct stage *input, const char *field, uint32_t kind)
{
  struct pipeline *pipeline = input->pipeline;
  struct slot *slot;

  slot = builder_add_slot(pipeline, input, field, kind);
  for (size_t i = 0; slot && i < pipeline->n_stages; i++)
    if (pipeline->stages[i]->takes_all &&
        !builder_add_target(pipeline->stages[i], slot->name, NULL, slot))
      slot = NULL;
  return slot;
}

struct base *
base_leader(struct base *base)
{
  while (base && base->leader != base)
    base = base->leader;
  return base;
}

/* ---- Stages ---- */

static enum plugin_kind
kind_of(const struct config_section *section)
{
  for (int kind = 0; kind < PLUGIN_KINDS; kind++)
    if (strcmp(section->kind, plugin_kind_names[kind]) == 0)
      return (enum plugin_kind)kind;
  return PLUGIN_KINDS; /* [pipeline] */
}

/* The plugin of a section, and its options held against the plugin's table. */
static void
load_stage(struct builder *b, struct stage *stage)
{
  const struct config_section *section = stage->section;
  const struct config_entry *entry = config_find(section, "plugin");
  size_t problems = problems_errors(b->problems);
  const char *prefix = NULL;

  if (entry && entry->broken)
    return; /* reported already */
  if (!entry || !*entry->value) {
    builder_problem(b, entry ? entry->line : section->line,
                    "[%s %s] names no plugin: write, for example, plugin = %s",
                    section->kind, section->name,
                    stage->kind == PLUGIN_INPUT    ? "kmp"
                    : stage->kind == PLUGIN_OUTPUT ? "domoticz"
                                                   : "subtract");
    return;
  }
  stage->plugin = loader_get(b->loader, stage->kind, entry->value);
  if (!stage->plugin) {
    builder_problem(b, entry->line, "%s", loader_error(b->loader));
    return;
  }
  if (stage->kind == PLUGIN_OUTPUT)
    prefix = stage->plugin->output.target_prefix;
  if (options_check(b->config, section, stage->plugin->table.options, prefix,
                    b->problems, &stage->options) == MP_ENOMEM)
    b->failed = true;
  stage->is_sound = problems_errors(b->problems) == problems;
}

/* The section of an input that reads the recording PATH instead. */
static const struct config_section *
replay_section(struct builder *b, struct stage *stage, const char *path)
{
  const char *fields = options_text(stage->options, "fields");
  unsigned line = stage->section->line;
  struct config_entry of_path = { .key = "path", .line = line };
  struct config_entry of_fields = { .key = "fields", .line = line };
  struct config *config = config_new(b->config->path);

  stage->replay = config;
  if (!config ||
      config_add_section(config, "input", stage->name, line) != MP_OK ||
      config_add_entry(config, &of_path, path, strlen(path)) != MP_OK ||
      (fields && config_add_entry(config, &of_fields, fields,
                                  strlen(fields)) != MP_OK)) {
    b->failed = true;
    return NULL;
  }
  return &config->sections[0];
}

/* Puts the plugin that reads recordings in an input's place. */
static void
replace_by_replay(struct builder *b, struct stage *stage, const char *path)
{
  const char *name = stage->plugin->input.replay_plugin;
  size_t problems = problems_errors(b->problems);
  const struct config_section *section;

  if (stage->plugin->input.flags & MP_INPUT_RECORDING)
    name = stage->plugin->table.name; /* another file for the same plugin */
  if (!name) {
    builder_problem(b, stage->section->line,
                    "the plugin of [input %s] has no recordings that --replay "
                    "could put in its place",
                    stage->name);
    return;
  }
  section = replay_section(b, stage, path);
  stage->plugin = loader_get(b->loader, PLUGIN_INPUT, name);
  options_free(stage->options);
  stage->options = NULL;
  if (!stage->plugin)
    builder_problem(b, stage->section->line, "--replay: %s",
                    loader_error(b->loader));
  else if (section &&
           options_check(b->config, section, stage->plugin->table.options,
                         NULL, b->problems, &stage->options) == MP_ENOMEM)
    b->failed = true;
  stage->is_sound = problems_errors(b->problems) == problems;
}

static void
add_stage(struct builder *b, const struct config_section *section)
{
  struct pipeline *pipeline = b->pipeline;
  struct stage *stage = calloc(1, sizeof(*stage));

  if (!stage ||
      !builder_append(b, &pipeline->stages, &pipeline->n_stages, stage)) {
    free(stage);
    b->failed = true;
    return;
  }
  stage->kind = kind_of(section);
  stage->name = section->name;
  stage->section = section;
  stage->pipeline = pipeline;
  stage_init_host(stage);
  load_stage(b, stage);
  if (stage->kind == PLUGIN_TRANSFORM && stage->plugin) {
    stage->output = builder_add_slot(pipeline, stage, NULL, MP_GAUGE);
    if (!stage->output)
      b->failed = true;
  }
}

static void
add_stages(struct builder *b)
{
  static const struct config_section none = { .kind = "pipeline", .name = "" };
  const struct config_section *settings = &none;

  for (size_t i = 0; i < b->config->n_sections; i++) {
    const struct config_section *section = &b->config->sections[i];

    if (kind_of(section) == PLUGIN_KINDS)
      settings = section;
    else
      add_stage(b, section);
  }
  if (options_check(b->config, settings, pipeline_options, NULL, b->problems,
                    &b->pipeline->options) == MP_ENOMEM)
    b->failed = true;
}

static void
apply_replays(struct builder *b, const struct replay *replays, size_t n)
{
  for (size_t i = 0; i < b->pipeline->n_stages; i++) {
    struct stage *stage = b->pipeline->stages[i];
    const char *path = NULL;

    if (stage->kind != PLUGIN_INPUT || !stage->plugin || !stage->options)
      continue;
    for (size_t k = 0; k < n; k++)
      if (!replays[k].input ? !path : strcmp(replays[k].input, stage->name) == 0)
        path = replays[k].path;
    if (path)
      replace_by_replay(b, stage, path);
  }
}

/* ---- What the file names ---- */

/* Whether an entry of an output's section is PREFIX.NAME = VALUE. */
static bool
is_target_entry(const struct stage *output, const struct config_entry *entry)
{
  const char *prefix = output->plugin->output.target_prefix;
  size_t len = strlen(prefix);

  return strncmp(entry->key, prefix, len) == 0 && entry->key[len] == '.';
}

static bool
has_targets(const struct stage *output)
{
  for (size_t i = 0; i < output->section->n_entries; i++)
    if (is_target_entry(output, &output->section->entries[i]))
      return true;
  return false;
}

static bool
takes_all(const struct stage *stage)
{
  return stage->kind == PLUGIN_OUTPUT && stage->plugin &&
         (stage->plugin->output.flags & MP_OUTPUT_TAKES_ALL) &&
         !has_targets(stage);
}

/* The fields that an input reads beyond what other stages name. */
static void
add_own_fields(struct builder *b, struct stage *input, bool all_wanted)
{
  const struct mp_input_ops *ops = &input->plugin->input;
  const char *fields = options_text(input->options, "fields");
  unsigned line = options_line(input->options, "fields");

  if (fields)
    names_fields(b, input, fields, line);
  else if (all_wanted && (ops->flags & MP_INPUT_ALL_FIELDS))
    input->all_fields = true;
  else if (all_wanted && ops->default_fields)
    names_fields(b, input, ops->default_fields, input->section->line);
}

static void
resolve_transform(struct builder *b, struct stage *stage)
{
  const struct mp_option *option = stage->plugin->table.options;

  for (; option && option->key; option++) {
    const char *text = options_text(stage->options, option->key);
    unsigned line = options_line(stage->options, option->key);
    struct operand *operand;

    if (!text)
      continue;
    if (option->type == MP_TYPE_VALUE)
      stage->input = names_value(b, text, line, option->key);
    if (option->type != MP_TYPE_OPERAND)
      continue;
    operand = realloc(stage->operands,
                      (stage->n_operands + 1) * sizeof(*operand));
    if (!operand) {
      b->failed = true;
      return;
    }
    stage->operands = operand;
    operand += stage->n_operands++;
    memset(operand, 0, sizeof(*operand));
    operand->key = option->key;
    operand->flags = option->flags & (MP_BASE | MP_TOTAL);
    operand->target = names_operand(b, text, line, option->key);
  }
}

/* Whether PART is one of the output's parts, a list by blanks. */
static bool
is_part(const char *parts, const char *part)
{
  size_t len = strlen(part);

  while (parts && *parts) {
    size_t n = strcspn(parts, " ");

    if (n == len && strncmp(parts, part, n) == 0)
      return true;
    parts += n + (parts[n] == ' ');
  }
  return false;
}

/* PREFIX.NAME = VALUE, or PREFIX.NAME.PART = VALUE. */
static void
resolve_target(struct builder *b, struct stage *stage,
               const struct config_entry *entry)
{
  const char *parts = stage->plugin->output.target_parts;
  const char *name = strchr(entry->key, '.') + 1;
  const char *dot = strrchr(name, '.');
  const char *part = dot && is_part(parts, dot + 1) ? dot + 1 : NULL;
  char *bare = strndup(name, part ? (size_t)(dot - name) : strlen(name));
  struct target *target;
  struct slot *source;

  if (!bare) {
    b->failed = true;
    return;
  }
  if (!*bare)
    builder_problem(b, entry->line,
                    "\"%s\" names no target: write %s.NAME = VALUE", entry->key,
                    stage->plugin->output.target_prefix);
  source = names_value(b, entry->value, entry->line, entry->key);
  if (source && *bare) {
    target = builder_add_target(stage, bare, part, source);
    if (target)
      target->line = entry->line;
    else
      b->failed = true;
  }
  free(bare);
}

static void
resolve_output(struct builder *b, struct stage *stage)
{
  const char *prefix = stage->plugin->output.target_prefix;

  for (size_t i = 0; i < stage->section->n_entries; i++)
    if (is_target_entry(stage, &stage->section->entries[i]))
      resolve_target(b, stage, &stage->section->entries[i]);
  for (size_t i = 0; i < stage->n_targets; i++)
    if (stage->targets[i]->part &&
        !stage_target(stage, stage->targets[i]->name, NULL))
      builder_problem(b, stage->targets[i]->line,
                      "%s.%s.%s needs a target %s.%s that it is a part of",
                      prefix, stage->targets[i]->name, stage->targets[i]->part,
                      prefix, stage->targets[i]->name);
}

/* An output without targets that takes all: a target for every value. */
static void
target_everything(struct builder *b, struct stage *stage)
{
  for (size_t i = 0; i < b->pipeline->n_slots; i++) {
    struct slot *slot = b->pipeline->slots[i];

    if (!builder_add_target(stage, slot->name, NULL, slot))
      b->failed = true;
  }
}

static int
slot_place(const struct pipeline *pipeline, const struct slot *slot)
{
  for (size_t i = 0; i < pipeline->n_stages; i++)
    if (pipeline->stages[i] == slot->stage)
      return (int)i;
  return -1;
}

/* Values in the file's order: by stage, the fields of one as they were named. */
static void
sort_slots(struct pipeline *pipeline)
{
  for (size_t i = 1; i < pipeline->n_slots; i++) {
    struct slot *slot = pipeline->slots[i];
    size_t k = i;

    for (; k > 0 && slot_place(pipeline, pipeline->slots[k - 1]) >
                      slot_place(pipeline, slot);
         k--)
      pipeline->slots[k] = pipeline->slots[k - 1];
    pipeline->slots[k] = slot;
  }
}

static void
resolve(struct builder *b)
{
  struct pipeline *p = b->pipeline;
  bool all_wanted = false;

  for (size_t i = 0; i < p->n_stages; i++) {
    p->stages[i]->takes_all = takes_all(p->stages[i]);
    all_wanted |= p->stages[i]->takes_all;
  }
  for (size_t i = 0; i < p->n_stages; i++)
    if (p->stages[i]->kind == PLUGIN_INPUT && p->stages[i]->options)
      add_own_fields(b, p->stages[i], all_wanted);
  for (size_t i = 0; i < p->n_stages; i++)
    if (p->stages[i]->kind == PLUGIN_OUTPUT && p->stages[i]->plugin)
      resolve_output(b, p->stages[i]);
  for (size_t i = 0; i < p->n_stages; i++)
    if (p->stages[i]->kind == PLUGIN_TRANSFORM && p->stages[i]->options)
      resolve_transform(b, p->stages[i]);
  sort_slots(p);
  for (size_t i = 0; i < p->n_stages; i++)
    if (p->stages[i]->takes_all)
      target_everything(b, p->stages[i]);
}

/* ---- What must be there ---- */

/* Old readings go to devices only with a ledger that knows how far they are. */
static void
check_recordings(struct builder *b)
{
  struct pipeline *p = b->pipeline;

  for (size_t i = 0; i < p->n_stages; i++) {
    const struct stage *s = p->stages[i];

    if (s->kind == PLUGIN_OUTPUT && s->plugin &&
        s->plugin->output.delivery == MP_LATEST && p->options &&
        !options_given(p->options, "state_dir"))
      builder_problem(b, s->section->line,
                      "[output %s] would be given the readings of a recording: "
                      "[pipeline] must have a state_dir, or totals could be "
                      "counted twice",
                      s->name);
  }
}

static void
check_completeness(struct builder *b)
{
  struct pipeline *p = b->pipeline;
  size_t inputs = 0, outputs = 0, recordings = 0;

  for (size_t i = 0; i < p->n_stages; i++) {
    const struct stage *stage = p->stages[i];

    inputs += stage->kind == PLUGIN_INPUT;
    outputs += stage->kind == PLUGIN_OUTPUT;
    if (stage->kind == PLUGIN_INPUT && stage->plugin)
      recordings += (stage->plugin->input.flags & MP_INPUT_RECORDING) != 0;
    if (stage->kind == PLUGIN_OUTPUT && stage->plugin && !has_targets(stage) &&
        !(stage->plugin->output.flags & MP_OUTPUT_TAKES_ALL))
      builder_problem(b, stage->section->line,
                      "[output %s] has no targets: add %s.NAME = VALUE",
                      stage->name, stage->plugin->output.target_prefix);
  }
  if (inputs == 0 && !b->config->lost_section)
    builder_problem(b, 0, "there is no [input NAME]: nothing would be read");
  if (outputs == 0 && !b->config->lost_section)
    builder_problem(b, 0,
                    "there is no [output NAME]: nothing would be delivered");
  p->recording = inputs > 0 && recordings == inputs;
}

/* The instances: what only a plugin can know to be wrong with its options is
 * reported with the rest. */
static int
create_stages(struct builder *b)
{
  struct pipeline *p = b->pipeline;
  int worst = MP_OK;

  p->problems = b->problems;
  for (size_t i = 0; i < p->n_stages; i++) {
    int r = p->stages[i]->is_sound ? stage_create(p->stages[i]) : MP_OK;

    if (r != MP_OK)
      worst = r;
  }
  p->problems = NULL;
  return worst;
}

int
pipeline_build(const struct config *config, struct loader *loader,
               struct run *run, const struct replay *replays, size_t n_replays,
               struct problems *problems, struct pipeline **ret)
{
  struct builder b = { .config = config,
                       .loader = loader,
                       .problems = problems };
  struct pipeline *p = calloc(1, sizeof(*p));
  int r;

  if (!p)
    return MP_ENOMEM;
  b.pipeline = p;
  p->config = config;
  p->run = run;
  pthread_mutex_init(&p->lock, NULL);
  add_stages(&b);
  apply_replays(&b, replays, n_replays);
  check_completeness(&b);
  if (p->recording && n_replays == 0 && !run->dry)
    check_recordings(&b);
  resolve(&b);
  if (!b.failed)
    graph_resolve(&b);
  r = b.failed ? MP_ENOMEM : create_stages(&b);
  if (r == MP_OK && problems_errors(problems) > 0)
    r = MP_ECONFIG;
  if (r == MP_OK)
    *ret = p;
  else
    pipeline_free(p);
  return r;
}

static void
stage_free(struct stage *stage)
{
  stage_destroy(stage);
  for (size_t i = 0; i < stage->n_targets; i++)
    target_free(stage->targets[i]);
  free(stage->targets);
  free(stage->operands);
  free(stage->fields);
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
  options_free(pipeline->options);
  free(pipeline->stages);
  free(pipeline->transforms);
  free(pipeline->slots);
  pthread_mutex_destroy(&pipeline->lock);
  free(pipeline);
}
