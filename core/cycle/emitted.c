/* Takes the values that inputs emit. */
#include "core/cycle/emitted.h"

#include <string.h>

#include "core/pipeline/meter_facts.h"
#include "lib/clock.h"
#include "lib/storable.h"

/* Returns the slot that FIELD fills; NULL: none.  Inputs emit the same names in
 * the same order in each cycle, so the search begins after the last hit. */
static const struct slot *
find_field(struct input_reading *reading, const struct stage *input,
           const char *field)
{
  for (size_t i = 0; i < input->n_fields; i++) {
    size_t at = reading->next_field + i;

    at = at < input->n_fields ? at : at - input->n_fields;
    if (strcmp(input->fields[at]->field, field) == 0) {
      reading->next_field = at + 1 < input->n_fields ? at + 1 : 0;
      return input->fields[at];
    }
  }
  return NULL;
}

/* Adds a field that the pipeline file does not name. */
static int
add_field(const struct teller *teller, const char *field,
          const struct slot **ret)
{
  if (!storable_field(field))
    return instance_fail(teller->instance, MP_EINTERNAL, NULL,
                         "the plugin emitted a field whose name has characters "
                         "other than a-z, 0-9, _ . and -, or is too long");
  *ret = plan_add_field(teller->cycle->plan, teller->instance->stage, field);
  cycle_grow(teller->cycle);
  return MP_OK;
}

/* Stores VALUE as the reading of SLOT.  Returns MP_EDATA if it is of another
 * kind than the one that decided the roles of the targets. */
static int
take_value(const struct teller *teller, const struct slot *slot,
           const struct mp_value *value)
{
  struct value *to = &teller->cycle->d.fields[slot->index].value;
  const char *fault = value_import(to, value);

  if (fault == value_no_memory)
    return instance_fail(teller->instance, MP_ENOMEM, slot->field, "%s", fault);
  if (fault)
    return instance_fail(teller->instance, MP_EINTERNAL, slot->field,
                         "the plugin emitted %s", fault);
  if (slot->kind && slot->kind != to->kind)
    return instance_fail(teller->instance, MP_EDATA, slot->field,
                         "is a %s in this reading, but a %s in the plugin's "
                         "description of its fields: it is left out",
                         value_kind_name(to->kind),
                         value_kind_name(slot->kind));
  if (to->time_ms == 0)
    to->time_ms = clock_now_ms();
  return MP_OK;
}

static int
emit_value(const struct teller *teller, const char *field,
           const struct mp_value *value)
{
  const struct stage *input = teller->instance->stage;
  struct cycle_data *d = &teller->cycle->d;
  const struct slot *slot;
  int r = MP_OK;

  if (!field || !value)
    return instance_fail(
      teller->instance, MP_EINTERNAL, field, "the plugin emitted %s",
      field ? "a field without a value" : "a value without a field");
  slot = find_field(&d->inputs[input->index], input, field);
  if (!slot && input->all_fields)
    r = add_field(teller, field, &slot);
  if (!slot)
    return r == MP_OK ? MP_DROP : r;
  r = take_value(teller, slot, value);
  d->fields[slot->index].is_read = r == MP_OK;
  return r;
}

static int
take_serial(const struct teller *teller, const char *serial, uint32_t how)
{
  struct input_reading *reading =
    &teller->cycle->d.inputs[teller->instance->stage->index];

  if (!serial || !storable_symbol(serial))
    return instance_fail(teller->instance, MP_EINTERNAL, NULL,
                         "the plugin gave a serial number that is %s",
                         serial &&
                             strnlen(serial, STORABLE_SYMBOL) == STORABLE_SYMBOL
                           ? "too long"
                           : "not clean text");
  reading->serial = value_intern(serial);
  if (*serial && !reading->serial)
    return instance_fail(teller->instance, MP_ENOMEM, NULL, "%s",
                         value_no_memory);
  reading->serial_how = how;
  return MP_OK;
}

/* Live inputs emit from their own threads.  An abandoned thread must not change
 * the data of the cycle any more.  Returns false if TELLER was abandoned. */
static bool
lock(const struct teller *teller)
{
  struct cycle *c = teller->cycle;

  if (c->plan->only_captures)
    return true;
  pthread_mutex_lock(&c->lock);
  if (!c->d.inputs[teller->instance->stage->index].abandoned)
    return true;
  pthread_mutex_unlock(&c->lock);
  return false;
}

static void
unlock(const struct teller *teller)
{
  if (!teller->cycle->plan->only_captures)
    pthread_mutex_unlock(&teller->cycle->lock);
}

static int
sink_emit(const struct mp_sink *sink, const char *field,
          const struct mp_value *value)
{
  int r;

  if (!lock(sink->ctx))
    return MP_DROP;
  r = emit_value(sink->ctx, field, value);
  unlock(sink->ctx);
  return r;
}

static int
sink_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  int r;

  if (!lock(sink->ctx))
    return MP_DROP;
  r = take_serial(sink->ctx, serial, how);
  unlock(sink->ctx);
  return r;
}

static int
sink_meter(const struct mp_sink *sink, const struct mp_meter *meter)
{
  const struct teller *teller = sink->ctx;
  int r;

  if (!lock(teller))
    return MP_DROP;
  r = meter_facts_keep(teller->instance, meter);
  unlock(teller);
  return r;
}

struct mp_sink
emitted_sink(struct cycle *c, const struct stage *input)
{
  return (struct mp_sink){ .struct_size = sizeof(struct mp_sink),
                           .ctx = &c->tellers[input->index],
                           .emit = sink_emit,
                           .serial = sink_serial,
                           .meter = sink_meter };
}
