/* JSON strings as in RFC 8259, and the commas between elements. */
#include "lib/json.h"

#include <inttypes.h>

#include "lib/utf8.h"

static void
write_escape(FILE *out, unsigned char c)
{
  if (c == '"' || c == '\\')
    fprintf(out, "\\%c", c);
  else if (c < 0x20 || c == 0x7f)
    fprintf(out, "\\u%04x", c);
  else
    fputs("\xef\xbf\xbd", out);
}

static void
write_string(FILE *out, const char *text)
{
  putc('"', out);
  while (*text) {
    size_t n = utf8_plain_length(text);

    if (n == 0 || *text == '"' || *text == '\\') {
      write_escape(out, (unsigned char)*text++);
      continue;
    }
    fwrite(text, 1, n, out);
    text += n;
  }
  putc('"', out);
}

static void
begin(struct json *json, const char *key)
{
  if (json->comma)
    putc(',', json->out);
  json->comma = true;
  if (!key)
    return;
  write_string(json->out, key);
  putc(':', json->out);
}

static void
begin_inside(struct json *json, const char *key, char bracket)
{
  begin(json, key);
  putc(bracket, json->out);
  json->comma = false;
}

static void
end_inside(struct json *json, char bracket)
{
  putc(bracket, json->out);
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
  begin(json, key);
  if (text)
    write_string(json->out, text);
  else
    fputs("null", json->out);
}

void
json_number(struct json *json, const char *key, int64_t number)
{
  begin(json, key);
  fprintf(json->out, "%" PRId64, number);
}

void
json_bool(struct json *json, const char *key, bool yes)
{
  begin(json, key);
  fputs(yes ? "true" : "false", json->out);
}
