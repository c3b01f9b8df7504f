/* The host's services for one instance: struct mp_host. */
#include <config.h>

#include "core/pipeline/stage_host.h"

#include "core/pipeline/meter_facts.h"
#include "core/pipeline/target_options.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "core/run/hidden.h"
#include "core/run/log.h"
#include "lib/number_services.h"
#include "lib/storable.h"

static struct instance *
instance_of(const struct mp_host *host)
{
  return host->ctx;
}

static const struct stage *
stage_of(const struct mp_host *host)
{
  return instance_of(host)->stage;
}

/* ---- Messages ---- */

/* Returns the line of OBJECT in the pipeline file; 0: it is no option of
 * STAGE. */
static unsigned
line_of(const struct stage *stage, const char *object)
{
  const struct config_entry *entry =
    object ? config_find(stage->section, object) : NULL;

  return entry ? entry->line : 0;
}

MP_PRINTF(4, 0)
static void
host_vlog(const struct mp_host *host, int level, const char *object,
          const char *fmt, va_list args)
{
  struct instance *instance = instance_of(host);

  if (instance->messages)
    messages_vadd(instance->messages, MESSAGE_LOG, instance->stage, level,
                  object, fmt, args);
  else
    log_vline(level, host->name, object, fmt, args);
}

static int
host_log_enabled(const struct mp_host *host, int level)
{
  (void)host;
  return log_shows(level);
}

static const char not_shown[] =
  "the value was rejected; the reason is not shown, because it would quote a "
  "value that continues in an indented line: write the value in one line to "
  "see the reason";

/* Returns true if TEXT holds a word of a value of SECTION that must not be
 * shown. */
static bool
has_hidden_word(const struct config_section *section, const char *text)
{
  for (size_t i = 0; i < section->n_entries; i++)
    if (section->entries[i].continued &&
        hidden_has_word(section->entries[i].value, text))
      return true;
  return false;
}

MP_PRINTF(4, 0)
static int
host_vfail(const struct mp_host *host, int code, const char *object,
           const char *fmt, va_list args)
{
  struct instance *instance = instance_of(host);
  const struct stage *stage = instance->stage;
  const char *path = instance->plan->config->path;
  unsigned line = code == MP_ECONFIG ? line_of(stage, object) : 0;
  char text[1536];
  size_t len;

  atomic_fetch_add(&instance->n_explained, 1);
  if (instance->messages) {
    messages_vadd(instance->messages, MESSAGE_FAILURE, stage, code, object, fmt,
                  args);
    return code;
  }
  vsnprintf(text, sizeof(text), fmt, args);
  if (instance->problems && code == MP_ECONFIG) {
    if (has_hidden_word(stage->section, text))
      snprintf(text, sizeof(text), "%s", not_shown);
    problems_add(instance->problems, path, line ? line : stage->section->line,
                 "%s%s%s", object ? object : "", object ? ": " : "", text);
    return code;
  }
  instance_keep_failure(instance, text);
  len = strlen(text);
  if (line)
    snprintf(text + len, sizeof(text) - len, " (%s:%u)", path, line);
  return report_failure(instance->run->report, stage_side(stage), stage->name,
                        code < 0 ? code : MP_EINTERNAL, object, text);
}

/* ---- Options and operands ---- */

static const char *
host_option(const struct mp_host *host, const char *key)
{
  return options_text(stage_of(host)->options, key);
}

static int64_t
host_option_int(const struct mp_host *host, const char *key)
{
  return options_int(stage_of(host)->options, key);
}

static int
host_option_decimal(const struct mp_host *host, const char *key,
                    struct mp_decimal *ret_number)
{
  return options_decimal(stage_of(host)->options, key, ret_number);
}

static const char *
host_option_named(const struct mp_host *host, const char *key, uint32_t index,
                  const char **ret_name)
{
  return options_named(stage_of(host)->options, key, index, ret_name);
}

static const struct mp_operand *
host_operand(const struct mp_host *host, const char *key)
{
  const struct instance *instance = instance_of(host);

  for (size_t i = 0; i < instance->stage->n_operands; i++)
    if (strcmp(instance->stage->operands[i].key, key) == 0)
      return instance_lacks_operand(instance, i) ? NULL
                                                 : &instance->operands[i];
  return NULL;
}

/* ---- Targets ---- */

static const char *
host_field(const struct mp_host *host, uint32_t index)
{
  const struct stage *stage = stage_of(host);

  if (stage->all_fields || index >= stage->n_fields)
    return NULL;
  return stage->fields[index]->field;
}

static const struct mp_target *
host_target(const struct mp_host *host, uint32_t index)
{
  const struct instance *instance = instance_of(host);

  return index < instance->n_targets ? instance->targets[index] : NULL;
}

/* Returns target INDEX of an output; NULL past the last. */
static const struct target *
target_of(const struct instance *output, uint32_t index)
{
  return index < output->n_targets ? output->stage->targets[index] : NULL;
}

/* Returns the last known value of TARGET; NULL: there is none.  The 0 with
 * which a total begins is none until it is written. */
