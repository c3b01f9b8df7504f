/*
 * The functions of the fake host that the plugin calls: every service of struct
 * mp_host, with the answers that the test has set.  Decimals and units are the
 * real ones.
 */
#include "testkit/fake_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/decimal.h"
#include "lib/unit.h"

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
  char *grown;

  pthread_mutex_lock(&st->lock);
  grown = realloc(st->log, st->log_len + len + 1);
  if (grown == NULL)
    fake_die("out of memory");
  memcpy(grown + st->log_len, line, len + 1);
  st->log = grown;
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
           object == NULL ? "" : object, object == NULL ? "" : ": ", fact);
  append_log(state_of(host), line);
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

  if (item == NULL)
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

/* A plugin with an older header has a shorter struct: writes only the members
 * of ABI 1.0, and keeps struct_size. */
static void
fill_value(struct mp_value *to, struct decimal d)
{
  const size_t size = offsetof(struct mp_value, text) + sizeof(to->text);
  struct mp_value value = { .struct_size = to->struct_size,
                            .kind = MP_GAUGE,
                            .coef = d.coef,
                            .exp10 = d.exp10 };

  if (value.struct_size < size)
    value.struct_size = (uint32_t)size;
  memcpy(to, &value, size);
}

static int
host_option_decimal(const struct mp_host *host, const char *key,
                    struct mp_value *ret_value)
{
  const struct fake_item *item = known_option(host, key);
  struct decimal d;

  if (item->text == NULL)
    return MP_DROP;
  if (decimal_parse(item->text, strlen(item->text), &d) != MP_OK)
    fake_die("option `%s` is no decimal", key);
  fill_value(ret_value, d);
  return MP_OK;
}

static const struct mp_operand *
host_operand(const struct mp_host *host, const char *key)
{
  const struct fake_item *item = fake_item_find(state_of(host)->operands, key);

  return item == NULL ? NULL : &item->operand;
}

static const char *
host_field(const struct mp_host *host, uint32_t index)
{
  const struct fake_item *item = fake_item_at(state_of(host)->fields, index);

  return item == NULL ? NULL : item->key;
}

static const struct mp_target *
host_target(const struct mp_host *host, uint32_t index)
{
  const struct fake_item *item = fake_item_at(state_of(host)->targets, index);

  return item == NULL ? NULL : &item->target;
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
  return ms < 0 ? fake_clock_ms(CLOCK_REALTIME) : ms;
}

static int64_t
host_time_left(const struct mp_host *host)
{
  struct fake_host_state *st = state_of(host);
  int64_t ms;

  pthread_mutex_lock(&st->lock);
  ms = st->time_left_ms;
  if (ms < 0)
    ms = st->deadline - fake_clock_ms(CLOCK_MONOTONIC);
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

  return item == NULL ? NULL : item->text;
}

/* Frees the old text, so that valgrind finds a plugin that still uses it. */
static int
host_store_set(const struct mp_host *host, const char *key, const char *text)
{
  struct fake_host_state *st = state_of(host);
  struct fake_item *item = fake_item_obtain(st, &st->stored, key);
  char *old = item->text;

  item->text = NULL;
  if (text != NULL) {
    item->text = strdup(text);
    if (item->text == NULL)
      fake_die("out of memory");
  }
  free(old);
  return MP_OK;
}

/* ---- Decimals ------------------------------------------------------------ */

static struct decimal
decimal_of(const struct mp_value *value)
{
  struct decimal d = { value->coef, value->exp10 };

  return d;
}

static int
set_decimal(struct mp_value *value, struct decimal d, int result)
{
  if (result >= 0) {
    value->coef = d.coef;
    value->exp10 = d.exp10;
  }
  return result;
}

static int
host_decimal_parse(const char *text, struct mp_value *ret_value)
{
  struct decimal d = { 0, 0 };
  int result = decimal_parse(text, strlen(text), &d);

  return set_decimal(ret_value, d, result);
}

static int
host_decimal_format(const struct mp_value *value, char *buf, size_t size)
{
  return decimal_format(decimal_of(value), buf, size);
}

static int
host_decimal_add(struct mp_value *value, const struct mp_value *other)
{
  struct decimal d = { 0, 0 };
  int result = decimal_add(decimal_of(value), decimal_of(other), &d);

  return set_decimal(value, d, result);
}

static int
host_decimal_sub(struct mp_value *value, const struct mp_value *other)
{
  struct decimal d = { 0, 0 };
  int result = decimal_sub(decimal_of(value), decimal_of(other), &d);

  return set_decimal(value, d, result);
}

static int
host_decimal_compare(const struct mp_value *a, const struct mp_value *b)
{
  return decimal_compare(decimal_of(a), decimal_of(b));
}

static int
host_decimal_round(struct mp_value *value, int32_t place)
{
  struct decimal d = decimal_of(value);
  int result = decimal_round(&d, place);

  return set_decimal(value, d, result);
}

static int
host_decimal_shows(const struct mp_value *shown, int32_t place,
                   const struct mp_value *value)
{
  return decimal_shows(decimal_of(shown), place, decimal_of(value));
}

static int
host_unit_convert(struct mp_value *value, const char *unit, int32_t place)
{
  struct decimal d = decimal_of(value);
  int result = unit_convert(&d, value->unit, unit, place);

  if (result >= 0)
    value->unit = unit;
  return set_decimal(value, d, result);
}

const struct mp_host fake_services = {
  .struct_size = sizeof(struct mp_host),
  .abi_version = MP_ABI_VERSION,
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
  .decimal_parse = host_decimal_parse,
  .decimal_format = host_decimal_format,
  .decimal_add = host_decimal_add,
  .decimal_sub = host_decimal_sub,
  .decimal_compare = host_decimal_compare,
  .decimal_round = host_decimal_round,
  .decimal_shows = host_decimal_shows,
  .unit_convert = host_unit_convert,
};
