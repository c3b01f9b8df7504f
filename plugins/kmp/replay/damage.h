/*
 * The damaged frames of a cycle.  A live run repeats a request whose answer was
 * damaged, perhaps in halves; so a damaged frame is made good when everything
 * its request asked for has been answered later in the same cycle.
 */
#ifndef REPLAY_DAMAGE_H
#define REPLAY_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/kmp_message.h"

/* As many are kept in mind. */
#define DAMAGE_MAX 16

struct damage {
  uint64_t line;
  const char *reason;
  /* Its request asked again for what this cycle has: where no blank lines
   * separate cycles, it may belong to the next. */
  int repeats;
  int has_request;
  struct kmp_request request; /* what of it was not answered since */
};

struct damage_list {
  size_t count;
  struct damage items[DAMAGE_MAX];
};

/* Keeps a damaged frame; REQUEST: what it should have answered, or NULL.
 * Returns what was kept; NULL: the list is full. */
struct damage *damage_add(struct damage_list *list, uint64_t line,
                          const char *reason,
                          const struct kmp_request *request);

/* Takes the first out, or the first that does not repeat.  0: there is none. */
int damage_take(struct damage_list *list, struct damage *ret);
int damage_take_unrepeated(struct damage_list *list, struct damage *ret);

/* Another cycle begins with what is left. */
void damage_next_cycle(struct damage_list *list);

/* A good answer to REQUEST came.  Takes out one that is made good by it; 0:
 * there is none any more. */
int damage_take_made_good(struct damage_list *list,
                          const struct kmp_request *request,
                          struct damage *ret);

#endif
