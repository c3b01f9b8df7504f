/* Instances of plugins: their lifecycle, their failures, and the values that
 * inputs emit. */
#include "core/pipeline/stage.h"

#include <stdio.h>
#include <string.h>

#include "core/pipeline/call.h"
#include "lib/clock.h"
#include "lib/storable.h"

enum report_side
stage_side(const struct stage *stage)
{
  return stage->kind == PLUGIN_INPUT ? REPORT_INPUT : REPORT_OTHER;
}

/* ---- Failures ---- */

int
stage_fail(struct stage *stage, int code, const char *object, const char *fmt,
           ...)
{
  va_list args;

  va_start(args, fmt);
  stage->host.vfail(&stage->host, code, object, fmt, args);
  va_end(args);
  return code;
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

/* ---- Emitted values ---- */

/* Returns the slot that FIELD fills; NULL: none.  Inputs emit the same names in
 * the same order in each cycle, so the search begins after the last hit. */
static struct slot *
find_field(struct stage *stage, const char *field)
{
  for (size_t i = 0; i < stage->n_fields; i++) {
    size_t at = (stage->next_field + i) % stage->n_fields;

    if (strcmp(stage->fields[at]->field, field) == 0) {
      stage->next_field = at + 1;
      return stage->fields[at];
    }
  }
  return NULL;
}

/* Adds a field that the pipeline file does not name. */
static int
add_field(struct stage *stage, const char *field, struct slot **ret)
{
  if (!storable_field(field))
    return stage_fail(stage, MP_EINTERNAL, NULL,
                      "the plugin emitted a field whose name has characters "
                      "other than a-z, 0-9, _ . and -, or is too long");
  *ret = pipeline_add_field(stage, field);
  return *ret ? MP_OK : stage_fail(stage, MP_ENOMEM, field, "out of memory");
}

/* Stores VALUE in SLOT.  Returns MP_EDATA if it is of another kind than the one
 * that decided the roles of the targets. */
static int
take_value(struct slot *slot, const struct mp_value *value)
{
  struct stage *stage = slot->stage;
  const char *fault = value_import(&slot->value, value);

  if (fault)
    return stage_fail(stage, MP_EINTERNAL, slot->field, "the plugin emitted %s",
                      fault);
  if (slot->kind && slot->kind != slot->value.kind)
    return stage_fail(stage, MP_EDATA, slot->field,
                      "is a %s in this reading, but a %s in the plugin's "
                      "description of its fields: it is left out",
                      value_kind_name(slot->value.kind),
                      value_kind_name(slot->kind));
  return MP_OK;
}

static int
emit_value(struct stage *stage, const char *field, const struct mp_value *value)
{
  struct slot *slot = field ? find_field(stage, field) : NULL;
  int r = MP_OK;

  if (!field || !value)
    return stage_fail(stage, MP_EINTERNAL, field, "the plugin emitted %s",
                      field ? "a field without a value"
                            : "a value without a field");
  if (!slot && stage->all_fields)
    r = add_field(stage, field, &slot);
  if (!slot)
    return r == MP_OK ? MP_DROP : r;
  r = take_value(slot, value);
  if (r != MP_OK) {
    slot->state = SLOT_MISSING;
    return r;
  }
  if (slot->value.time_ms == 0)
    slot->value.time_ms = clock_now_ms();
  slot->state = SLOT_VALUE;
  return MP_OK;
}

/* Live inputs emit from their own threads.  An abandoned thread must not change
 * the data of the cycle any more. */
static int
sink_emit(const struct mp_sink *sink, const char *field,
          const struct mp_value *value)
{
  struct stage *stage = sink->ctx;
  int r = MP_DROP;

  if (stage->pipeline->only_captures)
    return emit_value(stage, field, value);
  pthread_mutex_lock(&stage->pipeline->lock);
  if (!stage->abandoned)
    r = emit_value(stage, field, value);
  pthread_mutex_unlock(&stage->pipeline->lock);
  return r;
}

static int
take_serial(struct stage *stage, const char *serial, uint32_t how)
{
  if (!serial || !storable_symbol(serial))
    return stage_fail(
      stage, MP_EINTERNAL, NULL, "the plugin gave a serial number that is %s",
      serial && strnlen(serial, STORABLE_SYMBOL) == STORABLE_SYMBOL
        ? "too long"
        : "not clean text");
  stage->serial = value_intern(serial);
  if (*serial && !stage->serial)
    return stage_fail(stage, MP_ENOMEM, NULL, "out of memory");
  stage->serial_how = how;
  return MP_OK;
}

static int
sink_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  struct stage *stage = sink->ctx;
  int r = MP_DROP;

  if (stage->pipeline->only_captures)
    return take_serial(stage, serial, how);
  pthread_mutex_lock(&stage->pipeline->lock);
  if (!stage->abandoned)
    r = take_serial(stage, serial, how);
  pthread_mutex_unlock(&stage->pipeline->lock);
  return r;
}

