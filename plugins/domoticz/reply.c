/*
 * cJSON turns every number into a double, and parses it by the locale: 65.43
 * becomes a number close to it, or 65.  So all numbers are put in quotes before
 * cJSON sees them, and keep the text that the server wrote.
 */
#include "plugins/domoticz/reply.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

/* Returns true if C can be part of a number or of a word outside quotes.
 * ("nan" and "inf" are no JSON, but Domoticz sends them.) */
static bool
is_bare(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
}

static bool
is_literal(const char *text, size_t len)
{
  static const char *const literals[] = { "true", "false", "null" };

  for (size_t i = 0; i < ARRAY_SIZE(literals); i++)
    if (strlen(literals[i]) == len && memcmp(text, literals[i], len) == 0)
      return true;
  return false;
}

/* Returns the length of the string at TEXT, including its quotes. */
static size_t
string_length(const char *text, size_t len)
{
  size_t i = 1;

  while (i < len && text[i] != '"')
    i += text[i] == '\\' ? 2 : 1;
  return i < len ? i + 1 : len;
}

static size_t
bare_length(const char *text, size_t len)
{
  size_t i = 0;

  while (i < len && is_bare(text[i]))
    i++;
  return i;
}

/* Returns a copy of TEXT with quotes around every bare word except true, false
 * and null.  From malloc; NULL: out of memory. */
static char *
quote_numbers(const char *text, size_t len)
{
  /* A word gets two quotes, and two words are at least one byte apart. */
  char *quoted = malloc(2 * len + 3);
  char *out = quoted;
  size_t n;
  bool quote;

  if (!quoted)
    return NULL;
  for (size_t i = 0; i < len; i += n) {
    n = 1;
    quote = false;
    if (text[i] == '"') {
      n = string_length(text + i, len - i);
    } else if (is_bare(text[i])) {
      n = bare_length(text + i, len - i);
      quote = !is_literal(text + i, n);
    }
    if (quote)
      *out++ = '"';
    memcpy(out, text + i, n);
    out += n;
    if (quote)
      *out++ = '"';
  }
  *out = '\0';
  return quoted;
}

static cJSON *
parse_object(const char *text, size_t len)
{
  char *quoted;
  cJSON *root;

  if (memchr(text, '\0', len) || len > SIZE_MAX / 2 - 3)
    return NULL;
  quoted = quote_numbers(text, len);
  if (!quoted)
    return NULL;
  root = cJSON_ParseWithOpts(quoted, NULL, 1);
  free(quoted);
  if (root && !cJSON_IsObject(root)) {
    cJSON_Delete(root);
    return NULL;
  }
  return root;
}

/* Parses Unix seconds, a whole number; -1: TEXT is none. */
static int64_t
parse_seconds(const char *text)
{
  int64_t seconds = 0;
  size_t i;

  for (i = 0; text[i] >= '0' && text[i] <= '9'; i++) {
    if (i >= 15)
      return -1;
    seconds = seconds * 10 + (text[i] - '0');
  }
  return i == 0 || (text[i] != '\0' && text[i] != '.') ? -1 : seconds;
}

static const char *
member_or_empty(const cJSON *object, const char *name)
{
  const char *text = reply_member(object, name);

  return text ? text : "";
}

bool
reply_parse(const char *text, size_t len, struct reply *ret)
{
  cJSON *root = parse_object(text, len);
  const cJSON *result;

  if (!root)
    return false;
  ret->root = root;
  ret->status = member_or_empty(root, "status");
  ret->version = member_or_empty(root, "app_version");
  ret->act_time = parse_seconds(member_or_empty(root, "ActTime"));
  result = cJSON_GetObjectItemCaseSensitive(root, "result");
  ret->results = cJSON_IsArray(result) ? result->child : NULL;
  return true;
}

void
reply_free(struct reply *reply)
{
  cJSON_Delete(reply->root);
  memset(reply, 0, sizeof(*reply));
}

bool
reply_ok(const struct reply *reply)
{
  return strcmp(reply->status, "OK") == 0;
}

const cJSON *
reply_find(const struct reply *reply, const char *idx)
{
  for (const cJSON *item = reply->results; item; item = item->next)
    if (strcmp(member_or_empty(item, "idx"), idx) == 0)
      return item;
  return NULL;
}

const char *
reply_member(const cJSON *object, const char *name)
{
  const cJSON *item;

  if (!cJSON_IsObject(object))
    return NULL;
  item = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool
reply_copy_idx(const cJSON *object, char *idx, size_t size)
{
  const char *text = reply_member(object, "idx");
  size_t len = text ? strspn(text, "0123456789") : 0;

  if (len == 0 || len >= size || text[len] != '\0')
    return false;
  memcpy(idx, text, len + 1);
  return true;
}

bool
reply_is_true(const cJSON *object, const char *name)
{
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
