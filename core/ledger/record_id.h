/*
 * The ids of records: "UUID-NUMBER"; of a row, "UUID-NUMBER-ROW".
 *
 * The UUID is made with the state, so a receiver that displays ids shows which
 * state wrote its value.  Earlier versions wrote "OUTPUT-NUMBER" instead, and
 * a record that such a version sent or queued keeps that id.  Pure.
 */
#ifndef CORE_LEDGER_RECORD_ID_H
#define CORE_LEDGER_RECORD_ID_H

#include <stddef.h>
#include <stdint.h>

#include "core/ledger/ledger.h"

/* Size of a UUID as text, with a NUL. */
#define RECORD_UUID 37
/* Size of the longest id: a name or a UUID, two numbers and a NUL. */
#define RECORD_ID (RECORD_UUID + 2 * (1 + 20))

/* The state that ids belong to. */
struct record_ids {
  char uuid[RECORD_UUID];
  int64_t from; /* records with a lower number have ids of the old form */
};

/* Writes a random UUID (RFC 9562, version 4) made of 16 random BYTES. */
void record_id_make_uuid(const uint8_t bytes[16], char buf[RECORD_UUID]);

/* Returns the id of the record NUMBER of OUTPUT, a name of at most 36 bytes; of
 * a row of its queue, unless ROW is 0.  The id is somewhere in BUF. */
const char *record_id_format(const struct record_ids *ids, const char *output,
                             int64_t number, int64_t row, char buf[RECORD_ID]);

/* Returns whether TEXT is the id of a record (not of a row) of this state and
 * this OUTPUT, which then has the number *ret_number.  NULL is LEDGER_NO_ID. */
enum ledger_id record_id_parse(const struct record_ids *ids, const char *output,
                               const char *text, int64_t *ret_number);

/* Returns true if ID and OTHER are of the same state, and the number of ID is
 * the lower one. */
bool record_id_precedes(const char *id, const char *other);

#endif
