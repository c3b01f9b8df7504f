/*
 * The oracle for lib/decimal.h: a second arithmetic, which works digit by
 * digit as on paper and shares nothing with the first.
 *
 * Each function has decimal.h do a sum, does it again on paper, and holds the
 * result, its code and its digits against that.  NULL: they agree; else what is
 * wrong, for people.  Numbers must be valid, places within -128 and 127.
 */
#ifndef SUPPORT_PAPER_H
#define SUPPORT_PAPER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decimal.h"

/* decimal_parse of a text of up to PAPER_TEXT bytes, and decimal_format of what
 * it read. */
#define PAPER_TEXT 480
const char *paper_check_text(const char *text, size_t len);

/* decimal_format, and that it is read back. */
const char *paper_check_format(struct decimal d);

/* decimal_compare, decimal_add, decimal_sub and decimal_mul. */
const char *paper_check_pair(struct decimal a, struct decimal b);

/* decimal_scale; c is not 0. */
const char *paper_check_scale(struct decimal a, struct decimal b,
                              struct decimal c, int32_t place);

/* decimal_round. */
const char *paper_check_round(struct decimal d, int32_t place);

/* decimal_round_step; step > 0. */
const char *paper_check_step(struct decimal d, struct decimal step);

/* decimal_shows; RET: what it should say. */
const char *paper_check_shows(struct decimal shown, int32_t place,
                              struct decimal x, int *ret);

#endif
