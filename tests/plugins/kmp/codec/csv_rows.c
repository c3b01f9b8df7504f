/*
 * CSV with quotes, as far as our tables need it: no newline inside a field.
 */
#include "tests/plugins/kmp/codec/csv_rows.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/*
 * Cuts off the field at P, in place.  Returns the text after it; NULL: it was
 * the last one.
 */
static char *
cut_field(struct csv_rows *rows, char *p)
{
  char *out = p;
  bool quoted = false;

  ck_assert_uint_lt(rows->count, CSV_FIELDS_MAX);
  rows->fields[rows->count++] = out;
  for (; *p && (quoted || *p != ','); p++) {
    if (*p != '"') {
      *out++ = *p;
    } else if (quoted && p[1] == '"') {
      *out++ = *p++;
    } else {
      quoted = !quoted;
    }
  }
  p = *p ? p + 1 : NULL;
  *out = '\0';
  return p;
}

bool
csv_rows_next(struct csv_rows *rows)
{
  if (!fgets(rows->line, sizeof(rows->line), rows->file)) {
    fclose(rows->file);
    return false;
  }
  rows->line[strcspn(rows->line, "\r\n")] = '\0';
  rows->count = 0;
  for (char *p = rows->line; p;)
    p = cut_field(rows, p);
  return true;
}

void
csv_rows_open(struct csv_rows *rows, const char *name)
{
  const char *srcdir = getenv("srcdir");
  char path[1024];

  snprintf(path, sizeof(path), "%s/tests/data/kmp/%s", srcdir ? srcdir : ".",
           name);
  rows->file = fopen(path, "r");
  ck_assert_msg(rows->file, "%s cannot be opened", path);
  ck_assert(csv_rows_next(rows));
}

size_t
csv_hex(const char *text, uint8_t *buf, size_t size)
{
  size_t len = strlen(text) / 2;

  ck_assert_uint_le(len, size);
  for (size_t i = 0; i < len; i++) {
    char byte[3] = { text[2 * i], text[2 * i + 1], '\0' };
    char *end;

    buf[i] = (uint8_t)strtoul(byte, &end, 16);
    ck_assert_msg(*end == '\0', "not hex: %s", text);
  }
  return len;
}
