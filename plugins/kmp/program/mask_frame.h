/*
 * What is personal in the data of a good frame.
 */
#ifndef KMP_MASK_FRAME_H
#define KMP_MASK_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/program/pseudonym.h"

/* What is written over bytes that might be personal and mean nothing to us:
 * no byte that frames are made of, none that may come at any time. */
#define MASK_FILL 0xff

/* Replaces personal numbers and texts in the LEN bytes of DATA that belong to a
 * frame of that kind, length by length.  Data that cannot be taken apart, and
 * those of unknown commands, are overwritten. */
void mask_data(struct pseudonyms *names, uint8_t start, uint8_t cid,
               uint8_t *data, size_t len);

#endif
