/*
 * meterpipe kmp: executes another program, which knows the meter's protocol.
 * It gets all arguments unchanged, and its exit status is ours.
 */
#include "core/commands/app.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/commands/commands.h"
#include "core/memory/memory.h"
#include "core/run/process_attributes.h"
#include "core/run/log.h"

#define PROGRAM "meterpipe-kmp"

/* Returns the path of PROGRAM in the directory of our own executable.  So it is
 * found in a build tree, and in any place where it was installed.  The caller
 * frees the path; NULL: it is not known. */
static char *
path_beside(void)
{
  char self[4096], *slash;
  ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

  if (n < 0)
    return NULL;
  self[n] = 0;
  slash = strrchr(self, '/');
  if (!slash)
    return NULL;
  slash[1] = 0;
  return memory_format("%s%s", self, PROGRAM);
}

static int
report_why_not(int err)
{
  if (err == ENOENT) {
    log_line(MP_LOG_ERROR, NULL, PROGRAM,
             "neither in the directory of meterpipe nor in PATH: install the "
             "kmp plugin, which contains it");
    return EX_CONFIG;
  }
  log_line(MP_LOG_ERROR, NULL, PROGRAM, "cannot be executed: %s",
           strerror(err));
  return err == EACCES || err == EPERM ? EX_NOPERM : EX_SOFTWARE;
}

int
command_kmp(const struct arguments *args)
{
  char **words = memory_get((size_t)args->n_operands + 2, sizeof(*words));
  char *path = path_beside();
  char name[] = PROGRAM;
  int status;

  words[0] = name;
  for (int i = 0; i < args->n_operands; i++)
    words[1 + i] = args->operands[i];
  signal(SIGPIPE, SIG_DFL); /* as if the user had started it directly */
  signal(SIGXFSZ, SIG_DFL);
  process_attributes_restore_files();
  errno = ENOENT;
  if (path)
    execv(path, words);
  if (errno == ENOENT)
    execvp(PROGRAM, words);
  status = report_why_not(errno);
  free(words);
  free(path);
  return status;
}
