/*
 * Parses and formats the lines of captures.
 *
 *     [TIME] [> or <] hex digits, blanks between bytes or not
 *     [any text] Wr|Rd hex bytes [Wr|Rd hex bytes]... [Msg text]
 *
 * The second form is the old script's log.  The script wrote the newline before
 * each line, not after it, so a run's output begins at the end of the last line
 * of the run before.
 */
#include "plugins/kmp/codec/capture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/digit.h"
#include "lib/rare.h"
#include "lib/rfc3339.h"

/* Class of a character among hex bytes: a digit's value, or: */
#define BL 16 /* a blank */
#define NO 17 /* not allowed */
static const uint8_t hex_class[256] = {
  NO, NO, NO, NO, NO, NO, NO, NO, NO, BL, NO, NO, NO, BL, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, BL, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,
  9,  NO, NO, NO, NO, NO, NO, NO, 10, 11, 12, 13, 14, 15, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, 10, 11, 12, 13, 14, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
  NO, NO, NO, NO, NO, NO, NO, NO, NO,
};

/* The digits of a pair, for the bytes that nearly all lines hold: the digit's
 * value in its place, plus half of PAIR.  So the sum of two digits has the bit
 * PAIR, and a sum with any other character does not. */
#define PAIR 0x200
#define HEX_DIGIT(n, shift) (PAIR / 2 | (n) << (shift))
#define HEX_DIGITS(shift)                                                      \
  ['0'] = HEX_DIGIT(0, shift), ['1'] = HEX_DIGIT(1, shift),                    \
  ['2'] = HEX_DIGIT(2, shift), ['3'] = HEX_DIGIT(3, shift),                    \
  ['4'] = HEX_DIGIT(4, shift), ['5'] = HEX_DIGIT(5, shift),                    \
  ['6'] = HEX_DIGIT(6, shift), ['7'] = HEX_DIGIT(7, shift),                    \
  ['8'] = HEX_DIGIT(8, shift), ['9'] = HEX_DIGIT(9, shift),                    \
  ['a'] = HEX_DIGIT(10, shift), ['b'] = HEX_DIGIT(11, shift),                  \
  ['c'] = HEX_DIGIT(12, shift), ['d'] = HEX_DIGIT(13, shift),                  \
  ['e'] = HEX_DIGIT(14, shift), ['f'] = HEX_DIGIT(15, shift)
static const uint32_t high_digit[256] = { HEX_DIGITS(4) };
static const uint32_t low_digit[256] = { HEX_DIGITS(0) };

static const char header[] = "# meterpipe capture ";
/* Larger version numbers are not parsed to the end: they are newer than ours
 * anyway. */
#define VERSION_MAX 1000000u

static const char *const error_texts[] = {
  [0] = "no error",
  [-CAPTURE_EHEX] = "not a line of a capture: neither hex digits nor a comment",
  [-CAPTURE_EODD] = "half a byte: an odd number of hex digits",
  [-CAPTURE_ETIME] = "not a time as in 2026-11-22T10:00:00.120Z",
  [-CAPTURE_ELONG] = "more bytes than a frame can have",
  [-CAPTURE_EEMPTY] = "no bytes",
};

const char *
capture_error_text(int error)
{
  size_t count = ARRAY_SIZE(error_texts);

  if (error > 0 || error <= -(int)count)
    return "unknown error";
  return error_texts[-error];
}

static bool
is_blank(char c)
{
  return hex_class[(uint8_t)c] == BL;
}

static const char *
skip_blanks(const char *p, const char *end)
{
  while (p < end && is_blank(*p))
    p++;
  return p;
}

/* Skips a byte order mark.  Editors put one at the beginning of a file; in a
 * file joined from several it can begin any line. */
static const char *
skip_byte_order_mark(const char *p, const char *end)
{
  static const char mark[] = "\xef\xbb\xbf";
  size_t len = sizeof(mark) - 1;

  return (size_t)(end - p) >= len && memcmp(p, mark, len) == 0 ? p + len : p;
}

