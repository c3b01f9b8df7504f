/*
 * The collecting sinks: each call of a plugin becomes a node of a list.
 */
#include "testkit/fake_sink.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit/fake_arena.h"

#define VALUE_TEXT 256

/* One call of a sink.  The list that holds it decides which member is used. */
struct node {
  struct node *next;
  const char *name;             /* emitted */
  const struct mp_value *value; /* emitted */
  struct mp_field field;
  struct mp_probe_item item;
  struct mp_shown shown;
  struct mp_listed listed;
  uint32_t record, target, result;
};

/* `shown` and `results` begin with the newest call, the other
 * lists with the oldest. */
struct fake_sink_state {
  const struct mp_host *host;
  struct fake_arena arena;
  struct node *emitted;
  struct node *fields;
  struct node *items;
  struct node *shown;
  struct node *results;
  struct node *listed;
  const char *serial;
  uint32_t serial_how;
  struct mp_meter meter; /* struct_size 0: no facts were given */
  uint32_t done, total;
};

/* ---- Lists --------------------------------------------------------------- */

static struct node *
append_node(struct fake_sink_state *st, struct node **list)
{
  while (*list)
    list = &(*list)->next;
  *list = fake_arena_alloc(&st->arena, sizeof(**list));
  return *list;
}

static struct node *
prepend_node(struct fake_sink_state *st, struct node **list)
{
  struct node *node = fake_arena_alloc(&st->arena, sizeof(*node));

  node->next = *list;
  *list = node;
  return node;
}

static const struct node *
node_at(const struct node *list, uint32_t index)
{
  while (list && index-- > 0)
    list = list->next;
  return list;
}

static uint32_t
count_nodes(const struct node *list)
{
  uint32_t n = 0;

  for (; list; list = list->next)
    n++;
  return n;
}

static struct node *
find_emitted(struct fake_sink_state *st, const char *field)
{
  struct node *node = st->emitted;

  while (node && strcmp(node->name, field) != 0)
    node = node->next;
  return node;
}

/* ---- Callbacks of the sinks ---------------------------------------------- */

static bool
is_wanted(const struct mp_host *host, const char *field)
{
  const char *name = host->field(host, 0);
  uint32_t i = 0;

  if (!name)
    return true;
  while (name && strcmp(name, field) != 0)
    name = host->field(host, ++i);
  return name;
}

static int
sink_emit(const struct mp_sink *sink, const char *field,
          const struct mp_value *value)
{
  struct fake_sink_state *st = sink->ctx;
  struct node *node;

  if (!field || !value)
    fake_die("%s: emitted without a %s", field ? field : "a value",
             field ? "value" : "field");
  if (value->struct_size < sizeof(*value))
    fake_die("%s: emitted without struct_size", field);
  if (!is_wanted(st->host, field))
    return MP_DROP;
  node = find_emitted(st, field);
  if (!node)
    node = append_node(st, &st->emitted);
  node->name = fake_arena_text(&st->arena, field);
  node->value = fake_arena_value(&st->arena, value);
  return MP_OK;
}

static int
sink_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  struct fake_sink_state *st = sink->ctx;

  st->serial = fake_arena_text(&st->arena, serial);
  st->serial_how = how;
  return MP_OK;
}

/* The facts of several calls add up. */
static int
sink_meter(const struct mp_sink *sink, const struct mp_meter *meter)
{
  struct fake_sink_state *st = sink->ctx;

  if (!meter)
    fake_die("sink->meter was called without facts");
  if (meter->manufacturer)
    st->meter.manufacturer = fake_arena_text(&st->arena, meter->manufacturer);
  if (meter->model)
    st->meter.model = fake_arena_text(&st->arena, meter->model);
  if (meter->software)
    st->meter.software = fake_arena_text(&st->arena, meter->software);
  st->meter.struct_size = sizeof(st->meter);
  return MP_OK;
}

