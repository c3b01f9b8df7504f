/*
 * The oracle for lib/decimal.h: a second implementation that calculates digit
 * by digit, like on paper, and shares no code with the first.
 *
 * Each function calls decimal.h, repeats the calculation on paper, and compares
 * the result, the return code and the digits.  It returns NULL if they agree,
 * or else an error message for people.  Numbers must be valid, places within
 * -128 and 127.
 */
#ifndef SUPPORT_PAPER_H
#define SUPPORT_PAPER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decimal.h"

/* Checks decimal_parse for a text of up to PAPER_TEXT bytes, and decimal_format
 * for the result. */
#define PAPER_TEXT 480
const char *paper_check_text(const char *text, size_t len);

/* Checks decimal_format, and that decimal_parse reads the text back. */
const char *paper_check_format(struct decimal d);

/* Checks decimal_compare, decimal_add, decimal_sub and decimal_mul. */
const char *paper_check_pair(struct decimal a, struct decimal b);

/* Checks decimal_scale; c must not be 0. */
const char *paper_check_scale(struct decimal a, struct decimal b,
                              struct decimal c, int32_t place);

/* Checks decimal_round. */
const char *paper_check_round(struct decimal d, int32_t place);

/* Checks decimal_round_step; step > 0. */
const char *paper_check_step(struct decimal d, struct decimal step);

/* Checks decimal_shows; RET receives the expected result. */
const char *paper_check_shows(struct decimal shown, int32_t place,
                              struct decimal x, int *ret);

#endif
