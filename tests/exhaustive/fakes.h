/*
 * Replaces, at link time, what makes a cycle slow or dependent on its
 * environment: the store is memory, time stands still unless the program
 * sleeps, threads run at once in their creator, and nothing is logged.  A
 * ledger in the store is a handle instead of a text, unless fake_texts is set.
 */
#ifndef TESTS_EXHAUSTIVE_FAKES_H
#define TESTS_EXHAUSTIVE_FAKES_H

#include "core/plugin/loader.h"
#include "core/run/run.h"
#include "tests/exhaustive/house.h"

enum fake_commit {
  FAKE_COMMIT_CYCLE,   /* the first commit of all changes in a run */
  FAKE_COMMIT_ANSWERS, /* any other commit */
};

struct fake_hooks {
  /* A commit begins, and is done. */
  void (*before_commit)(void);
  void (*after_commit)(enum fake_commit what);
};

extern struct fake_hooks fake_hooks;
extern bool fake_texts;       /* entries are kept as the program's real texts */
extern FILE *fake_messages;   /* gets the failures; NULL: nobody does */
extern unsigned fake_notices; /* the number of notices that were logged */
extern int64_t fake_now_ms;

/* Ends the program: WHAT does not fit into a fake. */
_Noreturn void fake_too_small(const char *what);

/* Empties the store and frees its memory.  Call it before each run. */
void fake_store_begin(void);
struct store *fake_store(void);
/* What was put so far is committed. */
void fake_store_loaded(void);

/* Put an entry into the store, and take a committed one.  The getters return
 * false if there is none. */
void fake_put_entry(const char *output, const char *target,
                    const struct entry *entry);
bool fake_get_entry(const char *output, const char *target, struct entry *ret);
void fake_put_reading(const char *input, const char *field,
                      const struct entry_reading *reading);
bool fake_get_reading(const char *input, const char *field,
                      struct entry_reading *ret);

/* The rows of the queue of the output "file", the note on those that were being
 * written, and the time of the newest row. */
void fake_put_rows(const struct house *house, const struct program *p);
void fake_get_rows(const struct house *house, struct program *p);

/* The number in the UUID that a new state gets. */
extern int64_t fake_next_state;
/* Put the UUID of the state, and return the number of the committed one. */
void fake_put_state(int64_t state);
int64_t fake_get_state(void);

/* Adds a plugin to the program: loader_get finds it by KIND and name. */
void fake_add_plugin(enum plugin_kind kind, const struct mp_plugin *table);

#endif
