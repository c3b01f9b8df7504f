/*
 * Everything that lives one cycle, but for the services: what was read, what
 * the outputs display, the ledgers, and the results of the evaluation.  The
 * pure steps (settle, evaluate, book) get only this.
 */
#ifndef CORE_CYCLE_CYCLE_DATA_H
#define CORE_CYCLE_CYCLE_DATA_H

#include "core/ledger/ledger.h"
#include "core/ledger/reading.h"
#include "core/pipeline/messages.h"
#include "core/pipeline/plan.h"

enum slot_state {
  SLOT_MISSING,  /* no value in this cycle; never counts as 0 */
  SLOT_VALUE,    /* has a value */
  SLOT_LEFT_OUT, /* left out on purpose: a first value or a rebase */
  SLOT_HELD,     /* not believed */
};

/* A field as it was read. */
struct field_reading {
  bool is_read;
  struct value value;
};

/* An input in this cycle. */
struct input_reading {
  int result;         /* of the last read */
  const char *serial; /* serial number in this cycle, interned */
  uint32_t serial_how;
  bool asked_serial; /* identify was called in this cycle */
  bool took_part;    /* it was used in this cycle */
  bool ended;        /* nothing more to read in this run */
  bool abandoned;    /* its thread did not return in time */
  size_t next_field; /* the index after the last field that was filled */
};

/* What an output displays of one of its targets. */
struct answer {
  uint32_t kind; /* MP_SHOWN_... from fetch; 0: not reached */
  struct ledger_displayed displayed;
  struct mp_decimal step;
  bool numbers_only; /* it does not take texts */
  int64_t ready_ms;  /* do not send before this time; monotonic clock */
};

/* A target's entry in the state. */
enum entry_state {
  ENTRY_UNKNOWN,    /* not looked up yet */
  ENTRY_GOOD,       /* in the ledger, or there is none */
  ENTRY_UNREADABLE, /* cannot be read; it is not overwritten */
  ENTRY_REPORTED,   /* the same, and reported */
};

/* How far a target has come in this cycle. */
enum progress_of_target {
  TARGET_IDLE,    /* nothing was prepared for it */
  TARGET_FAILED,  /* a failure was reported; it is not sent to */
  TARGET_SENDING, /* its value was prepared and has no result yet */
  TARGET_DONE,    /* its value has a result */
};

/* An output in this cycle. */
struct output_state {
  bool given_up;       /* not used for the rest of this run */
  bool took_part;      /* it was used in this cycle */
  bool asks_nothing;   /* fetch returned MP_SKIP: it cannot be asked */
  bool has_turn;       /* still to be served in this step */
  int64_t last_number; /* latest, live: newest record number; in the state */
  int64_t number;      /* latest: number of the open record; 0: none */
};

/* ---- Results of the evaluation ---- */

/* Why a reading is not used until the next one decides, and how it is kept. */
enum hold {
  HOLD_NONE,
  HOLD_UNKNOWN_METER, /* its serial number was not read: nothing is decided */
  HOLD_CANDIDATE,     /* another serial number: kept as the candidate */
  HOLD_IMPLAUSIBLE,   /* an implausible rise: kept as the held reading */
};

struct slot_result {
  enum slot_state state;
  const struct value *value; /* the reading, or `made` */
  struct value made;         /* by a transform */
  enum hold hold;
  bool exchanged; /* a result is measured from its candidate */
  bool forgets;   /* its candidate had a misread serial number: drop it */
  bool reported;  /* its serial number could not be read, which was reported */
};

struct base_result {
  bool rebased; /* one of its transforms took the reading as the base */
  bool blocked; /* one of its results is missing: none is booked */
  bool exchange_reported; /* the exchange of its meter was announced */
};

enum operand_state {
  OPERAND_KNOWN,
  OPERAND_MISSING, /* not asked, and without a last known value */
  OPERAND_FIRST,   /* its target was never set */
};

struct operand_value {
  enum operand_state state;
  int32_t place;             /* of `known`; MP_EXACT: not rounded */
  const struct value *known; /* NULL: no last known value */
  bool exchanged;            /* the candidate is used instead */
};

/* Why a target refuses this cycle's value. */
enum refusal {
  REFUSAL_NONE,
  REFUSAL_OTHER_KIND, /* it is of another kind than before */
  REFUSAL_UNFIT,      /* it does not fit the target */
};

struct evaluation {
  struct slot_result *slots;
  struct base_result *bases;
  struct operand_value *operands;
  enum refusal *refusals;       /* per target */
  bool *took_part;              /* per stage: the transform was applied */
  const char *(*numbers)[2];    /* per stage: the two serial numbers of the
                                   input that were announced last */
  const struct stage *identify; /* the input whose serial number is needed
                                   before anything can be decided */
  struct messages messages;
};

/* ---- The cycle ---- */

struct cycle_data {
  const struct plan *plan;
  size_t n_slots, n_targets;     /* room of the arrays */
  struct field_reading *fields;  /* per slot: of inputs */
  struct input_reading *inputs;  /* per stage */
  struct output_state *outputs;  /* per stage */
  struct reading *kept;          /* per slot that is measured: from the state */
  struct ledger *ledgers;        /* per kept target: from the state */
  enum entry_state *entries;     /* per target */
  size_t n_unreadable;           /* entries that cannot be read */
  struct answer *answers;        /* per target */
  enum ledger_outcome *outcomes; /* per target: of settling */
  enum progress_of_target *progress; /* per target */
  struct evaluation evaluation;
  bool offline;      /* -n --offline: no output is asked */
  bool state_failed; /* the state failed: only live outputs are served */
  bool books_all;    /* false: a queue needs only the values of its operands */
  bool shows_info;   /* lines of MP_LOG_INFO are shown */
  bool shows_debug;  /* lines of MP_LOG_DEBUG are shown */
  bool is_terminal;  /* a person may be reading the log */
  bool has_new_kind; /* a first value decided the kind of a target */
};

void cycle_data_init(struct cycle_data *d, const struct plan *plan);
void cycle_data_clear(struct cycle_data *d);

/* Makes room for the slots and targets that were added to the plan. */
void cycle_data_grow(struct cycle_data *d);

/* Returns true if OUTPUT can be asked for displayed values. */
static inline bool
can_be_asked(const struct cycle_data *d, const struct stage *output)
{
  return output->plugin->output.fetch &&
         !d->outputs[output->index].asks_nothing;
}

static inline bool
is_unreadable(const struct cycle_data *d, const struct target *t)
{
  return d->entries[t->index] >= ENTRY_UNREADABLE;
}

static inline bool
is_blocked(const struct cycle_data *d, const struct base *base)
{
  return d->evaluation.bases[base_leader(base)->index].blocked;
}

/* Returns the value of the slot that feeds T. */
static inline const struct value *
source_value(const struct cycle_data *d, const struct target *t)
{
  return d->evaluation.slots[t->source->index].value;
}

static inline enum slot_state
slot_state(const struct cycle_data *d, const struct slot *slot)
{
  return d->evaluation.slots[slot->index].state;
}

#endif
