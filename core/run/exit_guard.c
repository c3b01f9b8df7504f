/* Detects that a plugin ended the process or the main thread. */
#include "core/run/exit_guard.h"

#include <pthread.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/run/log.h"
#include "core/run/progress.h"

/* Id of the guarded process, so that its children are not guarded; 0: none. */
static volatile pid_t guarded;

static void
refuse_end(void)
{
  const struct progress *call = progress_here();

  if (guarded != getpid())
    return;
  if (call)
    log_line(MP_LOG_ERROR, call->name, NULL,
             "the plugin ended the process from its %s", call->what);
  else
    log_line(MP_LOG_ERROR, NULL, NULL, "a plugin ended the process");
  _exit(EX_SOFTWARE);
}

/* Runs when the main thread ends and the process continues. */
static void
refuse_thread_end(void *arg)
{
  (void)arg;
  refuse_end();
}

void
exit_guard_begin(void)
{
  static pthread_key_t key;

  guarded = getpid();
  progress_note_main_thread();
  atexit(refuse_end);
  (void)at_quick_exit(refuse_end);
  if (pthread_key_create(&key, refuse_thread_end) == 0)
    pthread_setspecific(key, &key);
}

void
exit_guard_end(void)
{
  guarded = 0;
}
