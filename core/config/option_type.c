/*
 * One row for each MP_TYPE_...: its parser and its words for messages.  Numbers
 * are parsed here, because strtol and similar functions also accept blanks,
 * signs and, in some locales, other digits.
 */
#include "core/config/option_type.h"

#include <stdio.h>
#include <string.h>

#include "core/config/config_text.h"
#include "lib/array.h"
#include "lib/digit.h"
#include "lib/nearest.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* MP_OK; MP_EDATA: not of this form; MP_ERANGE: the number is too large. */
typedef int (*parse_fn)(const char *text, struct option_number *ret);

struct suffix {
  const char *text;
  int64_t factor;
};

/* ---- Numbers ------------------------------------------------------------- */

/* Parses digits; *ret_end is the first character after them.  SIGN is 1 or
 * -1. */
static int
parse_digits(const char *text, int base, int sign, const char **ret_end,
             int64_t *ret)
{
  int64_t n = 0;
  const char *p;
  bool overflow = false;

  for (p = text; digit_value(*p, base) >= 0; p++)
    overflow |= __builtin_mul_overflow(n, base, &n) ||
                __builtin_add_overflow(n, sign * digit_value(*p, base), &n);
  if (p == text)
    return MP_EDATA;
  *ret_end = p;
  *ret = n;
  return overflow ? MP_ERANGE : MP_OK;
}

static int
parse_int(const char *text, struct option_number *ret)
{
  int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
  int sign = text[0] == '-' ? -1 : 1;
  const char *end = text;
  int r;

  if (base == 16)
    text += 2;
  else if (sign < 0)
    text++;
  r = parse_digits(text, base, sign, &end, &ret->number);
  if (r == MP_EDATA || *end)
    return MP_EDATA;
  return r;
}

/* Parses digits followed by one of the suffixes; the list ends with text
 * NULL. */
static int
parse_suffixed(const char *text, const struct suffix *suffixes, int64_t *ret)
{
  const char *end = text;
  int64_t n = 0;
  int r = parse_digits(text, 10, 1, &end, &n);

  if (r == MP_EDATA)
    return r;
  for (; suffixes->text; suffixes++) {
    if (strcmp(end, suffixes->text) != 0)
      continue;
    if (r == MP_OK && __builtin_mul_overflow(n, suffixes->factor, ret))
      r = MP_ERANGE;
    return r;
  }
  return MP_EDATA;
}

static int
parse_duration(const char *text, struct option_number *ret)
{
  static const struct suffix suffixes[] = {
    { "ms", 1 },          { "s", 1000 },         { "m", 60 * 1000 },
    { "h", 3600 * 1000 }, { "d", 86400 * 1000 }, { NULL, 0 },
  };

  ret->number = 0;
  if (strcmp(text, "0") == 0)
    return MP_OK;
  return parse_suffixed(text, suffixes, &ret->number);
}

static int
parse_decimal(const char *text, struct option_number *ret)
{
  return decimal_parse(text, strlen(text), &ret->decimal);
}

static int
parse_bool(const char *text, struct option_number *ret)
{
  ret->number = strcmp(text, "yes") == 0;
  return ret->number || strcmp(text, "no") == 0 ? MP_OK : MP_EDATA;
}

/* ---- Texts and names ----------------------------------------------------- */

static int
parse_text(const char *text, struct option_number *ret)
{
  (void)text;
  (void)ret;
  return MP_OK;
}

/* Returns true if the LEN bytes of TEXT can be the name of an input's field. */
static bool
is_field(const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if (text[i] == '\0' || !strchr(LETTERS DIGITS "_.-", text[i]))
      return false;
  return len > 0;
}

/* STAGE or STAGE.FIELD */
static int
parse_value(const char *text, struct option_number *ret)
{
  size_t len = strcspn(text, ".");

  (void)ret;
  if (!config_is_name(text, len))
    return MP_EDATA;
  if (text[len] == '\0' || is_field(text + len + 1, strlen(text + len + 1)))
    return MP_OK;
  return MP_EDATA;
}

