/* Takes the values that inputs emit. */
#include "core/cycle/emitted.h"

#include <string.h>

#include "core/pipeline/meter_facts.h"
#include "lib/clock.h"
#include "lib/rare.h"
#include "lib/storable.h"

static bool
is_field(const struct stage *input, size_t at, const char *field)
{
  return at < input->n_fields && strcmp(input->fields[at]->field, field) == 0;
}

/* Returns the place of FIELD in the fields of INPUT, whose number is the place
 * of no field. */
RARE static size_t
search_field(const struct stage *input, const char *field)
{
  size_t at = 0;

  while (at < input->n_fields && !is_field(input, at, field))
    at++;
  return at;
}

/* Returns the slot that FIELD fills; NULL: none.  Inputs emit the same names in
 * the same order in each cycle, so the one after the last hit comes first. */
static const struct slot *
find_field(struct input_reading *reading, const struct stage *input,
           const char *field)
{
  size_t at = reading->next_field;

  if (!is_field(input, at, field))
    at = search_field(input, field);
  if (at == input->n_fields)
    return NULL;
  reading->next_field = at + 1;
  return input->fields[at];
}

/* Adds a field that the pipeline file does not name.  Returns NULL if its name
 * cannot be stored, which was reported. */
RARE static const struct slot *
add_field(const struct teller *teller, const char *field)
{
  const struct slot *slot;

  if (!storable_field(field)) {
    instance_fail(teller->instance, MP_EINTERNAL, NULL,
                  "the plugin emitted a field whose name has characters other "
                  "than a-z, 0-9, _ . and -, or is too long");
    return NULL;
  }
  slot = plan_add_field(teller->cycle->plan, teller->instance->stage, field);
  cycle_grow(teller->cycle);
  return slot;
}

/* Reports that the reading of SLOT cannot be used: it has a FAULT, or its KIND
 * is not the one that decided the roles of the targets. */
RARE static int
refuse_reading(const struct teller *teller, const struct slot *slot,
               const char *fault, uint32_t kind)
{
  if (fault == value_no_memory)
    return instance_fail(teller->instance, MP_ENOMEM, slot->field, "%s", fault);
  if (fault)
    return instance_fail(teller->instance, MP_EINTERNAL, slot->field,
                         "the plugin emitted %s", fault);
  return instance_fail(teller->instance, MP_EDATA, slot->field,
                       "is a %s in this reading, but a %s in the plugin's "
                       "description of its fields: it is left out",
                       value_kind_name(kind), value_kind_name(slot->kind));
}

/* Stores VALUE as the reading of SLOT. */
static int
take_value(const struct teller *teller, const struct slot *slot,
           const struct mp_value *value)
{
  struct field_reading *to = &teller->cycle->d.fields[slot->index];
  const char *fault = value_import(&to->value, value);

  to->is_read = !fault && (!slot->kind || slot->kind == to->value.kind);
  if (!to->is_read)
    return refuse_reading(teller, slot, fault, to->value.kind);
  if (to->value.time_ms == 0)
    to->value.time_ms = clock_now_ms();
  return MP_OK;
}

RARE static int
refuse_nothing(const struct teller *teller, const char *field)
{
  return instance_fail(
    teller->instance, MP_EINTERNAL, field, "the plugin emitted %s",
    field ? "a field without a value" : "a value without a field");
}

static int
emit_value(const struct teller *teller, const char *field,
           const struct mp_value *value)
{
  const struct stage *input = teller->instance->stage;
  const struct slot *slot;

  if (!field || !value)
    return refuse_nothing(teller, field);
  slot = find_field(&teller->cycle->d.inputs[input->index], input, field);
  if (!slot) {
    if (!input->all_fields)
      return MP_DROP;
    slot = add_field(teller, field);
    if (!slot)
      return MP_EINTERNAL;
  }
  return take_value(teller, slot, value);
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

/* Emits from the main thread. */
static int
sink_emit_direct(const struct mp_sink *sink, const char *field,
                 const struct mp_value *value)
{
  return emit_value(sink->ctx, field, value);
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
emitted_sink(struct teller *teller)
{
  return (struct mp_sink){ .struct_size = sizeof(struct mp_sink),
                           .ctx = teller,
                           .emit = teller->cycle->plan->only_captures
                                     ? sink_emit_direct
                                     : sink_emit,
                           .serial = sink_serial,
                           .meter = sink_meter };
}
