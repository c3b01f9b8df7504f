/* The host's services for one instance: struct mp_host. */
#include "core/pipeline/stage_host.h"

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
                    struct mp_value *ret_value)
{
  struct mp_decimal d;
  int r = options_decimal(stage_of(host)->options, key, &d);

  if (r != MP_OK)
    return r;
  number_services_fill(ret_value, d);
  return MP_OK;
}

static const struct mp_operand *
host_operand(const struct mp_host *host, const char *key)
{
  const struct instance *instance = instance_of(host);

  for (size_t i = 0; i < instance->stage->n_operands; i++)
    if (strcmp(instance->stage->operands[i].key, key) == 0)
      return &instance->operands[i];
  return NULL;
}

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
  return !store || store_put(store, STORE_TEXT, host->name, key, text)
           ? MP_OK
           : MP_ENOMEM;
}

void
stage_init_host(struct instance *instance)
{
  instance->host = (struct mp_host){
    .struct_size = sizeof(struct mp_host),
    .abi_version = MP_ABI_VERSION,
    .ctx = instance,
    .name = instance->stage->name,
    .vlog = host_vlog,
    .vfail = host_vfail,
    .option = host_option,
    .option_int = host_option_int,
    .option_decimal = host_option_decimal,
    .operand = host_operand,
    .field = host_field,
    .target = host_target,
    .now = host_now,
    .time_left = host_time_left,
    .cancel_fd = host_cancel_fd,
    .store_get = host_store_get,
    .store_set = host_store_set,
  };
  number_services_set(&instance->host);
}
