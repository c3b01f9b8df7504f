/*
 * Writes options in the format of a pipeline file: continues lines that are too
 * long, and quotes or escapes special characters.
 */
#include "core/config/config_print.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/config/config_text.h"

/* Returns how many bytes of TEXT fit into WIDTH; a ; takes two.  It never
 * splits a character, and always splits between $ and {: together they would
 * name a variable. */
static size_t
piece_length(const char *text, size_t width)
{
  size_t i = 0, used = 0;

  while (text[i]) {
    size_t n = 1, cost;

    while ((text[i + n] & 0xc0) == 0x80)
      n++;
    cost = text[i] == ';' ? 2 : n;
    if (used + cost > width)
      break;
    used += cost;
    i += n;
    if (text[i - 1] == '$' && text[i] == '{')
      break;
  }
  return i;
}

static void
print_piece(FILE *out, const char *text, size_t len, bool quoted)
{
  if (quoted)
    putc('"', out);
  for (size_t i = 0; i < len; i++) {
    if (text[i] == ';')
      putc('\\', out);
    putc(text[i], out);
  }
  fputs(quoted ? "\"\n" : "\n", out);
}

void
config_print_option(FILE *out, const char *key, const char *value)
{
  static const char between[] = " = ", indent[] = "  ", quotes[] = "\"\"";
  size_t head = strlen(key) + strlen(between);
  size_t len = piece_length(value, CONFIG_MAX_LINE - head - strlen(quotes));
  bool whole = value[len] == '\0';

  fprintf(out, "%s%s", key, between);
  print_piece(out, value, len,
              !whole || value[0] == '"' || config_is_blank(value[0]) ||
                config_is_blank(value[len - 1]));
  while (value[len]) {
    value += len;
    len =
      piece_length(value, CONFIG_MAX_LINE - strlen(indent) - strlen(quotes));
    fputs(indent, out);
    print_piece(out, value, len, true);
  }
}