/* True if TEXT begins with WORD followed by a blank. */
static bool
is_word(const char *text, const char *end, const char *word)
{
  size_t len = strlen(word);

  return (size_t)(end - text) > len && memcmp(text, word, len) == 0 &&
         is_blank(text[len]);
}

/* Returns the next "Wr", "Rd" or "Msg" of the old script, or END when there is
 * none.  Skips hex digits and blanks first: often the line has nothing else. */
static const char *
find_mark(const char *p, const char *end)
{
  while (p < end && hex_class[(uint8_t)*p] != NO)
    p++;
  for (; p < end; p++)
    if (is_word(p, end, "Wr") || is_word(p, end, "Rd") ||
        is_word(p, end, "Msg"))
      break;
  return p;
}

/* Parses a comment; the first line of a capture is one too. */
static int
begin_comment(struct capture_line *line, const char *p, const char *end)
{
  size_t len = sizeof(header) - 1;
  uint32_t version = 0;

  if ((size_t)(end - p) <= len || memcmp(p, header, len) != 0)
    return CAPTURE_COMMENT;
  for (p += len; p < end && *p >= '0' && *p <= '9'; p++)
    if (version < VERSION_MAX)
      version = version * 10 + (uint32_t)(*p - '0');
  if (p[-1] == ' ' || (p < end && !is_blank(*p)))
    return CAPTURE_COMMENT;
  line->version = version;
  line->version_end = p;
  return CAPTURE_HEADER;
}

/* True if P looks like the beginning of a date: "2026-". */
static bool
looks_like_date(const char *p, const char *end)
{
  if (end - p < 5 || p[4] != '-')
    return false;
  for (int i = 0; i < 4; i++)
    if (p[i] < '0' || p[i] > '9')
      return false;
  return true;
}

/* Takes the time at P, if there is one.  Returns its end, else P. */
static const char *
take_time(struct capture_line *line, const char *p, const char *end)
{
  size_t n = is_digit(*p)
               ? rfc3339_scan(&line->day, p, (size_t)(end - p), &line->time_ms)
               : 0;

  line->has_time = n > 0;
  line->time_end = p + n;
  return line->time_end;
}

/* Begins a line that has neither < nor > at P, after its time. */
RARE static int
begin_unmarked(struct capture_line *line, const char *p, const char *end)
{
  const char *mark = find_mark(p, end);

  if (mark < end) {
    line->old_script = true;
    line->pos = mark;
    return CAPTURE_EVENTS;
  }
  if (!line->has_time && looks_like_date(p, end))
    return CAPTURE_ETIME;
  return CAPTURE_EVENTS;
}

int
capture_begin(struct capture_line *line, const char *text, size_t len)
{
  const char *end = text + len, *begin = skip_byte_order_mark(text, end);
  const char *p = skip_blanks(begin, end);

  line->has_time = false;
  line->old_script = false;
  line->direction = CAPTURE_FROM_METER;
  line->pos = line->end = end;
  if (p == end) /* a byte order mark alone does not end a cycle */
    return begin == text ? CAPTURE_BLANK : CAPTURE_COMMENT;
  if (*p == '#')
    return begin_comment(line, p, end);

  p = skip_blanks(take_time(line, p, end), end);
  line->pos = p;
  if (p < end && (*p == CAPTURE_TO_METER || *p == CAPTURE_FROM_METER)) {
    line->direction = *p;
    line->pos = p + 1;
    return CAPTURE_EVENTS;
  }
  return begin_unmarked(line, p, end);
}

/* Returns the byte in the digits at P, or a number without the bit PAIR. */
static inline uint32_t
read_pair(const char *p)
{
  return high_digit[(uint8_t)p[0]] + low_digit[(uint8_t)p[1]];
}

/* Fast path for bytes in the form that capture_format writes, " 80 3f 10", as
 * nearly all lines are, two at a time.  Stops at the first byte in another
 * form.  Returns the number of bytes and moves *p past them; returns 0 if any
 * of them is not hex. */
