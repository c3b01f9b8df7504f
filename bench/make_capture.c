/*
 * Writes a capture of any length, the same at every call:
 *
 *     make_capture REGISTERS CYCLES [answers] >FILE
 *
 * Each cycle has the form that kmp's option `capture` writes, twenty minutes
 * after the previous one: a blank line, a comment with the time, request and
 * answer.  With `answers` it is one line, the answer without its time.  The
 * first register counts up, as energy does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/kmp/codec/capture.h"
#include "tests/support/capture_cycle.h"

/* Writes the line of an answer without its time. */
static void
put_answer(uint8_t count, uint32_t number)
{
  uint8_t wire[KMP_WIRE_MAX];
  size_t len = capture_cycle_answer(count, number, wire);

  putchar(CAPTURE_FROM_METER);
  for (size_t i = 0; i < len; i++)
    printf(" %02x", wire[i]);
  putchar('\n');
}

int
main(int argc, char **argv)
{
  unsigned long count = argc >= 3 ? strtoul(argv[1], NULL, 10) : 0;
  unsigned long cycles = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
  bool answers = argc == 4 && strcmp(argv[3], "answers") == 0;

  if (count < 1 || count > KMP_REGISTERS_MAX || cycles > 10000000 ||
      argc != 3 + answers) {
    fputs("usage: make_capture REGISTERS CYCLES [answers] >FILE\n", stderr);
    return 64;
  }
  printf("# meterpipe capture %d meter\n", CAPTURE_VERSION);
  for (uint32_t i = 0; i < cycles; i++)
    if (answers)
      put_answer((uint8_t)count, i);
    else
      capture_cycle_put(stdout, (uint8_t)count, i);
  return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 74;
}
