/*
 * Cycles of a capture, the same at every call, for tests and benchmarks: each
 * has the form that kmp's option `capture` writes, twenty minutes after the
 * previous one.  The first register counts up, as energy does.
 */
#ifndef SUPPORT_CAPTURE_CYCLE_H
#define SUPPORT_CAPTURE_CYCLE_H

#include <stdint.h>
#include <stdio.h>

#include "plugins/kmp/codec/kmp_message.h"

/* 2026-01-01T00:00:00Z */
#define CAPTURE_CYCLE_FIRST_MS INT64_C(1767225600000)
#define CAPTURE_CYCLE_MS INT64_C(1200000)

/* Writes cycle NUMBER (from 0), with COUNT registers (1 to KMP_REGISTERS_MAX):
 * a blank line, a comment with the time, request and answer. */
void capture_cycle_put(FILE *to, uint8_t count, uint32_t number);
/* Encodes its answer to WIRE, KMP_WIRE_MAX bytes; returns the length. */
size_t capture_cycle_answer(uint8_t count, uint32_t number, uint8_t *wire);

#endif
