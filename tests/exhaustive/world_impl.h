/*
 * Parts of the account; only for world.c and world_events.c.
 */
#ifndef TESTS_EXHAUSTIVE_WORLD_IMPL_H
#define TESTS_EXHAUSTIVE_WORLD_IMPL_H

#include "tests/exhaustive/world.h"

int64_t world_size_of(int64_t x);

/* Returns true if the true usage goes into TARGET. */
bool world_is_sum(const struct world_plan *plan, size_t target);

/* What a device displays counts as 0 if it is empty. */
int64_t world_displayed_number(const struct device *d);

/* Allows the totals and amounts of METER an error of AMOUNT, either way. */
void world_excuse(const struct world_plan *plan, struct world *w, size_t meter,
                  int64_t amount, enum exception reason);

/* Allows TARGET an error of exactly AMOUNT, or less. */
void world_excuse_target(struct world *w, size_t target, int64_t amount,
                         enum exception reason);

/* The same for an event at TARGET.  Nothing is computed from a copy. */
void world_excuse_event(const struct world_plan *plan, struct world *w,
                        size_t target, int64_t amount, enum exception reason);

/* The program may not know that AMOUNT is there, and give it again with more.
 */
void world_doubt(struct device *d, int64_t amount, enum exception reason);

/* Allows TARGET the error of a doubtful amount. */
void world_excuse_doubtful(struct world *w, size_t target);

/* Returns the amount of the true usage that TARGET does not display. */
int64_t world_missing_amount(const struct world_plan *plan,
                             const struct world *w, size_t target);

/* Returns the amount of TARGET that is under way: lost by the server, written
 * without the program's knowledge, or perhaps in flight. */
int64_t world_under_way(const struct world_plan *plan, const struct world *w,
                        size_t target);

/* The display of the base of METER may be taken for a change by hand. */
void world_set_stale(struct world *w, size_t meter, enum exception reason);

/* Notes whether the copies of METER may display anything: a value that the
 * program takes for a change by hand stays until the next reading that counts.
 */
void world_set_copies_free(const struct world_plan *plan, struct world *w,
                           size_t meter, bool is_free);

void world_push_undo(struct device *d);

void world_forget_undo(struct device *d);

/* Adds to the true usage of METER. */
void world_add_usage(const struct world_plan *plan, struct world *w,
                     size_t meter, int64_t amount);

#endif
