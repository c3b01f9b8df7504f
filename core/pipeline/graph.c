/* The graph of the transforms: their order, kinds, bases and roles. */
#include "core/pipeline/graph.h"

#include "core/pipeline/plan_build.h"
#include "core/pipeline/target_fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

/* ---- Dependency order ---- */

static const struct stage *
upstream_transform(const struct stage *transform)
{
  return transform->input && transform->input->stage->kind == PLUGIN_TRANSFORM
           ? transform->input->stage
           : NULL;
}

/* Returns true if the chain of transforms before STAGE never ends: it leads
 * into a circle. */
static bool
leads_into_circle(const struct plan *p, const struct stage *stage)
{
  for (size_t i = 0; stage && i <= p->n_stages; i++)
    stage = upstream_transform(stage);
  return stage;
}

/* Returns true if STAGE, which leads into a circle, is part of that circle and
 * its first stage in the file.  So a circle is reported once. */
static bool
begins_circle(const struct plan *p, const struct stage *stage)
{
  const struct stage *at = upstream_transform(stage);

  for (size_t i = 0; at != stage; i++, at = upstream_transform(at))
    if (i == p->n_stages || at->section->line < stage->section->line)
      return false;
  return true;
}

/* Reports a circle as "a <- b <- a": each transform is fed by the next. */
static void
report_circle(struct builder *b, const struct stage *stage)
{
  const struct stage *at = stage;
  char text[512];
  size_t len = (size_t)snprintf(text, sizeof(text), "%s", stage->name);

  do {
    at = upstream_transform(at);
    if (len < sizeof(text))
      len +=
        (size_t)snprintf(text + len, sizeof(text) - len, " <- %s", at->name);
  } while (at != stage);
  builder_problem(b, options_line(stage->options, "value"),
                  "the transforms depend on each other in a circle: %s", text);
}

/* Puts STAGE after everything that it depends on.  Each transform has one input
 * value, so its dependencies are a chain. */
static void
order_transform(struct builder *b, const struct stage *stage, bool *ordered)
{
  struct plan *p = b->plan;
  const struct stage *before = upstream_transform(stage);

  if (ordered[stage->index])
    return;
  ordered[stage->index] = true;
  if (before)
    order_transform(b, before, ordered);
  builder_append(&p->transforms, &p->n_transforms, p->stages[stage->index]);
}

static void
order_all(struct builder *b)
{
  struct plan *p = b->plan;
  bool *ordered = memory_get(p->n_stages, sizeof(*ordered));

  for (size_t i = 0; i < p->n_stages; i++) {
    struct stage *stage = p->stages[i];

    if (stage->kind != PLUGIN_TRANSFORM || !stage->options)
      continue;
    if (!leads_into_circle(p, stage))
      order_transform(b, stage, ordered);
    else if (begins_circle(p, stage))
      report_circle(b, stage);
  }
  free(ordered);
}

/* ---- Bases ---- */

static struct base *
base_of(struct builder *b, struct target *target)
{
  struct base *base = target->base;

  if (base)
    return base;
  base = memory_get(1, sizeof(*base));
  base->index = b->plan->n_bases++;
  base->leader = base;
  base->target = target;
  base->advances = true;
  base->next = b->plan->bases;
  b->plan->bases = base;
  target->base = base;
  return base;
}

/* Returns the leader of BASE while the groups are still being joined. */
static struct base *
leader_of(struct base *base)
{
  while (base->leader != base)
    base = base->leader;
  return base;
}

static struct base *
join_bases(struct base *a, struct base *b)
{
  if (!a)
    return b;
  leader_of(a)->leader = leader_of(b);
  return b;
}

uint32_t
graph_result_kind(const struct stage *transform, uint32_t kind)
{
  uint32_t result = kind;

  for (size_t i = 0; i < transform->n_operands; i++) {
    const struct operand *o = &transform->operands[i];

    if (!o->target)
      continue;
    if ((o->flags & MP_TOTAL) && kind)
      result = kind == MP_DELTA || kind == MP_COUNTER ? MP_COUNTER : MP_GAUGE;
    if (o->flags & MP_BASE)
      result = o->target->source == transform->input ? MP_DELTA : MP_GAUGE;
  }
  return result;
}

/* Sets the kind and the base of a transform's result. */
static void
resolve_result(struct builder *b, struct stage *stage)
{
  struct slot *in = stage->input, *out = stage->output;

  if (!in)
    return;
  out->kind = graph_result_kind(stage, in->kind);
  out->base = in->base;
  for (size_t i = 0; i < stage->n_operands; i++) {
    struct operand *o = &stage->operands[i];

    if (!o->target)
      continue;
    o->target->is_operand = true;
    o->target->operand_flags |= o->flags;
    if (o->flags & MP_BASE) {
      struct base *base = base_of(b, o->target);

      out->base = join_bases(out->base, base);
      if (o->target->source != in)
        base->advances = false;
    }
  }
}

