/*
 * Shared by the files of masking: mask.c (lines and their context),
 * mask_bytes.c (bytes in hex), mask_text.c (all other text).
 */
#ifndef KMP_MASK_IMPL_H
#define KMP_MASK_IMPL_H

#include "plugins/kmp/codec/capture.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/program/mask.h"

/* The requests since the last blank line. */
enum mask_context {
  MASK_UNKNOWN,  /* none was seen */
  MASK_HARMLESS, /* none for personal data; m->request is the last */
  MASK_PERSONAL  /* one for personal data, or a damaged request */
};

struct mask {
  struct pseudonyms *names;
  FILE *out; /* NULL: write nothing */
  uint64_t line_number;
  uint64_t unread;
  uint64_t first_unread;
  enum mask_context context;
  struct kmp_request request;
  uint64_t requests; /* number of good ones so far */
  struct capture_line line;
  struct kmp_deframer deframer;
};

/* Writes TEXT unchanged. */
void mask_put(struct mask *m, const char *text, size_t len);

/* Masks and writes the hex from TEXT to END, which encodes the LEN BYTES. */
void mask_bytes(struct mask *m, const char *text, const char *end,
                const uint8_t *bytes, size_t len);

/* Masks and writes text outside events, such as a comment. */
void mask_text(struct mask *m, const char *text, size_t len);

#endif
