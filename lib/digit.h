/* Digits. */
#ifndef LIB_DIGIT_H
#define LIB_DIGIT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Returns whether C is a decimal digit, independent of the locale. */
static inline bool
is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Returns the value of C as a digit in BASE (up to 16), in small letters or
 * capitals, independent of the locale; -1: not a digit. */
static inline int
digit_value(char c, int base)
{
  int value = -1;

  if (c >= '0' && c <= '9')
    value = c - '0';
  else if (c >= 'a' && c <= 'f')
    value = c - 'a' + 10;
  else if (c >= 'A' && c <= 'F')
    value = c - 'A' + 10;
  return value < base ? value : -1;
}

/* Returns the number that the two digits at P make; -1: they are not digits. */
static inline int
two_digits(const char *p)
{
  return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + (p[1] - '0')
                                          : -1;
}

/* Writes the two digits of N, 0 to 99, to AT. */
static inline void
put_two_digits(char *at, int n)
{
  static const char pairs[] = "00010203040506070809"
                              "10111213141516171819"
                              "20212223242526272829"
                              "30313233343536373839"
                              "40414243444546474849"
                              "50515253545556575859"
                              "60616263646566676869"
                              "70717273747576777879"
                              "80818283848586878889"
                              "90919293949596979899";

  memcpy(at, &pairs[2 * n], 2);
}

/* Writes the last two digits of N to AT, and returns N without them.  Dividing
 * 32 bits takes half the time. */
static inline uint64_t
put_last_two_digits(char *at, uint64_t n)
{
  const uint32_t small = (uint32_t)n;

  if (n == small) {
    put_two_digits(at, (int)(small % 100));
    return small / 100;
  }
  put_two_digits(at, (int)(n % 100));
  return n / 100;
}

/* Writes N in decimal, with its last digit in front of END.  Returns its first
 * digit.  Two digits at a time, because a capture has millions of numbers. */
static inline char *
digits_put(char *end, uint64_t n)
{
  while (n >= 100) {
    end -= 2;
    n = put_last_two_digits(end, n);
  }
  if (n >= 10) {
    end -= 2;
    put_two_digits(end, (int)n);
  } else
    *--end = (char)('0' + n);
  return end;
}

#endif
