/*
 * Fuzz target: masks a capture.  Also checks that every line keeps its kind and
 * its number of events and good frames.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "plugins/kmp/codec/capture.h"
#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/program/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
line_length(const char *p, const char *end)
{
  const char *newline = memchr(p, '\n', (size_t)(end - p));

  return newline ? (size_t)(newline - p) : (size_t)(end - p);
}

static void
run_pass(struct pseudonyms *names, const char *p, const char *end, FILE *out)
{
  struct mask *m = mask_new(names, out);

  require(m);
  while (p < end) {
    size_t len = line_length(p, end);

    mask_line(m, p, len);
    p += len;
    if (p < end) {
      mask_newline(m);
      p++;
    }
  }
  mask_free(m);
}

static char *
mask_all(const char *text, size_t size, size_t *ret_size)
{
  struct pseudonyms *names = pseudonyms_new();
  char *masked = NULL;
  FILE *out = open_memstream(&masked, ret_size);

  require(names && out);
  run_pass(names, text, text + size, NULL);
  run_pass(names, text, text + size, out);
  require(fclose(out) == 0);
  pseudonyms_free(names);
  return masked;
}

/* Lines with a bad time and lines with bad bytes count as the same kind. */
#define UNREADABLE 1u

/* Returns a number for the kind and content of the line, to be compared. */
static uint32_t
sum_line(const char *p, size_t len)
{
  static struct capture_line line;
  static struct kmp_deframer d;
  int r = capture_begin(&line, p, len);
  uint32_t sum = UNREADABLE;

  if (r < 0)
    return UNREADABLE * 31 + 1;
  if (r != CAPTURE_EVENTS)
    return (uint32_t)r + 1000;
  for (r = capture_next(&line); r > 0; r = capture_next(&line)) {
    enum kmp_event event;
    size_t fed = 0;

    kmp_deframer_init(&d);
    sum = sum * 31 + (uint8_t)line.direction;
    while (fed < line.len) {
      fed += kmp_deframer_feed(&d, line.bytes + fed, line.len - fed, &event);
      if (event == KMP_EVENT_FRAME)
        sum = sum * 31 + d.frame.cid * 7u + d.frame.address + d.frame.start +
              (uint32_t)d.frame.len;
    }
  }
  return sum * 31 + (r < 0);
}

static void
compare(const char *a, const char *a_end, const char *b, const char *b_end)
{
  while (a < a_end && b < b_end) {
    size_t a_len = line_length(a, a_end), b_len = line_length(b, b_end);

    require(sum_line(a, a_len) == sum_line(b, b_len));
    a += a_len + 1;
    b += b_len + 1;
  }
  require(a >= a_end && b >= b_end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *text = (const char *)data;
  size_t masked_size;
  char *masked = mask_all(text, size, &masked_size);

  compare(text, text + size, masked, masked + masked_size);
  free(masked);
  return 0;
}
