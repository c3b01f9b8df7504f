/*
 * Fuzz target: decimals.  Checks parsing, formatting and all arithmetic against
 * a second implementation that works as on paper.
 *
 * The first byte is a place; the rest is up to three numbers, separated by
 * blanks.
 */
#include "lib/decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "tests/support/paper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NUMBERS 3

static void
require_right(const char *fault)
{
  if (fault == NULL)
    return;
  fprintf(stderr, "%s\n", fault);
  abort();
}

/* Parses up to the next blank; a text that is not a number gives 0. */
static struct decimal
read_number(const char **text, const char *end)
{
  const char *blank = memchr(*text, ' ', (size_t)(end - *text));
  size_t len = (size_t)((blank != NULL ? blank : end) - *text);
  struct decimal d = { 0, 0 };

  if (len <= PAPER_TEXT)
    require_right(paper_check_text(*text, len));
  decimal_parse(*text, len, &d);
  *text = blank != NULL ? blank + 1 : end;
  return d;
}

static void
check_places(const struct decimal *n, int32_t place)
{
  int shows;

  require_right(paper_check_round(n[0], place));
  require_right(paper_check_shows(n[0], place, n[1], &shows));
  if (n[1].coef > 0)
    require_right(paper_check_step(n[0], n[1]));
  if (n[2].coef != 0)
    require_right(paper_check_scale(n[0], n[1], n[2], place));
}

/* Passes exponents as a plugin may hand them over: each must give an error at
 * most. */
static void
check_invalid(struct decimal a, struct decimal b)
{
  struct decimal ret;
  char text[DECIMAL_TEXT];

  a.exp10 = DECIMAL_MAX_EXP + 1;
  if (decimal_valid(a) || decimal_format(a, text, sizeof(text)) != 0 ||
      decimal_shows(a, MP_EXACT, b) || decimal_add(a, b, &ret) != MP_ERANGE ||
      decimal_sub(b, a, &ret) != MP_ERANGE ||
      decimal_mul(a, b, &ret) != MP_ERANGE ||
      decimal_divide(b, a, 0, &ret) != MP_ERANGE)
    abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data + 1, *end = (const char *)data + size;
  struct decimal n[NUMBERS];
  size_t i;

  if (size < 2)
    return 0;
  for (i = 0; i < NUMBERS; i++)
    n[i] = read_number(&text, end);
  require_right(paper_check_format(n[0]));
  require_right(paper_check_pair(n[0], n[1]));
  check_places(n, (int8_t)data[0]);
  check_invalid(n[0], n[1]);
  return 0;
}
