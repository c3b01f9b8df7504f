/*
 * A value as commands print it, and how their lines are told to be wrong.
 */
#ifndef EXEC_JSON_VALUE_H
#define EXEC_JSON_VALUE_H

#include <meterpipe/plugin.h>

#include "plugins/exec/json_line.h"

/*
 * The members value or text, unit, kind, time and serial of LINE, which must
 * outlive *RET.  NULL, or what is wrong.  Without kind, a number is a gauge;
 * without value and text, *RET has the kind 0.
 */
const char *json_value_read(const struct mp_host *host,
                            const struct json_line *line, struct mp_value *ret);

/* Of a line that must tell a value: NULL, or that it has none, not even null.
 */
const char *json_value_given(const struct json_line *line);

/* A member that has to be a text of one line: NULL with *RET, NULL where there
 * is none.  What is wrong, otherwise. */
const char *json_value_text(const struct json_line *line, const char *name,
                            const char **ret);

/* The member "updated", a time of last update: as json_value_text. */
const char *json_value_updated(const struct json_line *line, const char **ret);

/*
 * Calls FN with each line of TEXT that is not empty, taken apart; TEXT is
 * changed.  Ends at the first one that is wrong (FN returns why, NULL: nothing
 * is), and explains that as MP_EPROTO of OBJECT.
 */
int json_value_each(const struct mp_host *host, const char *object, char *text,
                    const char *(*fn)(void *ctx, const struct json_line *line),
                    void *ctx);

#endif
