/*
 * A record as a command is given it: one line of JSON.
 */
#ifndef EXEC_RECORD_H
#define EXEC_RECORD_H

#include <meterpipe/plugin.h>

#include "lib/text_buffer.h"
#include "lib/utc_time.h"

struct record_writer {
  struct text_buffer text; /* all lines so far */
  struct utc_time time;
  int unfinished;  /* the last line is */
  uint32_t values; /* that it has */
};

/* These return MP_OK or MP_ENOMEM.  A begin ends the line before it. */
int record_begin(struct record_writer *w, const struct mp_record *record);
int record_add(struct record_writer *w, const struct mp_host *host,
               const char *name, const struct mp_value *value);
int record_end(struct record_writer *w);

/* Begins anew; the memory is kept. */
void record_forget(struct record_writer *w);
void record_free(struct record_writer *w);

/* TEXT as a JSON string. */
int record_add_string(struct text_buffer *out, const char *text);

#endif
