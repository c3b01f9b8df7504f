/*
 * The order in which the outputs are served, and the time of each: an output
 * gets at most an equal part of the time left, so that no output that is slow
 * or dead keeps another from being served.
 *
 *     turns_mark(p, needs_asking);
 *     FOR_EACH_OUTPUT(p, output)
 *     {
 *       if (!turn_begin(output))
 *         continue;
 *       ...
 *       turn_end(output);
 *     }
 */
#ifndef CORE_CYCLE_TURN_H
#define CORE_CYCLE_TURN_H

#include "core/pipeline/pipeline.h"

/* Sets the order of a cycle: first those without a failure in the last run,
 * then those that failed in it, last the output LAST in which the run before
 * did not end ("": none). */
void turns_order(struct pipeline *p, const char *last);

/* A step begins: the outputs that it serves are those that WANT it. */
void turns_mark(struct pipeline *p, bool (*want)(const struct stage *output));

/* The deadline is that of the part of OUTPUT until its turn ends; false: the
 * step does not serve it, and there is nothing to end. */
bool turn_begin(struct stage *output);
/* Its turn may come again in this step, or not. */
void turn_pause(struct stage *output);
void turn_end(struct stage *output);

/* Each output, in the order of the cycle. */
#define FOR_EACH_OUTPUT(p, var)                                                \
  for (size_t var##_i = 0; var##_i < (p)->n_outputs; var##_i++)                \
    for (struct stage *var = (p)->outputs[var##_i]; var; var = NULL)

#endif
