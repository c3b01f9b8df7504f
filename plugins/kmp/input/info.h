/*
 * The field info_text: the meter's info code in words.
 *
 * It is made of registers that are read for it.  The words for a code depend on
 * the model: the meter is asked for its type, and for registers that
 * tell the model, once a day and after a failure.
 */
#ifndef KMP_INFO_H
#define KMP_INFO_H

#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/codec/model.h"

#define INFO_REGISTERS 3

struct info {
  struct kmp *kmp;
  const char *name; /* the host's, of the field; NULL: it is not wanted */
  struct model model;
  int due;                       /* the model must be asked for */
  int64_t codes[INFO_REGISTERS]; /* -1: not read */
};

/* Begins a cycle in which the field is wanted. */
void info_begin(struct info *info, struct kmp *kmp, const char *name);

/* Writes the registers that are needed for it to IDS.  Returns how many. */
size_t info_registers(const struct info *info, uint16_t ids[INFO_REGISTERS]);

/* Takes a register of the cycle, whatever it is. */
void info_take(struct info *info, const struct kmp_record *record);

/* Emits the field; asks the meter for its model if that is due.  Returns the
 * number of values emitted, or MP_ECANCELED. */
int info_emit(struct info *info, const struct mp_sink *sink);

#endif
