/*
 * Battery saving of an emulated meter: when it listens (KMP 3 and 11).
 */
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/emulator/meter_impl.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

enum {
  AWAKE,  /* wakes on the first byte: 601 */
  EYE,    /* 402 and older: deaf DURATION after the last traffic, until a key
             is pressed */
  WATER,  /* water meters: deaf for DURATION after COUNT answers */
  MAGNET, /* 403, 603: deaf while the magnet is away */
};

static const struct {
  const char *name;
  long count;
  int64_t us;
} models[] = {
  [AWAKE] = { "none", 0, 0 },
  [EYE] = { "eye", 0, 30 * MINUTE },
  [WATER] = { "water", 12, 10 * MINUTE },
  [MAGNET] = { "magnet", 0, 0 },
};

static const struct {
  const char *suffix;
  int64_t us;
} units[] = {
  { "ms", 1000 },
  { "s", SECOND },
  { "m", MINUTE },
  { "h", 60 * MINUTE },
};

/* Parses a duration such as "30m", to the end of TEXT. */
static int
parse_duration(const char *text, int64_t *ret_us)
{
  char *end;
  long n = strtol(text, &end, 10);
  size_t i;

  for (i = 0; i < ARRAY_SIZE(units); i++)
    if (end != text && n > 0 && n < 1000000 &&
        strcmp(end, units[i].suffix) == 0)
      break;
  if (i == ARRAY_SIZE(units))
    return -1;
  *ret_us = n * units[i].us;
  return 0;
}

/* Parses "DURATION" (eye), "COUNT" or "COUNT,DURATION" (water). */
static int
parse_settings(struct meter_sleep *sleep, const char *text)
{
  char *end;
  long count;

  if (sleep->model == EYE)
    return parse_duration(text, &sleep->us);
  if (sleep->model != WATER)
    return -1;
  count = strtol(text, &end, 10);
  if (end == text || count < 1)
    return -1;
  sleep->count = count;
  if (*end == '\0')
    return 0;
  return *end == ',' ? parse_duration(end + 1, &sleep->us) : -1;
}

int
meter_sleep_set(struct meter_sleep *sleep, const char *text, int64_t now_us)
{
  struct meter_sleep set = { .model = 0 };
  size_t len = strcspn(text, "=");

  while (set.model < (int)ARRAY_SIZE(models) &&
         (strlen(models[set.model].name) != len ||
          memcmp(models[set.model].name, text, len) != 0))
    set.model++;
  if (set.model == (int)ARRAY_SIZE(models))
    return -1;
  set.count = models[set.model].count;
  set.us = models[set.model].us;
  if (text[len] == '=' && parse_settings(&set, text + len + 1) < 0)
    return -1;
  set.heard_us = now_us;
  *sleep = set;
  return 0;
}

bool
meter_sleep_listens(const struct meter_sleep *sleep, int64_t now_us)
{
  switch (sleep->model) {
  case EYE:
    return now_us - sleep->heard_us < sleep->us;
  case WATER:
    return sleep->answers < sleep->count ||
           now_us - sleep->heard_us >= sleep->us;
  case MAGNET:
    return !sleep->magnet_away;
  default:
    return true;
  }
}

void
meter_sleep_answered(struct meter_sleep *sleep, int64_t now_us)
{
  /* The meter has slept: count again from the start. */
  if (sleep->answers >= sleep->count)
    sleep->answers = 0;
  sleep->answers++;
  sleep->heard_us = now_us;
}

void
meter_sleep_press(struct meter_sleep *sleep, int64_t now_us)
{
  if (sleep->model == EYE)
    sleep->heard_us = now_us;
}
