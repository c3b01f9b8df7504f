/*
 * The call that a thread is in, for the code that ends the program: the
 * watchdog and the exit handlers.
 */
#ifndef CORE_RUN_PROGRESS_H
#define CORE_RUN_PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>

/* The callback WHAT of the stage NAME, or an operation on the state.  NULL in
 * name: no call. */
struct progress {
  const char *volatile name, *volatile what;
};

/* The call of the current thread. */
extern _Thread_local struct progress progress;

/* Marks the calling thread as the main thread.  Call it before the first
 * progress_begin. */
void progress_note_main_thread(void);

/* Return the call that the main thread, or the calling thread, is in; NULL:
 * none.  Both are safe in a handler of a signal or of exit(). */
const struct progress *progress_of_main_thread(void);
const struct progress *progress_here(void);

static inline void
progress_end(void)
{
  progress.name = NULL;
}

/* Marks the start of a call.  A signal may interrupt it at any point, so WHAT
 * changes only while NAME is NULL. */
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