static size_t
read_our_bytes(uint8_t *bytes, const char **p, const char *end)
{
  const char *at = *p;
  size_t most = (size_t)(end - at) / 3;
  uint8_t *to = bytes, *stop;
  uint32_t pairs = PAIR;

  if (most > CAPTURE_BYTES_MAX)
    most = CAPTURE_BYTES_MAX;
  stop = bytes + most / 2 * 2;
  for (; to < stop && at[0] == ' ' && at[3] == ' '; at += 6, to += 2) {
    uint32_t first = read_pair(at + 1), second = read_pair(at + 4);

    pairs &= first;
    pairs &= second;
    to[0] = (uint8_t)first;
    to[1] = (uint8_t)second;
  }
  if (to < bytes + most && *at == ' ') {
    uint32_t last = read_pair(at + 1);

    pairs &= last;
    *to++ = (uint8_t)last;
    at += 3;
  }
  if (!pairs)
    return 0;
  *p = at;
  return (size_t)(to - bytes);
}

/* Adds the hex bytes from P on, in any form, to the line.  Returns 1 or an enum
 * capture_error. */
RARE static int
read_any_bytes(struct capture_line *line, const char *p, const char *end)
{
  size_t n = line->len;

  for (; p < end; p += 2) {
    uint8_t high = hex_class[(uint8_t)*p], low;

    while (high == BL && ++p < end)
      high = hex_class[(uint8_t)*p];
    if (p == end)
      break;
    low = p + 1 < end ? hex_class[(uint8_t)p[1]] : BL;
    if (high >= BL || low >= BL)
      return high < BL && low == BL ? CAPTURE_EODD : CAPTURE_EHEX;
    if (n == CAPTURE_BYTES_MAX)
      return CAPTURE_ELONG;
    line->bytes[n++] = (uint8_t)(high << 4 | low);
  }
  line->len = n;
  return n > 0 ? 1 : CAPTURE_EEMPTY;
}

/* Reads the hex bytes from line->pos to END.  Returns 1 or an enum
 * capture_error. */
static int
read_bytes(struct capture_line *line, const char *end)
{
  const char *p = line->pos;

  line->hex = p;
  line->hex_end = end;
  line->len = read_our_bytes(line->bytes, &p, end);
  return p == end && line->len > 0 ? 1 : read_any_bytes(line, p, end);
}

/* Reads the bytes after the next mark of the old script that has any.  Returns
 * as capture_next. */
RARE static int
next_old(struct capture_line *line)
{
  while (line->pos < line->end) {
    const char *mark = line->pos, *next;
    int r = CAPTURE_EEMPTY;

    line->pos = mark + strlen("Wr");
    next = find_mark(line->pos, line->end);
    if (*mark != 'M') {
      line->direction = *mark == 'W' ? CAPTURE_TO_METER : CAPTURE_FROM_METER;
      r = read_bytes(line, next);
    }
    line->pos = next;
    if (r != CAPTURE_EEMPTY)
      return r;
  }
  return 0;
}

int
capture_next(struct capture_line *line)
{
  int r;

  if (line->old_script) {
    r = next_old(line);
    if (r < 0)
      line->pos = line->end;
    return r;
  }
  if (!line->pos)
    return 0;
  r = read_bytes(line, line->end);
  line->pos = NULL;
  return r;
}

size_t
capture_format(char *buf, size_t size, int64_t time_ms, char direction,
               const uint8_t *bytes, size_t len)
{
  static const char digits[] = "0123456789abcdef";
  size_t n;

  if (size < CAPTURE_LINE_EXTRA || (size - CAPTURE_LINE_EXTRA) / 3 < len)
    return 0;
  n = rfc3339_format_ms(buf, size, time_ms);
  if (n == 0)
    return 0;
  buf[n++] = ' ';
  buf[n++] = direction;
  for (size_t i = 0; i < len; i++) {
    buf[n++] = ' ';
    buf[n++] = digits[bytes[i] >> 4];
    buf[n++] = digits[bytes[i] & 0xf];
  }
  buf[n++] = '\n';
  return n;
}
