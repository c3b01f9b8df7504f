/* The assertions of libcheck without libcheck, which has no use for them
 * outside its tests: tests/support/ uses them, and a sweep has no such test. */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
_mark_point(const char *file, int line)
{
  (void)file;
  (void)line;
}

void
_ck_assert_failed(const char *file, int line, const char *expr, const char *msg,
                  ...)
{
  va_list args;

  fprintf(stderr, "%s:%d: %s ", file, line, expr);
  if (msg) {
    va_start(args, msg);
    vfprintf(stderr, msg, args);
    va_end(args);
  }
  fputs("\n", stderr);
  exit(99);
}
