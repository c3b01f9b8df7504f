/*
 * The run that the fake plugins are in; only for the files of the driver.
 */
#ifndef TESTS_EXHAUSTIVE_DRIVER_IMPL_H
#define TESTS_EXHAUSTIVE_DRIVER_IMPL_H

#include "core/run/run.h"
#include "tests/exhaustive/driver.h"

#define OUTPUT "server"
#define FILE_OUTPUT "file"
#define FIELD "energy"
#define UNIT "GJ"
#define OTHER_UNIT "m3" /* to which it does not convert */

struct driver {
  const struct house *house;
  struct loader *loader;
  struct config *config;
  struct run run;
  struct plan *plan;
  struct instances *instances;
  /* The numbers of the outputs' targets in the house. */
  size_t server[WORLD_TARGETS], columns[WORLD_TARGETS];
  uint32_t n_server, n_columns;
};

/* A row that is being written. */
struct row {
  int64_t time;
  int64_t has[WORLD_TARGETS], values[WORLD_TARGETS];
};

/* The run that the plugins are in. */
struct running {
  struct driver *driver;
  const struct state *before;
  const struct run_choice *choice;
  struct world world;
  struct run_facts facts;
  unsigned n_actions, n_writes;
  int64_t record, state;       /* the id of the record that is written */
  bool happened;               /* the failure */
  bool is_asked;               /* the server */
  bool is_down;                /* the connection */
  bool unknown[WORLD_TARGETS]; /* no outcome of a write */
  int64_t written[WORLD_TARGETS];
  bool has_value[WORLD_TARGETS];
  struct row rows[WORLD_ROWS];
  uint32_t n_rows;
  bool keeps_crashes;
};

extern struct running now;

/* Returns true if the failure of this run is of KIND, at AT; it has then
 * happened. */
bool driver_fails(enum failure_kind kind, unsigned at);
/* What becomes of a write. */
struct outcome {
  uint32_t result;
  bool is_done; /* it is carried out */
  bool is_late; /* it will be */
  bool breaks;  /* the connection is lost */
};

/* Returns the outcome of the next write or batch of rows in this run. */
const struct outcome *driver_next_outcome(void);

/* Called before each commit and write: the program may be killed here. */
void driver_before_action(void);

/* The time of the server, in seconds. */
int64_t driver_time(void);

/* What all fake plugins have in common: an instance is its host. */
int driver_create(const struct mp_host *host, void **ret_self);
void driver_destroy(void *self);

extern const struct mp_plugin driver_meter, driver_server, driver_file;

#endif
