/* Makes the stages of a pipeline file: loads their plugins, checks their
 * options. */
#include "core/pipeline/plan_stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

static enum plugin_kind
kind_of(const struct config_section *section)
{
  for (int kind = 0; kind < PLUGIN_KINDS; kind++)
    if (strcmp(section->kind, plugin_kind_names[kind]) == 0)
      return (enum plugin_kind)kind;
  return PLUGIN_KINDS; /* [pipeline] or [fleet] */
}

/* Returns the delivery class of an output: that of its plugin, or the user's
 * choice. */
static uint32_t
class_of(const struct stage *output)
{
  const struct mp_output_ops *ops = &output->plugin->output;
  const char *word = ops->delivery_option
                       ? options_text(output->options, ops->delivery_option)
                       : NULL;

  return word ? delivery_class(word, strlen(word)) : ops->delivery;
}

/* Checks the parts of a section that need no plugin's table. */
static void
check_without_table(struct builder *b, const struct config_section *section)
{
  const struct config_entry *entry = config_find(section, "plugin");

  if (entry && entry->continued)
    config_refuse_continued(b->config, entry, b->problems);
  config_report_variables(b->config, section, NULL, NULL, b->problems);
}

/* Loads the plugin of a section and checks its options against the plugin's
 * table. */
static void
load_stage(struct builder *b, struct stage *stage)
{
  const struct config_section *section = stage->section;
  const struct config_entry *entry = config_find(section, "plugin");
  size_t problems = problems_errors(b->problems);
  const char *prefix = NULL;

  if (entry && (entry->broken || entry->continued))
    return; /* reported with the other entries */
  if (!entry || !*entry->value) {
    builder_problem(b, entry ? entry->line : section->line,
                    "[%s %s] names no plugin: write plugin = NAME "
                    "(\"meterpipe plugins\" lists them)",
                    section->kind, section->name);
    return;
  }
  stage->plugin = loader_get(b->source->loader, stage->kind, entry->value);
  if (!stage->plugin) {
    builder_problem(b, entry->line, "%s", loader_error(b->source->loader));
    return;
  }
  if (stage->kind == PLUGIN_OUTPUT && !b->source->alone)
    prefix = stage->plugin->output.target_prefix;
  stage->options = options_check(
    b->config, section, stage->plugin->table.options, prefix, b->problems);
  if (stage->kind == PLUGIN_OUTPUT)
    stage->delivery = class_of(stage);
  stage->is_sound = problems_errors(b->problems) == problems;
}

/* Makes the section of an input that reads the capture PATH instead. */
static const struct config_section *
replay_section(struct builder *b, struct stage *stage, const char *path)
{
  const char *fields = options_text(stage->options, "fields");
  unsigned line = stage->section->line;
  struct config_entry of_path = { .key = "path", .line = line };
  struct config_entry of_fields = { .key = "fields", .line = line };
  struct config *config = config_new(b->config->path);

  stage->replay = config;
  config_add_section(config, "input", stage->name, line);
  config_add_entry(config, &of_path, path, strlen(path));
  if (fields)
    config_add_entry(config, &of_fields, fields, strlen(fields));
  return &config->sections[0];
}

/* Replaces an input's plugin by the one that reads its captures. */
static void
replace_by_replay(struct builder *b, struct stage *stage, const char *path)
{
  const char *name = stage->plugin->input.replay_plugin;
  size_t problems = problems_errors(b->problems);
  const struct config_section *section;

  if (stage->plugin->input.flags & MP_INPUT_RECORDING)
    name = stage->plugin->table.name; /* the same plugin reads another file */
  if (!name) {
    builder_problem(b, stage->section->line,
                    "the plugin of [input %s] does not support --replay",
                    stage->name);
    return;
  }
  section = replay_section(b, stage, path);
  stage->plugin = loader_get(b->source->loader, PLUGIN_INPUT, name);
  options_free(stage->options);
  stage->options = NULL;
  if (!stage->plugin)
    builder_problem(b, stage->section->line, "--replay: %s",
                    loader_error(b->source->loader));
  else
    stage->options = options_check(
      b->config, section, stage->plugin->table.options, NULL, b->problems);
  stage->is_sound = problems_errors(b->problems) == problems;
}

static void
add_stage(struct builder *b, const struct config_section *section)
{
  struct plan *plan = b->plan;
  struct stage *stage = memory_get(1, sizeof(*stage));

  stage->index = plan->n_stages;
  stage->kind = kind_of(section);
  stage->name = section->name;
  stage->section = section;
  name_index_add(&plan->stage_names, stage->name, stage->index);
  builder_append(&plan->stages, &plan->n_stages, stage);
  load_stage(b, stage);
  if (!stage->plugin)
    check_without_table(b, section);
  if (stage->kind == PLUGIN_TRANSFORM && stage->plugin)
    stage->output = builder_add_slot(plan, stage, NULL, MP_GAUGE);
}

/* Lists the stages of each kind, in the file's order. */
static void
link_kinds(struct plan *plan)
{
  for (size_t i = plan->n_stages; i-- > 0;) {
    struct stage *stage = plan->stages[i];

    stage->next = plan->first[stage->kind];
    plan->first[stage->kind] = stage;
  }
}

void
stages_add(struct builder *b)
{
  static const struct config_section none = { .kind = "pipeline", .name = "" };
  const struct config_section *settings = &none;

  for (size_t i = 0; i < b->config->n_sections; i++) {
    const struct config_section *section = &b->config->sections[i];

    if (kind_of(section) != PLUGIN_KINDS)
      add_stage(b, section);
    else if (strcmp(section->kind, none.kind) == 0)
      settings = section;
  }
  link_kinds(b->plan);
  b->plan->options =
    options_check(b->config, settings, pipeline_options, NULL, b->problems);
}

void
stages_replay(struct builder *b)
{
  const struct replay *replays = b->source->replays;

  for (size_t i = 0; i < b->plan->n_stages; i++) {
    struct stage *stage = b->plan->stages[i];
    const char *path = NULL;

    if (stage->kind != PLUGIN_INPUT || !stage->plugin || !stage->options)
      continue;
    for (size_t k = 0; k < b->source->n_replays; k++)
      if (!replays[k].input ? !path
                            : strcmp(replays[k].input, stage->name) == 0)
        path = replays[k].path;
    if (path)
      replace_by_replay(b, stage, path);
  }
}
