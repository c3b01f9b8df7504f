#include "core/commands/execute.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "core/run/log.h"
#include "core/run/process_attributes.h"
#include "core/run/program.h"

static int
report_why_not(const char *program, int err, const char *remedy)
{
  if (err == ENOENT) {
    log_line(MP_LOG_ERROR, NULL, program,
             "neither in the directory of meterpipe nor in PATH: %s", remedy);
    return EX_CONFIG;
  }
  log_line(MP_LOG_ERROR, NULL, program, "cannot be executed: %s",
           strerror(err));
  return err == EACCES || err == EPERM ? EX_NOPERM : EX_SOFTWARE;
}

int
execute_program(const char *name, char **words, int n, const char *remedy)
{
  char **argv = memory_get((size_t)n + 2, sizeof(*argv));
  char *path = program_find(name);
  char *program = memory_format(PROGRAM_PREFIX "%s", name);
  int status;

  argv[0] = program;
  for (int i = 0; i < n; i++)
    argv[1 + i] = words[i];
  signal(SIGPIPE, SIG_DFL); /* as if the user had started it directly */
  signal(SIGXFSZ, SIG_DFL);
  process_attributes_restore_files();
  errno = ENOENT;
  if (path)
    execv(path, argv);
  status = report_why_not(program, errno, remedy);
  free(argv);
  free(path);
  free(program);
  return status;
}
