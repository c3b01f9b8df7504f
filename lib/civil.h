/*
 * Dates of the proleptic Gregorian calendar.
 */
#ifndef LIB_CIVIL_H
#define LIB_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

struct civil_date {
  int64_t year;
  int month, day; /* from 1 */
};

bool civil_is_date(int year, int month, int day);

/* Converts a valid date to the number of days since 1970-01-01. */
int64_t civil_to_days(int year, int month, int day);

struct civil_date civil_from_days(int64_t days);

#endif
