/* Instances of plugins: their lifecycle and their failures. */
#include "core/pipeline/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "core/pipeline/call.h"
#include "core/pipeline/stage_host.h"
#include "core/run/hidden.h"
#include "lib/utf8.h"

enum report_side
stage_side(const struct stage *stage)
{
  return stage->kind == PLUGIN_INPUT ? REPORT_INPUT : REPORT_OTHER;
}

/* ---- Failures ---- */

int
instance_fail(struct instance *instance, int code, const char *object,
              const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  instance->host.vfail(&instance->host, code, object, fmt, args);
  va_end(args);
  return code;
}

void
instance_keep_failure(struct instance *instance, const char *text)
{
  char shown[sizeof(instance->failure)];

  text = hidden_copy(text, shown, sizeof(shown));
  pthread_mutex_lock(&instance->lock);
  snprintf(instance->failure, sizeof(instance->failure), "%s", text);
  utf8_make_plain(instance->failure);
  pthread_mutex_unlock(&instance->lock);
}

void
instance_forget_failure(struct instance *instance)
{
  pthread_mutex_lock(&instance->lock);
  instance->failure[0] = '\0';
  pthread_mutex_unlock(&instance->lock);
}

char *
instance_newest_failure(struct instance *instance)
{
  char *copy;

  pthread_mutex_lock(&instance->lock);
  copy = instance->failure[0] ? strdup(instance->failure) : NULL;
  pthread_mutex_unlock(&instance->lock);
  return copy;
}

#define NAMES_SHOWN 8

void
target_list_add(struct target_list *list, const struct target *target)
{
  size_t len = strlen(list->text);

  if (list->n++ < NAMES_SHOWN)
    snprintf(list->text + len, sizeof(list->text) - len, "%s%s",
             len > 0 ? ", " : "", target->object);
}

const char *
target_list_text(struct target_list *list)
{
  size_t len = strlen(list->text);

  if (list->n > NAMES_SHOWN)
    snprintf(list->text + len, sizeof(list->text) - len, " and %zu more",
             list->n - NAMES_SHOWN);
  return list->text;
}

/* ---- All instances ---- */

static uint32_t
target_flags(const struct target *target)
{
  if (!target->source)
    return MP_TARGET_READ;
  if (target->role == LEDGER_BASE)
    return MP_TARGET_BASE;
  return target->role == LEDGER_TOTAL ? MP_TARGET_TOTAL : 0;
}

static struct mp_target *
public_target(const struct target *target)
{
  struct mp_target *t = memory_get(1, sizeof(*t));

  *t =
    (struct mp_target){ .struct_size = sizeof(*t),
                        .flags = target_flags(target),
                        .name = target->name,
                        .part = target->part,
                        .source = target->source ? target->source->name : NULL,
                        .kind = target->source ? target->source->kind : 0,
                        .label = target->label,
                        .number = target->register_number,
                        .unit = target->unit };
  return t;
}

/* The plugin keeps pointers to its targets, so each has memory of its own. */
void
instance_add_targets(struct instance *output)
{
  const struct stage *stage = output->stage;
  size_t n = output->n_targets;

  if (n == stage->n_targets)
    return;
  output->targets = memory_resize(output->targets, n, stage->n_targets,
                                  sizeof(*output->targets));
  output->last =
    memory_resize(output->last, n, stage->n_targets, sizeof(*output->last));
  for (; n < stage->n_targets; n++)
    output->targets[n] = public_target(stage->targets[n]);
  output->n_targets = n;
  output->is_stale = output->is_open;
}

void
instance_set_kind(struct instance *output, const struct target *target,
                  uint32_t kind)
{
  struct mp_target *seen = output->targets[target->number];

  if (seen->kind == kind)
    return;
  seen->kind = kind;
  output->is_stale = output->is_open;
}

void
instance_show_operand(struct instance *transform, size_t i, bool is_missing,
                      const struct value *v, int32_t place)
{
  if (v)
    transform->values[i] = value_export(v);
  transform->operands[i] =
    (struct mp_operand){ .struct_size =
                           is_missing ? 0 : sizeof(struct mp_operand),
                         .value = v ? &transform->values[i] : NULL,
                         .place = place };
}

