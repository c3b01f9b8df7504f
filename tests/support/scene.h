/*
 * A scene: a directory of its own in which a test runs the real program.
 *
 *     struct scene *s = scene_new();
 *
 *     scene_write(s, "house.ini", "[input meter]\nplugin = kmp\n...");
 *     scene_run(s, "run -c house.ini");
 *     ck_assert_int_eq(scene_status(s), 0);
 *     ck_assert_str_eq(scene_err(s), "");
 *     scene_advance(s, 1200);
 *     ...
 *     scene_free(s);
 *
 * The directory is the program's working directory and home, and the scene sets
 * the program's clock.  Wrong use by a test ends it with a message.  A returned
 * text lives until the next call that returns the same kind of text.
 */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct scene;

struct scene *scene_new(void);
/* Kills the program if it still runs, and removes the directory.  Accepts
 * NULL. */
void scene_free(struct scene *s);

/* Returns the directory, without a trailing slash. */
const char *scene_dir(const struct scene *s);

/* ---- Files in it -----------------------------------------------------------
 */

void scene_write(struct scene *s, const char *name, const char *fmt, ...)
  __attribute__((format(printf, 3, 4)));
/* Returns the whole file; NULL if it does not exist. */
const char *scene_read(struct scene *s, const char *name);
bool scene_exists(const struct scene *s, const char *name);
void scene_remove(struct scene *s, const char *name);

/* ---- Running ---------------------------------------------------------------
 */

/* Sets a variable of the program's environment; NULL removes it. */
void scene_setenv(struct scene *s, const char *name, const char *value);

/* The program's clock, at first 2026-11-22T10:00:00Z.  Each run begins at the
 * time of the scene, and the program's clock runs from there. */
int64_t scene_now(const struct scene *s); /* Unix time, seconds */
void scene_advance(struct scene *s, int64_t seconds);
void scene_set_clock(struct scene *s, int64_t seconds);

/* Redirect standard input (NULL: empty), standard output and standard error
 * (NULL: to scene_out and scene_err) of the following runs. */
void scene_set_stdin(struct scene *s, const char *path);
void scene_set_stdout(struct scene *s, const char *path);
void scene_set_stderr(struct scene *s, const char *path);
/* Lets the program run as user nobody, who then owns the directory.  Call it
 * before the first run; no effect if the test does not run as root. */
void scene_become_nobody(struct scene *s);
/* Returns whether user nobody can execute the program, which may be in a
 * directory closed to others.  Always true if the test does not run as root. */
bool scene_has_nobody(void);

/* Runs "meterpipe ARGS" (words separated by blanks, quoted with "'" if they
 * contain blanks) and waits for its end.  Returns the exit status; a signal
 * counts as 128 + its number. */
int scene_run(struct scene *s, const char *args, ...)
  __attribute__((format(printf, 2, 3)));

/* The same in two steps, to act while the program runs. */
void scene_start(struct scene *s, const char *args, ...)
  __attribute__((format(printf, 2, 3)));
pid_t scene_pid(const struct scene *s);
int scene_wait(struct scene *s);

/* Returns whether plugins are also installed, in a directory that the program
 * always searches.  Runs the program, and leaves METERPIPE_PLUGIN_PATH set to a
 * directory that does not exist. */
bool scene_has_installed(struct scene *s);

/* Status, standard output and standard error of the last run. */
int scene_status(const struct scene *s);
const char *scene_out(const struct scene *s);
const char *scene_err(const struct scene *s);
/* Returns the maximum resident memory of the last run, in KiB. */
long scene_max_kib(const struct scene *s);

#endif
