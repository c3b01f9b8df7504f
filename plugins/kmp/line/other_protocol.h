/*
 * Recognises other meter protocols on the line by the beginning of their
 * frames.  Pure.
 */
#ifndef KMP_OTHER_PROTOCOL_H
#define KMP_OTHER_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

/* Number of bytes that suffice to recognise a protocol. */
#define OTHER_PROTOCOL_BYTES 64

/* Returns the name of the protocol of a frame anywhere in BUF, or NULL when
 * none is recognised. */
const char *other_protocol_name(const uint8_t *buf, size_t len);

#endif
