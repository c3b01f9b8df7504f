/*
 * What the program waits for, for those that end it: the watchdog, and the
 * handlers of exit().
 */
#ifndef CORE_RUN_PROGRESS_H
#define CORE_RUN_PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>

/* The callback WHAT of the stage NAME, or the state; no NAME: nothing. */
struct progress {
  const char *volatile name, *volatile what;
};

/* Of the calling thread. */
extern _Thread_local struct progress progress;

/* The calling thread is the main thread; before the first wait. */
void progress_note_main_thread(void);

/* What the main thread, or the calling thread, waits for; NULL: for nothing.
 * Both are safe to call in a handler of a signal or of exit(). */
const struct progress *progress_of_main_thread(void);
const struct progress *progress_here(void);

static inline void
progress_end(void)
{
  progress.name = NULL;
}

/* A wait begins.  A signal may come in between: WHAT is set while NAME is not.
 */
static inline void
progress_begin(const char *name, const char *what)
{
  progress_end();
  atomic_signal_fence(memory_order_seq_cst);
  progress.what = what;
  atomic_signal_fence(memory_order_seq_cst);
  progress.name = name;
}

#endif
