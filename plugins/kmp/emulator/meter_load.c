/*
 * Loads the registers of an emulated meter from a file: settings, one a line,
 * and the answers in captures.
 *
 * The parser of captures is lenient and independent of the capture reader under
 * test: only the frames matter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/kmp/emulator/meter_impl.h"

#define START_ANSWER 0x40
#define STOP 0x0d

/* Stores the answers among the bytes.  Returns how many there were. */
static long
learn_bytes(struct meter *m, const struct meter_bytes *bytes)
{
  const uint8_t *p = bytes->buf, *end = p + bytes->len;
  long learnt = 0;

  for (; p < end; p++) {
    const uint8_t *stop;

    if (*p != START_ANSWER)
      continue;
    stop = memchr(p, STOP, (size_t)(end - p));
    if (!stop)
      break;
    learnt += meter_learn(m, p, (size_t)(stop - p) + 1) == 0;
  }
  return learnt;
}

/* Finds bytes from the meter: after the next "<", else after the next "Rd" of
 * the old script; else, with FIRST set, in the whole line except for its time.
 * Returns NULL if there are none. */
static const char *
find_hex(const char *line, bool first)
{
  const char *mark = strchr(line, '<');

  if (mark)
    return mark + 1;
  mark = strstr(line, "Rd ");
  if (mark)
    return mark + 3;
  if (!first)
    return NULL;
  return strlen(line) > 4 && line[4] == '-' ? strchr(line, ' ') : line;
}

/* Stores the answers in a line: "... < 40 3f ...", "Rd 40 3f ..." or hex only.
 * Returns how many there were. */
static long
learn_line(struct meter *m, const char *line)
{
  const char *hex = find_hex(line, true);
  long learnt = 0;

  while (hex) {
    struct meter_bytes bytes = { .len = 0 };
    unsigned byte;
    int used;

    for (; sscanf(hex, "%2x%n", &byte, &used) == 1; hex += used)
      meter_put(&bytes, (uint8_t)byte);
    learnt += learn_bytes(m, &bytes);
    hex = find_hex(hex, false);
  }
  return learnt;
}

long
meter_load(struct meter *m, const char *path)
{
  FILE *file = fopen(path, "re");
  char *line = NULL;
  size_t size = 0;
  long learnt = 0;
  int failed;

  if (!file)
    return -1;
  while (getline(&line, &size, file) >= 0)
    if (line[0] != '#')
      learnt += meter_try_set(m, line) == 0 ? 1 : learn_line(m, line);
  failed = ferror(file);
  free(line);
  fclose(file);
  return failed ? -1 : learnt;
}
