/*
 * The ledger of one target: its acknowledged, sent and pending values, and the
 * rules that compare them with the displayed value.
 *
 * Pure: no I/O, no clock, no store.  doc/ledger.md is the specification; in
 * its table the values have the letters A, B, M, N, D and E.
 */
#ifndef CORE_LEDGER_LEDGER_H
#define CORE_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/value.h"

/* How the pipeline uses a target. */
enum ledger_role {
  LEDGER_PLAIN, /* no operand: a reading replaces the value before it */
  LEDGER_BASE,  /* the base that a subtract measures from (`minus`) */
  LEDGER_TOTAL, /* the running total that an add adds to (`plus`) */
  LEDGER_DELTA, /* gets deltas: the usage since the last run */
};

/* The record that a displayed value came in, by its id. */
enum ledger_id {
  LEDGER_WITHOUT_IDS, /* the output gives no ids */
  LEDGER_NO_ID,     /* it gives ids, but the displayed value has none: a person
                       or a script wrote it */
  LEDGER_OWN_ID,    /* an id of this state */
  LEDGER_OTHER_ID,  /* an id of another state */
  LEDGER_FORGOTTEN, /* the output has no memory of the target */
};

/* The displayed value of a target: (s, t) in the specification. */
struct ledger_displayed {
  bool known;         /* the output was asked, and listed the target */
  struct value value; /* s; kind 0: no value is displayed */
  int32_t place;      /* 10^place is the last displayed place, or MP_EXACT */
  char *updated;      /* t, as text; NULL: the output reports no time */
  enum ledger_id id;
  int64_t id_number; /* number of an own id */
  char *other_id;    /* an id of another state: a line of less than 200 bytes */
};

/* A is from a state of a version that did not keep its record. */
#define LEDGER_UNKNOWN_RECORD (-1)

struct ledger {
  enum ledger_role role;
  uint32_t kind;             /* kind of the values it gets; for a total, of the
                                values added to it; 0: not known yet */
  struct value acknowledged; /* the last value acknowledged */
  int64_t acknowledged_record; /* number of its record; 0: it was taken from a
                                  display; or LEDGER_UNKNOWN_RECORD */
  struct ledger_displayed
    acknowledged_over;    /* displayed before that was sent */
  struct value sent;      /* sent, no answer yet */
  struct value sent_from; /* the pending value that it was made from */
  int64_t sent_record;    /* number of the record of sent_from; 0: none */
  int64_t last_record;    /* the highest of the numbers that were forgotten */
  struct ledger_displayed taken; /* the last display that this pipeline did not
                                    write, of an output that gives ids */
  bool sent_earlier; /* an earlier run sent it; not part of the state */
  struct ledger_displayed sent_over; /* displayed before that was sent */
  struct value pending;              /* the newest pending value */
  struct mp_decimal remainder;       /* of a delta, after rounding */
  int32_t acknowledged_place; /* last place if that is a displayed value, or
                                 MP_EXACT */
  struct mp_decimal step; /* step of the target's values; coef 0: any value */
  const char *unit;       /* unit of all values here; NULL: not known yet */
  int64_t sent_ms;        /* time of our own last send, ms since 1970 */
  bool rebase;            /* requested: the next reading becomes the base */
};

/* The result of settling; it decides what the run reports and does next. */
enum ledger_outcome {
  LEDGER_SETTLED,   /* nothing to report */
  LEDGER_FIRST,     /* the target was never set */
  LEDGER_CHANGED,   /* changed by hand or by another program; reported once */
  LEDGER_WENT_BACK, /* the output went back to an older copy: the ledger's
                       value is written again */
  LEDGER_LOST,      /* the output forgot the target: likewise */
  LEDGER_OTHER_WRITER, /* another pipeline writes to the target: send nothing to
                          it */
  LEDGER_ADOPTED,  /* the value of another state was adopted; reported once */
  LEDGER_PUT_BACK, /* an older copy of the state was put back; reported once.
                      The next record needs a number above that of the id */
};

