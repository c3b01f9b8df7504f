/*
 * The state of a house: the world, and what the program has committed.  All
 * members are int64_t: a state is an array of numbers, and packed as one.
 */
#ifndef TESTS_EXHAUSTIVE_STATE_H
#define TESTS_EXHAUSTIVE_STATE_H

#include "core/ledger/ledger.h"
#include "core/ledger/reading.h"
#include "tests/exhaustive/world.h"

/* A value of the program; kind 0: none. */
struct entry_value {
  int64_t kind, number, serial;
  int64_t unit; /* 0: none */
};

struct entry_shown {
  int64_t known;
  struct entry_value value;
  int64_t time;              /* 0: none */
  int64_t id, record, state; /* the number of an own id, or another's state */
};

/* A ledger as the state keeps it. */
struct entry {
  int64_t present;
  int64_t kind, unit, rebase, place, was_sent;
  struct entry_value acknowledged, sent, sent_from, pending;
  struct entry_shown acknowledged_over, sent_over, taken;
  int64_t record, acknowledged_record, last_record;
  int64_t remainder, step, has_step;
};

struct entry_reading {
  int64_t present;
  struct entry_value believed, unconfirmed;
  int64_t is_candidate, reported;
};

/* A row that waits for the file. */
struct entry_row {
  int64_t time; /* 0: none */
  struct entry_value cells[WORLD_TARGETS];
};

/* The note on the rows that were being written: their places in the queue, and
 * the number of rows in the file. */
struct entry_token {
  int64_t present, first, last, rows;
};

/* What the program has committed. */
struct program {
  int64_t state; /* the number in its UUID; 0: nothing was committed */
  struct entry_row rows[WORLD_ROWS];
  struct entry_token token;
  int64_t last_row; /* time of the newest row */
  struct entry entries[WORLD_TARGETS];
  struct entry_reading readings[WORLD_METERS];
};

struct state {
  struct world world;
  struct program program;
  /* As it was before the last run; all zeros in houses that keep no copy. */
  int64_t has_older;
  struct program older;
  struct world older_world;
};

/* Converts between the program's structs and the state.  Texts of serial
 * numbers are "S<number>", those of times are plain numbers.  The destination
 * of entry_get and entry_get_reading must be empty. */
void state_put_value(struct entry_value *to, const struct value *from);
void state_get_value(struct value *to, const struct entry_value *from);
void entry_put(struct entry *to, const struct ledger *from);
void entry_get(struct ledger *to, const struct entry *from);
void entry_put_reading(struct entry_reading *to, const struct reading *from);
void entry_get_reading(struct reading *to, const struct entry_reading *from);

/* Returns D as a multiple of 10^WORLD_PLACE; aborts if it is none. */
int64_t world_number(struct mp_decimal d);

/* Returns the step of a device as its divider gives it: a power of ten. */
struct mp_decimal state_step(int64_t step);

/* Writes a time as text, and reads it back. */
#define STATE_TIME_TEXT 24
void state_format_time(int64_t time, char buf[STATE_TIME_TEXT]);

/* The UUID of a state of the program, and back; of an id, that of its state. */
#define STATE_UUID 37
void state_format_uuid(int64_t state, char buf[STATE_UUID]);
int64_t state_of_uuid(const char *text);

/* Returns the interned text of a serial number. */
const char *state_serial(int64_t serial);

/* The most bytes that a packed state can have. */
#define STATE_PACKED (sizeof(struct state) / 8 * 10)

/* Packs a state: small numbers take a byte, and rows of zeros two.  Returns the
 * size. */
size_t state_pack(const struct state *s, uint8_t *bytes);
void state_unpack(struct state *s, const uint8_t *bytes, size_t size);

#endif
