/*
 * Telnet commands (RFC 854):
 *
 *     FF FB..FE oo   WILL, WONT, DO or DONT option oo
 *     FF FF          the byte FF
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/kmp/codec/kmp_frame.h"
#include "plugins/kmp/line/telnet.h"

#define IAC 0xff
#define WILL 0xfb
#define DONT 0xfe
/* Option 44 is COM-PORT (RFC 2217); no serial server needs a higher one. */
#define OPTION_MAX 44

bool
telnet_negotiates(const uint8_t *buf, size_t len)
{
  for (size_t i = 0; i + 2 < len; i++)
    if (buf[i] == IAC && buf[i + 1] >= WILL && buf[i + 1] <= DONT &&
        buf[i + 2] <= OPTION_MAX)
      return true;
  return false;
}

/* Copies WIRE with each FF FF replaced by one FF.  Returns the length of the
 * copy. */
static size_t
undouble_iac(const uint8_t *wire, size_t len, uint8_t *copy)
{
  size_t n = 0;

  for (size_t i = 0; i < len; i++) {
    copy[n++] = wire[i];
    if (wire[i] == IAC && i + 1 < len && wire[i + 1] == IAC)
      i++;
  }
  return n;
}

bool
telnet_doubles(const uint8_t *wire, size_t len)
{
  struct kmp_deframer d;
  uint8_t copy[KMP_WIRE_MAX];
  enum kmp_event event;
  size_t n;

  if (len > sizeof(copy))
    return false;
  n = undouble_iac(wire, len, copy);
  if (n == len)
    return false;
  kmp_deframer_init(&d);
  kmp_deframer_feed(&d, copy, n, &event);
  return event == KMP_EVENT_FRAME;
}
