/*
 * Extracts the bytes from the lines of other programs' logs.
 */
#include "plugins/kmp/replay/foreign.h"

#include <string.h>

#include "lib/array.h"
#include "lib/digit.h"

#define STOP_BYTE 0x0d
#define START_TO_METER 0x80
#define START_FROM_METER 0x40
#define MARK_MIN 3 /* length of the shortest mark */

static const char socat[] = "socat -x";

/* Marks that precede the bytes, anywhere in the line. */
static const struct mark {
  const char *text, *form;
  char direction;
} marks[] = {
  { "<<<", "ESPHome's UART debugger", CAPTURE_FROM_METER },
  { ">>>", "ESPHome's UART debugger", CAPTURE_TO_METER },
  { "Rd:", "a Python script (Rd:b'...')", CAPTURE_FROM_METER },
  { "Wr:", "a Python script (Rd:b'...')", CAPTURE_TO_METER },
  { "Received bytes:", "a program (Received bytes: '...')",
    CAPTURE_FROM_METER },
  { "Sent bytes:", "a program (Received bytes: '...')", CAPTURE_TO_METER },
  { "Read:", "a program (Read: 40)", CAPTURE_FROM_METER },
  { "Write:", "a program (Read: 40)", CAPTURE_TO_METER },
};

/* Bytes of one line. */
struct found {
  char direction;
  const char *form;
  size_t len;
  uint8_t bytes[CAPTURE_BYTES_MAX];
};

void
foreign_begin(struct foreign *f)
{
  f->form = NULL;
  f->left = f->len = 0;
}

/* ---- One line ------------------------------------------------------------ */

static const char *
skip_set(const char *p, const char *end, const char *set)
{
  while (p < end && *p && strchr(set, *p))
    p++;
  return p;
}

/* Reads up to MOST hex bytes from P on.  Returns the position after them. */
static const char *
read_hex(struct found *found, const char *p, const char *end, size_t most)
{
  int high, low;

  if (most > CAPTURE_BYTES_MAX)
    most = CAPTURE_BYTES_MAX;
  found->len = 0;
  for (p = skip_set(p, end, " \t"); end - p >= 2 && found->len < most;
       p = skip_set(p, end, " \t:-,")) {
    if (end - p >= 4 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
      p += 2;
    high = digit_value(p[0], 16);
    low = digit_value(p[1], 16);
    if (high < 0 || low < 0)
      break;
    found->bytes[found->len++] = (uint8_t)(high << 4 | low);
    p += 2;
  }
  return p;
}

/* Returns true if the line ends at P, except for blanks, quotes, brackets and a
 * terminal's colour code. */
static bool
is_end(const char *p, const char *end)
{
  p = skip_set(p, end, " \t\r'\")]");
  return p == end || *p == '\033';
}

/* Reads the bytes after a mark at P: "b'403f'", "'403F'", "40:3F".  Returns
 * true if there are any. */
static bool
take_marked(struct found *found, const struct mark *mark, const char *p,
            const char *end)
{
  p = skip_set(p + strlen(mark->text), end, " \t");
  if (end - p >= 2 && *p == 'b' && (p[1] == '\'' || p[1] == '"'))
    p++;
  p = read_hex(found, skip_set(p, end, "'\""), end, CAPTURE_BYTES_MAX);
  found->direction = mark->direction;
  found->form = mark->form;
  return found->len > 0 && is_end(p, end);
}

static bool
find_marked(struct found *found, const char *text, const char *end)
{
  for (; end - text >= MARK_MIN; text++)
    for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
      size_t len = strlen(marks[i].text);

      if ((size_t)(end - text) > len && memcmp(text, marks[i].text, len) == 0 &&
          take_marked(found, &marks[i], text, end))
        return true;
    }
  return false;
}

/* Returns the length in the header line of a socat dump, such as
 * "> 2026/11/22 ... length=9 from=0 to=8"; 0: not such a line. */
