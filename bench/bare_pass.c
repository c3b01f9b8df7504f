/*
 * The least that reading a capture can cost: decodes each line's hex, removes
 * the stuffing of each frame and checks its checksum, and does nothing else.
 * The replay benchmark compares with this.
 *
 *     bare_pass CAPTURE
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/kmp/codec/kmp_frame.h"

/* Value of a hex digit plus 1; 0: not a digit. */
static const uint8_t hex[256] = {
  ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
  ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Decodes the bytes after the direction sign, "3f 10 01"; returns their
 * number. */
static size_t
decode_hex(const char *text, uint8_t bytes[KMP_WIRE_MAX])
{
  const uint8_t *p = (const uint8_t *)text;
  size_t n = 0;

  for (; n < KMP_WIRE_MAX; p++) {
    if (*p == ' ')
      continue;
    if (hex[p[0]] == 0 || hex[p[1]] == 0)
      break;
    bytes[n++] = (uint8_t)((hex[p[0]] - 1) << 4 | (hex[p[1]] - 1));
    p++;
  }
  return n;
}

/* Returns whether the line holds a good frame; comments and blank lines do
 * not. */
static bool
is_frame(const char *line)
{
  uint8_t wire[KMP_WIRE_MAX], plain[KMP_WIRE_MAX];
  const char *sign = line[0] == '#' ? NULL : strpbrk(line, "<>");
  struct kmp_frame frame;
  size_t len;

  if (!sign)
    return false;
  len = decode_hex(sign + 1, wire);
  return kmp_frame_decode(wire, len, plain, &frame) == KMP_OK;
}

int
main(int argc, char **argv)
{
  FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
  unsigned long frames = 0;
  char *line = NULL;
  size_t size = 0;

  if (!in) {
    fputs("usage: bare_pass CAPTURE\n", stderr);
    return 64;
  }
  while (getline(&line, &size, in) >= 0)
    frames += is_frame(line);
  free(line);
  fclose(in);
  printf("%lu\n", frames);
  return 0;
}