/* OUTPUT.TARGET; only the output knows the syntax of a target's name. */
static int
parse_operand(const char *text, struct option_number *ret)
{
  size_t len = strcspn(text, ".");

  (void)ret;
  if (!config_is_name(text, len) || text[len] == '\0' || text[len + 1] == '\0')
    return MP_EDATA;
  return MP_OK;
}

static int
parse_fields(const char *text, struct option_number *ret)
{
  (void)ret;
  for (;;) {
    size_t len;

    text += strspn(text, " \t");
    len = strcspn(text, " \t,");
    if (!is_field(text, len))
      return MP_EDATA;
    text += len;
    text += strspn(text, " \t");
    if (*text == '\0')
      return MP_OK;
    if (*text++ != ',')
      return MP_EDATA;
  }
}

/* ---- The types ----------------------------------------------------------- */

static const struct type {
  uint32_t type;
  parse_fn parse;      /* NULL: a choice */
  const char *form;    /* "is not FORM" */
  const char *example; /* an example of a value */
} types[] = {
  { MP_TYPE_STRING, parse_text, "a text", "TEXT" },
  { MP_TYPE_PATH, parse_text, "a path", "/path/to/file" },
  { MP_TYPE_INT, parse_int, "a whole number", "1" },
  { MP_TYPE_DECIMAL, parse_decimal, "a number: write it as 12 or 12.50",
    "12.50" },
  { MP_TYPE_DURATION, parse_duration,
    "a duration: write it as 500ms, 2s, 20m, 1h or 1d", "2s" },
  { MP_TYPE_BOOL, parse_bool, "yes or no", "yes" },
  { MP_TYPE_CHOICE, NULL, "", "" },
  { MP_TYPE_SECRET, parse_text, "a text", "TEXT" },
  { MP_TYPE_VALUE, parse_value,
    "the name of a value: write INPUT.FIELD or TRANSFORM", "meter.energy" },
  { MP_TYPE_OPERAND, parse_operand, "the name of a target: write OUTPUT.TARGET",
    "house.323" },
  { MP_TYPE_FIELDS, parse_fields, "a list of fields: write NAME, NAME",
    "energy, flow" },
};

static const struct type *
find_type(uint32_t type)
{
  for (size_t i = 0; i < ARRAY_SIZE(types); i++)
    if (types[i].type == type)
      return &types[i];
  return NULL;
}

/* ---- Limits -------------------------------------------------------------- */

static int
compare_numbers(uint32_t type, const struct option_number *a,
                const struct option_number *b)
{
  if (type == MP_TYPE_DECIMAL)
    return decimal_compare(a->decimal, b->decimal);
  return (a->number > b->number) - (a->number < b->number);
}

/* Returns true if N is beyond the bound, the LEN bytes at TEXT: above it for
 * SIGN 1, below it for -1.  No bytes: no bound. */
static bool
is_beyond(const struct type *type, const struct option_number *n,
          const char *text, size_t len, int sign)
{
  struct option_number bound = { .number = 0 };
  char copy[DECIMAL_TEXT];

  if (len == 0 || len >= sizeof(copy))
    return false;
  memcpy(copy, text, len);
  copy[len] = '\0';
  return type->parse(copy, &bound) == MP_OK &&
         compare_numbers(type->type, n, &bound) * sign > 0;
}

/* ALLOWED is "lo..hi"; either number may be missing. */
static bool
is_outside(const struct type *type, const struct option_number *n,
           const char *allowed)
{
  const char *dots = strstr(allowed, "..");

  if (!dots)
    return false;
  return is_beyond(type, n, allowed, (size_t)(dots - allowed), -1) ||
         is_beyond(type, n, dots + 2, strlen(dots + 2), 1);
}

