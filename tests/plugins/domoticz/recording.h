/*
 * Recorded requests and replies of real servers, put to the stand-in: whether
 * it answers the same.
 */
#ifndef TESTS_DOMOTICZ_RECORDING_H
#define TESTS_DOMOTICZ_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include "tests/support/domoticz_server.h"

/* The file tests/data/domoticz/NAME, whole, with a NUL behind it; from malloc.
 * It must be there. */
char *recording_load(const char *name, size_t *ret_len);
/* The body of the recorded reply NAME. */
char *recording_body(const char *name);

/* Sends REQUEST to the stand-in as it is, and returns the whole reply; from
 * malloc. */
char *recording_exchange(struct domoticz_server *s, const char *request);

/* Sends recorded request NAME and compares the reply with the recorded one: the
 * status line, the headers, and of the body all members that tell something.
 * The clock stands at the recorded time while it is answered. */
void recording_compare(struct domoticz_server *s, const char *name);

/* Unix seconds of "2026-11-22 06:07:57", read as UTC. */
int64_t recording_seconds(const char *text);

/* LastUpdate of the first device, and ActTime, of recorded reply NAME; -1:
 * it has none. */
int64_t recording_last_update(const char *name);
int64_t recording_act_time(const char *name);

#endif
