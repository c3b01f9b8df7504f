/*
 * One call into a plugin.  Every call is enclosed like this:
 *
 *     struct call call = call_begin(instance, "read");
 *
 *     r = call_end(&call, ops->read(self, &sink), CALL_ALLOWS(MP_END));
 */
#ifndef CORE_PIPELINE_CALL_H
#define CORE_PIPELINE_CALL_H

#include "core/pipeline/instance.h"

struct call {
  struct instance *instance;
  const char *what;   /* the name of the callback, for messages */
  unsigned explained; /* instance->n_explained at the beginning */
  int64_t begun_ms;   /* on the monotonic clock; 0: the cycle has no deadline */
};

/* The bit of an outcome that the callback may return besides MP_OK. */
#define CALL_ALLOWS(outcome) (1u << (outcome))

struct call call_begin(struct instance *instance, const char *what);

/*
 * Checks the result R of the callback and returns it; returns MP_EINTERNAL if R
 * is not a reason, MP_OK or one of the ALLOWED outcomes.  Reports a reason that
 * the plugin did not explain with mp_fail, an invalid result, and a callback
 * that returned long after the deadline.
 */
int call_end(const struct call *call, int r, unsigned allowed);

/* Returns true if the plugin has explained a failure since call_begin. */
bool call_explained(const struct call *call);

#endif
