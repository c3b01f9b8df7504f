/*
 * Fuzz target: passes text through the capture reader, line by line.  Also
 * checks that an event is unchanged when it is written and read back.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "plugins/kmp/codec/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_event(const struct capture_line *line)
{
  static char buf[3 * CAPTURE_BYTES_MAX + CAPTURE_LINE_EXTRA];
  static struct capture_line again;
  int64_t time_ms = line->has_time ? line->time_ms : 0;
  size_t n = capture_format(buf, sizeof(buf), time_ms, line->direction,
                            line->bytes, line->len);

  /* A UTC offset can move a time out of the years that can be written. */
  if (n == 0)
    return;
  require(buf[n - 1] == '\n');
  require(capture_begin(&again, buf, n - 1) == CAPTURE_EVENTS);
  require(capture_next(&again) == 1);
  require(again.has_time && again.time_ms == time_ms);
  require(!again.old_script && again.direction == line->direction);
  require(again.len == line->len);
  require(memcmp(again.bytes, line->bytes, line->len) == 0);
  require(capture_next(&again) == 0);
}

static void
check_line(const char *text, size_t len)
{
  static struct capture_line line;
  int r = capture_begin(&line, text, len);

  if (r < 0)
    require(strcmp(capture_error_text(r), "unknown error") != 0);
  if (r != CAPTURE_EVENTS)
    return;
  for (r = capture_next(&line); r > 0; r = capture_next(&line))
    check_event(&line);
  if (r < 0)
    require(strcmp(capture_error_text(r), "unknown error") != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *p = (const char *)data, *end = p + size;

  while (p < end) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    size_t len = newline ? (size_t)(newline - p) : (size_t)(end - p);

    check_line(p, len);
    p += len + !!newline;
  }
  return 0;
}
