/*
 * Memory that a test's fakes hand out and free all at once: what a test asks
 * for lives as long as the fake it asked.
 *
 * A test has no use for an answer "out of memory", nor for a fake that goes on
 * after a mistake in the test itself: both end the test with a message.
 */
#ifndef TESTKIT_FAKE_ARENA_H
#define TESTKIT_FAKE_ARENA_H

#include <string.h>

#include <meterpipe/plugin.h>

/* Copies as much of a plugin's struct as both sides know: its header may be
 * older than ours, or younger.  What *TO has beyond it stays as it was. */
#define FAKE_COPY(to, from)                                                    \
  (memcpy((to), (from),                                                        \
          (from)->struct_size < sizeof(*(to)) ? (from)->struct_size            \
                                              : sizeof(*(to))),                \
   (to)->struct_size = sizeof(*(to)))

struct fake_block;

struct fake_arena {
  struct fake_block *blocks;
};

/* SIZE zeroed bytes. */
void *fake_arena_alloc(struct fake_arena *arena, size_t size);

/* A copy of TEXT; NULL of NULL. */
char *fake_arena_text(struct fake_arena *arena, const char *text);

/* A copy of VALUE with its texts; NULL of NULL. */
struct mp_value *fake_arena_value(struct fake_arena *arena,
                                  const struct mp_value *value);

/* Frees all that the arena gave; it can be used again. */
void fake_arena_free(struct fake_arena *arena);

/* Says what is wrong with the test, and aborts. */
MP_PRINTF(1, 2)
__attribute__((noreturn)) void fake_die(const char *fmt, ...);

#endif
