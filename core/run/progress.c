/* The call that a thread is in. */
#include "core/run/progress.h"

_Thread_local struct progress progress;
static struct progress *volatile of_main_thread;

void
progress_note_main_thread(void)
{
  of_main_thread = &progress;
}

const struct progress *
progress_of_main_thread(void)
{
  return of_main_thread && of_main_thread->name ? of_main_thread : NULL;
}

const struct progress *
progress_here(void)
{
  return progress.name ? &progress : NULL;
}
