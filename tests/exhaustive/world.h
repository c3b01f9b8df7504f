/*
 * The world outside the program, and the truth: meters, the devices of a
 * server, and an account of the true usage.
 *
 * The account is kept from the readings of the meters and from the events,
 * never from a ledger.  It follows the rules of the manual with simple
 * arithmetic: which reading counts, what a hand added, and by how much an
 * exception of the manual may make a value wrong.
 *
 * All numbers are multiples of 10^WORLD_PLACE.  All members are int64_t, so
 * that a state is an array of numbers.
 */
#ifndef TESTS_EXHAUSTIVE_WORLD_H
#define TESTS_EXHAUSTIVE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_PLACE (-3)
#define WORLD_METERS 2
#define WORLD_TARGETS 4
#define WORLD_UNDO 3 /* writes that a device can lose */

/* The exceptions of the manual: bits of account.reasons. */
enum exception {
  EXCEPTION_LATE,    /* the server carries a write out very late */
  EXCEPTION_BACKUP,  /* the server loses more than the last value */
  EXCEPTION_HAND,    /* changed by hand while a value is under way or lost */
  EXCEPTION_STEP,    /* changed by hand: what its step hides is lost */
  EXCEPTION_UNTIMED, /* the output does not say when it stored a value */
  EXCEPTION_AMOUNT,  /* an output with ids forgot an amount without an answer */
  EXCEPTION_STATE,   /* the state was lost, or an older copy was restored */
  EXCEPTIONS
};

extern const char *const exception_names[EXCEPTIONS];

/* A value as a device displays it. */
struct shown {
  int64_t is_set; /* 0: it displays no value */
  int64_t number;
  int64_t time;          /* of the last update, at least 1 */
  int64_t state, record; /* its id, if the server has ids; 0: it has none */
  int64_t is_late;       /* carried out late, and the program has not seen it */
};

struct device {
  struct shown now;
  struct shown undo[WORLD_UNDO]; /* before its last writes; the newest first */
  int64_t n_undo;      /* those that it can lose; without times, the others were
                          displayed before a change by hand */
  int64_t seen_record; /* the last one that a reader of amounts has seen */
  int64_t doubtful;   /* its amount, which the program may give again with more,
                         of an output with ids */
  int64_t doubt;      /* and the exception plus 1 for which it may do so */
  int64_t is_foreign; /* another pipeline has written the value */
  int64_t unguarded;  /* the exception plus 1 for which the program forgot the
                         amount that it gave last, so that it would not notice
                         its loss */
  int64_t is_newer;   /* than the restored state, which has not asked yet */
  int64_t is_set_by_hand; /* a base; the program has not seen it */
  int64_t is_free;        /* a copy: it may display anything until the next
                             reading that counts */
  int64_t has_label;      /* its unit is another one, which does not convert */
  int64_t is_unfit;       /* the program knows that */
  /* What the program can know, for the exceptions. */
  int64_t n_lost;      /* values lost since the last write */
  int64_t lost;        /* and their amount */
  int64_t unconfirmed; /* amount of writes that the program cannot know of */
  int64_t is_written;  /* there are such writes; their amount may be 0 */
  int64_t accepted;    /* a write was accepted; not committed yet */
  int64_t in_doubt;    /* the program may have a value in flight */
  int64_t owned;       /* the program knows that it wrote to the device */
  int64_t confirmed;   /* the last number that it knows to be there */
};

struct meter {
  int64_t count, serial;
  int64_t misread; /* its serial number, if it is read wrongly */
};

/* A write that the server carries out after the next question. */
struct late_write {
  int64_t target; /* plus 1; 0: none */
  int64_t number, state, record;
  int64_t is_old; /* of an amount: more is pending now, in another record */
};

/* A write: its number, its time, and its id. */
struct write {
  int64_t number, time, state, record;
};

/* A record that a server without displays has taken: it knows it by its id. */
struct taken_record {
  int64_t number; /* 0: none */
  int64_t has[WORLD_TARGETS], values[WORLD_TARGETS];
};

#define WORLD_RECORDS 4
#define WORLD_ROWS 8

/* A file with a row for each cycle. */
struct file {
  int64_t rows; /* their number */
  int64_t time; /* of the last one */
  int64_t has[WORLD_TARGETS],
    values[WORLD_TARGETS];     /* the last in each column */
  int64_t missing[WORLD_ROWS]; /* times of committed cycles without a row */
  int64_t held[WORLD_ROWS];    /* the reading of that cycle is not believed */
  int64_t is_wrong;            /* a row came twice, or not in order */
  int64_t has_held;            /* a row has a reading that is not believed */
};

/* The account of a base: readings are measured from it. */
struct base_account {
  int64_t begun;    /* there was a base once */
  int64_t believed; /* the last reading that counts */
  int64_t meter;    /* serial number of its meter; 0: set by hand */
  /* What the program knows.  It loses this with its state. */
  int64_t known;  /* there is a base */
  int64_t serial; /* of the meter of its base; 0: not known */
  int64_t candidate_serial, candidate; /* serial 0: no candidate */
  int64_t rebase;                      /* the next reading becomes the base */
  int64_t lost_display; /* the display when the state was lost; 0: it was not */
  /* Its device displays something else than the program's base: a late write, a
   * value of a backup, or what a newer state wrote.  The program may take that
   * for a change by hand when it asks. */
  int64_t stale;    /* the exception plus 1; 0: no */
  int64_t is_sure;  /* it certainly does so */
  int64_t lost;     /* the amount that its device then had lost */
  int64_t is_vague; /* it may have done so, and has not written since */
};

