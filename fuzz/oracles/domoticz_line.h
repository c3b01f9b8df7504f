/*
 * The line of fuzz_domoticz.  It replaces http.c and takes the server's answers
 * from the input file.  It checks the requests, and notes the meaning of each
 * answer, so that the target can compare it with the plugin's results.
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

/* A device with at least one target in this run. */
struct line_device {
  char idx[IDX_DIGITS + 1];
  bool shown;  /* the last reply that lists it is in `device` */
  bool denied; /* asked for alone, the server did not list it */
  struct device device;
  unsigned updates;
  char *svalue;    /* of the update, unescaped */
  uint32_t result; /* MP_ACCEPTED ...: the meaning of its answer */
};

/* Sets the replies: the SIZE bytes at DATA, which the caller keeps. */
void line_begin(const uint8_t *data, size_t size);
/* Finds the body of the first reply and returns its length. */
size_t line_first_body(const char **ret_body);
/* Adds the device IDX to those that may be asked for; NULL: too many
 * devices. */
struct line_device *line_add(const char *idx);
/* Begins another run, in which WHAT (LINE_RUN ...) is called. */
void line_run(unsigned what);
/* Returns whether an answer ended the conversation: the plugin must send no
 * further request. */
bool line_is_dead(void);
void line_end(void);

#endif
