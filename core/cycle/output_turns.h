/*
 * The order in which the outputs are served, and the time of each.  An output
 * gets at most an equal part of the time left, so that a slow or dead output
 * does not keep another from being served.
 *
 *     turns_mark(c, needs_asking);
 *     FOR_EACH_OUTPUT(c, output)
 *     {
 *       if (!turn_begin(c, output))
 *         continue;
 *       ...
 *       turn_end(c, output);
 *     }
 */
#ifndef CORE_CYCLE_OUTPUT_TURNS_H
#define CORE_CYCLE_OUTPUT_TURNS_H

#include "core/cycle/cycle.h"

/* Sets the order of a cycle: first the outputs without a failure in the last
 * run, then those with one, and last the output LAST, in which the run before
 * did not end ("": none). */
void turns_order(struct cycle *c, const char *last);

/* Begins a step, which serves the outputs for which WANT returns true. */
void turns_mark(struct cycle *c, bool (*want)(const struct cycle *c,
                                              const struct stage *output));

/* Begins the turn of OUTPUT: sets the deadline to that of its part of the time,
 * until its turn ends.  Returns false if this step does not serve OUTPUT; then
 * there is no turn to end. */
bool turn_begin(struct cycle *c, const struct stage *output);
/* End a turn.  After turn_pause, OUTPUT may get another turn in this step;
 * after turn_end, it does not. */
void turn_pause(struct cycle *c);
void turn_end(struct cycle *c, const struct stage *output);

/* Loops over the outputs in the order of the cycle. */
#define FOR_EACH_OUTPUT(c, var)                                                \
  for (size_t var##_i = 0; var##_i < (c)->n_outputs; var##_i++)                \
    for (const struct stage *var = (c)->order[var##_i]; var; var = NULL)

#endif
