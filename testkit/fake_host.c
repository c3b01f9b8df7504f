/*
 * The functions of the fake host that the test calls: settings for the plugin,
 * and its log and failures.
 */
#include "testkit/fake_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/decimal.h"
#include "lib/number_services.h"
#include "testkit/fake_arena.h"
#include "testkit/fake_option.h"
#include "testkit/fake_state.h"

#define DEFAULT_TIME_LEFT 60000

/* ---- Lists --------------------------------------------------------------- */

struct fake_item *
fake_item_find(struct fake_item *list, const char *key)
{
  struct fake_item *item = list;

  while (item && strcmp(item->key, key) != 0)
    item = item->next;
  return item;
}

struct fake_item *
fake_item_at(struct fake_item *list, uint32_t index)
{
  struct fake_item *item = list;

  while (item && index-- > 0)
    item = item->next;
  return item;
}

struct fake_item *
fake_item_append(struct fake_host_state *st, struct fake_item **list,
                 const char *key)
{
  struct fake_item *item;

  pthread_mutex_lock(&st->lock);
  while (*list)
    list = &(*list)->next;
  item = fake_arena_alloc(&st->arena, sizeof(*item));
  item->key = fake_arena_text(&st->arena, key);
  *list = item;
  pthread_mutex_unlock(&st->lock);
  return item;
}

struct fake_item *
fake_item_obtain(struct fake_host_state *st, struct fake_item **list,
                 const char *key)
{
  struct fake_item *item = fake_item_find(*list, key);

  return item ? item : fake_item_append(st, list, key);
}

char *
fake_keep(struct fake_host_state *st, const char *text)
{
  char *copy;

  pthread_mutex_lock(&st->lock);
  copy = fake_arena_text(&st->arena, text);
  pthread_mutex_unlock(&st->lock);
  return copy;
}

/* ---- The host ------------------------------------------------------------ */

static void
set_option(struct fake_host *h, struct fake_item *item, const char *text)
{
  item->number = 0;
  if (text && fake_option_parse(item->option, text, &item->number) != MP_OK)
    fake_die("option `%s` cannot be \"%s\"", item->key, text);
  item->text = fake_keep(h->state, text);
}

/* Adds the options of a table to LIST, with their defaults. */
static void
add_options(struct fake_host *h, struct fake_item **list,
            const struct mp_option *option)
{
  for (; option && option->key; option++) {
    struct fake_item *item = fake_item_append(h->state, list, option->key);

    item->option = option;
    set_option(h, item, option->def);
  }
}

struct fake_host *
fake_host_new(const struct mp_plugin *plugin, const char *name)
{
  struct fake_host *h = calloc(1, sizeof(*h));

  if (!h)
    fake_die("out of memory");
  h->state = calloc(1, sizeof(*h->state));
  if (!h->state)
    fake_die("out of memory");
  pthread_mutex_init(&h->state->lock, NULL);
  h->state->now_ms = -1;
  h->state->time_left_ms = DEFAULT_TIME_LEFT;
  if (pipe(h->state->cancel) != 0)
    fake_die("cannot make a pipe");
  h->table = fake_services;
  number_services_set(&h->table);
  h->table.ctx = h->state;
  h->table.name = fake_keep(h->state, name);
  h->table.pipeline = "test";
  h->table.version = "0";
  h->state->plugin = plugin;
  h->state->log_level = MP_LOG_DEBUG;
  if (plugin)
    add_options(h, &h->state->options, plugin->options);
  return h;
}

void
fake_host_free(struct fake_host *h)
{
  if (!h)
    return;
  for (struct fake_item *item = h->state->stored; item; item = item->next)
    free(item->text);
  close(h->state->cancel[0]);
  close(h->state->cancel[1]);
  free(h->state->log);
  fake_arena_free(&h->state->arena);
  pthread_mutex_destroy(&h->state->lock);
  free(h->state);
  free(h);
}

/* ---- Settings for the plugin --------------------------------------------- */

