/*
 * What fuzz_domoticz checks of replies and of updates.
 */
#ifndef FUZZ_DOMOTICZ_CHECK_H
#define FUZZ_DOMOTICZ_CHECK_H

#include <stdbool.h>

#include <meterpipe/plugin.h>

#include "fuzz/oracles/domoticz_line.h"
#include "fuzz/require.h"
#include "plugins/domoticz/reply.h"

/* Ends the program unless TEXT is UTF-8 without control characters. */
void require_clean(const char *text);

/* What the reader makes of any reply is in bounds. */
void check_reply(const struct reply *reply);

/* The update of DEVICE says VALUE and POWER, either of which may be NULL: not
 * in this record. */
void check_sent(const struct line_device *device, const struct mp_value *value,
                const struct mp_value *power, bool has_power_target);

#endif