static size_t
dump_length(const char *text, const char *end)
{
  static const char key[] = " length=";
  const size_t len = sizeof(key) - 1;
  size_t n = 0;

  if (end - text < 12 || (*text != '<' && *text != '>') || text[1] != ' ' ||
      text[6] != '/' || text[9] != '/')
    return 0;
  while ((size_t)(end - text) > len && memcmp(text, key, len) != 0)
    text++;
  if ((size_t)(end - text) <= len)
    return 0;
  for (text += len; text < end && *text >= '0' && *text <= '9' && n < 1000000;
       text++)
    n = n * 10 + (size_t)(*text - '0');
  return n;
}

/* ---- Frames -------------------------------------------------------------- */

/* Adds the bytes of a line to the frame collected so far. */
static enum foreign_taken
add_found_bytes(struct foreign *f, const struct found *found)
{
  if (f->len > 0 && (f->direction != found->direction ||
                     f->len + found->len > CAPTURE_BYTES_MAX))
    return FOREIGN_FULL;
  f->form = found->form;
  f->direction = found->direction;
  memcpy(f->bytes + f->len, found->bytes, found->len);
  f->len += found->len;
  return f->len > 0 && f->bytes[f->len - 1] == STOP_BYTE ? FOREIGN_WHOLE
                                                         : FOREIGN_PART;
}

/* Takes a line of a socat dump. */
static enum foreign_taken
take_dump(struct foreign *f, const char *text, const char *end)
{
  struct found found = { .direction = f->direction, .form = socat };
  enum foreign_taken taken;

  read_hex(&found, text, end, f->left);
  if (found.len == 0) {
    f->left = 0;
    return FOREIGN_NOT;
  }
  taken = add_found_bytes(f, &found);
  if (taken != FOREIGN_FULL)
    f->left -= found.len;
  return taken;
}

/* Takes the header line of a socat dump.  Bytes collected in the other
 * direction are a separate frame, which must be taken first. */
static enum foreign_taken
begin_dump(struct foreign *f, char direction, size_t length)
{
  if (f->len > 0 && f->direction != direction)
    return FOREIGN_FULL;
  f->form = socat;
  f->direction = direction;
  f->left = length;
  return FOREIGN_PART;
}

enum foreign_taken
foreign_take(struct foreign *f, const char *text, size_t len)
{
  const char *end = text + len;
  size_t length = dump_length(text, end);
  struct found found;

  if (length > 0)
    return begin_dump(f, *text, length);
  if (f->left > 0)
    return take_dump(f, text, end);
  if (f->form == socat && len >= 2 && memcmp(text, "--", 2) == 0)
    return FOREIGN_PART;
  return find_marked(&found, text, end) ? add_found_bytes(f, &found)
                                        : FOREIGN_NOT;
}

size_t
foreign_line(struct foreign *f, const char **ret_text)
{
  static const char digits[] = "0123456789abcdef";
  char direction = f->direction;
  size_t n = 0;

  if (f->len == 0)
    return 0;
  /* The start byte gives the direction more reliably than the log does. */
  if (f->bytes[0] == START_TO_METER)
    direction = CAPTURE_TO_METER;
  else if (f->bytes[0] == START_FROM_METER)
    direction = CAPTURE_FROM_METER;
  f->text[n++] = direction;
  for (size_t i = 0; i < f->len; i++) {
    f->text[n++] = ' ';
    f->text[n++] = digits[f->bytes[i] >> 4];
    f->text[n++] = digits[f->bytes[i] & 0xf];
  }
  f->len = 0;
  *ret_text = f->text;
  return n;
}

bool
foreign_find(struct foreign *f, const char *text, size_t len)
{
  const char *end = text + len;
  struct found found;

  while (text < end && !f->form) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    const char *stop = newline ? newline : end;

    if (dump_length(text, stop) > 0)
      f->form = socat;
    else if (find_marked(&found, text, stop))
      f->form = found.form;
    text = stop + 1;
  }
  return f->form;
}
