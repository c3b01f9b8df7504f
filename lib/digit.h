/*
 * Hexadecimal digits, in small letters and capitals.
 */
#ifndef KMP_HEX_H
#define KMP_HEX_H

/* The value of a digit, whatever the locale; -1: it is none. */
static inline int
hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
