/*
 * Masks the text outside the events of a capture: comments, and the old
 * script's text beside its bytes.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "lib/digit.h"
#include "plugins/kmp/program/mask_frame.h"
#include "plugins/kmp/program/mask_impl.h"

/* Fewest characters of a known number or text that is replaced: shorter ones
 * occur everywhere and identify no customer. */
#define KNOWN_MIN 4
/* Fewest digits of an unknown number that may be personal. */
#define NUMBER_MIN 6
/* Most groups in one number: "68 500 001", "68-50-00-01". */
#define GROUPS_MAX 8
/* Fewest hex bytes that are taken for bytes: "04 83 da 69", "0483da69". */
#define ROW_MIN 4

static bool
is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (unsigned char)c >= 0x80;
}

static bool
is_word(char c)
{
  return is_digit(c) || is_letter(c);
}

static const char *
word_end(const char *p, const char *end)
{
  while (p < end && is_word(*p))
    p++;
  return p;
}

/* ---- Rows of bytes ------------------------------------------------------- */

/* Separators between two bytes; at most two in a row, as in ", ". */
static const char separators[] = " -:,;./_|\\\t";
#define SEPARATOR_MAX 2

/* Properties of a row of bytes. */
struct row {
  size_t bytes;
  bool digits, letters; /* true if it has any */
  int pairs;            /* each byte is a word of its own */
  int blanks; /* one-byte words, single blanks; the first may be longer */
  int frame;  /* it has a start byte and an address */
  int last;   /* the last byte, or -1 */
};

/* Returns the end of the word at P if it is bytes in hex, else P. */
static const char *
bytes_end(const char *p, const char *end)
{
  const char *word = word_end(p, end);

  for (const char *q = p; q < word; q++)
    if (digit_value(*q, 16) < 0)
      return p;
  return (word - p) % 2 == 0 ? word : p;
}

/* Returns the beginning of the next bytes of a row, after a separator and
 * perhaps "0x" or "\\x"; P if the row ends here. */
static const char *
next_bytes(const char *p, const char *end)
{
  const char *q = p;

  while (q < end && q - p < SEPARATOR_MAX &&
         memchr(separators, *q, sizeof(separators) - 1))
    q++;
  if (q == p)
    return p;
  if (end - q > 2 && q[0] == '0' && (q[1] | 0x20) == 'x')
    q += 2;
  else if (end - q > 1 && q[-1] == '\\' && (q[0] | 0x20) == 'x')
    q++;
  return bytes_end(q, end) > q ? q : p;
}

static bool
is_frame_head(int start, int address)
{
  return (start == KMP_START_REQUEST || start == KMP_START_ANSWER) &&
         (address == KMP_ADDRESS_METER || address == KMP_ADDRESS_TOP ||
          address == KMP_ADDRESS_BASE);
}

/* Adds a word to the row.  BLANK: a single blank precedes it. */
static void
note_bytes(struct row *row, bool blank, const char *p, const char *end)
{
  row->pairs &= end - p == 2;
  row->blanks &= row->bytes == 0 || (blank && end - p == 2);
  for (; p < end; p += 2) {
    int byte = 16 * digit_value(p[0], 16) + digit_value(p[1], 16);

    row->digits |= is_digit(p[0]) || is_digit(p[1]);
    row->letters |= is_letter(p[0]) || is_letter(p[1]);
    row->frame |= is_frame_head(row->last, byte);
    row->last = byte;
    row->bytes++;
  }
}

/* Returns the end of a row of hex bytes that begins at P; P if none does. */
static const char *
row_end(const char *p, const char *end)
{
  struct row row = { .pairs = 1, .blanks = 1, .last = -1 };
  const char *from = p, *to = bytes_end(p, end);
  bool blank = false;

  while (to > from) {
    note_bytes(&row, blank, from, to);
    from = next_bytes(to, end);
    if (from == to)
      break;
    blank = from - to == 1 && *to == ' ';
    to = bytes_end(from, end);
  }
  if (row.bytes < ROW_MIN || row.bytes > CAPTURE_BYTES_MAX || !row.digits ||
      !row.letters || (!row.pairs && !row.blanks && !row.frame))
    return p;
  return to;
}

/* Masks a row of bytes like an event, but always overwrites damage in it. */
static void
mask_row(struct mask *m, const char *row, const char *end)
{
  enum mask_context context = m->context;
  uint8_t bytes[CAPTURE_BYTES_MAX];
  const char *p = row, *to;
  size_t n = 0;

  while (p < end) {
    for (to = bytes_end(p, end); p < to; p += 2)
      bytes[n++] =
        (uint8_t)(16 * digit_value(p[0], 16) + digit_value(p[1], 16));
    p = to < end ? next_bytes(to, end) : end;
  }
  m->context = MASK_PERSONAL;
  mask_bytes(m, row, end, bytes, n);
  m->context = context;
}

/* ---- Numbers ------------------------------------------------------------- */

