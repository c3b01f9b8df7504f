/*
 * Memory of the fakes: a list of blocks that is freed as a whole.
 */
#include "testkit/fake_arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_block {
  struct fake_block *next;
  _Alignas(max_align_t) char bytes[];
};

void
fake_die(const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  fputs("fake: ", stderr);
  vfprintf(stderr, fmt, args);
  fputc('\n', stderr);
  va_end(args);
  abort();
}

void *
fake_arena_alloc(struct fake_arena *arena, size_t size)
{
  struct fake_block *block = calloc(1, sizeof(*block) + size);

  if (!block)
    fake_die("out of memory");
  block->next = arena->blocks;
  arena->blocks = block;
  return block->bytes;
}

char *
fake_arena_text(struct fake_arena *arena, const char *text)
{
  char *copy;

  if (!text)
    return NULL;
  copy = fake_arena_alloc(arena, strlen(text) + 1);
  memcpy(copy, text, strlen(text));
  return copy;
}

struct mp_value *
fake_arena_value(struct fake_arena *arena, const struct mp_value *value)
{
  struct mp_value *copy;

  if (!value)
    return NULL;
  copy = fake_arena_alloc(arena, sizeof(*copy));
  FAKE_COPY(copy, value);
  copy->unit = fake_arena_text(arena, value->unit);
  copy->serial = fake_arena_text(arena, value->serial);
  copy->text = fake_arena_text(arena, value->text);
  return copy;
}

void
fake_arena_free(struct fake_arena *arena)
{
  struct fake_block *block = arena->blocks;

  while (block) {
    struct fake_block *next = block->next;

    free(block);
    block = next;
  }
  arena->blocks = NULL;
}
