/*
 * The read budget: counts the attempts to read the meter, and decides whether
 * another one is allowed now.
 *
 * An attempt is a cycle in which at least one byte was sent to the meter,
 * whatever came of it; so is a probe or a check.  Everything that a cycle sends
 * belongs to one attempt.
 */
#ifndef KMP_BUDGET_H
#define KMP_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "plugins/kmp/codec/model.h"
#include "plugins/kmp/input/kmp.h"

/* True if min_interval or retry_interval forbids an attempt now (logged).  Only
 * while the port is open is no other program making one. */
bool budget_forbids(const struct kmp *kmp);

/* session_settings.note_sent: counts the attempt of this cycle, once.  It
 * counts as failed until budget_succeed, so that one that is killed has failed.
 */
void budget_count(void *ctx);
void budget_succeed(struct kmp *kmp);

/* True if the meter is read so often that its model matters, and was never
 * asked for it. */
bool budget_needs_model(const struct kmp *kmp);
/* Keep the model of the meter at this device, and forget it: the meter was
 * exchanged.  Only in a cycle with an attempt. */
void budget_note_model(struct kmp *kmp, const struct model *model);
void budget_forget_model(struct kmp *kmp);

/* Tells the user once a day that the meter is read more often than its battery
 * is calculated for, unless min_interval allows that. */
void budget_warn(struct kmp *kmp);

/* Saves the result of the attempt, if there was one.  Call it before the port
 * is closed. */
void budget_finish(struct kmp *kmp);

/* Logs that a probe or a check has counted as an attempt. */
void budget_announce(struct kmp *kmp);

/* mp_input_ops.status */
int budget_status(void *self, char *ret_text, size_t size);

#endif
