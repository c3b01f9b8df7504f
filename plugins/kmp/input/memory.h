/*
 * State that the kmp input keeps between runs: the meter's serial number,
 * failures, and how large a request the meter answers.
 */
#ifndef KMP_MEMORY_H
#define KMP_MEMORY_H

#include <stdbool.h>
#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/codec/model.h"

/* Reports, once a day, that the file PATH of attempts cannot be read or
 * written; ERR is an errno value. */
void memory_report_uncounted(const struct kmp *kmp, const char *path, int err);

/* Stores that the meter failed.  It may be exchanged before it answers again,
 * so the next run again requests the registers that it did not answer. */
void memory_note_failure(const struct kmp *kmp);

/* True if the serial number must be read, even in a request of its own: once a
 * day, and after a failure. */
bool memory_serial_due(const struct kmp *kmp);
/* Stores the serial number in RECORD, the meter's answer, and passes it to the
 * host.  RECORD is NULL when the meter has none. */
void memory_take_serial(struct kmp *kmp, const struct mp_sink *sink,
                        const struct kmp_record *record);
/* Passes the stored serial number to the host, when the meter was not asked. */
void memory_assume_serial(const struct kmp *kmp, const struct mp_sink *sink);

/* True if the meter's type is not known, and there is no hurry to read the
 * serial number: the request for it may ask for the type instead. */
bool memory_type_due(const struct kmp *kmp);
/* Stores the meter's type in ANSWER, to GetType, and gives the host the facts
 * that it tells. */
void memory_take_type(const struct kmp *kmp, const struct mp_sink *sink,
                      const struct kmp_answer *answer);

/* Gives the meter's manufacturer, and its model if a probe of this device found
 * it.  Does nothing if the meter has told its type. */
void memory_tell_model(const struct kmp *kmp, const struct mp_sink *sink);
/* Stores that the meter did not tell its type, so that it is not asked again.
 */
void memory_note_no_type(const struct kmp *kmp);

/* Reports that the meter sent field NAME with the unknown unit code CODE, once
 * for each code. */
void memory_note_unit(const struct kmp *kmp, const char *name, uint8_t code);

/* Gets the stored facts about the meter's model.  Returns true, or false when
 * there are none. */
bool memory_model(const struct kmp *kmp, struct model *ret_model);
void memory_note_model(const struct kmp *kmp, const struct model *model);

/* A meter that answered only small requests in several runs in a row gets a
 * request for eight registers only once a day.  memory_apply_limit limits the
 * session until then.  memory_note_limit stores the limit after a run; BEFORE
 * is the limit at the beginning of the run. */
void memory_apply_limit(struct kmp *kmp);
void memory_note_limit(const struct kmp *kmp, uint8_t before);

/* True if the meter was silent to register ID in several runs in a row.  The
 * register is then requested only once a day. */
bool memory_is_silent(const struct kmp *kmp, uint16_t id);
/* Stores the registers without an answer in a run; IDS are their numbers,
 * separated by blanks. */
void memory_note_silent(const struct kmp *kmp, const char *ids);

#endif
