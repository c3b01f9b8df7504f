/*
 * The memory of a fake host or a fake sink: a list of blocks that is freed as a
 * whole, together with the fake.
 *
 * If memory runs out, or the test itself makes a mistake, the test cannot
 * continue: it ends with a message.
 */
#ifndef TESTKIT_FAKE_ARENA_H
#define TESTKIT_FAKE_ARENA_H

#include <string.h>

#include <meterpipe/plugin.h>

/* Copies the members of a plugin's struct that both sides know: its header may
 * be older or newer than ours.  The other members of *TO keep their
 * values. */
#define FAKE_COPY(to, from)                                                    \
  (memcpy((to), (from),                                                        \
          (from)->struct_size < sizeof(*(to)) ? (from)->struct_size            \
                                              : sizeof(*(to))),                \
   (to)->struct_size = sizeof(*(to)))

struct fake_block;

struct fake_arena {
  struct fake_block *blocks;
};

/* Returns SIZE zeroed bytes. */
void *fake_arena_alloc(struct fake_arena *arena, size_t size);

/* Returns a copy of TEXT; NULL for NULL. */
char *fake_arena_text(struct fake_arena *arena, const char *text);

/* Returns a copy of VALUE with its texts; NULL for NULL. */
struct mp_value *fake_arena_value(struct fake_arena *arena,
                                  const struct mp_value *value);

/* Frees all blocks; the arena can be used again. */
void fake_arena_free(struct fake_arena *arena);

/* Prints the mistake of the test, and aborts. */
MP_PRINTF(1, 2)
__attribute__((noreturn)) void fake_die(const char *fmt, ...);

#endif
