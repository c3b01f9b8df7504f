/*
 * Describes the state of the line in words, and the remedy (KMP 10.5).
 */
#include "plugins/kmp/line/diagnose.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>

#include "plugins/kmp/line/session.h"
#include "plugins/kmp/line/telnet.h"

/* A line at the wrong level is received as 00 bytes. */
static void
describe_zeros(const struct session_seen *seen, char *buf, size_t size)
{
  snprintf(
    buf, size,
    "only 00 bytes: %zu (requests sent: %u): the line is held low: check "
    "the polarity, wiring and supply of the head (dtr, rts), then press "
    "a button on the meter and check the position of the head",
    seen->zeros, seen->requests);
}

/* Describes requests after which nothing came that could be an answer. */
static void
describe_silence(const struct session *s, char *buf, size_t size)
{
  /* The deadline may have ended the wait before the timeout did. */
  int64_t waited_ms = port_clock() - s->sent;

  if (waited_ms > s->settings.timeout_ms)
    waited_ms = s->settings.timeout_ms;
  if (s->seen.echoes > 0)
    snprintf(buf, size,
             "only an echo (requests sent: %u): the head works, but the meter "
             "does not reply: press a button on the meter, turn or move the "
             "head",
             s->seen.requests);
  else
    snprintf(buf, size,
             "no reply in %lld ms (requests sent: %u): press a button on the "
             "meter, check the position of the head, and read at least every "
             "30 minutes, or the eye switches off",
             (long long)waited_ms, s->seen.requests);
}

/* Describes the most frequent kind of damage. */
static void
describe_damage(const struct session_seen *seen, char *buf, size_t size)
{
  if (seen->crc >= seen->cut + seen->broken && seen->crc > 0)
    snprintf(buf, size,
             "replies with CRC errors: %u (requests sent: %u): align the head, "
             "keep sunlight off it, and let no other program read this meter",
             seen->crc, seen->requests);
  else if (seen->cut >= seen->broken)
    snprintf(buf, size,
             "replies cut short: %u (requests sent: %u): align the head; for a "
             "serial server that pauses inside a reply, raise gap",
             seen->cut, seen->requests);
  else
    snprintf(buf, size,
             "damaged replies: %u (requests sent: %u): align the head, keep "
             "sunlight off it, and check baud, parity and stop_bits",
             seen->broken, seen->requests);
}

/* True if only 00 bytes were received, and no echo: an echo shows that the line
 * works. */
static bool
has_zeros_only(const struct session *s)
{
  return s->seen.zeros > 0 && s->seen.echoes == 0 && !session_heard(s);
}

static bool
is_telnet(const struct session *s)
{
  return s->seen.doubled > 0 || (port_is_network(s->port) &&
                                 telnet_negotiates(s->first, s->first_len));
}

/* Describes a protocol other than KMP on the line.  Returns true, or false when
 * none was recognised. */
static bool
describe_protocol(const struct session *s, char *buf, size_t size)
{
  const char *other = other_protocol_name(s->first, s->first_len);

  if (is_telnet(s))
    snprintf(buf, size,
             "the serial server is in telnet mode, which changes bytes of the "
             "replies: set it to raw TCP (ser2net: no telnet in the accepter)");
  else if (other && s->seen.answers == 0)
    snprintf(
      buf, size,
      "frames of another protocol (%s): set device to a port with a KMP meter",
      other);
  else
    return false;
  return true;
}

static void
describe_line(const struct session *s, char *buf, size_t size)
{
  const struct session_seen *seen = &s->seen;

  if (seen->crc + seen->cut + seen->broken > 0)
    describe_damage(seen, buf, size);
  else if (seen->strange > 0)
    snprintf(buf, size,
             "replies that match no request: %u (requests sent: %u): let "
             "no other program read this meter, and check address",
             seen->strange, seen->requests);
  else if (seen->strangers > 0)
    snprintf(buf, size,
             "requests of another program are on the line: let only one "
             "program read this meter");
  else if (seen->noise > 0 && seen->answers == 0)
    snprintf(
      buf, size,
      "only garbage (bytes that are not a reply: %zu): check baud, parity "
      "and stop_bits, align the head, keep sunlight off it",
      seen->noise);
  else if (has_zeros_only(s))
    describe_zeros(seen, buf, size);
  else if (!session_heard(s))
    describe_silence(s, buf, size);
  else
    snprintf(buf, size,
             "requests without a reply: %u of %u: align the head, and read "
             "at least every 30 minutes, or the eye switches off",
             seen->silences, seen->requests);
}

int
session_diagnose(const struct session *s, char *buf, size_t size)
{
  const struct session_seen *seen = &s->seen;

  if (!describe_protocol(s, buf, size))
    describe_line(s, buf, size);
  if (seen->silences + seen->answers == seen->requests && !has_zeros_only(s))
    return MP_ETIMEOUT;
  return MP_EPROTO;
}

const char *
session_outcome(const struct session_seen *before,
                const struct session_seen *after)
{
  if (after->answers > before->answers)
    return "answers";
  if (after->crc > before->crc)
    return "CRC error";
  if (after->cut > before->cut)
    return "reply cut short";
  if (after->broken > before->broken)
    return "damaged reply";
  if (after->strange > before->strange || after->strangers > before->strangers)
    return "another program on the line";
  if (after->noise > before->noise)
    return "garbage";
  if (after->echoes > before->echoes)
    return "only an echo";
  if (after->zeros > before->zeros)
    return "only 00 bytes";
  return "nothing";
}
