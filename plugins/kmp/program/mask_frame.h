/*
 * Masks the personal values in the data of a good frame.
 */
#ifndef KMP_MASK_FRAME_H
#define KMP_MASK_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/program/pseudonym.h"

/* Overwrites bytes that might be personal.  It is neither a framing byte nor
 * one that may come at any time (00 and the acknowledge). */
#define MASK_FILL 0xff

/* Replaces personal numbers and texts in DATA, the LEN bytes of data of a frame
 * with start byte START and command CID.  Lengths do not change.  Data that
 * cannot be parsed, or of an unknown command, is overwritten with MASK_FILL. */
void mask_data(struct pseudonyms *names, uint8_t start, uint8_t cid,
               uint8_t *data, size_t len);

#endif
