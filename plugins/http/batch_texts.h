/*
 * The texts of the records that a batch sends, one after the other.
 */
#ifndef HTTP_BATCH_TEXTS_H
#define HTTP_BATCH_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/text_buffer.h"

/* All zeros at first. */
struct batch_texts {
  struct text_buffer text; /* added text belongs to the last record */
  size_t *starts;          /* of each record in `text` */
  uint32_t n;              /* of records */
};

/* Begins the next record.  MP_OK or MP_ENOMEM. */
int batch_texts_begin(struct batch_texts *t);
/* Returns the text of N records, one at least, from FIRST on; if *RET_LEN is 0,
 * do not read it. */
char *batch_texts_get(const struct batch_texts *t, uint32_t first, uint32_t n,
                      size_t *ret_len);
/* Forgets all records; keeps the memory, or frees it. */
void batch_texts_forget(struct batch_texts *t);
void batch_texts_free(struct batch_texts *t);

#endif
