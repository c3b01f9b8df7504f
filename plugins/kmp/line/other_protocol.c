/*
 * How frames of other protocols begin.
 *
 *     M-Bus         68 LL LL 68 ...           EN 13757-2, long frame
 *     SML           1b 1b 1b 1b 01 01 01 01   BSI TR-03109, version 1
 *     DLMS/HDLC     7e Al ll ... 7e           lll: length of the part between
 *     IEC 62056-21  / A A a B ... CR LF       identification; 7 bits and parity
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/line/other_protocol.h"

static bool
is_mbus(const uint8_t *p, size_t len)
{
  return len >= 4 && p[0] == 0x68 && p[3] == 0x68 && p[1] == p[2] && p[1] >= 3;
}

static bool
is_sml(const uint8_t *p, size_t len)
{
  static const uint8_t start[] = { 0x1b, 0x1b, 0x1b, 0x1b,
                                   0x01, 0x01, 0x01, 0x01 };

  return len >= sizeof(start) && memcmp(p, start, sizeof(start)) == 0;
}

static bool
is_hdlc(const uint8_t *p, size_t len)
{
  size_t inside;

  if (len < 3 || p[0] != 0x7e || (p[1] & 0xf8) != 0xa0)
    return false;
  inside = (size_t)(p[1] & 7) << 8 | p[2];
  return inside >= 7 && inside + 1 < len && p[inside + 1] == 0x7e;
}

static bool
is_letter(uint8_t byte)
{
  byte &= 0x7f;
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool
is_iec(const uint8_t *p, size_t len)
{
  size_t i;

  if (len < 5 || (p[0] & 0x7f) != '/' || !is_letter(p[1]) || !is_letter(p[2]) ||
      !is_letter(p[3]))
    return false;
  for (i = 4; i + 1 < len && (p[i] & 0x7f) >= ' '; i++)
    continue;
  return (p[i] & 0x7f) == '\r';
}

static const struct {
  const char *name;
  bool (*is_here)(const uint8_t *p, size_t len);
} strangers[] = {
  { "M-Bus", is_mbus },
  { "SML", is_sml },
  { "DLMS over HDLC", is_hdlc },
  { "IEC 62056-21", is_iec },
};

const char *
other_protocol_name(const uint8_t *buf, size_t len)
{
  for (size_t i = 0; i < len; i++)
    for (size_t k = 0; k < ARRAY_SIZE(strangers); k++)
      if (strangers[k].is_here(buf + i, len - i))
        return strangers[k].name;
  return NULL;
}
