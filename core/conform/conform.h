/*
 * Checks a plugin against the contract of <meterpipe/plugin.h>.  Each check
 * runs in a process of its own: one that crashes, hangs or ends the program is
 * a finding like any other.
 */
#ifndef CORE_CONFORM_CONFORM_H
#define CORE_CONFORM_CONFORM_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/conform/loan.h"
#include "core/conform/manners.h"
#include "core/pipeline/plan.h"
#include "testkit/fake_host.h"

#define CONFORM_FINDINGS 32
#define CONFORM_TEXT 2048 /* as much as a log line shows */

/* What the process of a check tells its parent, in memory that both share.  The
 * callbacks are literals, at the same address in both. */
struct conform_report {
  const char *callback; /* the running one; NULL: none */
  const char *last;     /* the last one that returned */
  const char *lent_to;  /* the check ended because memory that was lent to this
                           callback was used later */
  bool thread_ended;    /* by pthread_exit */
  bool finished;        /* the check came to its end */
  unsigned n_findings;
  char findings[CONFORM_FINDINGS][CONFORM_TEXT];
};

struct conform {
  const struct plugin *plugin;
  const char *label;         /* the file's name, for messages */
  const struct stage *stage; /* with the options of all instances */
  int n_checks;              /* run so far */

  /* Set by conform_process for one check. */
  const char *check; /* its name */
  struct conform_report *report;
  int printed[2]; /* files that stand for standard output and error */

  /* Used in the process of a check. */
  struct manners manners;
  int64_t deadline_ms; /* on the monotonic clock; 0: none */
  int64_t begun_ms;    /* the running callback */
  unsigned explained;  /* n_explained before it */
  atomic_uint n_explained;
  atomic_uint n_notices; /* lines of MP_LOG_NOTICE */
  char message[1536];    /* the last failure, explained by mp_fail: as much as a
                            run shows */
  const struct mp_target **targets; /* n_targets; NULL: not open */
  uint32_t n_targets;
  struct loan *loans; /* n_loans: what services lent to the running callback */
  size_t n_loans;
};

struct conform_check {
  const char *name; /* for messages */
  void (*run)(struct conform *c);
};

/* The checks for plugins of all kinds, and those for each kind.  A NULL name
 * ends a table. */
extern const struct conform_check conform_table[]; /* without C's stage */
extern const struct conform_check conform_common[];
extern const struct conform_check conform_input[];
extern const struct conform_check conform_transform[];
extern const struct conform_check conform_output[];

/* ---- conform.c ---- */

/* Reports a finding of the current check, but not the same one twice in a row.
 * Any thread. */
void conform_fail(struct conform *c, const char *fmt, ...) MP_PRINTF(2, 3);
/* Returns true if the current check has a finding. */
bool conform_failed(const struct conform *c);

/* ---- conform_process.c ---- */

/* Runs FN in a process of its own and reports its findings and its end.
 * Returns EX_OK if there is nothing to report. */
int conform_process(struct conform *c, const char *check,
                    void (*fn)(struct conform *c, void *ctx), void *ctx);

/* Runs the checks until one fails: a later one would mostly find the same
 * again. */
int conform_run(struct conform *c, const struct conform_check *checks);

/* ---- conform_call.c ---- */

extern const int conform_ok[]; /* the outcome MP_OK alone */

/* Call conform_begin immediately before each callback of the plugin, and
 * conform_end with its result immediately after it.  CALLBACK is a literal. */
void conform_begin(struct conform *c, const char *callback);

/*
 * Checks R, the result of the callback.  OUTCOMES lists the allowed outcomes,
 * such as MP_OK, and ends with -1.  A result below 0 must be a reason,
 * explained by mp_fail unless it is MP_ECANCELED.  Also checks that the
 * callback returned in time, printed nothing, and changed nothing of the
 * process.  Returns R.
 */
int conform_end(struct conform *c, int r, const int *outcomes);