/* The rows of the tables in the specification, in the order in which they
 * apply. */
enum ledger_row {
  LEDGER_ROW_I1,
  LEDGER_ROW_I2,
  LEDGER_ROW_I3,
  LEDGER_ROW_I4,
  LEDGER_ROW_I5,
  LEDGER_ROW_I6,
  LEDGER_ROW_I7,
  LEDGER_ROW_I8,
  LEDGER_ROW_I9,
  LEDGER_ROW_1,
  LEDGER_ROW_2,
  LEDGER_ROW_3,
  LEDGER_ROW_4,
  LEDGER_ROW_5,
  LEDGER_ROW_6,
  LEDGER_ROW_7,
  LEDGER_ROW_8,
  LEDGER_ROW_9,
  LEDGER_ROW_10,
  LEDGER_ROWS /* their number */
};

void ledger_init(struct ledger *t, enum ledger_role role);
void ledger_clear(struct ledger *t);
void ledger_copy(struct ledger *to, const struct ledger *from);

void ledger_displayed_clear(struct ledger_displayed *displayed);
void ledger_displayed_copy(struct ledger_displayed *to,
                           const struct ledger_displayed *from);

/* Converts all values to UNIT.  MP_OK; MP_ECONFIG (no exact conversion) or
 * MP_ERANGE: then nothing is changed. */
int ledger_set_unit(struct ledger *t, const char *unit);

/* Converts T to the unit of DISPLAYED, if it has one, and to the STEP of its
 * target. *ret_again is true if the unit or the step of a target was changed
 * and its displayed value now means something else: the acknowledged value is
 * then sent again (row 3). Returns as ledger_set_unit, except that a plain
 * target without an exact conversion starts with an empty ledger. */
int ledger_follow(struct ledger *t, const struct ledger_displayed *displayed,
                  struct mp_decimal step, bool *ret_again);

/* Returns true if DISPLAYED can be a display of V, after V was rounded for
 * sending. */
bool ledger_can_show(const struct ledger *t,
                     const struct ledger_displayed *displayed,
                     const struct value *v);

/* Returns true if DISPLAYED proves that the sent value arrived: it is then
 * acknowledged.  Otherwise forgets it and returns false. */
bool ledger_settle_sent(struct ledger *t,
                        const struct ledger_displayed *displayed);

/* Compares the displayed value with the ledger and applies the tables of the
 * specification.  DISPLAYED may be NULL.  *ret_rows is the set of the rows that
 * applied: bit 1 << LEDGER_ROW_2 is row 2. */
enum ledger_outcome ledger_settle(struct ledger *t,
                                  const struct ledger_displayed *displayed,
                                  uint32_t *ret_rows);

/* Writes the rows of the set, as "2, 8", for the log; returns BUF. */
const char *ledger_describe_rows(uint32_t rows, char *buf, size_t size);

/* Writes "A 84.2 GJ (B 83) M 85 (N 84.2) D 86 E 0.0004", in the letters of the
 * specification, for the log; an entry that the ledger does not have is "-".
 * Returns BUF. */
const char *ledger_describe(const struct ledger *t, char *buf, size_t size);

/* Minimum time between two sends to a target, so that a time of last update in
 * whole seconds tells two values apart. */
#define LEDGER_APART_MS 2000

/* Returns true if T has no sent value, the target still displays the
 * acknowledged one as this pipeline sent it, and the last send is at least
 * LEDGER_APART_MS before NOW_MS (ms since 1970).  The next send then need not
 * wait for the target's time of last update.  That is true of every target of
 * an output that gives ids.  Call it before settling. */
bool ledger_rests(const struct ledger *t,
                  const struct ledger_displayed *displayed, int64_t now_ms);

/* Drops the pending value of T after the base it is computed from was changed
 * by hand, or an older copy of the state was put back.  A delta also loses its
 * acknowledged value; otherwise the displayed value becomes the acknowledged
 * one, if it is known and no display of that, and the output gives no ids.  The
 * next result is measured from the changed base and covers the dropped value.
 */
