/*
 * Writes records as JSON lines, one each.
 */
#ifndef JSON_RECORD_H
#define JSON_RECORD_H

#include <meterpipe/plugin.h>

#include "lib/json.h"
#include "lib/text_buffer.h"
#include "lib/rfc3339.h"

struct json_record {
  struct text_buffer text; /* all lines so far */
  struct rfc3339_day time;
  struct json json; /* the last line */
  int unfinished;   /* the last line is not ended yet */
};

/* All return MP_OK or MP_ENOMEM.  json_record_begin ends the line before. */
int json_record_begin(struct json_record *w, const struct mp_record *record);
int json_record_add(struct json_record *w, const struct mp_host *host,
                    const char *name, const struct mp_value *value);
int json_record_end(struct json_record *w);

/* Empties the writer and keeps its memory. */
void json_record_forget(struct json_record *w);
void json_record_free(struct json_record *w);

#endif
