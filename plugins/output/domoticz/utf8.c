/*
 * Texts from Domoticz go into the host, a log and a terminal: valid UTF-8 only.
 */
#include "plugins/output/domoticz/utf8.h"

#include <stdlib.h>
#include <string.h>

/* First bytes, and what the second may be: shortest form only, no surrogates,
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
  size_t i, n;

  for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
    if (c >= leads[i].first && c <= leads[i].last)
      break;
  if (i == sizeof(leads) / sizeof(leads[0]))
    return 0;
  if (leads[i].length == 1)
    return 1;
  second = (unsigned char)text[1];
  if (second < leads[i].second_min || second > leads[i].second_max)
    return 0;
  for (n = 2; n < leads[i].length; n++)
    if (((unsigned char)text[n] & 0xc0) != 0x80)
      return 0;
  return leads[i].length;
}

char *
utf8_repair(const char *text)
{
  char *copy = malloc(strlen(text) + 1);
  char *out = copy;
  size_t n;

  if (copy == NULL)
    return NULL;
  while (*text != '\0') {
    n = utf8_length(text);
    if (n == 0) {
      *out++ = '?';
      text++;
      continue;
    }
    memcpy(out, text, n);
    out += n;
    text += n;
  }
  *out = '\0';
  return copy;
}
