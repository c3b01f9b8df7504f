/*
 * Runs the program in a house: one cycle of the real code, from a state, under
 * one choice of what happens.
 */
#ifndef TESTS_EXHAUSTIVE_DRIVER_H
#define TESTS_EXHAUSTIVE_DRIVER_H

#include "tests/exhaustive/house.h"

/* What the server does in a run. */
enum failure_kind {
  FAILURE_NONE,
  FAILURE_AWAY,          /* it cannot be reached */
  FAILURE_NO_FILE,       /* the file cannot be opened */
  FAILURE_ABSENT,        /* target AT is not listed */
  FAILURE_REFUSED,       /* a write to target AT is refused at once */
  FAILURE_NOT_SENT,      /* write AT: no connection */
  FAILURE_LOST_BEFORE,   /* write AT: no answer, nothing done */
  FAILURE_LOST_AFTER,    /* write AT: done, no answer */
  FAILURE_LATE,          /* write AT: done after the next question */
  FAILURE_REJECTED,      /* write AT: the answer is "never", nothing done */
  FAILURE_REJECTED_DONE, /* write AT: done, the answer is "never" */
  FAILURE_RETRY,         /* write AT: the answer is "later" */
  FAILURE_PUT_OFF,       /* target AT alone, of a record: "later" */
  FAILURE_LEFT_OUT,      /* target AT alone, of a record: not sent */
  FAILURE_CRASH,         /* the program is killed before its action AT */
  FAILURE_KINDS
};

struct failure {
  enum failure_kind kind;
  unsigned at;
};

/* The first meter's reading; all others count on by 1 and answer. */
struct run_choice {
  int64_t rise;      /* of the reading; below 0: the reading is wrong */
  bool no_reading;   /* the first meter does not answer */
  bool all_silent;   /* and no other */
  bool wrong_serial; /* the serial number of its reading is wrong */
  struct failure failure;
};

/* The most commits and writes of a run. */
#define DRIVER_ACTIONS 16

struct driver;

/* Builds the pipeline of HOUSE.  PLUGIN_DIR has the real transforms. */
struct driver *driver_new(const struct house *house, const char *plugin_dir);
void driver_free(struct driver *d);

/* The state before the first run. */
void driver_first(const struct driver *d, struct state *s);

/* Runs one cycle from S, which becomes the state after it.  Returns false if
 * the failure did not happen, because there was no such write or action. */
bool driver_run(struct driver *d, struct state *s,
                const struct run_choice *choice);

/* Runs one good cycle, and keeps the state after a crash before each of its
 * actions: commits and writes.  Returns their number. */
unsigned driver_run_crashes(struct driver *d, const struct state *s,
                            const struct run_choice *choice);
/* Returns one of them; valid until the next driver_run_crashes. */
const struct state *driver_crash(unsigned at);

/* Returns the number of values and batches of rows that the last run sent. */
unsigned driver_writes(void);

/* Returns the time of an event that follows the last run of S. */
int64_t driver_event_time(const struct state *s);

#endif
