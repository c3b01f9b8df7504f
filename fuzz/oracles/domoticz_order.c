/* The first line of an input file of fuzz_domoticz. */
#include "fuzz/oracles/domoticz_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/oracles/domoticz_check.h"
#include "lib/utf8.h"

size_t
order_length(const uint8_t *data, size_t size)
{
  const uint8_t *end =
    size > 0 && data[0] == '@' ? memchr(data, '\n', size) : NULL;

  return end ? (size_t)(end - data) + 1 : 0;
}

/* Parses "84.208" or "7e50"; anything else becomes a text. */
static struct mp_value
read_value(const char *text)
{
  struct mp_value value = { .struct_size = sizeof(value), .kind = MP_GAUGE };
  size_t len = decimal_parse_prefix(text, &value.number);

  if (len == 0 || text[len] != '\0') {
    value.number = (struct mp_decimal){ 0, 0 };
    value.kind = MP_TEXT;
    value.text = text;
  }
  return value;
}

/* Adds a target from a word such as "7.power=250". */
static void
take_target(struct order *o, char *word)
{
  struct wanted *w = &o->targets[o->target_count];
  char *text = strchr(word, '='), *dot;

  if (o->target_count == ORDER_TARGETS_MAX)
    return;
  w->is_read = !text;
  if (text) {
    *text++ = '\0';
    w->value = read_value(text);
  }
  dot = strchr(word, '.');
  w->is_power = dot && strcmp(dot, ".power") == 0;
  if (w->is_power)
    *dot = '\0';
  w->name = word;
  w->device = line_add(word);
  if (w->device || strlen(word) > IDX_DIGITS)
    o->target_count++; /* else: too many devices */
}

static void
take_word(struct order *o, char *word)
{
  if (strncmp(word, "api=", 4) != 0) {
    take_target(o, word);
    return;
  }
  for (char *c = word; *c != '\0'; c++)
    if (*c == '_')
      *c = ' ';
  o->stored = word + 4;
}

/* Returns the order for an input without one: a value for each device of the
 * first reply. */
static char *
default_order(void)
{
  char order[256] = "run";
  const char *body;
  size_t len = line_first_body(&body), at = strlen(order);
  struct reply reply;

  if (len == 0 || !reply_parse(body, len, &reply))
    return strdup("run 1=12345.678");
  for (const cJSON *object = reply.results; object; object = object->next) {
    const char *idx = reply_member(object, "idx");

    if (!idx || strspn(idx, "0123456789") != strlen(idx) ||
        strlen(idx) > IDX_DIGITS || at + 40 > sizeof(order))
      continue;
    at +=
      (size_t)snprintf(order + at, sizeof(order) - at, " %s=12345.678", idx);
  }
  reply_free(&reply);
  return strdup(order);
}

/* Returns the text between @ and LF, without characters that a pipeline file
 * cannot hold. */
static char *
copy_order(const uint8_t *data, size_t len)
{
  char *raw = strndup((const char *)data + 1, len - 2);
  char *text;

  require(raw);
  text = utf8_repair(raw);
  free(raw);
  return text;
}

void
order_read(struct order *o, const uint8_t *data, size_t len)
{
  char *words, *word;

  o->text = words = len == 0 ? default_order() : copy_order(data, len);
  require(o->text);
  o->verb = strsep(&words, " ");
  o->type = o->label = "";
  if (strcmp(o->verb, "create") == 0 || strcmp(o->verb, "plan") == 0) {
    o->type = words ? strsep(&words, " ") : "";
    o->label = words ? words : "";
    return;
  }
  while ((word = strsep(&words, " ")))
    if (word[0] != '\0')
      take_word(o, word);
}

void
order_clear(struct order *o)
{
  free(o->text);
}
