/*
 * Writes what goes over the line into a capture, for the replay input.
 */
#ifndef KMP_RECORDER_H
#define KMP_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

struct recorder;

/* Opens PATH to append to it; what is recorded begins a cycle, or goes on with
 * the last one.  A capture that cannot be written does not cost the reading: it
 * is reported, and NULL comes back.  Every function here takes NULL for "no
 * capture". */
struct recorder *recorder_open(const struct mp_host *host, const char *path,
                               int begins_cycle);

/* One frame: DIRECTION is '>' to the meter or '<' from it. */
void recorder_frame(struct recorder *recorder, char direction,
                    const uint8_t *wire, size_t len);

/* Writes out what is not written yet; reports it once if that fails. */
void recorder_flush(struct recorder *recorder);
void recorder_close(struct recorder *recorder);

#endif
