/*
 * The ledger of one target: what was acknowledged, what is on its way, what is
 * due, and the rules by which what a target shows is held against it.
 *
 * Pure: no I/O, no clock, no store.  doc/ledger.md is the specification;
 * the names A, B, M, N, D, E are its names.
 */
#ifndef CORE_LEDGER_LEDGER_H
#define CORE_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/value.h"

/* What a target is to the pipeline. */
enum ledger_role {
  LEDGER_PLAIN, /* no operand: a reading is written over what was there */
  LEDGER_BASE,  /* what a subtract measures from (`minus`) */
  LEDGER_TOTAL, /* what an add adds onto (`plus`) */
  LEDGER_DELTA, /* fed by a delta: the usage since the last run */
};

/* What a target showed when it was asked: (s, t) of the specification. */
struct ledger_shown {
  bool known;         /* it was asked, and listed */
  struct value value; /* s; kind 0: it shows nothing */
  int32_t place;      /* 10^place is the last place shown, or MP_EXACT */
  char *updated;      /* t, as a text; NULL: not told */
};

struct ledger_target {
  enum ledger_role role;
  uint32_t kind;         /* of the values it gets; of a total, of what is added
                            to it; 0: not known yet */
  struct value a;        /* A: the last value acknowledged */
  struct ledger_shown b; /* B: what was shown just before A was sent */
  struct value m;        /* M: sent without an answer so far */
  struct value md;       /* the D that M was made from; kept with m_id */
  int64_t m_id;          /* number of the record it was sent in; 0: none */
  bool again;            /* M was sent before this run; not in the state */
  struct ledger_shown n; /* N: what was shown just before M was sent */
  struct value d;        /* D: the newest value due, not yet acknowledged */
  struct decimal e;      /* E: of a delta, what rounding left of it */
  int32_t a_place;       /* A was taken from what is shown, rounded there */
  struct decimal step;   /* what the target can hold; coef 0: anything */
  const char *unit;      /* all of this is in that unit; NULL: not known yet */
  int64_t sent_ms;       /* our own last send, ms since 1970 */
  bool rebase;           /* asked for: the next reading is the base */
};

/* What settling found; it decides what the run says and does next. */
enum ledger_outcome {
  LEDGER_SETTLED, /* nothing to say */
  LEDGER_FIRST,   /* the target was never set */
  LEDGER_CHANGED, /* changed on purpose by somebody: said once */
};

void ledger_init(struct ledger_target *t, enum ledger_role role);
void ledger_clear(struct ledger_target *t);
bool ledger_copy(struct ledger_target *to, const struct ledger_target *from);

void ledger_shown_clear(struct ledger_shown *shown);
bool ledger_shown_copy(struct ledger_shown *to,
                       const struct ledger_shown *from);

/* Puts everything into UNIT.  MP_OK, MP_ECONFIG (no exact conversion),
 * MP_ERANGE; then nothing is changed. */
int ledger_set_unit(struct ledger_target *t, const char *unit);

/* Puts T into the unit of SEEN (where that has one) and the STEP of its target.
 * *ret_again: these were changed above what was written; it does not mean the
 * same any more, and A is due again (row 3).  Returns as ledger_set_unit; but a
 * plain target begins anew where nothing converts exactly. */
int ledger_follow(struct ledger_target *t, const struct ledger_shown *seen,
                  struct decimal step, bool *ret_again);

/* Whether what is shown can be a display of V, as V would be sent. */
bool ledger_can_show(const struct ledger_target *t,
                     const struct ledger_shown *shown, const struct value *v);

/* M, which is on its way, arrived (true), or is forgotten. */
bool ledger_settle_sent(struct ledger_target *t,
                        const struct ledger_shown *seen);

/* Holds what is shown against the ledger (the table of the specification). */
enum ledger_outcome ledger_settle(struct ledger_target *t,
                                  const struct ledger_shown *seen);

/* Two sends to a target are this far apart, so that a time of last update in
 * whole seconds tells two values apart. */
#define LEDGER_APART_MS 2000

/* Whether SEEN is A where we put it, at least that long ago at NOW_MS (since
 * 1970): then the target may be sent to at once, whatever its time of last
 * update.  Before settling. */
bool ledger_rests(const struct ledger_target *t,
                  const struct ledger_shown *seen, int64_t now_ms);

/* The base that T is computed from was changed on purpose: what is due from it
 * is in what it shows now, and is computed anew. */
void ledger_drop(struct ledger_target *t, const struct ledger_shown *seen);

/* The last known value: D, else A; NULL: missing. */
const struct value *ledger_last(const struct ledger_target *t);

/* Whether a value of KIND can follow those that T got. */
bool ledger_takes_kind(const struct ledger_target *t, uint32_t kind);

/* T gets values of KIND from now on.  A delta makes a plain target one that is
 * fed by deltas. */
void ledger_set_kind(struct ledger_target *t, uint32_t kind);

/* Whether what is due with V (in the unit of T) can be held exactly. */
bool ledger_fits(const struct ledger_target *t, const struct value *v);

/* A cycle gives V.  MP_OK, MP_ENOMEM, or MP_ERANGE where it does not fit; then
 * nothing is changed. */
int ledger_due(struct ledger_target *t, const struct value *v);

/* Adds V, an amount that was rejected, to E: the next amount includes it.
 * MP_OK, MP_ERANGE, MP_ECONFIG (other unit); then nothing is changed. */
int ledger_carry(struct ledger_target *t, const struct value *v);

/* A cycle gives V to a column of a queue.  A is then what its row gets: V, and
 * of a delta what was carried.  Returns as ledger_due. */
int ledger_column(struct ledger_target *t, const struct value *v);

/* The target of a queue shows a row that the ledger does not know: what it
 * shows is A. */
void ledger_adopt_column(struct ledger_target *t,
                         const struct ledger_shown *seen);

/* A total that was never set and is not given a value begins with 0. */
void ledger_begin(struct ledger_target *t);

/*
 * Makes M of D, and N of what is displayed now: to be committed before it is
 * sent, in the record of number ID.  A value that was sent before keeps the
 * number of that record.  An amount whose outcome is not known (M, of an output
 * that cannot be asked) stays as it is; the rest of D waits until it has been
 * acknowledged.  False: there is nothing to send.
 */
bool ledger_prepare(struct ledger_target *t, const struct ledger_shown *seen,
                    int64_t id);

/* Whether V would be sent rounded; then *ret is a copy of what is sent. */
bool ledger_rounded(const struct ledger_target *t, const struct value *v,
                    struct value *ret);

/* M as it goes out: a whole number of the target's step. */
bool ledger_as_sent(const struct ledger_target *t, struct value *ret);

/*
 * What became of M.  MP_ACCEPTED acknowledges it.  MP_NOT_SENT forgets it, and
 * so does a refusal by an output that cannot be asked, unless an earlier run
 * sent it.  Anything else keeps it: a proxy may refuse what the server has
 * carried out.
 */
void ledger_result(struct ledger_target *t, uint32_t result);

/* The ledger as lines of text for the state (to be freed; NULL: out of
 * memory), and back.  The role is not part of it: it is the pipeline's. */
char *ledger_encode(const struct ledger_target *t);
bool ledger_decode(struct ledger_target *t, const char *text);

#endif
