/*
 * Readings that the state keeps for a field measured by a transform: the last
 * believed one, and a held reading or candidate that the next reading confirms
 * or refutes.
 *
 * Pure: no I/O, no clock, no store.  The rule about serial numbers is
 * "Exchanged meters" in doc/ledger.md.
 */
#ifndef CORE_LEDGER_READING_H
#define CORE_LEDGER_READING_H

#include <stdbool.h>

#include "lib/value.h"

/* All zeros: no reading yet. */
struct reading {
  struct value believed;    /* the last reading that was believed */
  struct value unconfirmed; /* a held reading or a candidate; kind 0: none */
  bool is_candidate;        /* unconfirmed is a candidate, not a held reading */
  bool reported;            /* reported: the serial number cannot be read */
};

void reading_clear(struct reading *r);

/* Returns the candidate; NULL: there is none. */
const struct value *reading_candidate(const struct reading *r);
/* Returns the held reading; NULL: there is none. */
const struct value *reading_held(const struct reading *r);

/* Result of comparing the serial number of a reading with the base's. */
enum reading_meter {
  READING_SAME,      /* the base's meter, as far as is known */
  READING_CANDIDATE, /* another number: keep the reading as the candidate */
  READING_EXCHANGED, /* the candidate's number again: make it the base */
  READING_UNKNOWN,   /* the number was not read: no decision is possible */
};

/* Compares serial numbers.  BASE is the last known value that NOW is measured
 * from.  IS_READ: the serial number of NOW was read in this cycle, not assumed
 * from an earlier run.  CANDIDATE may be NULL. */
enum reading_meter reading_meter(const struct value *candidate,
                                 const struct value *base,
                                 const struct value *now, bool is_read);

/* A reading as lines of text for the state, and back.  The caller frees the
 * text.  reading_decode returns false and empties *R if the text is
 * malformed. */
char *reading_encode(const struct reading *r);
bool reading_decode(struct reading *r, const char *text);

#endif
