/*
 * Recognises other meter protocols on the line by the beginning of their
 * frames.  Pure.
 */
#ifndef KMP_STRANGER_H
#define KMP_STRANGER_H

#include <stddef.h>
#include <stdint.h>

/* Number of bytes that suffice to recognise a protocol. */
#define STRANGER_BYTES 64

/* Returns the name of the protocol of a frame anywhere in BUF, or NULL when
 * none is recognised. */
const char *stranger_name(const uint8_t *buf, size_t len);

#endif
