/*
 * Writes the frames on the line to a capture, for the replay input.
 */
#ifndef KMP_RECORDER_H
#define KMP_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

struct recorder;

/* Opens PATH for appending.  Begins a cycle in it if BEGINS_CYCLE, else
 * continues the last one.  Returns NULL when PATH is NULL, or when the capture
 * cannot be written; that is reported, but does not stop the reading.  Every
 * function here accepts NULL for "no capture". */
struct recorder *recorder_open(const struct mp_host *host, const char *path,
                               bool begins_cycle);

/* Records one frame; DIRECTION is '>' to the meter or '<' from it. */
void recorder_frame(struct recorder *recorder, char direction,
                    const uint8_t *wire, size_t len);

/* Writes out the buffered frames; reports a failure, once. */
void recorder_flush(struct recorder *recorder);
void recorder_close(struct recorder *recorder);

#endif
