/*
 * A sandbox for the exec plugins: the pipeline "p.ini" has an input called
 * meter, whose command prints the file "reading", and an output called hook.
 *
 *     s = sandbox_new();
 *     exec_write(s, "class = append\ncommand = sh take.sh\n");
 *     exec_run(s, "84.208");
 *     exec_check(s, EX_OK, "");
 *     exec_check_file(s, "got", ...);
 */
#ifndef E2E_EXEC_SANDBOX_H
#define E2E_EXEC_SANDBOX_H

#include "tests/support/sandbox.h"

#define EXEC_INPUT "[input meter]\nplugin = exec\ncommand = cat reading\n"

/* The notice of the run after one that began at TIME and was killed while the
 * command of OUTPUT ran. */
#define UNFINISHED(output, time)                                               \
  "notice: " output ": the run that began at 2026-11-22T" time                 \
  "Z did not finish: it was in this output (commit), which is now served "     \
  "last\n"
#define EXEC_UNFINISHED UNFINISHED("hook", "10:20:00")

/* Writes the pipeline "p.ini": the input meter, and the output hook with
 * OPTIONS. */
void exec_write(struct sandbox *s, const char *options);
/* Writes the pipeline "p.ini" with the usage, and one output of each class that
 * is not a history: hook, which runs take.sh, log and screen. */
void exec_write_usage(struct sandbox *s);
/* Sets the meter's reading to ENERGY, with the time of the sandbox's clock. */
void exec_set_reading(struct sandbox *s, const char *energy);
/* Advances the clock by 20 minutes and runs with the reading ENERGY.  The first
 * run is at 2026-11-22T10:20:00Z. */
void exec_run(struct sandbox *s, const char *energy);

/* Checks the exit status of the last run, and all that it wrote to standard
 * error. */
void exec_check(struct sandbox *s, int status, const char *err);
/* Returns TEXT with "UUID" in place of each UUID; valid until the next call. */
const char *exec_without_uuids(const char *text);
/* Checks that FILE of the sandbox holds TEXT; UUIDs are not compared. */
void exec_check_file(struct sandbox *s, const char *file, const char *text);

/* Waits until FILE of the sandbox exists; fails the test after 10 s. */
void exec_wait_for_file(struct sandbox *s, const char *file);

/* In the runs that follow, the program (not its commands) fails with ERROR when
 * it writes or reads bytes that contain TEXT; or, if TEXT is NULL, cannot send
 * signals.  exec_heal ends that. */
void exec_spoil(struct sandbox *s, const char *text, int error);
void exec_heal(struct sandbox *s);

/* Returns whether this machine has the program NAME. */
bool exec_has_program(const char *name);

#endif
