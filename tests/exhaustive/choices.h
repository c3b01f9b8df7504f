/*
 * The alphabet: what can happen before a run and in it.  A step of a history is
 * an event or none, a reading, and what the server does.
 */
#ifndef TESTS_EXHAUSTIVE_CHOICES_H
#define TESTS_EXHAUSTIVE_CHOICES_H

#include "tests/exhaustive/driver.h"

enum event_kind {
  EVENT_NONE,
  EVENT_BACK,     /* the server loses the last N values of TARGET, or of all */
  EVENT_FORGET,   /* it loses all values of all targets */
  EVENT_SET_ZERO, /* a person sets TARGET to 0 */
  EVENT_SET,      /* a person changes TARGET by N */
  EVENT_EXCHANGE, /* another meter; its count differs by N */
  EVENT_WRONG_SERIAL, /* the next reading has a wrong serial number */
  EVENT_REBASE,       /* the command rebase */
  EVENT_DIVIDER,      /* the divider of TARGET is changed */
  EVENT_LOSE_STATE,   /* the program's state is deleted */
  EVENT_RESTORE,      /* it is replaced by that from before the last run */
  EVENT_LABEL,        /* the unit of TARGET is changed, or back */
  EVENT_FOREIGN,      /* another pipeline writes to TARGET */
  EVENT_KINDS
};

#define ALL_TARGETS WORLD_TARGETS

struct event {
  enum event_kind kind;
  size_t target; /* or ALL_TARGETS; of an exchange: the meter */
  int64_t n;
};

#define MOST_EVENTS 64

/* Which steps are explored. */
enum alphabet_kind {
  ALPHABET_FULL,
  ALPHABET_FAILURES, /* no events, and each reading is a good one */
  ALPHABET_CLOSED,   /* what has a known end: see step_is_known */
};

struct alphabet {
  enum alphabet_kind kind;
  struct event events[MOST_EVENTS]; /* the first one is EVENT_NONE */
  size_t n_events;
};

void alphabet_init(struct alphabet *a, const struct house *house,
                   enum alphabet_kind kind);

/* In ALPHABET_CLOSED, the meter counts on by 0 or 1 while no target lacks more
 * than CLOSED_LAG, a device loses one value and gets it back before it loses
 * another, and no write is carried out late.  Nothing in it needs an exception
 * of the manual, so the state cannot grow, and the exploration ends. */
#define CLOSED_LAG 2

/* Applies EVENT.  Returns false if it cannot happen now. */
bool event_apply(const struct house *house, struct state *s,
                 const struct event *event);

/* A step as a number, and back. */
struct step {
  size_t event;
  unsigned reading; /* index of readings */
  struct failure failure;
};

/* The readings, in this order: +0, +1, +2, -1, none. */
#define READINGS 5
#define FREE_READINGS 3

/* Returns true if the alphabet has this step in state S. */
bool step_is_known(const struct alphabet *a, const struct house *house,
                   const struct state *s, const struct step *step);

uint32_t step_number(const struct step *step);
struct step step_of(uint32_t number);

/* Returns the number of disturbances that EVENT and READING are. */
unsigned step_cost(const struct step *step);

void step_choice(const struct alphabet *a, const struct step *step,
                 struct run_choice *ret);
/* Writes a step in words. */
void step_describe(const struct house *house, const struct alphabet *a,
                   const struct step *step, char *buf, size_t size);

#endif
