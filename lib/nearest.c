/*
 * The distance is the number of letters inserted, left out, changed or
 * swapped with their neighbour (Damerau and Levenshtein; each place is
 * edited only once).
 */
#include "lib/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Not tolower(), which depends on the locale; names are ASCII. */
static char
ascii_lower(char c)
{
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned
min(unsigned a, unsigned b)
{
  return a < b ? a : b;
}

/* Both words are at most NEAREST_MAX long. */
static unsigned
edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
  unsigned rows[3][NEAREST_MAX + 1];
  unsigned *before = rows[0], *above = rows[1], *row = rows[2];

  for (size_t j = 0; j <= b_len; j++)
    row[j] = (unsigned)j;
  for (size_t i = 1; i <= a_len; i++) {
    unsigned *oldest = before;

    before = above;
    above = row;
    row = oldest;
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b_len; j++) {
      unsigned changed = ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]);

      row[j] = min(above[j - 1] + changed, min(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && ascii_lower(a[i - 1]) == ascii_lower(b[j - 2]) &&
          ascii_lower(a[i - 2]) == ascii_lower(b[j - 1]))
        row[j] = min(row[j], before[j - 2] + 1);
    }
  }
  return row[b_len];
}

/* Allows a third of the letters to be wrong, but never all of them: the longer
 * the word, the more certain is the guess. */
static unsigned
allowed_distance(size_t a_len, size_t b_len)
{
  size_t longer = a_len > b_len ? a_len : b_len;
  size_t shorter = a_len > b_len ? b_len : a_len;
  size_t third = (longer + 2) / 3;

  return (unsigned)(third < shorter ? third : shorter - 1);
}

void
nearest_start(struct nearest *nearest, const char *word)
{
  nearest->word = word;
  nearest->best[0] = '\0';
  nearest->distance = 0;
}

static bool
is_better(const struct nearest *nearest, const char *candidate,
          unsigned distance)
{
  if (!*nearest->best || distance < nearest->distance)
    return true;
  return distance == nearest->distance && strcmp(candidate, nearest->best) < 0;
}

void
nearest_offer(struct nearest *nearest, const char *candidate)
{
  size_t word_len = strlen(nearest->word), len = strlen(candidate);
  unsigned distance;

  if (word_len == 0 || word_len > NEAREST_MAX || len == 0 || len > NEAREST_MAX)
    return;
  distance = edit_distance(nearest->word, word_len, candidate, len);
  if (distance > allowed_distance(word_len, len) ||
      !is_better(nearest, candidate, distance))
    return;
  memcpy(nearest->best, candidate, len + 1);
  nearest->distance = distance;
}

const char *
nearest_hint(const struct nearest *nearest, char *buf, size_t size)
{
  buf[0] = '\0';
  if (*nearest->best)
    snprintf(buf, size, "; the nearest is \"%s\"", nearest->best);
  return buf;
}

const char *
nearest_of(const char *word, const char *const *candidates)
{
  struct nearest nearest;

  nearest_start(&nearest, word);
  for (const char *const *c = candidates; *c; c++)
    nearest_offer(&nearest, *c);
  for (const char *const *c = candidates; *c; c++)
    if (strcmp(*c, nearest.best) == 0)
      return *c;
  return NULL;
}