static const struct value *
last_value(const struct instance *output, const struct target *target)
{
  const struct ledger *const *ledgers = output->all->ledgers;
  const struct ledger *ledger =
    target && ledgers ? &(*ledgers)[target->index] : NULL;
  const struct value *last = ledger ? ledger_last(ledger) : NULL;

  if (last && last == &ledger->acknowledged && !last->time_ms &&
      ledger_has_unwritten_zero(ledger))
    return NULL;
  return last;
}

/* Returns TARGET's own input; NULL if none, or if an operand on the way comes
 * from the meter of another one. */
static const struct stage *
meter_of(const struct target *target)
{
  const struct slot *origin = slot_origin(target->source);
  const struct stage *stage = target->source ? target->source->stage : NULL;

  for (; stage && stage->kind == PLUGIN_TRANSFORM;
       stage = stage->input ? stage->input->stage : NULL)
    for (size_t i = 0; i < stage->n_operands; i++) {
      const struct target *operand = stage->operands[i].target;
      const struct slot *other = operand ? slot_origin(operand->source) : NULL;

      if (origin && other && other->stage != origin->stage)
        return NULL;
    }
  return origin ? origin->stage : NULL;
}

static int
host_target_meter(const struct mp_host *host, uint32_t index,
                  struct mp_meter *ret_meter)
{
  const struct instance *output = instance_of(host);
  const struct target *target = target_of(output, index);
  const struct stage *input = target ? meter_of(target) : NULL;
  const struct value *last = last_value(output, target);
  struct mp_meter meter = { .struct_size = sizeof(meter) };

  if (!input)
    return MP_DROP;
  meter_facts_get(output->run->store, input, &meter);
  if (last)
    meter.serial = last->serial;
  if (meter.struct_size > ret_meter->struct_size)
    meter.struct_size = ret_meter->struct_size;
  memcpy(ret_meter, &meter, meter.struct_size);
  return MP_OK;
}

static const struct mp_value *
host_target_last(const struct mp_host *host, uint32_t index)
{
  struct instance *output = instance_of(host);
  const struct value *last = last_value(output, target_of(output, index));

  if (!last)
    return NULL;
  output->last[index] = value_export(last);
  return &output->last[index];
}

static const char *
host_target_option(const struct mp_host *host, uint32_t index, const char *key)
{
  const struct target *target = target_of(instance_of(host), index);

  return target ? options_text(target_options_of(target), key) : NULL;
}

static int64_t
host_target_option_int(const struct mp_host *host, uint32_t index,
                       const char *key)
{
  const struct target *target = target_of(instance_of(host), index);

  return target ? options_int(target_options_of(target), key) : 0;
}

/* ---- Time and store ---- */

static int64_t
host_now(const struct mp_host *host)
{
  (void)host;
  return clock_now_ms();
}

static int64_t
host_time_left(const struct mp_host *host)
{
  return run_time_left(instance_of(host)->run);
}

static int
host_cancel_fd(const struct mp_host *host)
{
  return instance_of(host)->run->cancel_fd;
}

static const char *
host_store_get(const struct mp_host *host, const char *key)
{
  struct store *store = instance_of(host)->run->store;

  return store ? store_get(store, STORE_TEXT, host->name, key) : NULL;
}

/* Returns the fault of an entry that the plugin wants to store; NULL: none. */
static const char *
fault_of_entry(const char *key, const char *text)
{
  if (!storable_kept_key(key))
    return "a key that is not clean UTF-8, is empty or is too long";
  if (text && !storable_kept_text(text))
    return "a text that is not clean UTF-8";
  return NULL;
}

static int
host_store_set(const struct mp_host *host, const char *key, const char *text)
{
  struct instance *instance = instance_of(host);
  struct store *store = instance->run->store;
  const char *fault;

  if (text && strnlen(text, STORABLE_KEPT_TEXT + 1) > STORABLE_KEPT_TEXT)
    return instance_fail(
      instance, MP_ERANGE, NULL,
      "the plugin gave store_set a text of more than 64 KiB");
  fault = fault_of_entry(key, text);
  if (fault)
    return instance_fail(instance, MP_EINTERNAL, NULL,
                         "the plugin gave store_set %s", fault);
  return store ? store_try_put(store, STORE_TEXT, host->name, key, text)
               : MP_OK;
}

void
stage_init_host(struct instance *instance)
{
  instance->host = (struct mp_host){
    .struct_size = sizeof(struct mp_host),
    .ctx = instance,
    .name = instance->stage->name,
    .pipeline = instance->plan->name,
    .version = PACKAGE_VERSION,
    .vlog = host_vlog,
    .log_enabled = host_log_enabled,
    .vfail = host_vfail,
    .option = host_option,
    .option_int = host_option_int,
    .option_decimal = host_option_decimal,
    .option_named = host_option_named,
    .operand = host_operand,
    .field = host_field,
    .target = host_target,
    .target_option = host_target_option,
    .target_option_int = host_target_option_int,
    .target_meter = host_target_meter,
    .target_last = host_target_last,
    .now = host_now,
    .time_left = host_time_left,
    .cancel_fd = host_cancel_fd,
    .store_get = host_store_get,
    .store_set = host_store_set,
  };
  number_services_set(&instance->host);
}
