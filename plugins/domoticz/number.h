/*
 * Exact decimal numbers, coef * 10^exp10, parsed from a Domoticz reply: plain
 * or with an exponent.  Pure; uses neither the locale nor a double.
 */
#ifndef DOMOTICZ_NUMBER_H
#define DOMOTICZ_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* exp10 lies within -NUMBER_MAX_EXP and NUMBER_MAX_EXP. */
#define NUMBER_MAX_EXP 99
/* A double holds at least this many significant digits. */
#define NUMBER_DOUBLE_DIGITS 15

struct number {
  int64_t coef;
  int32_t exp10;
};

/* Parses a number at the beginning of TEXT: "-12.50", "1.23457e+06".  Returns
 * the count of characters read; 0: there is no number ("inf" and "nan" are
 * none), or it is out of range.  Keeps at most 18 significant digits. */
size_t number_parse(const char *text, struct number *ret);

/* Returns the place (10^place) of the significant digit number DIGITS of N,
 * counted from the first one.  N must not be 0. */
int32_t number_place(struct number n, int32_t digits);

/* Rounds half to even to 10^place.  Leaves a coarser number unchanged. */
void number_round(struct number *n, int32_t place);

/* Removes the zeros at the end of the coefficient. */
void number_trim(struct number *n);

/* A - B.  Returns false if the result does not fit. */
bool number_subtract(struct number a, struct number b, struct number *ret);

/* Converts degrees FAHRENHEIT to Celsius, to six decimals.  Returns false if
 * that is no possible temperature. */
bool number_celsius(struct number fahrenheit, struct number *ret);

/* 1 / N.  Returns false if N is not above 0, or 1 / N is no finite decimal. */
bool number_invert(struct number n, struct number *ret);

/* N / STEP.  Returns false if that is no whole number, or does not fit. */
bool number_count(struct number n, struct number step, int64_t *ret);

#endif
