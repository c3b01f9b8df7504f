/*
 * Writes records for the standard input of a command, one JSON line each.
 */
#ifndef EXEC_RECORD_H
#define EXEC_RECORD_H

#include <meterpipe/plugin.h>

#include "lib/json.h"
#include "lib/text_buffer.h"
#include "lib/rfc3339.h"

struct record_writer {
  struct text_buffer text; /* all lines so far */
  struct rfc3339_day time;
  struct json json; /* the last line */
  int unfinished;   /* the last line is not ended yet */
};

/* All return MP_OK or MP_ENOMEM.  record_begin ends the line before. */
int record_begin(struct record_writer *w, const struct mp_record *record);
int record_add(struct record_writer *w, const struct mp_host *host,
               const char *name, const struct mp_value *value);
int record_end(struct record_writer *w);

/* Empties the writer and keeps its memory. */
void record_forget(struct record_writer *w);
void record_free(struct record_writer *w);

#endif
