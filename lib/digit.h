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

/* Writes the eight digits of N, less than DIGITS_EIGHT, to AT. */
#define DIGITS_EIGHT 100000000u
static inline void
put_eight_digits(char *at, uint32_t n)
{
  const uint32_t high = n / 10000, low = n % 10000;

  put_two_digits(at, (int)(high / 100));
  put_two_digits(at + 2, (int)(high % 100));
  put_two_digits(at + 4, (int)(low / 100));
  put_two_digits(at + 6, (int)(low % 100));
}

/* Writes N in decimal, with its last digit in front of END.  Returns its first
 * digit.  Many digits at a time, because a capture has millions of numbers. */
static inline char *
digits_put(char *end, uint64_t n)
{
  uint32_t rest;

  for (; n >= DIGITS_EIGHT; n /= DIGITS_EIGHT) {
    end -= 8;
    put_eight_digits(end, (uint32_t)(n % DIGITS_EIGHT));
  }
  for (rest = (uint32_t)n; rest >= 100; rest /= 100) {
    end -= 2;
    put_two_digits(end, (int)(rest % 100));
  }
  if (rest >= 10) {
    end -= 2;
    put_two_digits(end, (int)rest);
  } else
    *--end = (char)('0' + rest);
  return end;
}

#endif
