/*
 * Values from the file and from the environment are UTF-8 without control
 * characters, so that they can be displayed and sent unchanged.
 */
#include "core/config/config_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/array.h"
#include "lib/utf8.h"
#include "meterpipe/plugin.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool
config_is_name(const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if (text[i] == '\0' || !strchr(LETTERS DIGITS "_-", text[i]))
      return false;
  return len >= 1 && len <= CONFIG_MAX_NAME;
}

void
config_text_cut_comment(char *line)
{
  size_t start = strspn(line, " \t");
  size_t len = strlen(line);

  for (size_t i = 1; i < len; i++)
    if (line[i] == ';' && config_is_blank(line[i - 1]))
      len = i;
  if (line[start] == '#' || line[start] == ';')
    len = 0;
  while (len > 0 && config_is_blank(line[len - 1]))
    len--;
  line[len] = '\0';
}

const char *
config_text_fault(const char *text)
{
  while (*text) {
    if (utf8_length(text) == 0)
      return "bytes that are not UTF-8";
    if (*text == '\t')
      text++;
    else if (utf8_is_control(utf8_take(&text)))
      return "a control character";
  }
  return NULL;
}

/* Returns the length of the ${NAME} at TEXT; 0: there is none, and a $ is
 * literal. */
static size_t
variable_length(const char *text)
{
  size_t len;

  if (text[0] != '$' || text[1] != '{' || text[2] == '\0' ||
      strchr(DIGITS, text[2]))
    return 0;
  len = strspn(text + 2, LETTERS DIGITS "_");
  return len > 0 && text[2 + len] == '}' ? len + 3 : 0;
}

/* Appends the value of the environment variable named by the LEN bytes ${NAME}
 * at PART. */
static int
expand_variable(const char *part, size_t len, struct text_buffer *text,
                struct config_refusal *ret_refusal)
{
  const char *value, *fault;
  char *name = ret_refusal->variable;

  snprintf(name, sizeof(ret_refusal->variable), "%.*s", (int)(len - 3),
           part + 2);
  value = getenv(name);
  fault = value ? config_text_fault(value) : NULL;
  if (value && !fault)
    return memory_check(text_buffer_add_text(text, value));
  if (fault)
    snprintf(ret_refusal->why, CONFIG_WHY, "holds %s", fault);
  else
    snprintf(ret_refusal->why, CONFIG_WHY, "is not set");
  return MP_ECONFIG;
}

int
config_text_expand(const char *part, struct text_buffer *text, bool *in_clear,
                   struct config_refusal *ret_refusal)
{
  const char *end = part + strlen(part);
  int r = MP_OK;

  if (part[0] == '"') {
    if (end - part < 2 || end[-1] != '"') {
      ret_refusal->variable[0] = '\0';
      snprintf(ret_refusal->why, CONFIG_WHY,
               "a value that begins with a double quote must end with one in "
               "the same line (write \\; for a ; after a blank)");
      return MP_ECONFIG;
    }
    part++;
    end--;
  }
  while (r == MP_OK && part < end) {
    size_t len = variable_length(part);

    if (len > 0) {
      r = expand_variable(part, len, text, ret_refusal);
      part += len;
      continue;
    }
    part += part[0] == '\\' && part[1] == ';';
    memory_check(text_buffer_add(text, part, 1));
    *in_clear = true;
    part++;
  }
  return r;
}
