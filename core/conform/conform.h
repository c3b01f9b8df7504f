/*
 * A plugin put through the contract of <meterpipe/plugin.h>, check by check.
 * Each check runs in a process of its own: one that crashes, hangs or ends the
 * program is a finding like any other.
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
  char *const *given; /* OPTION=VALUE, n of them */
  int n_given;
  const char *check; /* that runs */
  bool failed;
  char said[256]; /* the last finding */
};

struct conform_check {
  const char *name; /* as it stands in messages */
  void (*run)(struct conform *c);
  bool is_static; /* calls nothing of the plugin: always worth a look */
};

/* Each ends with a NULL name.  Of all kinds, and by kind. */
extern const struct conform_check conform_common[];
extern const struct conform_check conform_input[];
extern const struct conform_check conform_transform[];
extern const struct conform_check conform_output[];

/* A finding of the check that runs; the same one twice in a row is said once.
 */
void conform_fail(struct conform *c, const char *fmt, ...) MP_PRINTF(2, 3);

/* A host for an instance called NAME, whose options have the values given, or
 * their defaults, or what the table allows. */
struct fake_host *conform_host(struct conform *c, const char *name);

/* Makes an instance; false: none, which is a finding.  H remains the caller's.
 */
bool conform_create(struct conform *c, struct fake_host *h, void **ret_self);

/*
 * Holds a callback's result against what is allowed: OUTCOMES is a list of
 * MP_OK and so on that ends with -1; below 0, a reason that was explained.
 * FAILURES: fake_host_failures before the call.
 */
void conform_result(struct conform *c, struct fake_host *h, const char *what,
                    int r, const int *outcomes, uint32_t failures);

/* What is wrong with a value that a plugin handed over; NULL: nothing. */
const char *conform_value(const struct mp_value *value);

/* Callbacks must come back when no time is left; END says how long it took. */
#define CONFORM_PATIENCE_MS 1500
int64_t conform_clock(void);
void conform_in_time(struct conform *c, const char *what, int64_t begun);

/* conform_elf.c: what the file exports beyond its one symbol. */
void conform_symbols(struct conform *c);

#endif