void ledger_drop(struct ledger *t, const struct ledger_displayed *displayed);

/* Returns the last known value: the pending one, else the acknowledged one;
 * NULL: missing. */
const struct value *ledger_last(const struct ledger *t);

/* Returns true if T, after the values it got so far, can take one of KIND. */
bool ledger_takes_kind(const struct ledger *t, uint32_t kind);

/* Sets the kind of the values that T gets.  A delta turns a plain target into a
 * delta target. */
void ledger_set_kind(struct ledger *t, uint32_t kind);

/* Returns true if V (in the unit of T) can become the pending value: the sum
 * with a pending delta must be exact. */
bool ledger_fits(const struct ledger *t, const struct value *v);

/* Forgets which record the pending value was sent in: the next one gets another
 * number. */
void ledger_forget_record(struct ledger *t);

/* Makes V the pending value; to a delta, the pending value and the remainder
 * are added. MP_OK; MP_ERANGE (it does not fit): then nothing is changed. */
int ledger_set_pending(struct ledger *t, const struct value *v);

/* Adds the rejected amount V to the remainder, so that the next amount includes
 * it.  MP_OK; MP_ERANGE, MP_ECONFIG (no conversion to the unit of T): then
 * nothing is changed. */
int ledger_carry(struct ledger *t, const struct value *v);

/* Books V in a column of a queue.  The value of the row's cell is then the
 * acknowledged one: V, plus the remainder for a delta.  Returns as
 * ledger_set_pending.
 */
int ledger_column(struct ledger *t, const struct value *v);

/* Sets the acknowledged value of a column to the displayed one, the cell in the
 * output's last row. Call it if that row is newer than the ledger: an older
 * copy of the state was restored. */
void ledger_adopt_column(struct ledger *t,
                         const struct ledger_displayed *displayed);

/* Sets the acknowledged value to 0 if T has neither that nor a pending one: a
 * total that was never set begins with 0. */
void ledger_begin(struct ledger *t);

/* Returns true if the acknowledged value is a 0 that no record brought, such as
 * that of ledger_begin: the output may not display it. */
bool ledger_has_unwritten_zero(const struct ledger *t);

/*
 * Prepares sending: sets sent to the pending value, and sent_over to DISPLAYED.
 * Commit the state before it is sent, in the record of number ID.  A value that
 * was sent before keeps the number of its record.  A delta that was sent with
 * an unknown outcome, left by an earlier run (its output cannot be asked), is
 * not changed; the rest of the pending value is sent after it has been
 * acknowledged.  Returns false if there is nothing to send.
 */
bool ledger_prepare(struct ledger *t, const struct ledger_displayed *displayed,
                    int64_t id);

/* Returns true if V is rounded for sending; *ret is then a copy of the rounded
 * value, owned by the caller. */
bool ledger_rounded(const struct ledger *t, const struct value *v,
                    struct value *ret);

/* Copies to *ret the value to send: the sent one, rounded to a whole number of
 * the target's step. */
void ledger_as_sent(const struct ledger *t, struct value *ret);

/*
 * Applies the result of sending.  MP_ACCEPTED acknowledges it.  MP_NOT_SENT
 * forgets it, and so does a refusal by an output that cannot be asked, unless
 * an earlier run sent it.  Any other result keeps it: a proxy may refuse a
 * request that the server has carried out.
 */
void ledger_result(struct ledger *t, uint32_t result);

/* The plugin refused to write the sent value.  That depends on the value alone,
 * so no earlier run has sent it either: it is forgotten, with its record. */
void ledger_refuse(struct ledger *t);

/* The ledger as lines of text for the state, and back.  The caller frees the
 * text.  The role is not included: the pipeline file defines it. */
char *ledger_encode(const struct ledger *t);
bool ledger_decode(struct ledger *t, const char *text);

#endif
