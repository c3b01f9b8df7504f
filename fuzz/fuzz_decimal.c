/*
 * Fuzz target: reading decimals.  Whatever is read must survive being written
 * and read again, and the arithmetic must agree with itself.
 */
#include "core/decimal.h"

#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int fact)
{
  if (!fact)
    abort();
}

static void
check_text(struct decimal d)
{
  char text[DECIMAL_TEXT], again[DECIMAL_TEXT];
  struct decimal back;
  int len;

  require(decimal_valid(d));
  len = decimal_format(d, text, sizeof(text));
  require(len > 0 && (size_t)len == strlen(text));
  require(decimal_parse(text, (size_t)len, &back) == MP_OK);
  require(decimal_compare(d, back) == 0);
  decimal_format(back, again, sizeof(again));
  require(strcmp(text, again) == 0);
}

/* What is true of any two numbers. */
static void
check_pair(struct decimal a, struct decimal b)
{
  struct decimal sum, back, quotient;
  int r;

  require(decimal_compare(a, b) == -decimal_compare(b, a));
  require(decimal_shows(a, MP_EXACT, b) || decimal_compare(a, b) != 0);
  if (decimal_add(a, b, &sum) == MP_OK && decimal_sub(sum, b, &back) == MP_OK)
    require(decimal_compare(back, a) == 0);
  r = decimal_divide(a, b, -3, &quotient);
  if (r == MP_OK && decimal_mul(quotient, b, &back) == MP_OK)
    require(decimal_compare(back, a) == 0);
  if (r == MP_DROP && decimal_mul(quotient, b, &back) == MP_OK)
    require(decimal_compare(back, a) != 0);
}

static void
check_rounding(struct decimal d, int32_t place)
{
  struct decimal rounded = d;
  int r = decimal_round(&rounded, place);

  require(decimal_shows(rounded, place, d) || r == MP_ERANGE);
  require((r == MP_OK) == (decimal_compare(rounded, d) != 0));
}

/* The first byte is a place; the rest two numbers with a blank between. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data + 1, *blank;
  struct decimal a, b;
  size_t first;

  if (size < 2)
    return 0;
  blank = memchr(text, ' ', size - 1);
  first = blank != NULL ? (size_t)(blank - text) : size - 1;
  if (decimal_parse(text, first, &a) != MP_OK)
    return 0;
  check_text(a);
  check_rounding(a, (int8_t)data[0]);
  if (blank == NULL || decimal_parse(blank + 1, size - 2 - first, &b) != MP_OK)
    return 0;
  check_pair(a, b);
  return 0;
}
