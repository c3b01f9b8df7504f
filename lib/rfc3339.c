/* Computes the date once a day, and the time of day by division.  Does not use
 * strptime, which depends on the locale, nor gmtime and timegm, which depend on
 * the size of time_t. */
#include "lib/rfc3339.h"

#include <string.h>

#include "lib/civil.h"
#include "lib/digit.h"
#include "lib/rare.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* 0000-01-01 and 9999-12-31 */
#define FIRST_DAY (-719528)
#define LAST_DAY 2932896

#define DATE_LEN (sizeof("2026-11-22") - 1)
#define MOMENT_LEN (sizeof("2026-11-22T10:00:00") - 1)

/* ---- Formatting ---------------------------------------------------------- */

static void
put_digits(char *at, size_t n, int number)
{
  while (n-- > 0) {
    at[n] = (char)('0' + number % 10);
    number /= 10;
  }
}

static void
put_date(char *at, int64_t day)
{
  struct civil_date date = civil_from_days(day);

  memcpy(at, "0000-00-00", sizeof("0000-00-00"));
  put_digits(at, 4, (int)date.year);
  put_digits(at + 5, 2, date.month);
  put_digits(at + 8, 2, date.day);
}

/* Returns the day of MS, and the rest in milliseconds. */
static int64_t
split(int64_t ms, int *ret_rest)
{
  int rest = (int)(ms % DAY_MS);

  *ret_rest = rest < 0 ? rest + (int)DAY_MS : rest;
  return ms / DAY_MS - (rest < 0);
}

static inline void
put_time(char *at, int rest_ms)
{
  const unsigned second = (unsigned)rest_ms / 1000, minute = second / 60;

  memcpy(at, "T00:00:00Z", sizeof("T00:00:00Z"));
  put_two_digits(at + 1, (int)(minute / 60));
  put_two_digits(at + 4, (int)(minute % 60));
  put_two_digits(at + 7, (int)(second % 60));
}

/* Sets *LAST to the day of MS, or to the nearest one that has a date.  Returns
 * the time of day in milliseconds. */
RARE static int
set_day(struct rfc3339_day *last, int64_t ms)
{
  int rest;
  int64_t day;

  if (ms < FIRST_DAY * DAY_MS)
    ms = FIRST_DAY * DAY_MS;
  if (ms >= (LAST_DAY + 1) * DAY_MS)
    ms = (LAST_DAY + 1) * DAY_MS - 1;
  day = split(ms, &rest);
  put_date(last->date, day);
  last->day = day + 1;
  return rest;
}

static inline const char *
format_after(struct rfc3339_day *last, int64_t ms, char buf[RFC3339_SIZE])
{
  int64_t begin = (last->day - 1) * DAY_MS;
  int rest;

  if (last->date[0] != '\0' && ms >= begin && ms < begin + DAY_MS)
    rest = (int)(ms - begin);
  else
    rest = set_day(last, ms);
  memcpy(buf, last->date, sizeof(last->date));
  put_time(buf + sizeof(last->date) - 1, rest);
  return buf;
}

RARE static const char *
format_alone(int64_t ms, char buf[RFC3339_SIZE])
{
  struct rfc3339_day none = { 0 };

  return format_after(&none, ms, buf);
}

const char *
rfc3339_format(struct rfc3339_day *last, int64_t ms, char buf[RFC3339_SIZE])
{
  return last ? format_after(last, ms, buf) : format_alone(ms, buf);
}

size_t
rfc3339_format_ms(char *buf, size_t size, int64_t ms)
{
  int rest;
  int64_t day = split(ms, &rest);

  if (day < FIRST_DAY || day > LAST_DAY || size < RFC3339_MS_SIZE)
    return 0;
  put_date(buf, day);
  put_time(buf + DATE_LEN, rest);
  memcpy(buf + MOMENT_LEN, ".000Z", sizeof(".000Z"));
  put_digits(buf + MOMENT_LEN + 1, 3, rest % 1000);
  return RFC3339_MS_SIZE - 1;
}

/* ---- Parsing ------------------------------------------------------------- */

/* Parses the date "2026-11-22" into days since 1970-01-01. */
RARE static bool
parse_date(const char *p, int64_t *ret_day)
{
  int century, year, month, day;

  if (p[4] != '-' || p[7] != '-')
    return false;
  century = two_digits(p);
  year = two_digits(p + 2);
  month = two_digits(p + 5);
  day = two_digits(p + 8);
  if ((century | year | month | day) < 0 ||
      !civil_is_date(century * 100 + year, month, day))
    return false;
  *ret_day = civil_to_days(century * 100 + year, month, day);
  return true;
}

