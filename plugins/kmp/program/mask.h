/*
 * Masking: makes a copy of a capture that can be published.
 *
 * Each personal number or text is replaced by a pseudonym, which is the same
 * everywhere, so that an exchanged meter is still visible.  CRC and stuffing
 * are made right again.  All other bytes are copied unchanged, except where
 * personal data cannot be recognised:
 *
 * - Bytes outside good frames are overwritten with ff and remain damage.  A
 *   damaged answer is kept if it begins with a register of the last request
 *   and no personal data was requested since the last blank line.
 * - A good frame of an unknown command, or of a length that does not fit its
 *   command, keeps its command; its data is overwritten with ff.
 * - In comments and other text outside events, the personal numbers and texts
 *   found in frames are replaced too, in decimal or hex, in groups or not.  So
 *   is every other number of six or more digits.  Frames in such text are
 *   masked like events.
 * - In lines that cannot be read, each hex digit becomes 0.
 *
 * Names and places that people wrote into comments are not recognised.
 */
#ifndef KMP_MASK_H
#define KMP_MASK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "plugins/kmp/program/pseudonym.h"

struct mask;

/* Creates a mask that writes to OUT.  With NULL for OUT, it only collects the
 * pseudonyms in NAMES, for a second pass that writes.  NAMES and OUT must stay
 * valid until mask_free.  Returns NULL when out of memory. */
struct mask *mask_new(struct pseudonyms *names, FILE *out);
/* Accepts NULL.  Does not close OUT or free NAMES. */
void mask_free(struct mask *m);

/* mask_line takes the next line of the capture, without its newline.
 * mask_newline writes the newline; call it if the line has one. */
void mask_line(struct mask *m, const char *text, size_t len);
void mask_newline(struct mask *m);

/* Returns how many lines could not be read; gives the number of the first one,
 * counted from 1. */
uint64_t mask_unread(const struct mask *m, uint64_t *ret_first);

#endif