static bool
has_limits(uint32_t type)
{
  return type == MP_TYPE_INT || type == MP_TYPE_DECIMAL ||
         type == MP_TYPE_DURATION;
}

/* ---- Choices ------------------------------------------------------------- */

/* Copies the first choice of ALLOWED ("lf|crlf") and returns the start of the
 * next one; NULL: there is none.  A choice that is too long is cut. */
static const char *
take_choice(const char *allowed, char *buf, size_t size)
{
  size_t len = strcspn(allowed, "|");

  if (*allowed == '\0')
    return NULL;
  snprintf(buf, size, "%.*s", (int)len, allowed);
  return allowed + len + (allowed[len] == '|');
}

static int
refuse_choice(const char *allowed, const char *text, char why[OPTION_WHY])
{
  char choice[NEAREST_MAX + 1], hint[NEAREST_HINT];
  const char *rest = allowed;
  struct nearest near;

  nearest_start(&near, text);
  while ((rest = take_choice(rest, choice, sizeof(choice))))
    nearest_offer(&near, choice);
  snprintf(why, OPTION_WHY, "\"%s\" is not one of %s%s", text, allowed,
           nearest_hint(&near, hint, sizeof(hint)));
  return MP_ECONFIG;
}

static int
parse_choice(const char *allowed, const char *text, struct option_number *ret,
             char why[OPTION_WHY])
{
  char choice[NEAREST_MAX + 1];
  const char *rest = allowed;

  for (int64_t i = 0; (rest = take_choice(rest, choice, sizeof(choice))); i++)
    if (strcmp(choice, text) == 0) {
      ret->number = i;
      return MP_OK;
    }
  return refuse_choice(allowed, text, why);
}

/* Returns false if TEXT holds "=" or ";".  Such a text is no number, duration
 * or size, and may hold a password that got into the line by mistake. */
static bool
is_one_value(const char *text)
{
  return text[strcspn(text, "=;")] == 0;
}

int
option_type_parse(const struct mp_option *row, const char *text,
                  struct option_number *ret, char why[OPTION_WHY])
{
  const struct type *type = find_type(row->type);
  int r;

  if (!type) {
    snprintf(why, OPTION_WHY,
             "has a type (%u) that this meterpipe does not know: install a "
             "newer meterpipe",
             (unsigned)row->type);
    return MP_ECONFIG;
  }
  if (!type->parse && is_one_value(text))
    return parse_choice(row->allowed ? row->allowed : "", text, ret, why);
  r = type->parse ? type->parse(text, ret) : MP_ECONFIG;
  if (r != MP_OK && !is_one_value(text)) {
    snprintf(why, OPTION_WHY,
             "the value is not %s (it is not shown, because it may hold more "
             "than one option)",
             type->parse ? type->form : row->allowed);
    return MP_ECONFIG;
  }
  if (r == MP_OK && row->allowed && has_limits(row->type) &&
      is_outside(type, ret, row->allowed)) {
    snprintf(why, OPTION_WHY, "\"%s\" is not within %s", text, row->allowed);
    return MP_ECONFIG;
  }
  if (r == MP_OK)
    return MP_OK;
  if (r == MP_ERANGE)
    snprintf(why, OPTION_WHY, "\"%s\" is too large a number", text);
  else
    snprintf(why, OPTION_WHY, "\"%s\" is not %s", text, type->form);
  return MP_ECONFIG;
}

const char *
option_type_example(const struct mp_option *row, char *buf, size_t size)
{
  const struct type *type = find_type(row->type);
  size_t len;

  if (row->allowed && row->type == MP_TYPE_CHOICE) {
    take_choice(row->allowed, buf, size);
    return buf;
  }
  if (row->allowed && has_limits(row->type)) {
    len = strcspn(row->allowed, ".");
    if (len > 0 && strncmp(row->allowed + len, "..", 2) == 0) {
      snprintf(buf, size, "%.*s", (int)len, row->allowed);
      return buf;
    }
  }
  return type ? type->example : "VALUE";
}
