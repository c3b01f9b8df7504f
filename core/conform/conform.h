/*
 * Checks a plugin against the contract of <meterpipe/plugin.h>.  Each check
 * runs in a process of its own: one that crashes, hangs or ends the program is
 * a finding like any other.
 */
#ifndef CORE_CONFORM_CONFORM_H
#define CORE_CONFORM_CONFORM_H

#include <stdbool.h>

#include "core/plugin/loader.h"
#include "testkit/fake_host.h"

struct conform {
  const struct plugin *plugin;
  const char *label;  /* the file's name, for messages */
  const char *dir;    /* an empty folder for what the plugin writes */
  char *const *given; /* n_given words, OPTION=VALUE */
  int n_given;
  const char *check; /* the name of the current check */
  bool failed;
  char said[256]; /* the last finding */
};

struct conform_check {
  const char *name; /* for messages */
  void (*run)(struct conform *c);
  bool is_static; /* calls no callback: runs even after a finding */
};

/* The checks for plugins of all kinds, and those for each kind.  A NULL name
 * ends a table. */
extern const struct conform_check conform_common[];
extern const struct conform_check conform_input[];
extern const struct conform_check conform_transform[];
extern const struct conform_check conform_output[];

/* Reports a finding of the current check, but not the same one twice in a
 * row. */
void conform_fail(struct conform *c, const char *fmt, ...) MP_PRINTF(2, 3);

/* Makes a host for an instance called NAME.  An option has the value given;
 * without one, its default, or an example if it is required.  The caller frees
 * the host. */
struct fake_host *conform_host(struct conform *c, const char *name);

/* Makes an instance with the host H, which remains the caller's.  Returns
 * false, after a finding, if that fails. */
bool conform_create(struct conform *c, struct fake_host *h, void **ret_self);

/*
 * Checks R, the result of the callback WHAT.  OUTCOMES lists the allowed
 * outcomes, such as MP_OK, and ends with -1.  A result below 0 must be a
 * reason, explained by mp_fail unless it is MP_ECANCELED.  FAILURES is
 * fake_host_failures before the call.
 */
void conform_result(struct conform *c, struct fake_host *h, const char *what,
                    int r, const int *outcomes, uint32_t failures);

/* Returns the fault of a value that a plugin handed over; NULL: there is
 * none. */
const char *conform_value(const struct mp_value *value);

/* A callback that is called when no time is left must return within
 * CONFORM_PATIENCE_MS.  conform_in_time checks this; BEGUN is conform_clock
 * before the call. */
#define CONFORM_PATIENCE_MS 1500
int64_t conform_clock(void);
void conform_in_time(struct conform *c, const char *what, int64_t begun);

/* conform_elf.c: reports symbols that the file exports besides
 * meterpipe_plugin. */
void conform_symbols(struct conform *c);

#endif
