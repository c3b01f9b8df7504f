/*
 * The note beside the state: which run is active, and in which output.  It is
 * rewritten before each call into an output, without fsync: it survives a
 * killed process.  An unreadable note counts as none, and a run that cannot
 * write one continues without.
 */
#ifndef CORE_RUN_RUN_NOTE_H
#define CORE_RUN_RUN_NOTE_H

#include "core/run/run.h"

#define RUN_NOTE_NAME 64

/* A run that has not ended. */
struct run_note {
  int64_t begun_ms; /* ms since 1970 */
  char
    output[RUN_NOTE_NAME];  /* the output that the run was calling; "": none */
  char call[RUN_NOTE_NAME]; /* the callback; "": none */
};

/* Reads the note of STORE.  False: there is none, or its run has ended. */
bool run_note_read(struct store *store, struct run_note *ret);

/* Write to the note that the run begins, calls WHAT of OUTPUT, has returned
 * from WHAT, and has ended. */
void run_note_begin(struct run *run, int64_t begun_ms);
void run_note_call(struct run *run, const char *output, const char *what);
void run_note_return(struct run *run, const char *what);
void run_note_end(struct run *run);

#endif
