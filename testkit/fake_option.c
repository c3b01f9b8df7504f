/*
 * Options of the fake host.  Accepts the same texts as the real host, but gives
 * no reason when it refuses one.
 */
#include "testkit/fake_option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/decimal.h"

struct suffix {
  uint32_t type;
  const char *text;
  int64_t factor;
};

static const struct suffix suffixes[] = {
  { MP_TYPE_INT, "", 1 },
  { MP_TYPE_DURATION, "ms", 1 },
  { MP_TYPE_DURATION, "s", 1000 },
  { MP_TYPE_DURATION, "m", 60 * 1000 },
  { MP_TYPE_DURATION, "h", 60 * 60 * 1000 },
  { MP_TYPE_DURATION, "d", 24 * 60 * 60 * 1000 },
  { MP_TYPE_DURATION, "", 0 }, /* only for 0, see parse_int */
};

static int
parse_number(const char *text, char **end, int64_t *ret)
{
  const char *digits = text[0] == '-' ? text + 1 : text;
  int base = strncmp(digits, "0x", 2) == 0 ? 16 : 10;
  long long number;

  if (digits[0] < '0' || digits[0] > '9')
    return MP_ECONFIG;
  errno = 0;
  number = strtoll(text, end, base);
  if (errno != 0)
    return MP_ECONFIG;
  *ret = number;
  return MP_OK;
}

/* Checks NUMBER against ALLOWED, such as "1..65535"; NULL allows all. */
static int
check_range(const char *allowed, int64_t number)
{
  int64_t low, high;
  char *end;

  if (!allowed)
    return MP_OK;
  if (parse_number(allowed, &end, &low) != MP_OK || strncmp(end, "..", 2) != 0)
    return MP_ECONFIG;
  if (parse_number(end + 2, &end, &high) != MP_OK || *end != '\0')
    return MP_ECONFIG;
  return number >= low && number <= high ? MP_OK : MP_ECONFIG;
}

static int
parse_int(const struct mp_option *option, const char *text, int64_t *ret)
{
  int64_t number;
  char *end;

  if (parse_number(text, &end, &number) != MP_OK)
    return MP_ECONFIG;
  for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
    if (suffixes[i].type != option->type || strcmp(suffixes[i].text, end) != 0)
      continue;
    if (suffixes[i].factor == 0 && number != 0)
      return MP_ECONFIG;
    if (__builtin_mul_overflow(number, suffixes[i].factor, &number))
      return MP_ECONFIG;
    *ret = number;
    return option->type == MP_TYPE_INT ? check_range(option->allowed, number)
                                       : MP_OK;
  }
  return MP_ECONFIG;
}

/* Sets *RET to the index of TEXT in ALLOWED, such as "lf|crlf". */
static int
parse_choice(const char *allowed, const char *text, int64_t *ret)
{
  size_t len = strlen(text);

  for (int64_t i = 0; allowed; i++) {
    const char *bar = strchr(allowed, '|');
    size_t n = bar ? (size_t)(bar - allowed) : strlen(allowed);

    if (n == len && memcmp(allowed, text, n) == 0) {
      *ret = i;
      return MP_OK;
    }
    allowed = bar ? bar + 1 : NULL;
  }
  return MP_ECONFIG;
}

static int
parse_decimal(const char *text)
{
  struct mp_decimal d;

  return decimal_parse(text, strlen(text), &d) == MP_OK ? MP_OK : MP_ECONFIG;
}

int
fake_option_parse(const struct mp_option *option, const char *text,
                  int64_t *ret)
{
  *ret = 0;
  switch (option->type) {
  case MP_TYPE_INT:
  case MP_TYPE_DURATION:
    return parse_int(option, text, ret);
  case MP_TYPE_DECIMAL:
    return parse_decimal(text);
  case MP_TYPE_BOOL:
    return parse_choice("no|yes", text, ret);
  case MP_TYPE_CHOICE:
    return parse_choice(option->allowed, text, ret);
  default:
    return MP_OK;
  }
}
