/*
 * Texts with placeholders, such as {"t":{{time_s}},"e":{{value.energy}}}:
 *
 *     {{time}}        of the record: 2026-11-22T10:20:00Z
 *     {{time_s}}      in seconds since 1970; {{time_ms}}: in ms
 *     {{id}}          of the record
 *     {{value.NAME}}  of a target; {{unit.NAME}}: its unit
 *     {{token}}       the option
 */
#ifndef WEBHOOK_TEMPLATE_H
#define WEBHOOK_TEMPLATE_H

#include <stdbool.h>

#include <meterpipe/plugin.h>

#include "lib/text_buffer.h"
#include "plugins/record/record.h"

/* What a template becomes a part of. */
enum template_use {
  TEMPLATE_URL,    /* escaped by %; the value must not be missing */
  TEMPLATE_JSON,   /* escaped for a string of JSON; a missing value is null */
  TEMPLATE_TEXT,   /* not escaped; a missing value is null */
  TEMPLATE_HEADER, /* not escaped; knows {{token}} only */
};

/* Returns true if TEXT has a placeholder, or one other than {{token}}. */
bool template_has_any(const char *text);
bool template_has_values(const char *text);

/* Checks the placeholders of the option OPTION, whose text is TEXT, against the
 * targets of HOST.  MP_OK, or MP_ECONFIG, reported. */
int template_check(const struct mp_host *host, const char *option,
                   const char *text, enum template_use use);

/* Which of the values that templates name a record has. */
struct template_found {
  bool any;     /* one is there */
  bool missing; /* one is not, or has no unit */
};

/* Adds TEXT to OUT, with what RECORD has in place of the placeholders; without
 * a record (NULL), each value is 0.  *FOUND is only added to.  MP_OK or
 * MP_ENOMEM. */
int template_put(const struct mp_host *host, const char *text,
                 enum template_use use, const struct record *record,
                 struct text_buffer *out, struct template_found *found);

#endif