/* Adds KEY.NAME if KEY is an option with MP_NAMED; else returns NULL. */
static struct fake_item *
add_named(struct fake_host *h, const char *key)
{
  struct fake_item *item = h->state->options;
  const struct mp_option *option = NULL;
  size_t len = strcspn(key, ".");

  for (; item; item = item->next)
    if ((item->option->flags & MP_NAMED) && key[len] == '.' &&
        strlen(item->key) == len && strncmp(item->key, key, len) == 0)
      option = item->option;
  if (!option)
    return NULL;
  item = fake_item_append(h->state, &h->state->options, key);
  item->option = option;
  return item;
}

static struct fake_item *
known_option(struct fake_host *h, const char *key)
{
  struct fake_item *item = fake_item_find(h->state->options, key);

  if (!item)
    item = add_named(h, key);
  if (!item)
    fake_die("the plugin's table has no option `%s`", key);
  return item;
}

int
fake_host_try(struct fake_host *h, const char *key, const char *text)
{
  int64_t number;

  return fake_option_parse(known_option(h, key)->option, text, &number);
}

void
fake_host_set(struct fake_host *h, const char *key, const char *text)
{
  set_option(h, known_option(h, key), text);
}

void
fake_host_set_operand(struct fake_host *h, const char *key, const char *value,
                      int32_t place)
{
  struct fake_item *item;
  struct mp_value number;
  uint32_t kind;

  item = fake_item_obtain(h->state, &h->state->operands, key);
  memset(&item->operand, 0, sizeof(item->operand));
  item->operand.struct_size = sizeof(item->operand);
  item->operand.place = place;
  if (!value)
    return;
  kind = strchr("-0123456789", value[0]) ? MP_COUNTER : MP_TEXT;
  number = fake_host_value(h, kind, value);
  item->operand.value = fake_arena_value(&h->state->arena, &number);
}

void
fake_host_add_field(struct fake_host *h, const char *name)
{
  fake_item_append(h->state, &h->state->fields, name);
}

uint32_t
fake_host_add_target(struct fake_host *h, const char *name, const char *part,
                     const char *source, uint32_t flags)
{
  struct fake_host_state *st = h->state;
  struct fake_item *item = fake_item_append(st, &st->targets, name);
  uint32_t index = 0;

  item->target.struct_size = sizeof(item->target);
  item->target.flags = flags;
  item->target.name = item->key;
  item->target.part = fake_keep(st, part);
  item->target.source = fake_keep(st, source);
  if (st->plugin && st->plugin->output)
    add_options(h, &item->target_options, st->plugin->output->target_options);
  while (fake_item_at(st->targets, index) != item)
    index++;
  return index;
}

static struct fake_item *
known_target(struct fake_host *h, uint32_t index)
{
  struct fake_item *item = fake_item_at(h->state->targets, index);

  if (!item)
    fake_die("there is no target %u", (unsigned)index);
  return item;
}

void
fake_host_set_target_source(struct fake_host *h, uint32_t index, uint32_t kind,
                            const char *label, const char *number,
                            const char *unit)
{
  struct mp_target *target = &known_target(h, index)->target;

  target->kind = kind;
  target->label = fake_keep(h->state, label);
  target->number = fake_keep(h->state, number);
  target->unit = fake_keep(h->state, unit);
}

void
fake_host_set_target_option(struct fake_host *h, uint32_t index,
                            const char *key, const char *text)
{
  struct fake_item *item =
    fake_item_find(known_target(h, index)->target_options, key);

  if (!item)
    fake_die("the table of target options has no `%s`", key);
  set_option(h, item, text);
}

void
fake_host_set_target_meter(struct fake_host *h, uint32_t index,
                           const struct mp_meter *meter)
{
  struct mp_meter *copy = &known_target(h, index)->meter;

  *copy = (struct mp_meter){
    .struct_size = sizeof(*copy),
    .serial = fake_keep(h->state, meter->serial),
    .manufacturer = fake_keep(h->state, meter->manufacturer),
    .model = fake_keep(h->state, meter->model),
    .software = fake_keep(h->state, meter->software),
    .section = fake_keep(h->state, meter->section),
  };
}

