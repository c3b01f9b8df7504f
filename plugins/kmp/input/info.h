/*
 * The field info_text: the meter's info code in words.
 *
 * The text is made from registers that are read for it.  Its words depend on
 * the meter's model: the input asks the meter for its type, and for the marker
 * registers that identify a model, once a day and after a failure.
 */
#ifndef KMP_INFO_H
#define KMP_INFO_H

#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/codec/model.h"

#define INFO_REGISTERS 3

struct info {
  struct kmp *kmp;
  const char *name; /* the field's name, the host's; NULL: not wanted */
  struct model model;
  int due;                       /* ask the meter for its model */
  int64_t codes[INFO_REGISTERS]; /* -1: not read */
};

/* Begins a cycle in which the field is wanted. */
void info_begin(struct info *info, struct kmp *kmp, const char *name);

/* Writes the registers that the text needs to IDS.  Returns their number. */
size_t info_registers(const struct info *info, uint16_t ids[INFO_REGISTERS]);

/* Reads the info code of RECORD, one of the MODEL_INFO registers.  Returns
 * false if it is no whole number. */
bool info_decode(const struct kmp_record *record, int64_t *ret_code);

/* Takes a register read in the cycle: keeps info codes, ignores others. */
void info_take(struct info *info, const struct kmp_record *record);

/* Emits the field; first asks the meter for its model if necessary.  Returns
 * the number of values emitted, or MP_ECANCELED. */
int info_emit(struct info *info, const struct mp_sink *sink);

#endif
