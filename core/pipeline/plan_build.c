/* Builds a plan: resolves the names in its file and checks that nothing is
 * missing. */
#include "core/pipeline/plan_build.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "core/pipeline/graph.h"
#include "core/pipeline/resolve_names.h"
#include "core/pipeline/plan_stages.h"
#include "core/pipeline/target_options.h"
#include "lib/utf8.h"

/* Returns true if ENTRY names a target.  In an output that can take every
 * value, a part is only an option of a target. */
static bool
is_target_entry(const struct stage *output, const struct config_entry *entry)
{
  const char *name;
  size_t len;
  enum target_entry what = target_entry_of(output, entry, &name, &len);

  return what == TARGET_ENTRY_TARGET ||
         (what == TARGET_ENTRY_PART &&
          !(output->plugin->output.flags & MP_OUTPUT_TAKES_ALL));
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

/* Returns true if all that an input emits is wanted by default. */
static bool
emits_all(const struct mp_input_ops *ops)
{
  return ops->default_fields && strcmp(ops->default_fields, "*") == 0;
}

/* Adds the fields that an input reads beyond those that other stages name. */
static void
add_own_fields(struct builder *b, struct stage *input, bool all_wanted)
{
  const struct mp_input_ops *ops = &input->plugin->input;
  const char *fields = options_text(input->options, "fields");
  unsigned line = options_line(input->options, "fields");

  if (fields)
    resolve_fields(b, input, fields, line);
  else if (all_wanted && emits_all(ops))
    input->all_fields = true;
  else if (all_wanted && ops->default_fields)
    resolve_fields(b, input, ops->default_fields, input->section->line);
}

/* Takes an option that decides how the transform judges its readings. */
static void
resolve_limit(struct stage *stage, const struct mp_option *option)
{
  if ((option->flags & MP_PLAUSIBLE) && option->type == MP_TYPE_BOOL)
    stage->judges = options_int(stage->options, option->key) != 0;
  if ((option->flags & MP_PLAUSIBLE) && option->type == MP_TYPE_DECIMAL)
    options_decimal(stage->options, option->key, &stage->max_rate);
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
    resolve_limit(stage, option);
    if (option->type == MP_TYPE_VALUE) {
      stage->input = resolve_value(b, text, line, option->key);
      stage->input_text = text;
    }
    if (option->type != MP_TYPE_OPERAND)
      continue;
    stage->operands = memory_resize(stage->operands, stage->n_operands,
                                    stage->n_operands + 1, sizeof(*operand));
    operand = &stage->operands[stage->n_operands++];
    operand->index = b->plan->n_operands++;
    operand->key = option->key;
    operand->flags = option->flags & (MP_BASE | MP_TOTAL);
    operand->target = resolve_operand(b, text, line, option->key);
  }
}

/* Adds the target of PREFIX.NAME = VALUE, or PREFIX.NAME.PART = VALUE. */
static void
resolve_target(struct builder *b, struct stage *stage,
               const struct config_entry *entry)
{
  const char *name;
  size_t len;
  enum target_entry what = target_entry_of(stage, entry, &name, &len);
  const char *part = what == TARGET_ENTRY_PART ? name + len + 1 : NULL;
  struct slot *source;
  char *bare;

  if (what != TARGET_ENTRY_TARGET && what != TARGET_ENTRY_PART)
    return;
  bare = memory_text_of(name, len);
  if (!*bare)
    builder_problem(b, entry->line,
                    "\"%s\" names no target: write %s.NAME = VALUE", entry->key,
                    stage->plugin->output.target_prefix);
  if (!utf8_is_plain(bare)) /* a tab ends the name in a row of the queue */
    builder_problem(b, entry->line,
                    "the name of a target holds a tab: write %s.NAME = VALUE",
                    stage->plugin->output.target_prefix);
  source = entry->broken || entry->continued /* reported already */
             ? NULL
             : resolve_value(b, entry->value, entry->line, entry->key);
  if (source && *bare)
    builder_add_target(b->plan, stage, bare, part, source)->line = entry->line;
  if (!source && !entry->broken && !entry->continued)
    target_options_hint(b, stage, entry);
  free(bare);
}

static void
resolve_output(struct builder *b, struct stage *stage)
{
  target_options_read(b, stage);
  for (size_t i = 0; i < stage->section->n_entries; i++)
    resolve_target(b, stage, &stage->section->entries[i]);
}

/* Lists the parts of each target, in the file's order. */
static void
link_parts(const struct stage *stage)
{
  for (size_t i = stage->n_targets; i-- > 0;) {
    struct target *part = stage->targets[i], *whole;
    size_t at;

    if (!part->part || !name_index_find(&stage->target_names, part->name, &at))
      continue;
    whole = stage->targets[at];
    part->next_part = whole->parts;
    whole->parts = part;
  }
}

