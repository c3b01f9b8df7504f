/*
 * Sends recorded requests of real servers to the stand-in and compares its
 * replies with the recorded ones.
 */
#ifndef TESTS_DOMOTICZ_RECORDING_H
#define TESTS_DOMOTICZ_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include "tests/support/domoticz_server.h"

/* Loads the whole file tests/data/domoticz/NAME and appends a NUL; the caller
 * frees it.  Fails the test if there is no such file. */
char *recording_load(const char *name, size_t *ret_len);
/* Returns the body of the recorded reply NAME; the caller frees it. */
char *recording_body(const char *name);

/* Sends REQUEST to the stand-in unchanged and returns the whole reply; the
 * caller frees it. */
char *recording_exchange(struct domoticz_server *s, const char *request);

/* Sends the recorded request NAME and compares the reply with the recorded one:
 * status line, headers, and the relevant members of the body.  Sets the
 * stand-in's clock to the recorded time first. */
void recording_compare(struct domoticz_server *s, const char *name);

/* Parses "2026-11-22 06:07:57" as UTC; returns Unix seconds. */
int64_t recording_seconds(const char *text);

/* Returns LastUpdate of the first device of the recorded reply NAME; -1: not in
 * the reply. */
int64_t recording_last_update(const char *name);

#endif