bool
instance_lacks_operand(const struct instance *transform, size_t i)
{
  return transform->operands[i].struct_size == 0;
}

/* Returns the directory of the state; NULL: it is kept in memory. */
static char *
find_state_dir(const struct plan *plan, const char *config_path)
{
  const char *option =
    plan->options ? options_text(plan->options, "state_dir") : NULL;
  char *path = NULL, *slash;

  if (plan->only_captures && !option)
    return NULL;
  (void)store_locate(config_path, option, &path);
  slash = path ? strrchr(path, '/') : NULL;
  if (slash)
    slash[slash == path] = '\0';
  return path;
}

struct instances *
instances_new(const struct plan *plan, const char *config_path, struct run *run)
{
  struct instances *all = memory_get(1, sizeof(*all));

  all->list = memory_get(plan->n_stages, sizeof(*all->list));
  all->n = plan->n_stages;
  all->state_dir = find_state_dir(plan, config_path);
  for (size_t i = 0; i < all->n; i++) {
    struct instance *instance = &all->list[i];
    const struct stage *stage = plan->stages[i];

    instance->all = all;
    instance->stage = stage;
    instance->plan = plan;
    instance->run = run;
    pthread_mutex_init(&instance->lock, NULL);
    instance->operands =
      memory_get(stage->n_operands, sizeof(*instance->operands));
    instance->values = memory_get(stage->n_operands, sizeof(*instance->values));
    stage_init_host(instance);
    instance->host.state_dir = all->state_dir;
  }
  return all;
}

static int
create(struct instance *instance)
{
  struct call call = call_begin(instance, "create");
  void *self = NULL;
  int r = instance->stage->plugin->table.create(&instance->host, &self);

  r = call_end(&call, r, 0);
  if (r != MP_OK)
    return r;
  instance->self = self;
  instance->created = true;
  return MP_OK;
}

int
instances_create(struct instances *all, struct problems *problems)
{
  int worst = MP_OK;

  for (size_t i = 0; i < all->n; i++) {
    struct instance *instance = &all->list[i];
    int r = MP_OK;

    instance->problems = problems;
    if (instance->stage->is_sound)
      r = create(instance);
    instance->problems = NULL;
    if (r != MP_OK)
      worst = r;
  }
  return worst;
}

static void
destroy(struct instance *instance)
{
  struct call call;

  instance_close(instance);
  if (!instance->created)
    return;
  instance->created = false;
  call = call_begin(instance, "destroy");
  instance->stage->plugin->table.destroy(instance->self);
  call_end(&call, MP_OK, 0);
}

void
instances_free(struct instances *all)
{
  if (!all)
    return;
  for (size_t i = 0; i < all->n; i++) {
    struct instance *instance = &all->list[i];

    destroy(instance);
    for (size_t k = 0; k < instance->n_targets; k++)
      free(instance->targets[k]);
    free(instance->targets);
    free(instance->last);
    free(instance->operands);
    free(instance->values);
    pthread_mutex_destroy(&instance->lock);
  }
  free(all->list);
  free(all->state_dir);
  free(all);
}

/* ---- Lifecycle ---- */

int
instance_open_closed(struct instance *instance)
{
  const struct plugin *plugin = instance->stage->plugin;
  struct call call;
  int r = MP_OK;

  call = call_begin(instance, "open");
  if (instance->stage->kind == PLUGIN_INPUT && plugin->input.open)
    r = plugin->input.open(instance->self);
  if (instance->stage->kind == PLUGIN_OUTPUT && plugin->output.open)
    r = plugin->output.open(instance->self);
  r = call_end(&call, r, 0);
  instance->is_open = r == MP_OK;
  instance->is_stale = false;
  return r;
}

void
instance_close(struct instance *instance)
{
  const struct plugin *plugin = instance->stage->plugin;
  struct call call;

  if (!instance->is_open)
    return;
  instance->is_open = false;
  call = call_begin(instance, "close");
  if (instance->stage->kind == PLUGIN_INPUT && plugin->input.close)
    plugin->input.close(instance->self);
  if (instance->stage->kind == PLUGIN_OUTPUT && plugin->output.close)
    plugin->output.close(instance->self);
  call_end(&call, MP_OK, 0);
}
