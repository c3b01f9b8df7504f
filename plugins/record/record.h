/*
 * The values of a record, kept from write to commit.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <meterpipe/plugin.h>

struct record_value {
  struct mp_value value;      /* kind 0: none */
  char *unit, *serial, *text; /* its own */
};

/* All zeros at first. */
struct record {
  int64_t time_ms;
  char *id;
  struct record_value *values; /* by target */
  uint32_t n;                  /* of targets */
};

/* Makes room for N targets, no fewer than before.  MP_OK or MP_ENOMEM. */
int record_open(struct record *r, uint32_t n);
void record_close(struct record *r);

/* Forgets the values of the record before.  MP_OK or MP_ENOMEM. */
int record_begin(struct record *r, const struct mp_record *record);
/* Copies VALUE in place of an earlier one of TARGET.  MP_OK, MP_ENOMEM, or
 * MP_EINTERNAL: there is no such target. */
int record_write(struct record *r, uint32_t target,
                 const struct mp_value *value);

/* Returns the value of TARGET; NULL: there is none in this record. */
const struct mp_value *record_value(const struct record *r, uint32_t target);

#endif
