/* Parses times.  Does not use strptime, which depends on the locale, nor
 * timegm, which depends on the size of time_t. */
#include "lib/rfc3339.h"

#include <string.h>

static int
is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/*
 * Matches the beginning of TEXT against FORM.  A digit I in FORM matches one
 * digit, which is appended to NUMBERS[I]; any other character matches itself.
 * Returns the end of the match; NULL: TEXT has another form.
 */
static const char *
scan(const char *text, const char *form, int *numbers)
{
  for (; *form != '\0'; form++, text++) {
    if (!is_digit(*form)) {
      if (*text != *form)
        return NULL;
      continue;
    }
    if (!is_digit(*text))
      return NULL;
    numbers[*form - '0'] = numbers[*form - '0'] * 10 + (*text - '0');
  }
  return text;
}

/* Reads ".250" at *P as milliseconds; drops further digits. */
static int
take_fraction(const char **p)
{
  int ms = 0, factor = 100;

  if (**p != '.' || !is_digit((*p)[1]))
    return 0;
  for (++*p; is_digit(**p); ++*p) {
    ms += (**p - '0') * factor;
    factor /= 10;
  }
  return ms;
}

/* Reads "Z" or "+01:00" at P, which must be the end of the text. */
static int
take_zone(const char *p, int *ret_minutes)
{
  int numbers[2] = { 0, 0 };
  int sign = *p == '-' ? -1 : 1;

  *ret_minutes = 0;
  if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
    return 1;
  if (*p != '+' && *p != '-')
    return 0;
  p = scan(p + 1, "00:11", numbers);
  if (p == NULL || *p != '\0' || numbers[0] > 23 || numbers[1] > 59)
    return 0;
  *ret_minutes = sign * (numbers[0] * 60 + numbers[1]);
  return 1;
}

static int
days_of_month(int year, int month)
{
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

  return days[month - 1] + (month == 2 && leap);
}

/* Returns the days since 1970-01-01.  A year begins in March, so that the
 * leap day is its last day.  Years are counted from 400 years before
 * 0000-03-01, so that they are never negative: from there to 1970-01-01 are
 * 146097 + 719468 days. */
static int64_t
day_number(int year, int month, int day)
{
  int64_t y = 400 + (month > 2 ? year : year - 1);
  int64_t m = month > 2 ? month - 3 : month + 9;
  int64_t leap_days = y / 4 - y / 100 + y / 400;

  return y * 365 + leap_days + (m * 153 + 2) / 5 + day - 1 - 146097 - 719468;
}

int
rfc3339_parse(const char *text, int64_t *ret_ms)
{
  enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, NUMBERS };
  int n[NUMBERS] = { 0 };
  const char *p = scan(text, "0000-11-22T33:44:55", n);
  int64_t seconds;
  int ms, zone;

  if (p == NULL || n[MONTH] < 1 || n[MONTH] > 12 || n[DAY] < 1 ||
      n[DAY] > days_of_month(n[YEAR], n[MONTH]) || n[HOUR] > 23 ||
      n[MINUTE] > 59 || n[SECOND] > 60)
    return 0;
  ms = take_fraction(&p);
  if (!take_zone(p, &zone))
    return 0;
  seconds = day_number(n[YEAR], n[MONTH], n[DAY]) * 86400 + n[HOUR] * 3600 +
            (n[MINUTE] - zone) * 60 + n[SECOND];
  *ret_ms = seconds * 1000 + ms;
  return 1;
}
