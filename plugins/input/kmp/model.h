/*
 * What is known of single meter models: their names, and what the bits of their
 * info codes mean.  Pure.
 */
#ifndef KMP_MODEL_H
#define KMP_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Registers whose value is an info code. */
#define MODEL_INFO 99       /* of all; the display's code on some */
#define MODEL_INFO_BITS 369 /* of the x03 meters: all 32 bits */

/* Writes "MULTICAL 601 Pt500 (type 0001)"; unknown types as hex alone. */
void model_name(uint16_t type, char *buf, size_t size);

/* Writes the software revision "F1"; "" when the meter does not tell. */
void model_revision(const uint8_t revision[2], char *buf, size_t size);

/* Writes an info code in words: "t1 outside range, bit 17"; "" where there is
 * nothing to tell.  ID is one of the registers above. */
void model_info(uint16_t type, uint16_t id, int64_t code, char *buf,
                size_t size);

#endif
