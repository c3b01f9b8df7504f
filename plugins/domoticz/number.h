/*
 * Numbers as a Domoticz reply writes them: plain or with an exponent, kept
 * exactly as coef * 10^exp10.  Pure; no locale and no double has a say.
 */
#ifndef DOMOTICZ_NUMBER_H
#define DOMOTICZ_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* exp10 lies within -NUMBER_MAX_EXP and NUMBER_MAX_EXP. */
#define NUMBER_MAX_EXP 99
/* A double holds at least so many significant digits. */
#define NUMBER_DOUBLE_DIGITS 15

struct number {
  int64_t coef;
  int32_t exp10;
};

/* Reads a number at the beginning of TEXT: "-12.50", "1.23457e+06".  Returns
 * how many characters it took; 0: there is none ("inf" and "nan" are none), or
 * it is beyond all bounds.  At most 18 significant digits are kept. */
size_t number_parse(const char *text, struct number *ret);

/* The place (10^place) of significant digit number DIGITS of N, counted from
 * its first one; N must not be 0. */
int32_t number_place(struct number n, int32_t digits);

/* Rounds half to even to 10^place; finer numbers only. */
void number_round(struct number *n, int32_t place);

/* Takes off the zeros at the end of the coefficient. */
void number_trim(struct number *n);

/* False: the result does not fit. */
bool number_subtract(struct number a, struct number b, struct number *ret);

/* FAHRENHEIT in degrees Celsius, to six decimals; false: no temperature. */
bool number_celsius(struct number fahrenheit, struct number *ret);

/* 1 / N; false: N is not above 0, or 1 / N has no end. */
bool number_invert(struct number n, struct number *ret);

/* N / STEP; false: that is no whole number, or it does not fit. */
bool number_count(struct number n, struct number step, int64_t *ret);

#endif
