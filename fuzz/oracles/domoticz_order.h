/*
 * The first line of an input file of fuzz_domoticz: the call to make, and its
 * values.
 *
 *     [@VERB [WORD]... LF] REPLY...
 *
 *     VERB  run      fetch, write, commit, check; WORD: N=VALUE, N.power=VALUE,
 *                    N (which is only read), api=FORM_COUNT_VERSION (stored)
 *           again    the same twice
 *           list
 *           create   WORD: a type; the rest is a label.  `plan` likewise
 *
 * An input without this line is a run for the devices of the first reply.
 */
#ifndef FUZZ_DOMOTICZ_ORDER_H
#define FUZZ_DOMOTICZ_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "fuzz/oracles/domoticz_line.h"

#define ORDER_TARGETS_MAX 8

/* A target. */
struct wanted {
  const char *name;
  struct line_device *device; /* NULL: its name is not an idx */
  bool is_power, is_read;
  struct mp_value value;
  bool written; /* the plugin accepted the value */
};

struct order {
  char *text; /* owns the strings below */
  const char *verb;
  const char *type, *label; /* of `create` */
  const char *stored;       /* under "api", from an earlier run; or NULL */
  struct wanted targets[ORDER_TARGETS_MAX];
  uint32_t target_count;
};

/* Returns the number of bytes that the order takes at the start of an input. */
size_t order_length(const uint8_t *data, size_t size);
/* Reads an order of LEN bytes.  Call it after line_begin. */
void order_read(struct order *o, const uint8_t *data, size_t len);
void order_clear(struct order *o);

#endif
