/*
 * A year begins in March here, so that a leap day is the last day of its year.
 * The calendar repeats after an era, 400 years.
 */
#include "lib/civil.h"

#define ERA_DAYS 146097
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAYS 719468

bool
civil_is_date(int year, int month, int day)
{
  static const int8_t days[] = {
    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
  };
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

  return month >= 1 && month <= 12 && day >= 1 &&
         day <= days[month - 1] + (month == 2 && leap);
}

int64_t
civil_to_days(int year, int month, int day)
{
  int y = month <= 2 ? year - 1 : year;
  int era = (y >= 0 ? y : y - 399) / 400;
  int year_of_era = y - era * 400;
  int day_of_year =
    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return (int64_t)era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
         year_of_era / 100 + day_of_year - EPOCH_DAYS;
}

struct civil_date
civil_from_days(int64_t days)
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
  int month = m < 10 ? m + 3 : m - 9;

  return (struct civil_date){
    .year = year_of_era + era * 400 + (month <= 2),
    .month = month,
    .day = day_of_year - (153 * m + 2) / 5 + 1,
  };
}
