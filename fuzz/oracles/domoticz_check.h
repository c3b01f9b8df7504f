/* The checks of fuzz_domoticz for replies and for updates. */
#ifndef FUZZ_DOMOTICZ_CHECK_H
#define FUZZ_DOMOTICZ_CHECK_H

#include <stdbool.h>

#include <meterpipe/plugin.h>

#include "fuzz/oracles/domoticz_line.h"
#include "fuzz/require.h"
#include "plugins/domoticz/reply.h"

/* Ends the program unless TEXT is UTF-8 without control characters. */
void require_clean(const char *text);

/* Checks that the reader keeps the devices of any reply within their limits. */
void check_reply(const struct reply *reply);

/* Checks that the update of DEVICE carries VALUE and POWER.  Either may be
 * NULL: it is not in this record. */
void check_sent(const struct line_device *device, const struct mp_value *value,
                const struct mp_value *power, bool has_power_target);

#endif