/* Makes the state keep the readings of a field that a transform measures, to
 * find an exchanged meter and an implausible reading. */
static void
keep_readings(struct plan *p, const struct stage *stage)
{
  const struct slot *field = slot_field(stage->input);

  for (size_t i = 0; field && i < stage->n_operands; i++)
    if (stage->operands[i].flags & MP_BASE)
      p->slots[field->index]->is_measured = true;
}

/* ---- Rules (each is an error of the configuration) ---- */

static void
check_operand_target(struct builder *b, const struct stage *stage,
                     const struct operand *o)
{
  const struct target *target = o->target;
  unsigned line = options_line(stage->options, o->key);

  if ((target->operand_flags & (MP_BASE | MP_TOTAL)) == (MP_BASE | MP_TOTAL))
    builder_problem(b, line,
                    "%s: %s is both a base (minus) and a running total (plus); "
                    "a target can be only one of them",
                    o->key, target->full_name);
  if (target->source && target->source->kind == MP_DELTA)
    builder_problem(b, line,
                    "%s: %s holds a usage (from \"%s\"), which cannot be an "
                    "operand: name a target that holds a reading or a total",
                    o->key, target->full_name, target->source->name);
}

/* Finds the first transform in the file that measures from each base. */
static void
find_first_users(struct plan *p)
{
  for (size_t i = 0; i < p->n_stages; i++)
    for (size_t k = 0; k < p->stages[i]->n_operands; k++) {
      const struct operand *o = &p->stages[i]->operands[k];
      struct base *base = o->target ? o->target->base : NULL;

      if (base && !base->first_user && (o->flags & MP_BASE))
        base->first_user = p->stages[i];
    }
}

/* Checks that transforms with the same base have the same settings: a reading
 * that one of them holds is held for all. */
static void
check_shared_settings(struct builder *b, const struct stage *stage,
                      const struct operand *o)
{
  const struct base *base = o->target->base;
  const struct stage *other = base ? base->first_user : NULL;
  const struct mp_option *option = stage->plugin->table.options;

  if (!other || other == stage || other->plugin != stage->plugin)
    return;
  for (; option->key; option++) {
    if (option->type == MP_TYPE_VALUE || option->type == MP_TYPE_OPERAND ||
        options_same(stage->options, other->options, option->key))
      continue;
    builder_problem(b, options_line(stage->options, option->key),
                    "%s: \"%s\" and \"%s\" measure from the same base (%s) and "
                    "must have the same \"%s\"",
                    option->key, other->name, stage->name, o->target->full_name,
                    option->key);
  }
}

static void
check_rules(struct builder *b)
{
  struct plan *p = b->plan;

  for (size_t i = 0; i < p->n_stages; i++)
    for (size_t k = 0; k < p->stages[i]->n_operands; k++) {
      const struct operand *o = &p->stages[i]->operands[k];

      if (!o->target)
        continue;
      check_operand_target(b, p->stages[i], o);
      if (o->flags & MP_BASE)
        check_shared_settings(b, p->stages[i], o);
    }
}

/* ---- Roles ---- */

static enum ledger_role
role_of(const struct target *target)
{
  if (target->operand_flags & MP_BASE)
    return LEDGER_BASE;
  if (target->operand_flags & MP_TOTAL)
    return LEDGER_TOTAL;
  return target->source && target->source->kind == MP_DELTA ? LEDGER_DELTA
                                                            : LEDGER_PLAIN;
}

/* Keeps what is known about the field that feeds TARGET. */
static void
describe_target(struct target *target)
{
  const struct slot *field = slot_origin(target->source);

  if (!target->source)
    return;
  target->unit = target_fit_usual_unit(target->source);
  target->label = field ? field->label : NULL;
  target->register_number = field ? field->number : NULL;
}

void
graph_resolve(struct builder *b)
{
  struct plan *p = b->plan;

  order_all(b);
  for (size_t i = 0; i < p->n_transforms; i++)
    resolve_result(b, p->transforms[i]);
  for (size_t i = 0; i < p->n_transforms; i++)
    keep_readings(p, p->transforms[i]);
  find_first_users(p);
  check_rules(b);
  for (size_t i = 0; i < p->n_targets; i++) {
    p->targets[i]->role = role_of(p->targets[i]);
    if (problems_errors(b->problems) == 0) /* else there may be a circle */
      describe_target(p->targets[i]);
    p->keeps_values |=
      p->targets[i]->is_operand || delivery(p->targets[i]->stage) == MP_LATEST;
  }
}
