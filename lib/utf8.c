/*
 * UTF-8 by RFC 3629.  Does not use wcwidth, which depends on the locale: a
 * cron job has none.
 */
#include "lib/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

/* First bytes, and the range of the second: shortest form only, no surrogates,
 * nothing above U+10FFFF (RFC 3629, section 4). */
static const struct {
  unsigned char first, last;
  unsigned char second_min, second_max;
  unsigned char length;
} leads[] = {
  { 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
  { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
  { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
  { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
  { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t
utf8_length(const char *text)
{
  unsigned char c = (unsigned char)text[0], second;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(leads); i++)
    if (c >= leads[i].first && c <= leads[i].last)
      break;
  if (i == ARRAY_SIZE(leads))
    return 0;
  if (leads[i].length == 1)
    return 1;
  second = (unsigned char)text[1];
  if (second < leads[i].second_min || second > leads[i].second_max)
    return 0;
  for (size_t n = 2; n < leads[i].length; n++)
    if (((unsigned char)text[n] & 0xc0) != 0x80)
      return 0;
  return leads[i].length;
}

uint32_t
utf8_take(const char **text)
{
  const unsigned char *p = (const unsigned char *)*text;
  size_t n = utf8_length(*text);
  uint32_t c;

  *text += n > 0 ? n : 1;
  if (n == 0)
    return UTF8_REPLACEMENT;
  c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++)
    c = c << 6 | (p[i] & 0x3f);
  return c;
}

size_t
utf8_put(char *buf, uint32_t c)
{
  const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

  for (size_t i = n - 1; i > 0; i--) {
    buf[i] = (char)(0x80 | (c & 0x3f));
    c >>= 6;
  }
  buf[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
  return n;
}

size_t
utf8_clean(char *buf, const char **text)
{
  const char *from = *text;
  size_t n = utf8_length(from);

  if (utf8_is_control(utf8_take(text)) || n == 0) {
    buf[0] = '?';
    return 1;
  }
  memcpy(buf, from, n);
  return n;
}

char *
utf8_repair(const char *text)
{
  char *copy = malloc(strlen(text) + 1);
  char *out = copy;

  if (!copy)
    return NULL;
  while (*text != '\0')
    out += utf8_clean(out, &text);
  *out = '\0';
  return copy;
}

/* Common characters that are not one column wide. */
static const struct {
  uint32_t first, last;
  size_t width;
} widths[] = {
  { 0x0300, 0x036f, 0 },   /* combining marks */
  { 0x1100, 0x115f, 2 },   /* Hangul */
  { 0x200b, 0x200f, 0 },   /* zero width, direction */
  { 0x20d0, 0x20ff, 0 },   /* combining marks for symbols */
  { 0x2e80, 0xa4cf, 2 },   /* CJK */
  { 0xac00, 0xd7a3, 2 },   /* Hangul */
  { 0xf900, 0xfaff, 2 },   /* CJK */
  { 0xfe00, 0xfe0f, 0 },   /* variation selectors */
  { 0xfe30, 0xfe6f, 2 },   /* CJK forms */
  { 0xff00, 0xff60, 2 },   /* full width */
  { 0xffe0, 0xffe6, 2 },   /* full width signs */
  { 0x1f300, 0x1f64f, 2 }, /* pictures */
  { 0x1f900, 0x1f9ff, 2 }, /* more pictures */
  { 0x20000, 0x3fffd, 2 }, /* CJK */
};

/* Not iscntrl(), which depends on the locale.  Many terminals take U+009B for
 * ESC [. */
bool
utf8_is_control(uint32_t c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

bool
utf8_misleads(uint32_t c)
{
  return utf8_is_control(c) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

size_t
utf8_plain_length(const char *text)
{
  size_t n = utf8_length(text);

  return n > 0 && utf8_is_control(utf8_take(&text)) ? 0 : n;
}

bool
utf8_is_plain(const char *text)
{
  while (*text) {
    /* Nearly all characters are ASCII, and a capture has millions. */
    size_t n = *text >= 0x20 && *text < 0x7f ? 1 : utf8_plain_length(text);

    if (n == 0)
      return false;
    text += n;
  }
  return true;
}

void
utf8_make_plain(char *text)
{
  while (*text) {
    const char *next = text;
    bool good = utf8_length(text) > 0;
    uint32_t c = utf8_take(&next);

    if (good && !utf8_misleads(c))
      text += next - text;
    else
      for (size_t n = (size_t)(next - text); n > 0; n--)
        *text++ = '?';
  }
}

size_t
utf8_width(const char *text)
{
  size_t width = 0;

  while (*text != '\0') {
    uint32_t c = utf8_take(&text);
    size_t columns = 1;

    for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
      if (c >= widths[i].first && c <= widths[i].last)
        columns = widths[i].width;
    width += columns;
  }
  return width;
}
