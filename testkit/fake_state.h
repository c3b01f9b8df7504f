/*
 * State of the fake host.  The functions that the test calls (fake_host.c)
 * write it; the services that the plugin calls (fake_services.c) read it.
 */
#ifndef TESTKIT_FAKE_STATE_H
#define TESTKIT_FAKE_STATE_H

#include <pthread.h>

#include <meterpipe/plugin.h>

#include "testkit/fake_arena.h"

/* A named item: an option, an operand, a stored text, a field, a target.  Lists
 * are short, and keep the order of creation. */
struct fake_item {
  struct fake_item *next;
  const char *key;
  char *text;     /* of an option; of a stored text, from malloc */
  int64_t number; /* of an option; the code of a failure */
  const struct mp_option *option;
  struct mp_operand operand;
  struct mp_target target;
  struct fake_item *target_options; /* of a target */
  struct mp_meter meter;            /* of a target; struct_size 0: none */
  struct mp_value *last;            /* of a target; NULL: none */
};

struct fake_host_state {
  struct fake_arena arena;
  const struct mp_plugin *plugin; /* NULL: none */
  int log_level;
  struct fake_item *options;
  struct fake_item *operands;
  struct fake_item *fields;
  struct fake_item *targets;
  struct fake_item *stored;

  pthread_mutex_t lock; /* protects the members below, and the arena */
  struct fake_item *failures;
  uint32_t failure_count;
  char *log; /* NULL: empty */
  size_t log_len;
  int64_t now_ms;       /* -1: the real time */
  int64_t time_left_ms; /* -1: until deadline */
  int64_t deadline;     /* on CLOCK_MONOTONIC */
  int cancel[2];
};

/* Returns the item named KEY, or item INDEX, from 0; NULL: there is none. */
struct fake_item *fake_item_find(struct fake_item *list, const char *key);
struct fake_item *fake_item_at(struct fake_item *list, uint32_t index);
/* Adds an item to the end of LIST, and returns it.  fake_item_obtain returns
 * the item named KEY if there is one. */
struct fake_item *fake_item_append(struct fake_host_state *st,
                                   struct fake_item **list, const char *key);
struct fake_item *fake_item_obtain(struct fake_host_state *st,
                                   struct fake_item **list, const char *key);
/* Returns a copy of TEXT in the arena. */
char *fake_keep(struct fake_host_state *st, const char *text);

/* The service table; ctx, name, decimals and units are not set. */
extern const struct mp_host fake_services;

#endif