static void
sink_field(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct fake_sink_state *st = sink->ctx;
  struct mp_field *copy = &append_node(st, &st->fields)->field;

  FAKE_COPY(copy, field);
  copy->name = fake_arena_text(&st->arena, field->name);
  copy->number = fake_arena_text(&st->arena, field->number);
  copy->label = fake_arena_text(&st->arena, field->label);
  copy->unit = fake_arena_text(&st->arena, field->unit);
  copy->max_rate_unit = fake_arena_text(&st->arena, field->max_rate_unit);
}

static void
sink_item(const struct mp_probe_sink *sink, const struct mp_probe_item *item)
{
  struct fake_sink_state *st = sink->ctx;
  struct mp_probe_item *copy = &append_node(st, &st->items)->item;

  FAKE_COPY(copy, item);
  copy->field = fake_arena_text(&st->arena, item->field);
  copy->number = fake_arena_text(&st->arena, item->number);
  copy->label = fake_arena_text(&st->arena, item->label);
  copy->value = fake_arena_value(&st->arena, item->value);
  copy->remark = fake_arena_text(&st->arena, item->remark);
}

static void
sink_progress(const struct mp_probe_sink *sink, uint32_t done, uint32_t total)
{
  struct fake_sink_state *st = sink->ctx;

  st->done = done;
  st->total = total;
}

static int
sink_shown(const struct mp_output_sink *sink, const struct mp_shown *shown)
{
  struct fake_sink_state *st = sink->ctx;
  struct mp_shown *copy;

  if (!shown)
    fake_die("sink->shown was called without an answer");
  copy = &prepend_node(st, &st->shown)->shown;
  FAKE_COPY(copy, shown);
  copy->value = fake_arena_value(&st->arena, shown->value);
  copy->updated = fake_arena_text(&st->arena, shown->updated);
  copy->id = fake_arena_text(&st->arena, shown->id);
  return MP_OK;
}

static void
sink_result(const struct mp_output_sink *sink, uint32_t record, uint32_t target,
            uint32_t result)
{
  struct fake_sink_state *st = sink->ctx;
  struct node *node = prepend_node(st, &st->results);

  node->record = record;
  node->target = target;
  node->result = result;
}

static void
sink_listed(const struct mp_output_sink *sink, const struct mp_listed *listed)
{
  struct fake_sink_state *st = sink->ctx;
  struct mp_listed *copy = &append_node(st, &st->listed)->listed;

  FAKE_COPY(copy, listed);
  copy->name = fake_arena_text(&st->arena, listed->name);
  copy->label = fake_arena_text(&st->arena, listed->label);
  copy->type = fake_arena_text(&st->arena, listed->type);
  copy->value = fake_arena_text(&st->arena, listed->value);
  copy->unit = fake_arena_text(&st->arena, listed->unit);
  copy->updated = fake_arena_text(&st->arena, listed->updated);
}

/* ---- For the test -------------------------------------------------------- */

struct fake_sink *
fake_sink_new(const struct mp_host *host)
{
  struct fake_sink *sink = calloc(1, sizeof(*sink));
  struct fake_sink_state *st = calloc(1, sizeof(*st));

  if (!sink || !st)
    fake_die("out of memory");
  st->host = host;
  *sink = (struct fake_sink){
    .input = { sizeof(sink->input), st, sink_emit, sink_serial, sink_meter },
    .field = { sizeof(sink->field), st, sink_field },
    .probe = { sizeof(sink->probe), st, sink_item, sink_progress },
    .output = { sizeof(sink->output), st, sink_shown, sink_result,
                sink_listed },
    .state = st,
  };
  return sink;
}

void
fake_sink_free(struct fake_sink *sink)
{
  if (!sink)
    return;
  fake_arena_free(&sink->state->arena);
  free(sink->state);
  free(sink);
}

void
fake_sink_forget(struct fake_sink *sink)
{
  const struct mp_host *host = sink->state->host;

  fake_arena_free(&sink->state->arena);
  *sink->state = (struct fake_sink_state){ .host = host };
}

