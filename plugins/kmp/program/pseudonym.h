/*
 * Pseudonyms: each personal number or text gets a number of its own, the same
 * wherever it occurs again.
 */
#ifndef KMP_PSEUDONYM_H
#define KMP_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pseudonyms;

/* Returns NULL when out of memory. */
struct pseudonyms *pseudonyms_new(void);
/* Accepts NULL. */
void pseudonyms_free(struct pseudonyms *p);

/* Returns 1 if memory ran out for a pseudonym: discard the masked output. */
int pseudonyms_failed(const struct pseudonyms *p);

/* Longest key, and its size with NUL.  A longer key is truncated. */
#define PSEUDONYM_KEY_MAX 95
#define PSEUDONYM_KEY_SIZE (PSEUDONYM_KEY_MAX + 1)

/* Make the key of a value that a meter sends: a big-endian number, or a text,
 * of which only letters and digits count.  A number and its text have the same
 * key.  Return 0 if the value has no key: zero, or only blanks. */
bool pseudonym_key_of_number(const uint8_t *bytes, size_t len,
                             char key[PSEUDONYM_KEY_SIZE]);
bool pseudonym_key_of_text(const char *text, size_t len,
                           char key[PSEUDONYM_KEY_SIZE]);

/* Return the pseudonym of KEY, from 1.  pseudonym_give assigns one if there is
 * none, and returns 0 when out of memory; pseudonym_find returns 0 if there is
 * none. */
uint32_t pseudonym_give(struct pseudonyms *p, const char *key);
uint32_t pseudonym_find(const struct pseudonyms *p, const char *key);

#endif