/* Checks the options and parts of targets when all targets are known. */
static void
check_target_entries(struct builder *b, struct stage *stage)
{
  const char *prefix = stage->plugin->output.target_prefix;

  link_parts(stage);
  target_options_check(b, stage);
  for (size_t i = 0; i < stage->n_targets; i++)
    if (stage->targets[i]->part &&
        !stage_target(stage, stage->targets[i]->name, NULL))
      builder_problem(b, stage->targets[i]->line,
                      "%s.%s.%s needs the target %s.%s: add it", prefix,
                      stage->targets[i]->name, stage->targets[i]->part, prefix,
                      stage->targets[i]->name);
}

/* Adds a target for every value to an output without targets that takes all.
 * An operand may have named it already. */
static void
target_everything(struct builder *b, struct stage *stage)
{
  for (size_t i = 0; i < b->plan->n_slots; i++) {
    struct slot *slot = b->plan->slots[i];
    const struct target *named = stage_target(stage, slot->name, NULL);

    if (target_options_omit(stage, slot->name))
      continue;
    if (named)
      stage->targets[named->number]->source = slot;
    else
      builder_add_target(b->plan, stage, slot->name, NULL, slot);
  }
}

static int
compare_slots(const void *a, const void *b)
{
  const struct slot *one = *(struct slot *const *)a;
  const struct slot *other = *(struct slot *const *)b;
  size_t x = one->stage->index, y = other->stage->index;

  if (x == y) {
    x = one->index;
    y = other->index;
  }
  return x < y ? -1 : x > y;
}

/* Sorts the slots by their stages, in the file's order.  The fields of an input
 * stay in the order in which they were named. */
static void
sort_slots(struct plan *plan)
{
  if (plan->n_slots > 0)
    qsort(plan->slots, plan->n_slots, sizeof(struct slot *), compare_slots);
  for (size_t i = 0; i < plan->n_slots; i++)
    plan->slots[i]->index = i;
}

static void
resolve_stages(struct builder *b)
{
  struct plan *p = b->plan;
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
  for (size_t i = 0; i < p->n_stages; i++)
    if (p->stages[i]->kind == PLUGIN_OUTPUT && p->stages[i]->plugin)
      check_target_entries(b, p->stages[i]);
}

/* ---- Completeness ---- */

/* Requires a state_dir for latest outputs that get a capture: only a ledger
 * on disk knows which of the old readings were delivered. */
static void
check_recordings(struct builder *b)
{
  struct plan *p = b->plan;

  for (size_t i = 0; i < p->n_stages; i++) {
    const struct stage *s = p->stages[i];

    if (s->kind == PLUGIN_OUTPUT && s->plugin && s->delivery == MP_LATEST &&
        p->options && !options_given(p->options, "state_dir"))
      builder_problem(
        b, s->section->line,
        "[output %s] would get the readings of a capture: [pipeline] must have "
        "a state_dir, or totals could be counted twice",
        s->name);
  }
}

static void
check_completeness(struct builder *b)
{
  struct plan *p = b->plan;
  size_t inputs = 0, outputs = 0, captures = 0;

  for (size_t i = 0; i < p->n_stages; i++) {
    const struct stage *stage = p->stages[i];

    inputs += stage->kind == PLUGIN_INPUT;
    outputs += stage->kind == PLUGIN_OUTPUT;
    if (stage->kind == PLUGIN_INPUT && stage->plugin)
      captures += (stage->plugin->input.flags & MP_INPUT_RECORDING) != 0;
    if (stage->kind == PLUGIN_OUTPUT && stage->plugin && !has_targets(stage) &&
        !b->source->creating &&
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
  p->only_captures = inputs > 0 && captures == inputs;
}

void
plan_build(const struct plan_source *source, struct problems *problems,
           struct plan **ret)
{
  struct builder b = { .plan = memory_get(1, sizeof(**ret)),
                       .source = source,
                       .config = source->config,
                       .problems = problems };

  *ret = b.plan;
  b.plan->config = source->config;
  b.plan->name = plan_name_of(source->config->path);
  stages_add(&b);
  if (source->alone)
    return;
  stages_replay(&b);
  check_completeness(&b);
  if (b.plan->only_captures && source->n_replays == 0 && !source->dry)
    check_recordings(&b);
  resolve_stages(&b);
}

void
plan_connect(struct plan *plan, const struct instances *instances,
             struct problems *problems)
{
  struct builder b = { .plan = plan,
                       .config = plan->config,
                       .problems = problems };

  resolve_instances(&b, instances);
  graph_resolve(&b);
}
