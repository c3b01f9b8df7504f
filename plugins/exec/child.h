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

#include "plugins/output/text_buffer.h"

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
  int out_cut, err_cut;   /* there was more */
  int status;             /* its exit status, after MP_OK */
};

/*
 * Runs the command to its end.  MP_OK: it ended by itself, with status; what
 * that means is the caller's affair, and nothing was said of it.  A reason: it
 * was explained, and the command
 *   MP_ECONFIG, MP_EPERM, MP_ENOMEM, MP_EIO, MP_EAGAIN  never ran;
 *   MP_ETIMEOUT, MP_ECANCELED                           was ended here;
 *   MP_EPROTO               ended by a signal, or printed what is no text.
 * out and err are empty before, and are freed by child_clear.
 */
int child_run(struct child *child);
void child_clear(struct child *child);

/* Whether a reason of child_run says that the command never ran. */
int child_never_ran(int reason);

/* Logs the lines of err at LEVEL; of many, the last ones. */
void child_log_errors(const struct child *child, int level);

/*
 * Explains a status that is not 0: "ended with status 1: LAST LINE OF ITS
 * ERRORS".  Returns CODE.
 */
int child_fail(const struct child *child, int code);

#endif
