/* Counts the attempts of a probe, and shows the last ones. */
#include "core/commands/probe_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"

static char
mark_of(const struct mp_probe_item *attempt)
{
  if (attempt->value)
    return '|';
  return attempt->remark ? '~' : '.';
}

static void
count_attempt(struct probe_watch *watch, const struct mp_probe_item *attempt)
{
  if (watch->attempts == 0)
    memset(watch->bar, ' ', WATCH_BAR);
  memmove(watch->bar, watch->bar + 1, WATCH_BAR - 1);
  watch->bar[WATCH_BAR - 1] = mark_of(attempt);
  watch->attempts++;
  watch->answered += !!attempt->value;
}

/* Returns whether ATTEMPT has a round trip of whole milliseconds. */
static bool
has_round_trip(const struct mp_probe_item *attempt)
{
  return attempt->value && attempt->value->kind != MP_TEXT &&
         attempt->value->number.exp10 == 0;
}

static const char *
words_of(const struct mp_probe_item *attempt)
{
  if (attempt->label)
    return attempt->label;
  return attempt->value ? "answers" : "no reply";
}

static void
show_json(const struct probe_watch *watch, const struct mp_probe_item *attempt)
{
  struct json json = { .out = stdout };

  json_object(&json, NULL);
  json_number(&json, "attempt", watch->attempts);
  json_bool(&json, "answered", attempt->value);
  if (has_round_trip(attempt))
    json_number(&json, "round_trip_ms", attempt->value->number.coef);
  else
    json_text(&json, "round_trip_ms", NULL);
  json_text(&json, "what", words_of(attempt));
  json_text(&json, "detail", attempt->remark);
  json_end_object(&json);
  putchar('\n');
}

/* Overwrites the line above the cursor, so that a message begins below it.
 * Turns wrapping off, so that a narrow terminal cuts the line. */
static void
begin_live(const struct probe_watch *watch)
{
  printf("%s\033[?7l", watch->attempts > 1 ? "\033[A\r\033[K" : "");
}

/* Turns wrapping on, and rings the bell on the first answer. */
static void
end_live(const struct probe_watch *watch, const struct mp_probe_item *attempt)
{
  printf("\033[?7h%s", attempt->value && watch->answered == 1 ? "\a" : "");
}

static void
show_text(const struct probe_watch *watch, const struct mp_probe_item *attempt)
{
  if (watch->is_live)
    begin_live(watch);
  printf("[%s] replies %u of %u", watch->bar, watch->answered, watch->attempts);
  if (has_round_trip(attempt))
    printf(", %" PRId64 " ms", attempt->value->number.coef);
  else
    printf(": %s", words_of(attempt));
  if (attempt->remark)
    printf(" (%s)", attempt->remark);
  if (watch->is_live)
    end_live(watch, attempt);
  putchar('\n');
}

void
watch_show(struct probe_watch *watch, const struct mp_probe_item *attempt)
{
  count_attempt(watch, attempt);
  if (watch->as_json)
    show_json(watch, attempt);
  else
    show_text(watch, attempt);
  fflush(stdout);
}
