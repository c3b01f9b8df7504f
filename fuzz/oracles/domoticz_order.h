/*
 * What is called and written in a conversation of fuzz_domoticz: the first line
 * of an input file.
 *
 *     [@VERB [WORD]... LF] REPLY...
 *
 *     VERB  run      fetch, write, commit, check; WORD: N=VALUE, N.power=VALUE,
 *                    N (which is only read), api=FORM_COUNT_VERSION (stored)
 *           again    the same twice
 *           list
 *           create   WORD: a type; the rest is a label.  `plan` likewise
 *
 * Without that line it is a run for the devices of the first reply.
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
  struct line_device *device; /* NULL: its name is no idx */
  bool is_power, is_read;
  struct mp_value value;
  bool written; /* and the plugin took it */
};

struct order {
  char *text; /* which the rest is made of */
  const char *verb;
  const char *type, *label; /* to create */
  const char *stored;       /* under "api", from an earlier run; or NULL */
  struct wanted targets[ORDER_TARGETS_MAX];
  uint32_t target_count;
};

/* How many bytes of an input are its order. */
size_t order_length(const uint8_t *data, size_t size);
/* Reads an order of LEN bytes.  After line_begin. */
void order_read(struct order *o, const uint8_t *data, size_t len);
void order_clear(struct order *o);

#endif