/* "84.208 GJ" */
static const char *
show_value(struct fake_sink_state *st, const struct mp_value *value)
{
  char text[VALUE_TEXT];
  size_t len;

  if (value->kind == MP_TEXT)
    return value->text;
  len = (size_t)st->host->decimal_format(value->number, text, sizeof(text));
  if (value->unit)
    snprintf(text + len, sizeof(text) - len, " %s", value->unit);
  return fake_arena_text(&st->arena, text);
}

const char *
fake_sink_emitted(struct fake_sink *sink, const char *field)
{
  const struct node *node = find_emitted(sink->state, field);

  return node ? show_value(sink->state, node->value) : NULL;
}

const struct mp_value *
fake_sink_value(struct fake_sink *sink, const char *field)
{
  const struct node *node = find_emitted(sink->state, field);

  return node ? node->value : NULL;
}

uint32_t
fake_sink_emitted_count(struct fake_sink *sink)
{
  return count_nodes(sink->state->emitted);
}

const char *
fake_sink_emitted_all(struct fake_sink *sink)
{
  struct fake_sink_state *st = sink->state;
  const char *all = "";

  for (const struct node *node = st->emitted; node; node = node->next) {
    const char *value = show_value(st, node->value);
    size_t size = strlen(all) + strlen(node->name) + strlen(value) + 3;
    char *longer = fake_arena_alloc(&st->arena, size);

    snprintf(longer, size, "%s%s %s\n", all, node->name, value);
    all = longer;
  }
  return all;
}

const char *
fake_sink_serial(struct fake_sink *sink)
{
  return sink->state->serial;
}

uint32_t
fake_sink_serial_how(struct fake_sink *sink)
{
  return sink->state->serial_how;
}

const struct mp_meter *
fake_sink_meter(struct fake_sink *sink)
{
  return sink->state->meter.struct_size > 0 ? &sink->state->meter : NULL;
}

const struct mp_field *
fake_sink_field(struct fake_sink *sink, uint32_t index)
{
  const struct node *node = node_at(sink->state->fields, index);

  return node ? &node->field : NULL;
}

const struct mp_listed *
fake_sink_listed(struct fake_sink *sink, uint32_t index)
{
  const struct node *node = node_at(sink->state->listed, index);

  return node ? &node->listed : NULL;
}

const struct mp_probe_item *
fake_sink_item(struct fake_sink *sink, uint32_t index)
{
  const struct node *node = node_at(sink->state->items, index);

  return node ? &node->item : NULL;
}

uint32_t
fake_sink_done(struct fake_sink *sink)
{
  return sink->state->done;
}

uint32_t
fake_sink_total(struct fake_sink *sink)
{
  return sink->state->total;
}

const struct mp_shown *
fake_sink_shown(struct fake_sink *sink, uint32_t target)
{
  const struct node *node = sink->state->shown;

  while (node && node->shown.target != target)
    node = node->next;
  return node ? &node->shown : NULL;
}

const char *
fake_sink_shown_text(struct fake_sink *sink, uint32_t target)
{
  const struct mp_shown *shown = fake_sink_shown(sink, target);

  if (!shown)
    return "unreached";
  switch (shown->answer) {
  case MP_SHOWN_VALUE:
    return show_value(sink->state, shown->value);
  case MP_SHOWN_EMPTY:
    return "empty";
  case MP_SHOWN_ABSENT:
    return "absent";
  case MP_SHOWN_FORGOTTEN:
    return "forgotten";
  default:
    return "unfit";
  }
}

uint32_t
fake_sink_result(struct fake_sink *sink, uint32_t record, uint32_t target)
{
  for (const struct node *node = sink->state->results; node; node = node->next)
    if (node->record == record &&
        (node->target == target || node->target == MP_ALL_TARGETS))
      return node->result;
  return 0;
}

uint32_t
fake_sink_result_count(struct fake_sink *sink)
{
  return count_nodes(sink->state->results);
}