void
fake_host_set_target_last(struct fake_host *h, uint32_t index, uint32_t kind,
                          const char *value)
{
  struct mp_value number;

  known_target(h, index)->last = NULL;
  if (!value)
    return;
  number = fake_host_value(h, kind, value);
  known_target(h, index)->last = fake_arena_value(&h->state->arena, &number);
}

void
fake_host_set_log_level(struct fake_host *h, int level)
{
  h->state->log_level = level;
}

static void
set_times(struct fake_host *h, int64_t time_left_ms, int64_t deadline)
{
  pthread_mutex_lock(&h->state->lock);
  h->state->time_left_ms = time_left_ms;
  h->state->deadline = deadline;
  pthread_mutex_unlock(&h->state->lock);
}

void
fake_host_set_time_left(struct fake_host *h, int64_t ms)
{
  set_times(h, ms, 0);
}

void
fake_host_set_deadline(struct fake_host *h, int64_t ms)
{
  set_times(h, -1, clock_mono_ms() + ms);
}

void
fake_host_set_now(struct fake_host *h, int64_t ms)
{
  pthread_mutex_lock(&h->state->lock);
  h->state->now_ms = ms;
  pthread_mutex_unlock(&h->state->lock);
}

void
fake_host_cancel(struct fake_host *h)
{
  if (write(h->state->cancel[1], "x", 1) != 1)
    fake_die("cancel: cannot write to the pipe");
}

void
fake_host_store(struct fake_host *h, const char *key, const char *text)
{
  h->table.store_set(&h->table, key, text);
}

const char *
fake_host_stored(struct fake_host *h, const char *key)
{
  return fake_keep(h->state, h->table.store_get(&h->table, key));
}

/* ---- Log and failures ---------------------------------------------------- */

const char *
fake_host_log(struct fake_host *h)
{
  struct fake_host_state *st = h->state;
  const char *copy;

  pthread_mutex_lock(&st->lock);
  copy = fake_arena_text(&st->arena, st->log ? st->log : "");
  pthread_mutex_unlock(&st->lock);
  return copy;
}

uint32_t
fake_host_failures(struct fake_host *h)
{
  uint32_t n;

  pthread_mutex_lock(&h->state->lock);
  n = h->state->failure_count;
  pthread_mutex_unlock(&h->state->lock);
  return n;
}

int
fake_host_failure(struct fake_host *h, uint32_t index)
{
  const struct fake_item *item;

  pthread_mutex_lock(&h->state->lock);
  item = fake_item_at(h->state->failures, index);
  pthread_mutex_unlock(&h->state->lock);
  return item ? (int)item->number : 0;
}

void
fake_host_forget(struct fake_host *h)
{
  pthread_mutex_lock(&h->state->lock);
  free(h->state->log);
  h->state->log = NULL;
  h->state->log_len = 0;
  h->state->failures = NULL;
  h->state->failure_count = 0;
  pthread_mutex_unlock(&h->state->lock);
}

/* ---- Values -------------------------------------------------------------- */

struct mp_value
fake_host_value(struct fake_host *h, uint32_t kind, const char *text)
{
  struct mp_value value = { .struct_size = sizeof(value), .kind = kind };
  size_t len = strcspn(text, " ");

  if (kind == MP_TEXT) {
    value.text = fake_keep(h->state, text);
    return value;
  }
  if (decimal_parse(text, len, &value.number) != MP_OK)
    fake_die("\"%s\" does not begin with a decimal", text);
  if (text[len] != '\0')
    value.unit = fake_keep(h->state, text + len + 1);
  return value;
}

const char *
fake_host_show(struct fake_host *h, const struct mp_value *value)
{
  char text[2 * DECIMAL_TEXT];
  size_t len;

  if (!value)
    return "(none)";
  if (value->kind == MP_TEXT)
    return fake_keep(h->state, value->text);
  len = (size_t)h->table.decimal_format(value->number, text, sizeof(text));
  if (value->unit)
    snprintf(text + len, sizeof(text) - len, " %s", value->unit);
  return fake_keep(h->state, text);
}
