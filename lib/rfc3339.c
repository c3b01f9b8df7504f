/* Computes the date once a day, and the time of day by division.  Does not use
 * strptime, which depends on the locale, nor gmtime and timegm, which depend on
 * the size of time_t. */
#include "lib/rfc3339.h"

#include <string.h>

#include "lib/civil.h"
#include "lib/digit.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* 0000-01-01 and 9999-12-31 */
#define FIRST_DAY (-719528)
#define LAST_DAY 2932896

#define MOMENT_LEN (sizeof("2026-11-22T10:00:00") - 1)

struct moment {
  int year, month, day, hour, minute, second;
};

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

static void
put_time(char *at, int rest_ms)
{
  int second = rest_ms / 1000;

  memcpy(at, "T00:00:00Z", sizeof("T00:00:00Z"));
  put_digits(at + 1, 2, second / 3600);
  put_digits(at + 4, 2, second / 60 % 60);
  put_digits(at + 7, 2, second % 60);
}

const char *
rfc3339_format(struct rfc3339_day *last, int64_t ms, char buf[RFC3339_SIZE])
{
  struct rfc3339_day none = { 0 };
  int rest;
  int64_t day;

  if (ms < FIRST_DAY * DAY_MS)
    ms = FIRST_DAY * DAY_MS;
  if (ms >= (LAST_DAY + 1) * DAY_MS)
    ms = (LAST_DAY + 1) * DAY_MS - 1;
  day = split(ms, &rest);
  if (!last)
    last = &none;
  if (last->day != day + 1 || last->date[0] == '\0') {
    put_date(last->date, day);
    last->day = day + 1;
  }
  memcpy(buf, last->date, sizeof(last->date));
  put_time(buf + sizeof(last->date) - 1, rest);
  return buf;
}

size_t
rfc3339_format_ms(char *buf, size_t size, int64_t ms)
{
  int rest;
  int64_t day = split(ms, &rest);

  if (day < FIRST_DAY || day > LAST_DAY || size < RFC3339_MS_SIZE)
    return 0;
  put_date(buf, day);
  put_time(buf + sizeof("2026-11-22") - 1, rest);
  memcpy(buf + MOMENT_LEN, ".000Z", sizeof(".000Z"));
  put_digits(buf + MOMENT_LEN + 1, 3, rest % 1000);
  return RFC3339_MS_SIZE - 1;
}

/* ---- Parsing ------------------------------------------------------------- */

/* Parses "2026-11-22T10:00:00"; T may be t or a blank. */
static bool
parse_moment(const char *p, struct moment *ret)
{
  const int century = two_digits(p), year = two_digits(p + 2);

  if (p[4] != '-' || p[7] != '-' || p[13] != ':' || p[16] != ':' ||
      (p[10] != 'T' && p[10] != 't' && p[10] != ' '))
    return false;
  ret->year = century * 100 + year;
  ret->month = two_digits(p + 5);
  ret->day = two_digits(p + 8);
  ret->hour = two_digits(p + 11);
  ret->minute = two_digits(p + 14);
  ret->second = two_digits(p + 17);
  return (century | year | ret->month | ret->day | ret->hour | ret->minute |
          ret->second) >= 0;
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

/* Parses an optional fraction, ".120", at *pos and moves *pos past it.  Drops
 * the digits after the milliseconds. */
static bool
parse_fraction(const char *text, size_t len, size_t *pos, int64_t *ret_ms)
{
  int64_t unit = SECOND_MS / 10;
  size_t i = *pos;

  *ret_ms = 0;
  if (i >= len || text[i] != '.')
    return true;
  for (i++; i < len && is_digit(text[i]); i++) {
    *ret_ms += (text[i] - '0') * unit;
    unit /= 10;
  }
  if (i == *pos + 1)
    return false;
  *pos = i;
  return true;
}

/* Second 60 is a leap second; it counts as the next second. */
static bool
is_moment(const struct moment *m)
{
  return civil_is_date(m->year, m->month, m->day) && m->hour <= 23 &&
         m->minute <= 59 && m->second <= 60;
}

size_t
rfc3339_scan(const char *text, size_t len, int64_t *ret_ms)
{
  size_t pos = MOMENT_LEN;
  int64_t fraction, offset;
  struct moment m;

  if (len <= MOMENT_LEN || !parse_moment(text, &m) || !is_moment(&m))
    return 0;
  if (!parse_fraction(text, len, &pos, &fraction) ||
      !parse_zone(text, len, &pos, &offset))
    return 0;
  *ret_ms = civil_to_days(m.year, m.month, m.day) * DAY_MS + m.hour * HOUR_MS +
            m.minute * MINUTE_MS + m.second * SECOND_MS + fraction - offset;
  return pos;
}

bool
rfc3339_parse(const char *text, int64_t *ret_ms)
{
  size_t len = strlen(text);
  int64_t ms;

  if (len == 0 || rfc3339_scan(text, len, &ms) != len || text[10] != 'T')
    return false;
  *ret_ms = ms;
  return true;
}
