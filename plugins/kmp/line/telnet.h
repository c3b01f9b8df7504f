/*
 * A serial server in telnet mode: it doubles each FF byte of the meter, and may
 * change the line ends.  Such a line cannot be read; here is how it is known.
 * Pure.
 */
#ifndef KMP_TELNET_H
#define KMP_TELNET_H

#include <stddef.h>
#include <stdint.h>

/* Whether BUF holds a telnet negotiation, as servers send it at connect. */
int telnet_negotiates(const uint8_t *buf, size_t len);

/* Whether the refused frame WIRE is a good one once each FF FF is one FF. */
int telnet_doubles(const uint8_t *wire, size_t len);

#endif
