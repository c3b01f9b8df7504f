/*
 * The damaged frames of a cycle.  A live run repeats a request whose answer was
 * damaged, or splits it into two.  So a damaged frame is made good when later
 * answers in the same cycle have all registers of its request.
 */
#ifndef REPLAY_DAMAGE_H
#define REPLAY_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/kmp_message.h"

/* Damaged frames in a list, at most. */
#define DAMAGE_MAX 16

struct damage {
  uint64_t line;
  const char *reason;
  /* Its request asked for a register that the cycle has already.  Without blank
   * lines between cycles, it may belong to the next cycle. */
  bool repeats;
  bool has_request;
  struct kmp_request request; /* its registers not answered since */
};

struct damage_list {
  size_t count;
  struct damage items[DAMAGE_MAX];
};

/* Adds a damaged frame.  REQUEST: the request it should have answered, or NULL.
 * Returns the new entry, for the caller to complete; NULL: the list is full. */
struct damage *damage_add(struct damage_list *list, uint64_t line,
                          const char *reason,
                          const struct kmp_request *request);

/* Remove the first entry, or the first that does not repeat.  Return 0 if there
 * is none. */
bool damage_take(struct damage_list *list, struct damage *ret);
bool damage_take_unrepeated(struct damage_list *list, struct damage *ret);

/* Begins another cycle with the remaining entries. */
void damage_next_cycle(struct damage_list *list);

/* Strikes out the registers of REQUEST, which had a good answer, and removes
 * one entry that this makes good.  Returns false when there is none; call it
 * until then. */
bool damage_take_made_good(struct damage_list *list,
                           const struct kmp_request *request,
                           struct damage *ret);

#endif
