/*
 * The frame around one call into a plugin.  Every call goes through it:
 *
 *     struct call call = call_begin(stage, "read");
 *
 *     r = call_end(&call, ops->read(self, &sink), CALL_ALLOWS(MP_END));
 */
#ifndef CORE_PIPELINE_CALL_H
#define CORE_PIPELINE_CALL_H

#include "core/pipeline/pipeline.h"

struct call {
  struct stage *stage;
  const char *what;   /* the callback, for messages */
  unsigned explained; /* failures that the stage had explained before */
  int64_t begun_ms;   /* on the monotonic clock; 0: the cycle has no deadline */
};

/* An outcome that the callback may return besides MP_OK. */
#define CALL_ALLOWS(outcome) (1u << (outcome))

struct call call_begin(struct stage *stage, const char *what);

/*
 * Checks the result R of the callback and returns it; MP_EINTERNAL where R is
 * not a reason, MP_OK or one of the ALLOWED outcomes.  Reports a reason that
 * the plugin did not explain with mp_fail, a result out of range, and a
 * callback that returned long after the deadline.
 */
int call_end(const struct call *call, int r, unsigned allowed);

/* Whether the plugin has explained a failure since call_begin. */
bool call_explained(const struct call *call);

#endif
