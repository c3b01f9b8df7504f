/*
 * Fuzz target: passes bytes of a line to the deframer, and its frames to all
 * decoders.  Also checks that a good frame is encoded to the same bytes; that
 * the size of the pieces makes no difference; that the buffers hold every
 * value.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "tests/support/kmp_answer_encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_values(const struct kmp_answer *answer)
{
  for (uint8_t i = 0; i < answer->count; i++) {
    char text[KMP_FORMAT_SIZE];
    struct kmp_value value;

    if (kmp_value_decode(&answer->records[i], &value) == KMP_OK &&
        value.form != KMP_FORM_NONE)
      require(kmp_value_format(&value, text, sizeof(text)) > 0);
  }
}

/* Checks that an accepted message is encoded to the same frame. */
static void
check_message(const struct kmp_frame *frame, const uint8_t *wire, size_t len)
{
  uint8_t again[KMP_WIRE_MAX];
  struct kmp_request request;
  struct kmp_answer answer;
  size_t n = 0;

  if (kmp_request_decode(frame, &request) == KMP_OK)
    n = kmp_request_encode(&request, again, sizeof(again));
  else if (kmp_answer_decode(frame, NULL, &answer) == KMP_OK) {
    check_values(&answer);
    n = kmp_answer_encode(frame->address, &answer, again, sizeof(again));
  }
  /* Other commands have no encoder. */
  require(n == 0 || (n == len && memcmp(again, wire, len) == 0));
}

static void
check_frame(const struct kmp_frame *frame, const uint8_t *wire, size_t len)
{
  uint8_t again[KMP_WIRE_MAX];

  require(kmp_frame_encode(frame, again, sizeof(again)) == len);
  require(memcmp(again, wire, len) == 0);
  check_message(frame, wire, len);
}

/* Feeds the bytes in pieces of up to STEP; returns a checksum over the
 * events. */
static uint32_t
feed(const uint8_t *data, size_t size, size_t step)
{
  static struct kmp_deframer d;
  uint32_t sum = 0;
  size_t fed = 0;

  kmp_deframer_init(&d);
  while (fed < size) {
    size_t piece = size - fed < step ? size - fed : step;
    enum kmp_event event;

    fed += kmp_deframer_feed(&d, data + fed, piece, &event);
    if (event == KMP_EVENT_NONE)
      continue;
    if (event == KMP_EVENT_FRAME)
      check_frame(&d.frame, d.wire, d.wire_len);
    if (event == KMP_EVENT_BAD)
      require(strcmp(kmp_error_text(d.error), "unknown error") != 0);
    sum = sum * 31 + (uint32_t)event * 7 + (uint32_t)fed;
  }
  sum = sum * 31 + (uint32_t)kmp_deframer_end(&d);
  return sum * 31 + (uint32_t)(d.noise + d.zeros);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  uint32_t whole = feed(data, size, size + 1);

  require(feed(data, size, 1) == whole);
  require(feed(data, size, 7) == whole);
  return 0;
}
