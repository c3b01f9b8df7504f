/*
 * Pseudonyms, kept in a binary tree by their keys.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/kmp/program/pseudonym.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/digit.h"
#include "plugins/kmp/codec/kmp_frame.h"

struct pseudonym {
  uint32_t number;
  char key[PSEUDONYM_KEY_SIZE];
};

struct pseudonyms {
  void *tree;
  size_t count;
  uint32_t last;
  int failed;
};

struct pseudonyms *
pseudonyms_new(void)
{
  return calloc(1, sizeof(struct pseudonyms));
}

void
pseudonyms_free(struct pseudonyms *p)
{
  if (!p)
    return;
  tdestroy(p->tree, free);
  free(p);
}

int
pseudonyms_failed(const struct pseudonyms *p)
{
  return p->failed;
}

/* ---- Keys ---------------------------------------------------------------- */

/* Returns a letter in upper case, a digit as it is, else NUL.  Independent of
 * the locale; bytes outside ASCII count as letters. */
static char
key_char(char c)
{
  if (c >= 'a' && c <= 'z')
    return (char)(c - 'a' + 'A');
  if (is_digit(c) || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80)
    return c;
  return '\0';
}

bool
pseudonym_key_of_text(const char *text, size_t len,
                      char key[PSEUDONYM_KEY_SIZE])
{
  size_t n = 0;

  for (size_t i = 0; i < len && n < PSEUDONYM_KEY_MAX; i++) {
    char c = key_char(text[i]);

    if (c != '\0' && (n > 0 || c != '0'))
      key[n++] = c;
  }
  key[n] = '\0';
  return n > 0;
}

/* Makes the key of a number of more than 64 bits: its bytes in hex. */
static void
key_of_bytes(const uint8_t *bytes, size_t len, char *key)
{
  static const char digits[] = "0123456789ABCDEF";
  size_t n = 0;

  key[n++] = 'X';
  for (size_t i = 0; i < len && n + 2 <= PSEUDONYM_KEY_MAX; i++) {
    key[n++] = digits[bytes[i] >> 4];
    key[n++] = digits[bytes[i] & 0xf];
  }
  key[n] = '\0';
}

bool
pseudonym_key_of_number(const uint8_t *bytes, size_t len,
                        char key[PSEUDONYM_KEY_SIZE])
{
  char digits[24];
  size_t at = sizeof(digits);
  uint64_t number = 0;

  for (; len > 0 && *bytes == 0; len--)
    bytes++;
  if (len > sizeof(number)) {
    key_of_bytes(bytes, len, key);
    return true;
  }
  for (size_t i = 0; i < len; i++)
    number = number << 8 | bytes[i];
  for (digits[--at] = '\0'; number > 0; number /= 10)
    digits[--at] = (char)('0' + number % 10);
  memcpy(key, digits + at, sizeof(digits) - at);
  return len > 0;
}

/* ---- Numbers ------------------------------------------------------------- */

/* Compares two struct pseudonym by their keys. */
static int
compare_keys(const void *a, const void *b)
{
  const struct pseudonym *one = a, *other = b;

  return strcmp(one->key, other->key);
}

static bool
needs_stuffing(uint32_t number)
{
  for (; number > 0; number >>= 8) {
    uint8_t byte = number & 0xff;

    if (byte == KMP_START_REQUEST || byte == KMP_START_ANSWER ||
        byte == KMP_STOP || byte == KMP_ACK || byte == KMP_STUFFING)
      return true;
  }
  return false;
}

uint32_t
pseudonym_find(const struct pseudonyms *p, const char *key)
{
  struct pseudonym wanted;
  void *const *found;

  snprintf(wanted.key, sizeof(wanted.key), "%s", key);
  found = tfind(&wanted, &p->tree, compare_keys);
  return found ? ((const struct pseudonym *)*found)->number : 0;
}

static uint32_t
next_number(struct pseudonyms *p)
{
  /* Skip numbers that need stuffing, so that no frame grows. */
  do
    p->last++;
  while (needs_stuffing(p->last));
  p->count++;
  return p->last;
}

uint32_t
pseudonym_give(struct pseudonyms *p, const char *key)
{
  uint32_t number = pseudonym_find(p, key);
  struct pseudonym *one;

  if (number != 0)
    return number;
  one = calloc(1, sizeof(*one));
  if (!one) {
    p->failed = 1;
    return 0;
  }
  snprintf(one->key, sizeof(one->key), "%s", key);
  if (!tsearch(one, &p->tree, compare_keys)) {
    free(one);
    p->failed = 1;
    return 0;
  }
  one->number = next_number(p);
  return one->number;
}
