/*
 * The line of fuzz_domoticz: it stands in place of http.c, and answers with
 * what the input file says.  What it is asked is checked here; what its answers
 * mean is noted, so that the target can compare what the plugin makes of them.
 */
#ifndef FUZZ_DOMOTICZ_LINE_H
#define FUZZ_DOMOTICZ_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/oracles/domoticz_query.h"
#include "plugins/domoticz/device.h"
#include "plugins/domoticz/domoticz.h"

#define LINE_DEVICES_MAX 6

/* A device that targets are of, in this run. */
struct line_device {
  char idx[IDX_DIGITS + 1];
  bool shown;  /* as `device` says, by the last answer that has it */
  bool denied; /* asked for alone, the server said that there is none */
  struct device device;
  unsigned updates;
  char *svalue;    /* of the update, without its escapes */
  uint32_t result; /* MP_ACCEPTED ...: what its answer means */
};

/* The replies in the SIZE bytes at DATA, which stay the caller's. */
void line_begin(const uint8_t *data, size_t size);
/* The body of the first reply; its length. */
size_t line_first_body(const char **ret_body);
/* The device called IDX is asked about; NULL: there are too many. */
struct line_device *line_add(const char *idx);
/* What follows belongs to another run, in which WHAT (LINE_RUN ...) is called.
 */
void line_run(unsigned what);
/* Whether an answer said that there is no sense in going on. */
bool line_is_dead(void);
void line_end(void);

#endif
