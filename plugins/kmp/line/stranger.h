/*
 * What a line says when it is no KMP at all: other protocols of meters, known
 * by how their frames begin.  Pure.
 */
#ifndef KMP_STRANGER_H
#define KMP_STRANGER_H

#include <stddef.h>
#include <stdint.h>

/* So many bytes are enough to know them by. */
#define STRANGER_BYTES 64

/* The name of the protocol of a frame somewhere in BUF; NULL: none is known. */
const char *stranger_name(const uint8_t *buf, size_t len);

#endif
