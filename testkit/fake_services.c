/*
 * The functions of the fake host that the plugin calls: every service of struct
 * mp_host, with the answers that the test has set.  Decimals and units are the
 * real ones.
 */
#include "testkit/fake_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/decimal.h"

#define LINE_SIZE 4096

static struct fake_host_state *
state_of(const struct mp_host *host)
{
  return host->ctx;
}

/* ---- Log and failures ---------------------------------------------------- */

static void
append_log(struct fake_host_state *st, const char *line)
{
  size_t len = strlen(line);

  pthread_mutex_lock(&st->lock);
  st->log = realloc(st->log, st->log_len + len + 1);
  if (!st->log)
    fake_die("out of memory");
  memcpy(st->log + st->log_len, line, len + 1);
  st->log_len += len;
  pthread_mutex_unlock(&st->lock);
}

MP_PRINTF(4, 0)
static void
host_vlog(const struct mp_host *host, int level, const char *object,
          const char *fmt, va_list args)
{
  static const char *const levels[] = { "error", "warning", "notice", "info",
                                        "debug" };
  char fact[LINE_SIZE / 2];
  char line[LINE_SIZE];

  if (level < MP_LOG_ERROR || level > MP_LOG_DEBUG)
    fake_die("there is no log level %d", level);
  vsnprintf(fact, sizeof(fact), fmt, args);
  snprintf(line, sizeof(line), "%s: %s: %s%s%s\n", levels[level], host->name,
           object ? object : "", object ? ": " : "", fact);
  append_log(state_of(host), line);
}

static int
host_log_enabled(const struct mp_host *host, int level)
{
  return level <= state_of(host)->log_level;
}

MP_PRINTF(4, 0)
static int
host_vfail(const struct mp_host *host, int code, const char *object,
           const char *fmt, va_list args)
{
  struct fake_host_state *st = state_of(host);
  struct fake_item *item;

  host_vlog(host, MP_LOG_ERROR, object, fmt, args);
  item = fake_item_append(st, &st->failures, "failure");
  pthread_mutex_lock(&st->lock);
  item->number = code;
  st->failure_count++;
  pthread_mutex_unlock(&st->lock);
  return code;
}

/* ---- Options, operands, fields, targets ---------------------------------- */

static struct fake_item *
known_option(const struct mp_host *host, const char *key)
{
  struct fake_item *item = fake_item_find(state_of(host)->options, key);

  if (!item)
    fake_die("%s: the plugin's table has no option `%s`", host->name, key);
  return item;
}

static const char *
host_option(const struct mp_host *host, const char *key)
{
  return known_option(host, key)->text;
}

static int64_t
host_option_int(const struct mp_host *host, const char *key)
{
  return known_option(host, key)->number;
}

static int
host_option_decimal(const struct mp_host *host, const char *key,
                    struct mp_decimal *ret_number)
{
  const struct fake_item *item = known_option(host, key);

  if (!item->text)
    return MP_DROP;
  if (decimal_parse(item->text, strlen(item->text), ret_number) != MP_OK)
    fake_die("option `%s` is not a decimal number", key);
  return MP_OK;
}

static const char *
host_option_named(const struct mp_host *host, const char *key, uint32_t index,
                  const char **ret_name)
{
  const struct fake_item *item = known_option(host, key);
  size_t len = strlen(key);

  for (; item; item = item->next) {
    if (strncmp(item->key, key, len) != 0 || item->key[len] != '.' ||
        !item->text || index-- > 0)
      continue;
    *ret_name = item->key + len + 1;
    return item->text;
  }
  return NULL;
}

static const struct mp_operand *
host_operand(const struct mp_host *host, const char *key)
{
  const struct fake_item *item = fake_item_find(state_of(host)->operands, key);

  return item ? &item->operand : NULL;
}

static const char *
host_field(const struct mp_host *host, uint32_t index)
{
  const struct fake_item *item = fake_item_at(state_of(host)->fields, index);

  return item ? item->key : NULL;
}

static const struct mp_target *
host_target(const struct mp_host *host, uint32_t index)
{
  const struct fake_item *item = fake_item_at(state_of(host)->targets, index);

  return item ? &item->target : NULL;
}

/* Returns target INDEX, which must exist. */
static struct fake_item *
known_target(const struct mp_host *host, uint32_t index)
{
  struct fake_item *item = fake_item_at(state_of(host)->targets, index);

  if (!item)
    fake_die("%s: there is no target %u", host->name, (unsigned)index);
  return item;
}

static const struct fake_item *
known_target_option(const struct mp_host *host, uint32_t index, const char *key)
{
  const struct fake_item *item =
    fake_item_find(known_target(host, index)->target_options, key);

  if (!item)
    fake_die("%s: the table of target options has no `%s`", host->name, key);
  return item;
}

static const char *
host_target_option(const struct mp_host *host, uint32_t index, const char *key)
{
  return known_target_option(host, index, key)->text;
}

static int64_t
host_target_option_int(const struct mp_host *host, uint32_t index,
                       const char *key)
{
  return known_target_option(host, index, key)->number;
}

static int
host_target_meter(const struct mp_host *host, uint32_t index,
                  struct mp_meter *ret_meter)
{
  struct mp_meter meter = known_target(host, index)->meter;

  if (meter.struct_size == 0)
    return MP_DROP;
  if (meter.struct_size > ret_meter->struct_size)
    meter.struct_size = ret_meter->struct_size;
  memcpy(ret_meter, &meter, meter.struct_size);
  return MP_OK;
}

static const struct mp_value *
host_target_last(const struct mp_host *host, uint32_t index)
{
  return known_target(host, index)->last;
}

/* ---- Time ---------------------------------------------------------------- */

static int64_t
host_now(const struct mp_host *host)
{
  struct fake_host_state *st = state_of(host);
  int64_t ms;

  pthread_mutex_lock(&st->lock);
  ms = st->now_ms;
  pthread_mutex_unlock(&st->lock);
  return ms < 0 ? clock_now_ms() : ms;
}

static int64_t
host_time_left(const struct mp_host *host)
{
  struct fake_host_state *st = state_of(host);
  int64_t ms;

  pthread_mutex_lock(&st->lock);
  ms = st->time_left_ms;
  if (ms < 0)
    ms = st->deadline - clock_mono_ms();
  pthread_mutex_unlock(&st->lock);
  return ms < 0 ? 0 : ms;
}

static int
host_cancel_fd(const struct mp_host *host)
{
  return state_of(host)->cancel[0];
}

/* ---- Store --------------------------------------------------------------- */

static const char *
host_store_get(const struct mp_host *host, const char *key)
{
  const struct fake_item *item = fake_item_find(state_of(host)->stored, key);

  return item ? item->text : NULL;
}

/* Frees the old text, so that valgrind finds a plugin that still uses it. */
static int
host_store_set(const struct mp_host *host, const char *key, const char *text)
{
  struct fake_host_state *st = state_of(host);
  struct fake_item *item = fake_item_obtain(st, &st->stored, key);
  char *old = item->text;

  item->text = NULL;
  if (text) {
    item->text = strdup(text);
    if (!item->text)
      fake_die("out of memory");
  }
  free(old);
  return MP_OK;
}

const struct mp_host fake_services = {
  .struct_size = sizeof(struct mp_host),
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
