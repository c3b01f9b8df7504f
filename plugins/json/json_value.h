/*
 * Reads values from the JSON lines of a command, and reports errors in them.
 */
#ifndef JSON_VALUE_H
#define JSON_VALUE_H

#include <meterpipe/plugin.h>

#include "plugins/json/json_line.h"

/*
 * Reads the members value or text, unit, kind, time and serial of LINE, which
 * must outlive *RET.  Returns NULL, or the problem in words.  Without kind, a
 * number is a gauge.  Without value and text, or if they are null, the kind of
 * *RET is 0.
 */
const char *json_value_read(const struct mp_host *host,
                            const struct json_line *line, struct mp_value *ret);

/* For a line that must have a value: returns NULL if there is a member value or
 * text, even if null; else the problem in words. */
const char *json_value_given(const struct json_line *line);

/* Reads a member that must be a text of one line.  Returns NULL and *RET (NULL:
 * no such member); else the problem in words. */
const char *json_value_text(const struct json_line *line, const char *name,
                            const char **ret);

/* Reads the member "updated", a time of last update; returns as
 * json_value_text. */
const char *json_value_updated(const struct json_line *line, const char **ret);

/*
 * Parses TEXT, which it changes, and calls FN for each line that is not empty.
 * FN returns NULL, or the problem in words.  Stops at the first wrong line, and
 * reports it as MP_EPROTO of OBJECT.
 */
int json_value_each(const struct mp_host *host, const char *object, char *text,
                    const char *(*fn)(void *ctx, const struct json_line *line),
                    void *ctx);

#endif