/* Returns true if mp_fail was called since conform_begin. */
bool conform_explained(const struct conform *c);

/* Returns the fault of a value that a plugin handed over; NULL: there is
 * none. */
const char *conform_value(const struct mp_value *value);

/* Returns true if TEXT is NULL, or one line of clean UTF-8. */
bool conform_is_clean(const char *text);

/* Adds a loan of SIZE bytes for the running callback: conform_end takes it
 * back. */
struct loan *conform_lend(struct conform *c, size_t size);

/* Copies VALUE and its texts into LOAN, which it opens for CALLBACK. */
struct mp_value *conform_lend_value(struct loan *loan, const char *callback,
                                    const struct mp_value *value);
/* The same into LOAN, which is open and has CONFORM_VALUE bytes left. */
#define CONFORM_VALUE (sizeof(struct mp_value) + 3 * LOAN_TEXT)
struct mp_value *conform_put_value(struct loan *loan,
                                   const struct mp_value *value);

/* ---- conform_host.c ---- */

struct conform_host {
  struct fake_host *fake;
  struct loan loan; /* the table, between create and destroy */
};

/* Makes a host for an instance called NAME, with the options of C's stage. */
struct conform_host *conform_host(struct conform *c, const char *name);
void conform_host_free(struct conform_host *h);

/* Makes an instance.  conform_create reports a refusal, and returns false.
 * conform_try_create returns the result of the plugin's create. */
bool conform_create(struct conform *c, struct conform_host *h, void **ret_self);
int conform_try_create(struct conform *c, struct conform_host *h,
                       void **ret_self);
void conform_destroy(struct conform *c, struct conform_host *h, void *self);

/* These set the time left of H, and the deadline of C.  A callback may return
 * CONFORM_PATIENCE_MS after the deadline. */
#define CONFORM_PATIENCE_MS 1500
void conform_give_time(struct conform *c, struct conform_host *h, int64_t ms);
void conform_cancel(struct conform *c, struct conform_host *h);

/* ---- conform_fields.c ---- */

void conform_fields(struct conform *c);
/* Checks field_of of an instance.  A host asks only for fields that exist. */
void conform_fields_of(struct conform *c);
/* Checks that the plugin maps FIELD, which CALLBACK named, and its other
 * spelling NUMBER ("": none), to the canonical name FIELD. */
void conform_named_field(struct conform *c, const char *callback,
                         const char *field, const char *number);

/* Checks that the instance SELF describes FIELD, which read emitted, as of
 * KIND, or of no kind: a run refuses the reading otherwise. */
void conform_emitted_kind(struct conform *c, void *self, const char *field,
                          uint32_t kind);

/* ---- conform_probe.c ---- */

/* Call probe, which the plugin has: once for everything; and with
 * MP_PROBE_WATCH, until a thread cancels it after CONFORM_WATCH_MS. */
#define CONFORM_WATCH_MS 300
void conform_probe(struct conform *c, void *self);
void conform_watch(struct conform *c, struct conform_host *h, void *self);

/* ---- conform_leaks.c ---- */

/* Runs FN with CTX often, and reports memory, descriptors and threads that are
 * left.  WHAT names TIMES runs of it: "twenty commits".  FN returns
 * false if it cannot run. */
void conform_leaks(struct conform *c, const char *what, int times,
                   bool (*fn)(struct conform *c, void *ctx), void *ctx);

/* What this process holds.  Memory is 0 if the C library does not count it, as
 * with a sanitizer. */
struct conform_use {
  size_t heap, mapped; /* bytes */
  int descriptors, threads;
};

void conform_measure(struct conform_use *use);
/* Reports descriptors, threads and children that a plugin without an instance
 * has left since BEFORE. */
void conform_left(struct conform *c, const struct conform_use *before);

/* ---- conform_elf.c ---- */

/* Reports symbols that the file exports besides meterpipe_plugin. */
void conform_symbols(struct conform *c);

#endif