/* ---- Facts about the meter, kept in the state ---- */

static int
keep_fact(struct stage *input, const char *key, const char *text)
{
  struct store *store = input->pipeline->run->store;
  const char *kept =
    store ? store_get(store, STORE_META, input->name, key) : NULL;

  if (!text || !*text || !store || (kept && strcmp(kept, text) == 0))
    return MP_OK;
  if (!storable_symbol(text))
    return stage_fail(input, MP_EINTERNAL, NULL,
                      "the plugin gave the %s of the meter in a text that is "
                      "too long or not clean",
                      key);
  return store_put(store, STORE_META, input->name, key, text) ? MP_OK
                                                              : MP_ENOMEM;
}

static int
take_meter(struct stage *input, const struct mp_meter *meter)
{
  int r;

  if (!meter || !MP_HAS(meter, struct mp_meter, id))
    return stage_fail(input, MP_EINTERNAL, NULL,
                      "the plugin gave facts about the meter in a struct that "
                      "is too small");
  r = keep_fact(input, "manufacturer", meter->manufacturer);
  if (r == MP_OK)
    r = keep_fact(input, "model", meter->model);
  return r == MP_OK ? keep_fact(input, "software", meter->software) : r;
}

static int
sink_meter(const struct mp_sink *sink, const struct mp_meter *meter)
{
  struct stage *input = sink->ctx;
  int r = MP_DROP;

  pthread_mutex_lock(&input->pipeline->lock);
  if (!input->abandoned)
    r = take_meter(input, meter);
  pthread_mutex_unlock(&input->pipeline->lock);
  return r;
}

void
stage_meter(const struct stage *input, struct mp_meter *ret)
{
  struct store *store = input->pipeline->run->store;

  ret->id = input->meter_id;
  ret->serial = input->serial;
  if (!store)
    return;
  ret->manufacturer = store_get(store, STORE_META, input->name, "manufacturer");
  ret->model = store_get(store, STORE_META, input->name, "model");
  ret->software = store_get(store, STORE_META, input->name, "software");
}

struct mp_sink
stage_sink(struct stage *input)
{
  return (struct mp_sink){ .struct_size = sizeof(struct mp_sink),
                           .ctx = input,
                           .emit = sink_emit,
                           .serial = sink_serial,
                           .meter = sink_meter };
}

/* ---- Lifecycle ---- */

int
stage_create(struct stage *stage)
{
  struct call call = call_begin(stage, "create");
  void *self = NULL;
  int r = stage->plugin->table.create(&stage->host, &self);

  r = call_end(&call, r, 0);
  if (r != MP_OK)
    return r;
  stage->self = self;
  stage->created = true;
  return MP_OK;
}

void
stage_destroy(struct stage *stage)
{
  struct call call;

  stage_close(stage);
  if (!stage->created)
    return;
  stage->created = false;
  call = call_begin(stage, "destroy");
  stage->plugin->table.destroy(stage->self);
  call_end(&call, MP_OK, 0);
}

int
stage_open(struct stage *stage)
{
  struct call call;
  int r = MP_OK;

  if (stage->is_open)
    return MP_OK;
  call = call_begin(stage, "open");
  if (stage->kind == PLUGIN_INPUT && stage->plugin->input.open)
    r = stage->plugin->input.open(stage->self);
  if (stage->kind == PLUGIN_OUTPUT && stage->plugin->output.open)
    r = stage->plugin->output.open(stage->self);
  r = call_end(&call, r, 0);
  stage->is_open = r == MP_OK;
  return r;
}

void
stage_close(struct stage *stage)
{
  struct call call;

  if (!stage->is_open)
    return;
  stage->is_open = false;
  call = call_begin(stage, "close");
  if (stage->kind == PLUGIN_INPUT && stage->plugin->input.close)
    stage->plugin->input.close(stage->self);
  if (stage->kind == PLUGIN_OUTPUT && stage->plugin->output.close)
    stage->plugin->output.close(stage->self);
  call_end(&call, MP_OK, 0);
}
