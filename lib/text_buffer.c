/*
 * A text that grows, up to a maximum size.
 */
#include "lib/text_buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

int
text_buffer_grow(struct text_buffer *b, size_t more)
{
  size_t size = b->size == 0 ? FIRST_SIZE : b->size;
  char *grown;

  if (more > TEXT_BUFFER_MAX - b->len)
    return MP_ENOMEM;
  if (b->data != NULL && more <= b->size - b->len)
    return MP_OK;
  while (size < b->len + more)
    size *= 2;
  grown = realloc(b->data, size);
  if (grown == NULL)
    return MP_ENOMEM;
  b->data = grown;
  b->size = size;
  return MP_OK;
}

int
text_buffer_fill(struct text_buffer *b, char c, size_t n)
{
  if (text_buffer_reserve(b, n) != MP_OK)
    return MP_ENOMEM;
  memset(b->data + b->len, c, n);
  b->len += n;
  return MP_OK;
}

int
text_buffer_prepend(struct text_buffer *b, const char *data, size_t len)
{
  if (text_buffer_reserve(b, len) != MP_OK)
    return MP_ENOMEM;
  memmove(b->data + len, b->data, b->len);
  memcpy(b->data, data, len);
  b->len += len;
  return MP_OK;
}

void
text_buffer_free(struct text_buffer *b)
{
  free(b->data);
  memset(b, 0, sizeof(*b));
}
