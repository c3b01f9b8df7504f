/*
 * Describes a ledger, and the rows that settled it, in the words of
 * doc/ledger.md, for the log.
 */
#include "core/ledger/ledger.h"

#include <stdio.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/unit.h"

static const char *const row_names[LEDGER_ROWS] = {
  "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "1",
  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10",
};

const char *
ledger_describe_rows(uint32_t rows, char *buf, size_t size)
{
  size_t len = 0;

  buf[0] = 0;
  for (int row = 0; row < LEDGER_ROWS; row++)
    if (rows & 1u << row && len < size)
      len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
                              row_names[row]);
  return buf;
}

/* Appends "NAME VALUE" to the text; "-" stands for no value. */
static void
put(FILE *out, const char *name, const struct value *v)
{
  char number[DECIMAL_TEXT] = "-";

  if (v->text) {
    fprintf(out, "%s \"%s\"", name, v->text);
    return;
  }
  if (v->kind)
    decimal_format(v->number, number, sizeof(number));
  fprintf(out, "%s %s", name, number);
}

/* Appends " (NAME VALUE)" if the display is known. */
static void
put_displayed(FILE *out, const char *name, const struct ledger_displayed *s)
{
  if (!s->known)
    return;
  fputs(" (", out);
  put(out, name, &s->value);
  fputc(')', out);
}

const char *
ledger_describe(const struct ledger *t, char *buf, size_t size)
{
  struct value remainder = { .kind = MP_DELTA, .number = t->remainder };
  FILE *out = memory_have(fmemopen(buf, size, "w"));

  buf[0] = 0;
  put(out, "A", &t->acknowledged);
  if (t->unit && t->acknowledged.kind && !t->acknowledged.text)
    fprintf(out, " %s", unit_display(t->unit));
  put_displayed(out, "B", &t->acknowledged_over);
  put(out, " M", &t->sent);
  if (t->sent.kind)
    put_displayed(out, "N", &t->sent_over);
  put(out, " D", &t->pending);
  put(out, " E", &remainder);
  fclose(out);
  buf[size - 1] = 0;
  return buf;
}
