/*
 * What the state keeps of the readings of a field that a transform measures:
 * the last one that was believed, and one that the next reading decides over.
 *
 * Pure: no I/O, no clock, no store.  The rule about serial numbers is
 * "Exchanged meters" in doc/ledger.md.
 */
#ifndef CORE_LEDGER_READING_H
#define CORE_LEDGER_READING_H

#include <stdbool.h>

#include "lib/value.h"

/* All zeros: nothing was read yet. */
struct reading {
  struct value believed; /* the last reading that was believed */
  struct value pending;  /* a held reading or a candidate; kind 0: none */
  bool is_candidate;     /* which of the two */
  bool told;             /* that the number to decide with cannot be read */
};

void reading_clear(struct reading *r);

/* The candidate; NULL: there is none. */
const struct value *reading_candidate(const struct reading *r);
/* The held reading; NULL: there is none. */
const struct value *reading_held(const struct reading *r);

/* What the serial number of a reading says about its meter. */
enum reading_meter {
  READING_SAME,      /* the base's meter, as far as is known */
  READING_CANDIDATE, /* another number: the reading is kept as the candidate */
  READING_EXCHANGED, /* the candidate's number again: it is the base */
  READING_UNKNOWN,   /* the number was not read: nothing can be decided */
};

/* BASE is the last known value that NOW is measured from.  IS_READ: the meter
 * told the number of NOW in this cycle.  CANDIDATE may be NULL. */
enum reading_meter reading_meter(const struct value *candidate,
                                 const struct value *base,
                                 const struct value *now, bool is_read);

/* A reading as lines of text for the state (to be freed; NULL: out of memory),
 * and back; false: it is no such text, and *R is then empty. */
char *reading_encode(const struct reading *r);
bool reading_decode(struct reading *r, const char *text);

#endif
