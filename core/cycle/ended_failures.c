/* Decides which failures of earlier runs have ended. */
#include "core/cycle/ended_failures.h"

#include <string.h>

#include "core/cycle/set_aside.h"

static bool
begins_with(const char *text, const char *prefix)
{
  return *prefix && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Returns true if OBJECT is a path or address from an earlier pipeline file: no
 * value in the section of STAGE names it now. */
static bool
is_of_earlier_file(const struct stage *stage, const char *object)
{
  const struct config_section *section = stage->section;

  if (!strchr(object, '/'))
    return false;
  for (size_t i = 0; i < section->n_entries; i++) {
    const char *value = section->entries[i].value;

    /* The value may be longer than the object, such as "http://HOST/" or
     * `"/path/to/command" -x`, or shorter. */
    if (begins_with(object, value) || strstr(value, object))
      return false;
  }
  return true;
}

/* Returns true if OBJECT is a target ("idx.323") that STAGE no longer has. */
static bool
is_former_target(const struct stage *stage, const char *object)
{
  const char *prefix;
  size_t len;

  if (stage->kind != PLUGIN_OUTPUT)
    return false;
  prefix = stage->plugin->output.target_prefix;
  len = strlen(prefix);
  if (strncmp(object, prefix, len) != 0 || object[len] != '.')
    return false;
  for (size_t i = 0; i < stage->n_targets; i++)
    if (strcmp(stage->targets[i]->object, object) == 0)
      return false;
  return true;
}

/* Returns true if STAGE was used in this cycle, and not given up. */
static bool
took_part(const struct cycle *c, const struct stage *stage)
{
  const struct output_state *output = &c->d.outputs[stage->index];

  if (stage->kind == PLUGIN_INPUT)
    return c->d.inputs[stage->index].took_part;
  if (stage->kind == PLUGIN_TRANSFORM)
    return c->d.evaluation.took_part[stage->index];
  return output->took_part && !output->given_up;
}

/* A stage that was not reached gives no information about its earlier failures.
 * Rows that are set aside are a failure until "meterpipe retry". */
enum report_object
ended_failures_state(void *ctx, const char *name, const char *object)
{
  const struct cycle *c = ctx;
  const struct stage *stage = plan_stage(c->plan, name);

  if (!stage)
    return REPORT_UNKNOWN;
  if (is_of_earlier_file(stage, object) || is_former_target(stage, object))
    return REPORT_GONE;
  if (strcmp(object, SET_ASIDE_OBJECT) == 0)
    return set_aside_count(c->run->store, name) > 0 ? REPORT_UNKNOWN
                                                    : REPORT_GONE;
  return took_part(c, stage) ? REPORT_REACHED : REPORT_UNKNOWN;
}
