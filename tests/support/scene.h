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
 * The program runs with the directory as its working directory and home, and
 * by a clock that stands where the scene says.  Mistakes in the test itself end
 * it with a message.  Texts that are returned live until the next call that
 * gives the same kind of text.
 */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct scene;

struct scene *scene_new(void);
/* Ends what still runs, and removes the directory.  Accepts NULL. */
void scene_free(struct scene *s);

/* The directory, without a slash at its end. */
const char *scene_dir(const struct scene *s);

/* ---- Files in it -----------------------------------------------------------
 */

void scene_write(struct scene *s, const char *name, const char *fmt, ...)
  __attribute__((format(printf, 3, 4)));
/* The whole file; NULL when there is none. */
const char *scene_read(struct scene *s, const char *name);
bool scene_exists(const struct scene *s, const char *name);
void scene_remove(struct scene *s, const char *name);

/* ---- Running ---------------------------------------------------------------
 */

/* A variable of the program's environment; NULL removes it. */
void scene_setenv(struct scene *s, const char *name, const char *value);

/* The time by which the program runs: at first 2026-11-22T10:00:00Z; it goes on
 * while the program runs, and each run begins where the scene says. */
int64_t scene_now(const struct scene *s); /* Unix time, seconds */
void scene_advance(struct scene *s, int64_t seconds);
void scene_set_clock(struct scene *s, int64_t seconds);

/* Where standard input of the runs that follow comes from (NULL: it is empty),
 * and where standard output and standard error go (NULL: to scene_out and
 * scene_err). */
void scene_set_stdin(struct scene *s, const char *path);
void scene_set_stdout(struct scene *s, const char *path);
void scene_set_stderr(struct scene *s, const char *path);
/* The program runs without privileges; the directory is then nobody's.  Before
 * the first run; without effect for a test that has none itself. */
void scene_become_nobody(struct scene *s);
/* Whether it can: the program may lie where nobody finds it. */
bool scene_has_nobody(void);

/* Runs "meterpipe ARGS" (words by blanks, "'" around one that holds blanks) to
 * its end.  Returns the exit status; a signal counts as 128 + its number. */
int scene_run(struct scene *s, const char *args, ...)
  __attribute__((format(printf, 2, 3)));

/* The same in two steps, for what happens in between. */
void scene_start(struct scene *s, const char *args, ...)
  __attribute__((format(printf, 2, 3)));
pid_t scene_pid(const struct scene *s);
int scene_wait(struct scene *s);

/* Whether plugins are installed, as well: those are found wherever else is
 * looked.  Runs the program, and leaves METERPIPE_PLUGIN_PATH at nowhere. */
bool scene_has_installed(struct scene *s);

/* Of the last run. */
int scene_status(const struct scene *s);
const char *scene_out(const struct scene *s);
const char *scene_err(const struct scene *s);
/* The most memory that it had resident. */
long scene_max_kib(const struct scene *s);

#endif
