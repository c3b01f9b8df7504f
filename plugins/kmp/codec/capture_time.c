/*
 * Times of captures: text to milliseconds since 1970-01-01 UTC, and back, by
 * the proleptic Gregorian calendar.
 */
#include "plugins/kmp/codec/capture_time.h"

#include <stdio.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* Days in 400 years, after which the calendar repeats. */
#define ERA_DAYS 146097
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAYS 719468

#define MOMENT_LEN (sizeof("2026-11-22T10:00:00") - 1)

struct moment {
  int year, month, day, hour, minute, second;
};

/* Returns the number of days since 1970-01-01.  Years begin in March here, so
 * that a leap day is the last of its year. */
static int64_t
days_from_date(int year, int month, int day)
{
  int y = month <= 2 ? year - 1 : year;
  int era = (y >= 0 ? y : y - 399) / 400;
  int year_of_era = y - era * 400;
  int day_of_year =
    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return (int64_t)era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
         year_of_era / 100 + day_of_year - EPOCH_DAYS;
}

static void
date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
  int64_t z = days + EPOCH_DAYS;
  int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
  int day_of_era = (int)(z - era * ERA_DAYS);
  int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                     day_of_era / 146096) /
                    365;
  int day_of_year =
    day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int m = (5 * day_of_year + 2) / 153;

  *day = day_of_year - (153 * m + 2) / 5 + 1;
  *month = m < 10 ? m + 3 : m - 9;
  *year = year_of_era + era * 400 + (*month <= 2);
}

static int
is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Returns the number that two digits make, or -1 when they are not digits. */
static int
two_digits(const char *p)
{
  return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + (p[1] - '0')
                                          : -1;
}

/* Parses "2026-11-22T10:00:00"; T may be t or a blank.  Returns 1 or 0. */
static int
parse_moment(const char *p, struct moment *ret)
{
  const int century = two_digits(p), year = two_digits(p + 2);

  if (p[4] != '-' || p[7] != '-' || p[13] != ':' || p[16] != ':' ||
      (p[10] != 'T' && p[10] != 't' && p[10] != ' '))
    return 0;
  ret->year = century * 100 + year;
  ret->month = two_digits(p + 5);
  ret->day = two_digits(p + 8);
  ret->hour = two_digits(p + 11);
  ret->minute = two_digits(p + 14);
  ret->second = two_digits(p + 17);
  return (century | year | ret->month | ret->day | ret->hour | ret->minute |
          ret->second) >= 0;
}

/* Parses the offset "Z" or "+01:00" at *pos and moves *pos past it.  Returns 1
 * or 0. */
static int
parse_zone(const char *text, size_t len, size_t *pos, int64_t *ret_ms)
{
  const char *p = text + *pos;
  int hours, minutes;

  if (*pos >= len)
    return 0;
  if (*p == 'Z' || *p == 'z') {
    *ret_ms = 0;
    *pos += 1;
    return 1;
  }
  if ((*p != '+' && *p != '-') || len - *pos < 6 || p[3] != ':')
    return 0;
  hours = two_digits(p + 1);
  minutes = two_digits(p + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
    return 0;
  *ret_ms = hours * HOUR_MS + minutes * MINUTE_MS;
  if (*p == '-')
    *ret_ms = -*ret_ms;
  *pos += 6;
  return 1;
}

/* Parses an optional fraction, ".120", at *pos and moves *pos past it.  Drops
 * the digits after the milliseconds.  Returns 1 or 0. */
static int
parse_fraction(const char *text, size_t len, size_t *pos, int64_t *ret_ms)
{
  int64_t unit = SECOND_MS / 10;
  size_t i = *pos;

  *ret_ms = 0;
  if (i >= len || text[i] != '.')
    return 1;
  for (i++; i < len && is_digit(text[i]); i++) {
    *ret_ms += (text[i] - '0') * unit;
    unit /= 10;
  }
  if (i == *pos + 1)
    return 0;
  *pos = i;
  return 1;
}

static int
is_date(int year, int month, int day)
{
  static const int8_t month_days[] = { 31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31 };
  int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

  return month >= 1 && month <= 12 && day >= 1 &&
         day <= month_days[month - 1] + (month == 2 && leap);
}

/* Second 60 is a leap second; it counts as the next second. */
static int
is_moment(const struct moment *m)
{
  return is_date(m->year, m->month, m->day) && m->hour <= 23 &&
         m->minute <= 59 && m->second <= 60;
}

size_t
capture_parse_time(const char *text, size_t len, int64_t *ret_ms)
{
  size_t pos = MOMENT_LEN;
  int64_t fraction, offset;
  struct moment m;

  if (len <= MOMENT_LEN || !parse_moment(text, &m) || !is_moment(&m))
    return 0;
  if (!parse_fraction(text, len, &pos, &fraction) ||
      !parse_zone(text, len, &pos, &offset))
    return 0;
  *ret_ms = days_from_date(m.year, m.month, m.day) * DAY_MS + m.hour * HOUR_MS +
            m.minute * MINUTE_MS + m.second * SECOND_MS + fraction - offset;
  return pos;
}

size_t
capture_format_time(char *buf, size_t size, int64_t time_ms)
{
  int64_t days = time_ms / DAY_MS, rest = time_ms % DAY_MS, year;
  int month, day, n;

  if (rest < 0) {
    rest += DAY_MS;
    days--;
  }
  date_from_days(days, &year, &month, &day);
  if (year < 0 || year > 9999)
    return 0;
  n =
    snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, month,
             day, (int)(rest / HOUR_MS), (int)(rest % HOUR_MS / MINUTE_MS),
             (int)(rest % MINUTE_MS / SECOND_MS), (int)(rest % SECOND_MS));
  return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