/* The account of a total or of amounts.  Of amounts, EXPECTED is the true usage
 * less all that was given.  The error may be LOW to HIGH. */
struct target_account {
  int64_t seen; /* the total's value was displayed once */
  int64_t expected;
  int64_t low, high;
};

struct world {
  struct meter meters[WORLD_METERS];
  struct device devices[WORLD_TARGETS];
  struct late_write late;
  struct taken_record taken[WORLD_RECORDS];
  struct file file;
  int64_t is_changed; /* a record came again with other values */
  struct base_account bases[WORLD_METERS];
  struct target_account targets[WORLD_TARGETS];
  int64_t steps[WORLD_TARGETS]; /* of the devices; 0: they take any value */
  int64_t reasons;              /* exceptions that have happened */
  int64_t states;  /* the greatest number of a state of the program so far */
  int64_t serials; /* the greatest serial number so far */
  int64_t runs;    /* so far; always 0 if times are renamed and there is no
                      limit of runs */
  int64_t used[WORLD_METERS]; /* true usage so far; 0 if sums are renamed */
};

enum target_role {
  TARGET_NONE,
  TARGET_BASE,
  TARGET_USAGE,
  TARGET_TOTAL,
  TARGET_COLUMN, /* of a file: a reading */
  TARGET_COPY,   /* shows the same as a total; nothing is computed from it */
};

/* The constant part of a world: what is connected to what. */
struct world_plan {
  size_t n_meters, n_targets;
  enum target_role roles[WORLD_TARGETS];
  size_t meters[WORLD_TARGETS]; /* the meter that each target belongs to */
  size_t totals[WORLD_TARGETS]; /* of a copy: the total */
  bool in_file[WORLD_TARGETS];  /* it is a column of the file */
  bool has_ids;    /* the server tells the id of the record of each value */
  bool is_blind;   /* the server displays nothing, and knows records by id */
  bool is_untimed; /* the server does not say when it stored a value */
};

/* What happened in a run, as far as the account needs it. */
struct run_facts {
  int64_t row_time; /* of the row of this cycle; 0: it has none */
  bool has_reading[WORLD_METERS];
  int64_t reading[WORLD_METERS], serial[WORLD_METERS];
  bool displayed[WORLD_TARGETS]; /* the server answered for this target */
};

/* Returns the greatest amount that a target of METER does not display yet. */
int64_t world_lag(const struct world_plan *plan, const struct world *w,
                  size_t meter);

/* ---- The server ---- */

/* Carries a write out.  The program cannot know of it before it is confirmed.
 */
void world_write(const struct world_plan *plan, struct world *w, size_t target,
                 const struct write *write);
/* Carries the late write out, if there is one. */
void world_write_late(const struct world_plan *plan, struct world *w,
                      int64_t time);
/* Takes a record, unless it has it. */
void world_take_record(const struct world_plan *plan, struct world *w,
                       const struct taken_record *record, int64_t time);
/* Adds a row to the file.  VALUES are those of the columns that it HAS. */
void world_add_row(const struct world_plan *plan, struct world *w, int64_t time,
                   const int64_t *has, const int64_t *values);
/* Notes that the program got the answer "accepted" for a target. */
void world_accept(struct world *w, size_t target);

/* ---- The program ---- */

/* The program has committed a cycle: readings count now, and what was displayed
 * is known. */
void world_commit_cycle(const struct world_plan *plan, struct world *w,
                        const struct run_facts *facts);
/* The program has committed answers. */
void world_commit_answers(const struct world_plan *plan, struct world *w);
/* A run begins: answers that were not committed are lost. */
void world_begin_run(struct world *w);
/* A run ends in order.  UNKNOWN: of each target, whether the program knows no
 * outcome of a write. */
void world_end_run(const struct world_plan *plan, struct world *w,
                   const bool *unknown);

/* ---- Events.  Each returns false if it cannot happen now. ---- */

/* The device of TARGET loses its last N values. */
bool world_go_back(const struct world_plan *plan, struct world *w,
                   size_t target, int64_t n);
/* All devices lose all values and display none; TIME is the time of that. */
bool world_forget(const struct world_plan *plan, struct world *w, int64_t time);
/* A person sets a value. */
bool world_set(const struct world_plan *plan, struct world *w, size_t target,
               int64_t number, int64_t time);
/* Another pipeline writes NUMBER to TARGET. */
bool world_write_foreign(const struct world_plan *plan, struct world *w,
                         size_t target, int64_t number);
/* Another meter, whose count differs by RISE. */
bool world_exchange(struct world *w, size_t meter, int64_t rise);
/* The divider of TARGET's device is changed: it displays ten times as much, or
 * a tenth. */
bool world_change_divider(struct world *w, size_t target);
/* The unit of a copy's device is changed, or changed back. */
bool world_change_label(const struct world_plan *plan, struct world *w,
                        size_t target);
/* After a run, a person gives a copy its unit back, and removes the value of
 * another pipeline. */
void world_heal(const struct world_plan *plan, struct world *w);
/* The program's state is lost. */
void world_lose_state(const struct world_plan *plan, struct world *w);
/* Leaves of an older world only what world_restore_state needs. */
void world_shrink(struct world *old);
/* The program's state becomes what it was in the world OLD. */
void world_restore_state(const struct world_plan *plan, struct world *w,
                         const struct world *old);

#endif
