/*
 * UTF-8 for terminals.  Not with wcwidth: it follows the locale, and a cron
 * job has none.
 */
#include "plugins/output/stdout/utf8.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* By the first byte: how many follow, and the smallest character that may be
 * written so.  RFC 3629, section 3. */
static const struct {
  unsigned char mask, bits;
  unsigned follow;
  uint32_t smallest;
} forms[] = {
  { 0x80, 0x00, 0, 0x0 },
  { 0xe0, 0xc0, 1, 0x80 },
  { 0xf0, 0xe0, 2, 0x800 },
  { 0xf8, 0xf0, 3, 0x10000 },
};

/* Characters that are not one column wide, as far as one meets them. */
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
  { 0x1f900, 0x1f9ff, 2 }, /* more of them */
  { 0x20000, 0x3fffd, 2 }, /* CJK */
};

/* The character of FORM at P; UTF8_REPLACEMENT when it is none. */
static uint32_t
decode(const unsigned char *p, size_t form)
{
  uint32_t c = p[0] & (unsigned char)~forms[form].mask;
  unsigned i;

  for (i = 1; i <= forms[form].follow; i++) {
    if ((p[i] & 0xc0) != 0x80)
      return UTF8_REPLACEMENT;
    c = c << 6 | (p[i] & 0x3f);
  }
  if (c < forms[form].smallest || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
    return UTF8_REPLACEMENT;
  return c;
}

uint32_t
utf8_take(const char **text)
{
  const unsigned char *p = (const unsigned char *)*text;
  uint32_t c;
  size_t i;

  for (i = 0; i < ARRAY_SIZE(forms); i++) {
    if ((p[0] & forms[i].mask) != forms[i].bits)
      continue;
    c = decode(p, i);
    *text += c == UTF8_REPLACEMENT ? 1 : forms[i].follow + 1;
    return c;
  }
  ++*text;
  return UTF8_REPLACEMENT;
}

size_t
utf8_put(char *buf, uint32_t c)
{
  size_t form = 0, i;

  while (form + 1 < ARRAY_SIZE(forms) && c >= forms[form + 1].smallest)
    form++;
  for (i = forms[form].follow; i > 0; i--) {
    buf[i] = (char)(0x80 | (c & 0x3f));
    c >>= 6;
  }
  buf[0] = (char)(forms[form].bits | c);
  return forms[form].follow + 1;
}

int
utf8_is_control(uint32_t c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

size_t
utf8_width(const char *text)
{
  size_t width = 0, i;

  while (*text != '\0') {
    uint32_t c = utf8_take(&text);
    size_t columns = 1;

    for (i = 0; i < ARRAY_SIZE(widths); i++)
      if (c >= widths[i].first && c <= widths[i].last)
        columns = widths[i].width;
    width += columns;
  }
  return width;
}
