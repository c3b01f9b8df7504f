/*
 * What the parts of masking share: mask.c (lines and what context they stand
 * in), mask_bytes.c (bytes in hex), mask_text.c (all other text).
 */
#ifndef KMP_MASK_IMPL_H
#define KMP_MASK_IMPL_H

#include "plugins/kmp/codec/capture.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/program/mask.h"

/* What was asked since the last blank line. */
enum mask_context {
  MASK_UNKNOWN,  /* nothing that was seen */
  MASK_HARMLESS, /* m->request the last */
  MASK_PERSONAL
};

struct mask {
  struct pseudonyms *names;
  FILE *out; /* NULL: nothing is written */
  uint64_t line_number;
  uint64_t unread;
  uint64_t first_unread;
  enum mask_context context;
  struct kmp_request request;
  uint64_t requests; /* good ones, so far */
  struct capture_line line;
  struct kmp_deframer deframer;
};

/* Writes text as it is. */
void mask_put(struct mask *m, const char *text, size_t len);

/* Writes the hex from TEXT to END, which stands for LEN bytes. */
void mask_bytes(struct mask *m, const char *text, const char *end,
                const uint8_t *bytes, size_t len);

/* Writes a text in which numbers may stand. */
void mask_text(struct mask *m, const char *text, size_t len);

#endif
