/*
 * Bytes that grow, up to a maximum: a text, an answer, the rows that an output
 * writes in one go.
 */
#ifndef LIB_TEXT_BUFFER_H
#define LIB_TEXT_BUFFER_H

#include <stddef.h>
#include <string.h>

#include <meterpipe/plugin.h>

/* Maximum of a buffer that has none of its own. */
#define TEXT_BUFFER_MAX ((size_t)256 << 20)

/* Initialise with zeros, or with a maximum: { .max = 4096 }. */
struct text_buffer {
  char *data;
  size_t len, size;
  size_t max; /* of size; 0: TEXT_BUFFER_MAX */
};

/* Makes room for MORE bytes after len.  These functions return MP_OK, or
 * MP_ENOMEM: out of memory, or beyond the maximum.  The buffer is then
 * unchanged. */
int text_buffer_grow(struct text_buffer *b, size_t more);

/* The same.  This and the next two are inline, because replaying a capture adds
 * millions of short texts, mostly without growing. */
static inline int
text_buffer_reserve(struct text_buffer *b, size_t more)
{
  return more < b->size - b->len ? MP_OK : text_buffer_grow(b, more);
}

static inline int
text_buffer_add(struct text_buffer *b, const char *data, size_t len)
{
  if (text_buffer_reserve(b, len) != MP_OK)
    return MP_ENOMEM;
  memcpy(b->data + b->len, data, len);
  b->len += len;
  return MP_OK;
}

static inline int
text_buffer_add_text(struct text_buffer *b, const char *text)
{
  return text_buffer_add(b, text, strlen(text));
}

/* Appends N times C. */
int text_buffer_fill(struct text_buffer *b, char c, size_t n);
/* Inserts DATA at the beginning. */
int text_buffer_prepend(struct text_buffer *b, const char *data, size_t len);
/* Empties B, which keeps its maximum. */
void text_buffer_free(struct text_buffer *b);
/* The same; overwrites a secret first.  Only for a buffer that got all its
 * room at once: growing leaves a copy behind. */
void text_buffer_wipe(struct text_buffer *b);

#endif
