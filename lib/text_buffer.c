/* A buffer doubles its size when it grows. */
#include "lib/text_buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

int
text_buffer_grow(struct text_buffer *b, size_t more)
{
  size_t max = b->max ? b->max : TEXT_BUFFER_MAX;
  size_t size = b->size ? b->size : FIRST_SIZE;
  char *grown;

  if (more > max - b->len)
    return MP_ENOMEM;
  if (b->data && more <= b->size - b->len)
    return MP_OK;
  while (size < b->len + more)
    size = size < max / 2 ? 2 * size : max;
  if (size > max)
    size = max;
  grown = realloc(b->data, size);
  if (!grown)
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
  *b = (struct text_buffer){ .max = b->max };
}

void
text_buffer_wipe(struct text_buffer *b)
{
  if (b->data)
    explicit_bzero(b->data, b->len);
  text_buffer_free(b);
}
