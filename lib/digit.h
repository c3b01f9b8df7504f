/* Digits. */
#ifndef LIB_DIGIT_H
#define LIB_DIGIT_H

/* Returns the value of a digit in BASE (up to 16), in small letters or
 * capitals, whatever the locale; -1 if it is none. */
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

#endif
