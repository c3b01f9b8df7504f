/*
 * Runs a command before a deadline: writes its standard input, reads its
 * output, and takes its exit status.
 *
 * The command runs in its own process group.  The whole group is ended, by
 * SIGTERM and then SIGKILL, at the deadline and when the host wants to stop.
 * Processes that an ended command left in its group get SIGKILL.  The command
 * inherits no descriptor of the host.
 */
#ifndef EXEC_CHILD_H
#define EXEC_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include <meterpipe/plugin.h>

#include "lib/text_buffer.h"

/* The exit status by which a command asks to be run again later
 * (sysexits.h). */
#define CHILD_TRY_LATER 75

/* The most that is read from standard output, and kept from standard error. */
#define CHILD_OUT_MAX ((size_t)4 << 20)
#define CHILD_ERR_MAX ((size_t)64 << 10)

struct child {
  const struct mp_host *host;
  char **words;      /* the command */
  const char *input; /* written to its standard input */
  size_t input_len;
  int64_t timeout_ms;     /* bounded by the host's time_left */
  bool wants_output;      /* else its standard output is /dev/null */
  struct text_buffer out; /* its standard output, with a NUL at the end */
  struct text_buffer err; /* the end of its standard error */
  bool err_cut;           /* the beginning of err was dropped */
  int status;             /* its exit status, valid after MP_OK */
  int started;            /* the program runs, or has run */
};

/*
 * Runs the command to its end.  MP_OK: it ended by itself, with status; the
 * caller interprets that, and nothing was reported.  Otherwise the reason was
 * reported.  If started is then 0, the command never ran; else its outcome is
 * unknown:
 *
 *   MP_ETIMEOUT, MP_ECANCELED  it was killed at its deadline, or with the run;
 *   MP_EIO, MP_ENOMEM          a pipe to it failed and it was killed, or its
 *                              exit status was lost;
 *   MP_EPROTO                  a signal ended it, or it printed too much, or a
 *                              NUL byte.
 *
 * out and err must be empty before the call.  The caller frees them with
 * child_clear.
 */
int child_run(struct child *child);
void child_clear(struct child *child);

/* Logs the lines of err at LEVEL; of many lines, the last ones. */
void child_log_errors(const struct child *child, int level);

/*
 * Reports a status other than 0: "ended with status 1: LAST LINE OF STDERR".
 * Returns CODE.
 */
int child_fail(const struct child *child, int code);

#endif
