/*
 * Recognises a serial server in telnet mode.  It doubles each FF byte of the
 * meter and may change the line ends, so the meter cannot be read.  Pure.
 */
#ifndef KMP_TELNET_H
#define KMP_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if BUF holds a telnet negotiation, which servers send at connect. */
bool telnet_negotiates(const uint8_t *buf, size_t len);

/* True if the refused frame WIRE is a good one once each FF FF is replaced by
 * one FF. */
bool telnet_doubles(const uint8_t *wire, size_t len);

#endif
