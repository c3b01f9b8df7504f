/*
 * Formats times.  The date is computed anew only if the day differs from that
 * of the last call.
 */
#include "lib/utc_time.h"

#include <string.h>

#define DAY INT64_C(86400)
/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define FIRST_SECOND (INT64_C(-719528) * DAY)
#define LAST_SECOND (INT64_C(2932897) * DAY - 1)

static int
is_leap(int year)
{
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static void
put_digits(char *at, size_t n, int number)
{
  while (n-- > 0) {
    at[n] = (char)('0' + number % 10);
    number /= 10;
  }
}

static void
put_date(char *date, int64_t day)
{
  static const int month_days[] = { 31, 28, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31 };
  int year = 1970, month = 0;
  int days;

  while (day < 0)
    day += 365 + is_leap(--year);
  for (; day >= 365 + is_leap(year); year++)
    day -= 365 + is_leap(year);
  for (;; month++) {
    days = month_days[month] + (month == 1 && is_leap(year));
    if (day < days)
      break;
    day -= days;
  }
  memcpy(date, "0000-00-00", sizeof("0000-00-00"));
  put_digits(date, 4, year);
  put_digits(date + 5, 2, month + 1);
  put_digits(date + 8, 2, (int)day + 1);
}

/* MS / 1000 rounded down, limited to the years 0000 to 9999. */
static int64_t
second_of(int64_t ms)
{
  int64_t second = ms / 1000 - (ms % 1000 < 0);

  if (second < FIRST_SECOND)
    return FIRST_SECOND;
  return second > LAST_SECOND ? LAST_SECOND : second;
}

const char *
utc_time_format(struct utc_time *t, int64_t ms, char buf[UTC_TIME_SIZE])
{
  int64_t second = second_of(ms);
  int64_t day = second / DAY - (second % DAY < 0);
  int rest = (int)(second - day * DAY);

  if (t->day != day + 1 || t->date[0] == '\0') {
    put_date(t->date, day);
    t->day = day + 1;
  }
  memcpy(buf, "0000-00-00T00:00:00Z", UTC_TIME_SIZE);
  memcpy(buf, t->date, sizeof(t->date) - 1);
  put_digits(buf + 11, 2, rest / 3600);
  put_digits(buf + 14, 2, rest / 60 % 60);
  put_digits(buf + 17, 2, rest % 60);
  return buf;
}