/* The same.  LAST has the date of the time before, which is usually the same.
 */
static bool
find_day(struct rfc3339_day *last, const char *p, int64_t *ret_day)
{
  if (!last)
    return parse_date(p, ret_day);
  if (last->date[0] == '\0' || memcmp(last->date, p, DATE_LEN) != 0) {
    if (!parse_date(p, ret_day))
      return false;
    memcpy(last->date, p, DATE_LEN);
    last->day = *ret_day + 1;
  }
  *ret_day = last->day - 1;
  return true;
}

/* Parses "T10:00:00" into milliseconds; T may be t or a blank.  Second 60 is a
 * leap second; it counts as the next second. */
static bool
parse_time(const char *p, int64_t *ret_ms)
{
  const int hour = two_digits(p + 1), minute = two_digits(p + 4);
  const int second = two_digits(p + 7);

  if ((p[0] != 'T' && p[0] != 't' && p[0] != ' ') || p[3] != ':' ||
      p[6] != ':' || (hour | minute | second) < 0 || hour > 23 || minute > 59 ||
      second > 60)
    return false;
  *ret_ms = ((hour * 60 + minute) * 60 + second) * SECOND_MS;
  return true;
}

/* Parses the offset "Z" or "+01:00" at *pos and moves *pos past it. */
static bool
parse_zone(const char *text, size_t len, size_t *pos, int64_t *ret_ms)
{
  const char *p = text + *pos;
  int hours, minutes;

  if (*pos >= len)
    return false;
  if (*p == 'Z' || *p == 'z') {
    *ret_ms = 0;
    *pos += 1;
    return true;
  }
  if ((*p != '+' && *p != '-') || len - *pos < 6 || p[3] != ':')
    return false;
  hours = two_digits(p + 1);
  minutes = two_digits(p + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
    return false;
  *ret_ms = hours * HOUR_MS + minutes * MINUTE_MS;
  if (*p == '-')
    *ret_ms = -*ret_ms;
  *pos += 6;
  return true;
}

/* Parses the digits of a fraction at *pos, and moves *pos past them.  Drops
 * those after the milliseconds. */
RARE static bool
parse_digits(const char *text, size_t len, size_t *pos, int *ret_ms)
{
  size_t begin = *pos, i = begin;
  int ms = 0;

  for (; i < len && is_digit(text[i]); i++)
    if (i < begin + 3)
      ms = ms * 10 + (text[i] - '0');
  for (size_t n = i; n < begin + 3; n++)
    ms *= 10;
  *ret_ms = ms;
  *pos = i;
  return i > begin;
}

/* Parses an optional fraction, ".120", at *pos and moves *pos past it.  Nearly
 * all have three digits. */
static bool
parse_fraction(const char *text, size_t len, size_t *pos, int *ret_ms)
{
  const char *p = text + *pos;

  *ret_ms = 0;
  if (*pos >= len || *p != '.')
    return true;
  *pos += 1;
  if (len - *pos <= 3 || two_digits(p + 1) < 0 || !is_digit(p[3]) ||
      is_digit(p[4]))
    return parse_digits(text, len, pos, ret_ms);
  *ret_ms = two_digits(p + 1) * 10 + (p[3] - '0');
  *pos += 3;
  return true;
}

size_t
rfc3339_scan(struct rfc3339_day *last, const char *text, size_t len,
             int64_t *ret_ms)
{
  size_t pos = MOMENT_LEN;
  int64_t day, time, offset;
  int fraction;

  if (len <= MOMENT_LEN || !find_day(last, text, &day) ||
      !parse_time(text + DATE_LEN, &time) ||
      !parse_fraction(text, len, &pos, &fraction) ||
      !parse_zone(text, len, &pos, &offset))
    return 0;
  *ret_ms = day * DAY_MS + time + fraction - offset;
  return pos;
}

bool
rfc3339_parse(const char *text, int64_t *ret_ms)
{
  size_t len = strlen(text);
  int64_t ms;

  if (len == 0 || rfc3339_scan(NULL, text, len, &ms) != len || text[10] != 'T')
    return false;
  *ret_ms = ms;
  return true;
}
