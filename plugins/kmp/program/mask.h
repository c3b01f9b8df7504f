/*
 * Masking: a capture turned into one that can be shown in public.
 *
 * Personal numbers and texts are replaced, each by a number of its own, so that
 * an exchange of meters is still seen; CRC and stuffing are made right again.
 * All else stays as it was, byte for byte, with these exceptions, where what is
 * personal cannot be told from what is not:
 *
 * - Bytes that belong to no good frame are overwritten with ff, and stay what
 *   they were: damage.  A damaged answer stays as it came when it begins with a
 *   register that was asked for, and nothing personal was since the last blank
 *   line.
 * - Good frames of unknown commands, or of a length that does not fit theirs,
 *   keep their command, and have ff for data.
 * - In comments, and in whatever else is no event, numbers and texts that are
 *   personal in a frame are replaced too, however they are written: in decimal
 *   or hex, in groups or not.  So is every other number of six digits and more.
 *   Frames in them are masked as if they were events.
 * - In lines that cannot be read, each hex digit is a 0.
 *
 * What cannot be known is what people write: names and places in comments.
 */
#ifndef KMP_MASK_H
#define KMP_MASK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "plugins/kmp/program/pseudonym.h"

struct mask;

/* Masked lines go to OUT; NULL: they are only looked at, so that NAMES is
 * complete when they are masked.  NULL: out of memory. */
struct mask *mask_new(struct pseudonyms *names, FILE *out);
/* Accepts NULL.  OUT is not closed. */
void mask_free(struct mask *m);

/* The next line of the capture, without its newline; and that, where there is
 * one. */
void mask_line(struct mask *m, const char *text, size_t len);
void mask_newline(struct mask *m);

/* How many lines could not be read, and the number of the first, from 1. */
uint64_t mask_unread(const struct mask *m, uint64_t *ret_first);

#endif
