/*
 * What stands for what: each number or text that is personal gets a number of
 * its own, the same wherever it is found again.
 */
#ifndef KMP_PSEUDONYM_H
#define KMP_PSEUDONYM_H

#include <stddef.h>
#include <stdint.h>

struct pseudonyms;

/* NULL: out of memory. */
struct pseudonyms *pseudonyms_new(void);
/* Accepts NULL. */
void pseudonyms_free(struct pseudonyms *p);

/* Whether memory was too short for one: what was masked is of no use. */
int pseudonyms_failed(const struct pseudonyms *p);

/* Longest key, and room for it.  Of a longer one the beginning counts. */
#define PSEUDONYM_KEY_MAX 95
#define PSEUDONYM_KEY_SIZE (PSEUDONYM_KEY_MAX + 1)

/* The keys of what a meter sends: a big-endian number, and a text, of which
 * only letters and digits count.  The text of a number has the same key as the
 * number.  Returns 0 when there is none: zero, or nothing but blanks. */
int pseudonym_key_of_number(const uint8_t *bytes, size_t len,
                            char key[PSEUDONYM_KEY_SIZE]);
int pseudonym_key_of_text(const char *text, size_t len,
                          char key[PSEUDONYM_KEY_SIZE]);

/* The number that stands for KEY, from 1: given if need be, or 0 when there is
 * none so far. */
uint32_t pseudonym_give(struct pseudonyms *p, const char *key);
uint32_t pseudonym_find(const struct pseudonyms *p, const char *key);

#endif