static void
put_number(struct mask *m, const char *text, size_t len, uint32_t number,
           bool in_hex)
{
  static const char digits[] = "0123456789abcdef";
  unsigned base = in_hex ? 16 : 10;
  char buf[PSEUDONYM_KEY_MAX + GROUPS_MAX];
  size_t i = len;

  memcpy(buf, text, len);
  while (i-- > 0) {
    if (!is_word(buf[i]))
      continue;
    buf[i] = digits[number % base];
    number /= base;
  }
  mask_put(m, buf, len);
}

/* Returns the pseudonym of a text; 0 if it has none. */
static uint32_t
find_text(const struct mask *m, const char *text, size_t len)
{
  char key[PSEUDONYM_KEY_SIZE];

  if (!pseudonym_key_of_text(text, len, key) || strlen(key) < KNOWN_MIN)
    return 0;
  return pseudonym_find(m->names, key);
}

/* The same for a number in hex. */
static uint32_t
find_hex(const struct mask *m, const char *text, size_t len)
{
  char key[PSEUDONYM_KEY_SIZE];
  uint8_t bytes[8] = { 0 };
  size_t n = 0;

  for (size_t i = 0; i < len; i++) {
    size_t k;

    if (!is_word(text[i]))
      continue;
    if (digit_value(text[i], 16) < 0 || n++ == 2 * sizeof(bytes))
      return 0;
    for (k = 0; k + 1 < sizeof(bytes); k++)
      bytes[k] = (uint8_t)(bytes[k] << 4 | bytes[k + 1] >> 4);
    bytes[k] = (uint8_t)(bytes[k] << 4 | digit_value(text[i], 16));
  }
  if (!pseudonym_key_of_number(bytes, sizeof(bytes), key) ||
      strlen(key) < KNOWN_MIN)
    return 0;
  return pseudonym_find(m->names, key);
}

/* Masks the longest known number that begins at P, in groups or not.  Returns
 * its end; P if there is none. */
static const char *
mask_known(struct mask *m, const char *p, const char *end)
{
  const char *ends[GROUPS_MAX];
  const char *word = word_end(p, end);
  size_t n = 0;

  while (n < GROUPS_MAX && word - p <= PSEUDONYM_KEY_MAX) {
    ends[n++] = word;
    if (end - word < 2 || !memchr(" .,-/_:", *word, 7) || !is_word(word[1]))
      break;
    word = word_end(word + 1, end);
  }
  while (n-- > 0) {
    size_t len = (size_t)(ends[n] - p);
    uint32_t number = find_text(m, p, len);
    bool in_hex = number == 0;

    if (in_hex)
      number = find_hex(m, p, len);
    if (number == 0)
      continue;
    put_number(m, p, len, number, in_hex);
    return ends[n];
  }
  return p;
}

/* Returns true if P is the fraction in a time, as in ":00.123456". */
static bool
is_fraction(const char *text, const char *p)
{
  return p - text >= 4 && p[-1] == '.' && is_digit(p[-2]) && is_digit(p[-3]) &&
         p[-4] == ':';
}

/* Writes the digits at P: masked if they are a known number or may be personal.
 * Returns their end. */
static const char *
mask_digits(struct mask *m, const char *text, const char *p, const char *end)
{
  const char *from = p;
  char key[PSEUDONYM_KEY_SIZE];
  uint32_t number;
  size_t len;

  while (p < end && is_digit(*p) && p - from < PSEUDONYM_KEY_MAX)
    p++;
  len = (size_t)(p - from);
  number = find_text(m, from, len);
  if (number == 0 && len >= NUMBER_MIN && !is_fraction(text, from) &&
      pseudonym_key_of_text(from, len, key))
    number = pseudonym_give(m->names, key);
  if (number == 0)
    mask_put(m, from, len);
  else
    put_number(m, from, len, number, false);
  return p;
}

/* Returns true if a word begins at P.  A hex word begins after "0x" or "\\x".
 */
static bool
begins_word(const char *text, const char *p)
{
  return is_word(*p) && (p == text || !is_word(p[-1]) ||
                         (p - text >= 2 && (p[-1] | 0x20) == 'x' &&
                          (p[-2] == '0' || p[-2] == '\\')));
}

/* Masks and writes a known number, a row of bytes, or digits at P.  Returns
 * their end, or P if nothing was written. */
static const char *
mask_word(struct mask *m, const char *text, const char *p, const char *end)
{
  const char *row, *known;

  if (begins_word(text, p)) {
    known = mask_known(m, p, end);
    if (known > p)
      return known;
    row = row_end(p, end);
    if (row > p) {
      mask_row(m, p, row);
      return row;
    }
  }
  return is_digit(*p) ? mask_digits(m, text, p, end) : p;
}

void
mask_text(struct mask *m, const char *text, size_t len)
{
  const char *p = text, *end = text + len;

  while (p < end) {
    const char *next = mask_word(m, text, p, end);

    if (next == p)
      mask_put(m, next++, 1);
    p = next;
  }
}
