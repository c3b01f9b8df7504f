/* Reads values from the JSON lines of a command. */
#include "plugins/json/json_value.h"

#include <string.h>

#include "lib/array.h"
#include "lib/rfc3339.h"
#include "lib/utf8.h"

static const struct {
  const char *word;
  uint32_t kind;
} kinds[] = {
  { "counter", MP_COUNTER },
  { "gauge", MP_GAUGE },
  { "delta", MP_DELTA },
};

/* The host refuses a unit, serial number or time of last update of this
 * length. */
#define SYMBOL_SIZE 200

const char *
json_value_text(const struct json_line *line, const char *name,
                const char **ret)
{
  const struct json_member *m = json_line_find(line, name);

  *ret = NULL;
  if (!m)
    return NULL;
  if (m->type != JSON_TEXT)
    return "holds a number where a text is expected: put it into quotes";
  if (!utf8_is_plain(m->text))
    return "has a text with line ends or other control characters";
  *ret = m->text;
  return NULL;
}

/* Reads a unit or a serial number.  A bar is refused, because the state uses
 * it as a separator. */
static const char *
read_symbol(const struct json_line *line, const char *name, const char **ret)
{
  const char *wrong = json_value_text(line, name, ret);

  if (!wrong && *ret && (strchr(*ret, '|') || strlen(*ret) >= SYMBOL_SIZE))
    return "has a unit or a serial number that contains | or is longer than "
           "199 bytes";
  return wrong;
}

/* The host refuses a unit that begins or ends with a blank. */
static const char *
read_unit(const struct json_line *line, const char **ret)
{
  const char *wrong = read_symbol(line, "unit", ret);
  size_t len = !wrong && *ret ? strlen(*ret) : 0;

  if (len > 0 && ((*ret)[0] == ' ' || (*ret)[len - 1] == ' '))
    return "has a unit with a blank at its beginning or end";
  return wrong;
}

/* Reads value, a number with or without quotes. */
static const char *
read_number(const struct mp_host *host, const struct json_line *line,
            struct mp_value *value)
{
  const struct json_member *m = json_line_find(line, "value");

  if (!m)
    return NULL;
  if (m->type == JSON_BOOL ||
      host->decimal_parse(m->text, &value->number) != MP_OK)
    return "has a value that is not a decimal number, such as \"17.50\"";
  value->kind = MP_GAUGE;
  return NULL;
}

static const char *
read_kind(const struct json_line *line, struct mp_value *value)
{
  const char *word;
  const char *wrong = json_value_text(line, "kind", &word);

  if (wrong || !word || value->kind != MP_GAUGE)
    return wrong;
  for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
    if (strcmp(word, kinds[i].word) == 0) {
      value->kind = kinds[i].kind;
      return NULL;
    }
  return "has a kind other than counter, gauge and delta";
}

static const char *
read_time(const struct json_line *line, struct mp_value *value)
{
  const char *text;
  const char *wrong = json_value_text(line, "time", &text);

  if (wrong || !text)
    return wrong;
  if (!rfc3339_parse(text, &value->time_ms))
    return "has a time that is not written as 2026-11-22T10:00:00Z";
  if (value->time_ms <= 0)
    return "has a time before 1970: leave it out for the current time";
  return NULL;
}

const char *
json_value_read(const struct mp_host *host, const struct json_line *line,
                struct mp_value *ret)
{
  struct mp_value value = { .struct_size = sizeof(value) };
  const char *wrong = json_value_text(line, "text", &value.text);

  if (!wrong && value.text && json_line_has(line, "value"))
    wrong = "has both a value and a text";
  if (!wrong && value.text)
    value.kind = MP_TEXT;
  else if (!wrong)
    wrong = read_number(host, line, &value);
  if (!wrong)
    wrong = read_unit(line, &value.unit);
  if (!wrong)
    wrong = read_symbol(line, "serial", &value.serial);
  if (!wrong)
    wrong = read_kind(line, &value);
  if (!wrong)
    wrong = read_time(line, &value);
  if (!wrong)
    *ret = value;
  return wrong;
}

const char *
json_value_updated(const struct json_line *line, const char **ret)
{
  const char *wrong = json_value_text(line, "updated", ret);

  if (!wrong && *ret && strlen(*ret) >= SYMBOL_SIZE)
    return "has a time of last update longer than 199 bytes";
  return wrong;
}

static bool
is_utf8(const char *text)
{
  size_t n = 1;

  for (; *text != '\0' && n > 0; text += n)
    n = utf8_length(text);
  return n > 0;
}

const char *
json_value_given(const struct json_line *line)
{
  if (json_line_has(line, "value") || json_line_has(line, "text"))
    return NULL;
  return "has neither value nor text; use null for a missing value";
}

int
json_value_each(const struct mp_host *host, const char *object, char *text,
                const char *(*fn)(void *ctx, const struct json_line *line),
                void *ctx)
{
  char *rest = text, *line;
  unsigned number = 0;

  while (rest) {
    struct json_line members;
    const char *wrong;

    line = strsep(&rest, "\n");
    number++;
    if (line[strspn(line, " \t\r")] == '\0')
      continue;
    wrong = is_utf8(line) ? json_line_parse(line, &members) : "is not UTF-8";
    if (!wrong)
      wrong = fn(ctx, &members);
    if (wrong)
      return mp_fail(host, MP_EPROTO, object, "line %u of its output %s",
                     number, wrong);
  }
  return MP_OK;
}
