/*
 * What the fake host knows: written by the test's side (fake_host.c), read by
 * the plugin's side (fake_services.c).
 */
#ifndef TESTKIT_FAKE_STATE_H
#define TESTKIT_FAKE_STATE_H

#include <pthread.h>

#include <meterpipe/plugin.h>

#include "testkit/fake_arena.h"

/* A named thing of the test: an option, an operand, a stored text, a field.
 * All are short lists, kept in the order in which they were made. */
struct fake_item {
  struct fake_item *next;
  const char *key;
  char *text;     /* an option's; a stored one's, from malloc */
  int64_t number; /* an option's; a failure's code */
  const struct mp_option *option;
  struct mp_operand operand;
  struct mp_target target;
};

struct fake_host_state {
  struct fake_arena arena;
  struct fake_item *options;
  struct fake_item *operands;
  struct fake_item *fields;
  struct fake_item *targets;
  struct fake_item *stored;

  pthread_mutex_t lock; /* of all that follows, and of the arena */
  struct fake_item *failures;
  uint32_t failure_count;
  char *log;
  size_t log_len;
  int64_t now_ms;       /* -1: the real time */
  int64_t time_left_ms; /* -1: until deadline */
  int64_t deadline;     /* on CLOCK_MONOTONIC */
  int cancel[2];
};

/* The item called KEY, or number INDEX from 0; NULL: there is none. */
struct fake_item *fake_item_find(struct fake_item *list, const char *key);
struct fake_item *fake_item_at(struct fake_item *list, uint32_t index);
/* A new item at the end of LIST; obtain: unless KEY is there. */
struct fake_item *fake_item_append(struct fake_host_state *st,
                                   struct fake_item **list, const char *key);
struct fake_item *fake_item_obtain(struct fake_host_state *st,
                                   struct fake_item **list, const char *key);
/* A copy of TEXT in the arena. */
char *fake_keep(struct fake_host_state *st, const char *text);
/* Milliseconds on CLOCK. */
int64_t fake_clock_ms(int clock);

/* The service table, without its context. */
extern const struct mp_host fake_services;

#endif
