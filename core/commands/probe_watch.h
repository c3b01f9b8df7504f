/*
 * probe --watch: shows one attempt after the other, for a user who holds the
 * optical head in one hand.
 *
 *     [..~~||||||||||||||||] replies 16 of 20, 245 ms
 *
 * The plugin passes each attempt as an item: what happened as its label, the
 * round trip of a good answer as its value, damage as its remark.
 */
#ifndef CORE_COMMANDS_PROBE_WATCH_H
#define CORE_COMMANDS_PROBE_WATCH_H

#include <stdbool.h>

#include "meterpipe/plugin.h"

#define WATCH_BAR 20 /* attempts that the bar shows */

/* Initialise it with zeros, except as_json and is_live. */
struct probe_watch {
  bool as_json;
  bool is_live; /* one line, redrawn, and a bell; else one line each */
  unsigned attempts, answered;
  char bar[WATCH_BAR + 1]; /* the newest attempt on the right */
};

void watch_show(struct probe_watch *watch, const struct mp_probe_item *attempt);

#endif
