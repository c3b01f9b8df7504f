/*
 * A scene for the exec plugins: the pipeline "p.ini" between a meter, whose
 * command shows the file "reading", and an output called hook.
 *
 *     s = scene_new();
 *     exec_write(s, "class = append\ncommand = sh take.sh\n");
 *     exec_run(s, "84.208");
 *     exec_check(s, EX_OK, "");
 *     exec_check_file(s, "got", ...);
 */
#ifndef E2E_EXEC_SCENE_H
#define E2E_EXEC_SCENE_H

#include "tests/support/scene.h"

#define EXEC_INPUT "[input meter]\nplugin = exec\ncommand = cat reading\n"

/* What a run says where the one before it, at TIME, was killed while the
 * command of OUTPUT ran. */
#define UNFINISHED(output, time)                                               \
  "notice: " output ": the run begun at 2026-11-22T" time                      \
  "Z did not end: it was in this output (commit), which is served last in "    \
  "this run\n"
#define EXEC_UNFINISHED UNFINISHED("hook", "10:20:00")

/* The pipeline "p.ini": the reader, and an output with OPTIONS. */
void exec_write(struct scene *s, const char *options);
/* The meter shows ENERGY, now by the scene's clock. */
void exec_set_reading(struct scene *s, const char *energy);
/* The next run, with a reading; the first is at 2026-11-22T10:20:00Z, and 20
 * minutes lie between two. */
void exec_run(struct scene *s, const char *energy);

/* How the last run ended, and all that it said. */
void exec_check(struct scene *s, int status, const char *err);
/* FILE of the scene holds TEXT. */
void exec_check_file(struct scene *s, const char *file, const char *text);

/* In the runs that follow, the program (not its commands) fails with ERRNO
 * where it writes or reads bytes that hold TEXT; or, TEXT being NULL, can send
 * no signals.  exec_heal ends that. */
void exec_spoil(struct scene *s, const char *text, int error);
void exec_heal(struct scene *s);

/* Whether this machine has the program NAME. */
bool exec_has_program(const char *name);

#endif
