/*
 * A sandbox: a directory of its own in which a test runs the real program.
 *
 *     struct sandbox *s = sandbox_new();
 *
 *     sandbox_write(s, "house.ini", "[input meter]\nplugin = kmp\n...");
 *     sandbox_run(s, "run -c house.ini");
 *     ck_assert_int_eq(sandbox_status(s), 0);
 *     ck_assert_str_eq(sandbox_err(s), "");
 *     sandbox_advance(s, 1200);
 *     ...
 *     sandbox_free(s);
 *
 * The directory is the program's working directory and home, and the sandbox
 * sets the program's clock.  Wrong use by a test ends it with a message.  A
 * returned text lives until the next call that returns the same kind of text.
 */
#ifndef SUPPORT_SANDBOX_H
#define SUPPORT_SANDBOX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sandbox;

struct sandbox *sandbox_new(void);
/* Kills the program if it still runs, and removes the directory.  Accepts
 * NULL. */
void sandbox_free(struct sandbox *s);

/* Returns the directory, without a trailing slash. */
const char *sandbox_dir(const struct sandbox *s);

/* ---- Files in it -----------------------------------------------------------
 */

void sandbox_write(struct sandbox *s, const char *name, const char *fmt, ...)
  __attribute__((format(printf, 3, 4)));
/* Returns the whole file; NULL if it does not exist. */
const char *sandbox_read(struct sandbox *s, const char *name);
/* Returns all that the shell command COMMAND prints in the directory; valid
 * until the next sandbox_read or sandbox_output_of. */
const char *sandbox_output_of(struct sandbox *s, const char *command);
bool sandbox_exists(const struct sandbox *s, const char *name);
void sandbox_remove(struct sandbox *s, const char *name);

/* ---- Running ---------------------------------------------------------------
 */

/* Sets a variable of the program's environment; NULL removes it. */
void sandbox_setenv(struct sandbox *s, const char *name, const char *value);

/* The program's clock, at first 2026-11-22T10:00:00Z.  Each run begins at the
 * time of the sandbox, and the program's clock runs from there. */
int64_t sandbox_now(const struct sandbox *s); /* Unix time, seconds */
void sandbox_advance(struct sandbox *s, int64_t seconds);
void sandbox_set_clock(struct sandbox *s, int64_t seconds);

/* Redirect standard input (NULL: empty), standard output and standard error
 * (NULL: to sandbox_out and sandbox_err) of the following runs. */
void sandbox_set_stdin(struct sandbox *s, const char *path);
void sandbox_set_stdout(struct sandbox *s, const char *path);
void sandbox_set_stderr(struct sandbox *s, const char *path);
/* Lets the program run as user nobody, who then owns the directory.  Call it
 * before the first run; no effect if the test does not run as root. */
void sandbox_become_nobody(struct sandbox *s);
/* Returns whether user nobody can execute the program, which may be in a
 * directory closed to others.  Always true if the test does not run as root. */
bool sandbox_has_nobody(void);

/* Runs "meterpipe ARGS" (words separated by blanks, quoted with "'" if they
 * contain blanks) and waits for its end.  Returns the exit status; a signal
 * counts as 128 + its number. */
int sandbox_run(struct sandbox *s, const char *args, ...)
  __attribute__((format(printf, 2, 3)));

/* The same in two steps, to act while the program runs. */
void sandbox_start(struct sandbox *s, const char *args, ...)
  __attribute__((format(printf, 2, 3)));
pid_t sandbox_pid(const struct sandbox *s);
int sandbox_wait(struct sandbox *s);

/* Returns whether plugins are also installed, in a directory that the program
 * always searches.  Runs the program, and leaves METERPIPE_PLUGIN_PATH set to a
 * directory that does not exist. */
bool sandbox_has_installed(struct sandbox *s);

/* Status, standard output and standard error of the last run. */
int sandbox_status(const struct sandbox *s);
const char *sandbox_out(const struct sandbox *s);
const char *sandbox_err(const struct sandbox *s);
/* Returns the maximum resident memory of the last run, in KiB. */
long sandbox_max_kib(const struct sandbox *s);

#endif
