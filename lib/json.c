/* JSON strings as in RFC 8259, and the commas between elements. */
#include "lib/json.h"

#include <inttypes.h>

#include "lib/utf8.h"

/* ASCII that needs no escape. */
static const uint8_t is_plain[256] = { [' ' ... '!'] = 1,
                                       ['#' ... '['] = 1,
                                       [']' ... '~'] = 1 };

static void
put(struct json *json, const char *data, size_t len)
{
  if (json->out)
    fwrite(data, 1, len, json->out);
  else if (text_buffer_add(json->text, data, len) != MP_OK)
    json->failed = true;
}

/* Writes the first character of *TEXT, and moves *TEXT past it. */
static void
put_character(struct json *json, const char **text)
{
  static const char digits[] = "0123456789abcdef";
  char buf[] = "\\u0000";
  uint32_t c = utf8_take(text);
  size_t len = sizeof(buf) - 1;

  if (c == '"' || c == '\\') {
    buf[1] = (char)c;
    len = 2;
  } else if (utf8_is_control(c)) {
    buf[4] = digits[c >> 4];
    buf[5] = digits[c & 0xf];
  } else {
    len = utf8_put(buf, c);
  }
  put(json, buf, len);
}

static size_t
plain_length(const char *text)
{
  const char *p = text;

  while (is_plain[(uint8_t)*p])
    p++;
  return (size_t)(p - text);
}

/* Writes a string of LEN plain characters in one step, because nearly all
 * strings are of this kind, and a recording has millions. */
static void
put_plain(struct json *json, const char *text, size_t len)
{
  struct text_buffer *b = json->text;
  char *at;

  if (text_buffer_reserve(b, len + 2) != MP_OK) {
    json->failed = true;
    return;
  }
  at = b->data + b->len;
  at[0] = '"';
  memcpy(at + 1, text, len);
  at[len + 1] = '"';
  b->len += len + 2;
}

void
json_string(struct json *json, const char *text)
{
  size_t n;

  if (!text) {
    put(json, "null", 4);
    return;
  }
  n = plain_length(text);
  if (!text[n] && !json->out) {
    put_plain(json, text, n);
    return;
  }
  put(json, "\"", 1);
  while (*text) {
    put(json, text, n);
    text += n;
    if (*text)
      put_character(json, &text);
    n = plain_length(text);
  }
  put(json, "\"", 1);
}

static void
begin_member(struct json *json, const char *key)
{
  if (json->comma)
    put(json, ",", 1);
  json->comma = true;
  if (!key)
    return;
  json_string(json, key);
  put(json, ":", 1);
}

static void
begin_inside(struct json *json, const char *key, char bracket)
{
  begin_member(json, key);
  put(json, &bracket, 1);
  json->comma = false;
}

static void
end_inside(struct json *json, char bracket)
{
  put(json, &bracket, 1);
  json->comma = true;
}

void
json_object(struct json *json, const char *key)
{
  begin_inside(json, key, '{');
}

void
json_array(struct json *json, const char *key)
{
  begin_inside(json, key, '[');
}

void
json_end_object(struct json *json)
{
  end_inside(json, '}');
}

void
json_end_array(struct json *json)
{
  end_inside(json, ']');
}

void
json_text(struct json *json, const char *key, const char *text)
{
  begin_member(json, key);
  json_string(json, text);
}

void
json_number(struct json *json, const char *key, int64_t number)
{
  char text[24];
  int len = snprintf(text, sizeof(text), "%" PRId64, number);

  begin_member(json, key);
  put(json, text, (size_t)len);
}

void
json_decimal(struct json *json, const char *key, const char *number)
{
  begin_member(json, key);
  put(json, number, strlen(number));
}

void
json_bool(struct json *json, const char *key, bool yes)
{
  begin_member(json, key);
  put(json, yes ? "true" : "false", yes ? 4 : 5);
}
