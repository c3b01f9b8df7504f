/* The texts of the records that a batch sends. */
#include "plugins/http/batch_texts.h"

#include <stdlib.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"

int
batch_texts_begin(struct batch_texts *t)
{
  if (!ARRAY_GROW(&t->starts, t->n))
    return MP_ENOMEM;
  t->starts[t->n++] = t->text.len;
  return MP_OK;
}

char *
batch_texts_get(const struct batch_texts *t, uint32_t first, uint32_t n,
                size_t *ret_len)
{
  size_t end = first + n < t->n ? t->starts[first + n] : t->text.len;

  *ret_len = end - t->starts[first];
  return *ret_len > 0 ? t->text.data + t->starts[first] : NULL;
}

void
batch_texts_forget(struct batch_texts *t)
{
  t->text.len = 0;
  t->n = 0;
}

void
batch_texts_free(struct batch_texts *t)
{
  text_buffer_free(&t->text);
  free(t->starts);
  t->starts = NULL;
  t->n = 0;
}
