/* Which characters are plain. */
#include "lib/plain.h"

#include <stdint.h>

#include "lib/array.h"

/* The character that TEXT begins with; returns its length, 0: it is none. */
static size_t
decode(const char *text, uint32_t *ret)
{
  const unsigned char *s = (const unsigned char *)text;
  static const struct {
    unsigned char mask, lead;
    uint32_t least;
    size_t len;
  } forms[] = {
    { 0x80, 0x00, 0x00, 1 },
    { 0xe0, 0xc0, 0x80, 2 },
    { 0xf0, 0xe0, 0x800, 3 },
    { 0xf8, 0xf0, 0x10000, 4 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
    uint32_t c = s[0] & (unsigned char)~forms[i].mask;

    if ((s[0] & forms[i].mask) != forms[i].lead)
      continue;
    for (size_t k = 1; k < forms[i].len; k++) {
      if ((s[k] & 0xc0) != 0x80)
        return 0;
      c = c << 6 | (s[k] & 0x3fu);
    }
    *ret = c;
    return c < forms[i].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)
             ? 0
             : forms[i].len;
  }
  return 0;
}

/* Not iscntrl(), which follows the locale.  To many a terminal U+009B is as
 * good as ESC [. */
static bool
is_control(uint32_t c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Ends of lines and paragraphs, and what makes text stand in another order than
 * it has. */
static bool
misleads(uint32_t c)
{
  return (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t
plain_character(const char *text)
{
  uint32_t c;
  size_t n = decode(text, &c);

  return n > 0 && is_control(c) ? 0 : n;
}

bool
plain_text(const char *text)
{
  while (*text) {
    size_t n = plain_character(text);

    if (n == 0)
      return false;
    text += n;
  }
  return true;
}

void
plain_make(char *text)
{
  while (*text) {
    uint32_t c;
    size_t n = decode(text, &c);

    if (n > 0 && !is_control(c) && !misleads(c)) {
      text += n;
      continue;
    }
    *text++ = '?';
    for (; n > 1; n--)
      *text++ = '?';
  }
}
