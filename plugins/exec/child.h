/*
 * Running a command: what it is given on its standard input, what it prints,
 * and how it ended, before a deadline.
 *
 * It runs in a process group of its own, which is ended as a whole: at the
 * deadline, when the host wants to stop, and when the command has ended and
 * left something behind.  Of the host's descriptors it has none.
 */
#ifndef EXEC_CHILD_H
#define EXEC_CHILD_H

#include <sys/types.h>

#include <meterpipe/plugin.h>

#include "lib/text_buffer.h"

/* The exit status with which a command says "try again later" (sysexits.h). */
#define CHILD_TRY_LATER 75

/* Most that is taken of what a command prints; and kept of what it complains.
 */
#define CHILD_OUT_MAX ((size_t)4 << 20)
#define CHILD_ERR_MAX ((size_t)64 << 10)

struct child {
  const struct mp_host *host;
  char **words;      /* the command */
  const char *input; /* for its standard input */
  size_t input_len;
  int64_t timeout_ms;     /* bounded by the host's time_left */
  int wants_output;       /* else its standard output goes to /dev/null */
  struct text_buffer out; /* what it printed, with a NUL behind it */
  struct text_buffer err; /* the last of what it complained */
  int err_cut;            /* there was more */
  int status;             /* its exit status, after MP_OK */
  int started;            /* the program runs, or has run */
};

/*
 * Runs the command to its end.  MP_OK: it ended by itself, with status; what
 * that means is up to the caller, and nothing was reported.  Otherwise the
 * reason was reported.  If started is 0 then, the command never ran; else its
 * outcome is unknown:
 *   MP_ETIMEOUT, MP_ECANCELED  it was ended at its deadline, or with the run;
 *   MP_EIO, MP_ENOMEM          a pipe to it failed and it was ended, or its
 *                              exit status was lost;
 *   MP_EPROTO                  it was ended by a signal, or printed too much,
 *                              or a NUL byte.
 * out and err are empty before, and are freed by child_clear.
 */
int child_run(struct child *child);
void child_clear(struct child *child);

/* Logs the lines of err at LEVEL; of many, the last ones. */
void child_log_errors(const struct child *child, int level);

/*
 * Explains a status that is not 0: "ended with status 1: LAST LINE OF ITS
 * ERRORS".  Returns CODE.
 */
int child_fail(const struct child *child, int code);

#endif
