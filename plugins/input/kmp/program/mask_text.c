/*
 * Text in a capture that is no event: comments, and what the old script wrote
 * beside its bytes.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "lib/digit.h"
#include "plugins/input/kmp/program/mask_frame.h"
#include "plugins/input/kmp/program/mask_impl.h"

/* A shorter number is found everywhere, and tells nothing. */
#define KNOWN_MIN 4
/* From here on a number that is not known may be one of a person. */
#define NUMBER_MIN 6
/* "68 500 001", "68-50-00-01": groups of which one number is written. */
#define GROUPS_MAX 8
/* So many bytes in hex are taken for some: "04 83 da 69", "0483da69". */
#define ROW_MIN 4

static int
is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static int
is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (unsigned char)c >= 0x80;
}

static int
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

/* Separators of two bytes, at most two of them: ", ". */
static const char separators[] = " -:,;./_|\\\t";
#define SEPARATOR_MAX 2

/* What was seen of a row of bytes. */
struct row {
  size_t bytes;
  int digits, letters; /* there were some */
  int pairs;           /* each byte is a word */
  int blanks; /* single blanks between the words; the first may be long */
  int frame;  /* it has a start byte and an address */
  int last;   /* byte, or -1 */
};

/* Where the word at P ends if it is bytes in hex; P: it is not. */
static const char *
bytes_end(const char *p, const char *end)
{
  const char *word = word_end(p, end);
  const char *q;

  for (q = p; q < word; q++)
    if (digit_value(*q, 16) < 0)
      return p;
  return (word - p) % 2 == 0 ? word : p;
}

/* Where the next bytes of a row begin, after a separator and perhaps "0x" or
 * "\\x".  P: the row ends here. */
static const char *
next_bytes(const char *p, const char *end)
{
  const char *q = p;

  while (q < end && q - p < SEPARATOR_MAX &&
         memchr(separators, *q, sizeof(separators) - 1) != NULL)
    q++;
  if (q == p)
    return p;
  if (end - q > 2 && q[0] == '0' && (q[1] | 0x20) == 'x')
    q += 2;
  else if (end - q > 1 && q[-1] == '\\' && (q[0] | 0x20) == 'x')
    q++;
  return bytes_end(q, end) > q ? q : p;
}

static int
is_frame_head(int start, int address)
{
  return (start == KMP_START_REQUEST || start == KMP_START_ANSWER) &&
         (address == KMP_ADDRESS_METER || address == KMP_ADDRESS_TOP ||
          address == KMP_ADDRESS_BASE);
}

/* Takes a word of the row; BLANK: a single blank is before it. */
static void
note_bytes(struct row *row, int blank, const char *p, const char *end)
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

/* Where a row of bytes in hex ends that begins with this word; P: nowhere. */
static const char *
row_end(const char *p, const char *end)
{
  struct row row = { .pairs = 1, .blanks = 1, .last = -1 };
  const char *from = p, *to = bytes_end(p, end);
  int blank = 0;

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

/* Masks it as if it stood in an event; damage in it is always overwritten. */
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
           int in_hex)
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

/* What stands for a text, if it is known; 0: it is not. */
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
  size_t i, n = 0;

  for (i = 0; i < len; i++) {
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

/* Writes the longest known number that begins at this word, in groups or not.
 * Returns where it ends; P: none does. */
static const char *
mask_known(struct mask *m, const char *p, const char *end)
{
  const char *ends[GROUPS_MAX];
  const char *word = word_end(p, end);
  size_t n = 0;

  while (n < GROUPS_MAX && word - p <= PSEUDONYM_KEY_MAX) {
    ends[n++] = word;
    if (end - word < 2 || memchr(" .,-/_:", *word, 7) == NULL ||
        !is_word(word[1]))
      break;
    word = word_end(word + 1, end);
  }
  while (n-- > 0) {
    size_t len = (size_t)(ends[n] - p);
    uint32_t number = find_text(m, p, len);
    int in_hex = number == 0;

    if (in_hex)
      number = find_hex(m, p, len);
    if (number == 0)
      continue;
    put_number(m, p, len, number, in_hex);
    return ends[n];
  }
  return p;
}

/* "00.123456", of a time. */
static int
is_fraction(const char *text, const char *p)
{
  return p - text >= 4 && p[-1] == '.' && is_digit(p[-2]) && is_digit(p[-3]) &&
         p[-4] == ':';
}

/* Writes digits that stand in a word, masked if they are a number to be. */
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
    put_number(m, from, len, number, 0);
  return p;
}

/* A hex number with "0x" or "\\x" begins after that. */
static int
begins_word(const char *text, const char *p)
{
  return is_word(*p) && (p == text || !is_word(p[-1]) ||
                         (p - text >= 2 && (p[-1] | 0x20) == 'x' &&
                          (p[-2] == '0' || p[-2] == '\\')));
}

/* Writes what is to be written at P in another way; P: nothing is. */
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
