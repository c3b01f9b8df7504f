/*
 * What the kmp input remembers from run to run: the meter's serial number, when
 * it was read, whether it failed, how much it takes at a time.
 */
#ifndef KMP_MEMORY_H
#define KMP_MEMORY_H

#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/codec/model.h"

/* Whether the last good reading is younger than min_interval. */
int memory_is_early(const struct kmp *kmp);
/* All that was wanted was read. */
void memory_note_reading(const struct kmp *kmp);

/* The meter failed, and may be exchanged before it answers again: what it was
 * silent to is asked for again. */
void memory_note_failure(const struct kmp *kmp);

/* Whether the meter has to be asked for its serial number, even at the price of
 * a request: once a day, and after a failure. */
int memory_serial_due(const struct kmp *kmp);
/* The meter was asked: RECORD is NULL when it has none.  Tells the host, and
 * remembers it. */
void memory_take_serial(const struct kmp *kmp, const struct mp_sink *sink,
                        const struct kmp_record *record);
/* The meter was not asked: tells the host what is remembered. */
void memory_assume_serial(const struct kmp *kmp, const struct mp_sink *sink);

/* The meter sent NAME with a unit code that is in no table: says so, once for
 * each code. */
void memory_note_unit(const struct kmp *kmp, const char *name, uint8_t code);

/* What is remembered of the meter's model: 1, 0 when nothing is. */
int memory_model(const struct kmp *kmp, struct model *ret_model);
void memory_note_model(const struct kmp *kmp, const struct model *model);

/* A meter that answered small requests only, run after run, is asked for eight
 * again once a day: limits the session.  BEFORE is the limit as the run
 * began. */
void memory_apply_limit(struct kmp *kmp);
void memory_note_limit(const struct kmp *kmp, uint8_t before);

/* A register that the meter was silent to, run after run, is asked for again
 * once a day: whether this is one. */
int memory_is_silent(const struct kmp *kmp, uint16_t id);
/* A run asked for all; IDS are those without an answer, separated by blanks. */
void memory_note_silent(const struct kmp *kmp, const char *ids);

#endif
