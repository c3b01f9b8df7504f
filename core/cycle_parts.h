/*
 * The steps of a cycle, in the order they are taken; inside of the cycle only.
 */
#ifndef CORE_CYCLE_PARTS_H
#define CORE_CYCLE_PARTS_H

#include "core/cycle.h"
#include "core/stage.h"

/* read.c: all inputs at once.  False: every recording is at its end. */
bool read_inputs(struct pipeline *p);
/* Asks INPUT for its serial number now; whether it told. */
bool read_identify(struct stage *input);

/* ask.c: what the outputs show, held against the ledgers. */
void ask_outputs(struct pipeline *p);

/* evaluate.c: the transforms, and which results count. */
void evaluate(struct pipeline *p);
/* Whether the value of SLOT goes into targets in this cycle. */
bool slot_counts(const struct slot *slot);
bool target_counts(const struct target *target);

/* book.c: what is due. */
/* The time of the cycle: the end of the reading, the earliest of several
 * inputs; 0: nothing was read. */
int64_t book_time(const struct pipeline *p);
/* Reports the targets whose entry of the state cannot be read; once a run. */
void book_tell_unreadable(struct pipeline *p);
/* Checks that each value is of the kind that its target got before; one of
 * another kind is left out, and blocks its base. */
void book_check_kinds(struct pipeline *p);
/* Checks that each value fits its target; what does not blocks its base. */
void book_check_values(struct pipeline *p);
/* Puts the cycle's values into ledgers and rows. */
void book_due(struct pipeline *p, int64_t time_ms);
/* Makes M of what is about to be sent. */
void book_prepare(struct pipeline *p);
/* The value of SLOT as TARGET keeps it; false: it does not fit. */
bool book_value(const struct target *target, struct value *ret);

/* deliver.c */
/* What became of rows that an earlier run was writing when it ended. */
void deliver_recover(struct pipeline *p);
/* Takes a token for the rows that are written first; before the commit. */
void deliver_tokens(struct pipeline *p);
/* Outputs of class live, which need no state. */
void deliver_live(struct pipeline *p, int64_t time_ms);
/* The queues of append and history outputs, then the latest outputs. */
void deliver_rows(struct pipeline *p);
void deliver_latest(struct pipeline *p);

/* deliver_direct.c: a recording whose state is in memory; rows go straight to
 * the outputs, many to a commit. */
void direct_deliver(struct pipeline *p, int64_t time_ms);
void direct_flush(struct pipeline *p);

/* waiting.c: since when targets wait, for status. */
void waiting_keep(struct pipeline *p);
/* Whether T, of a latest output, has a value due, and since when (ms; 0: not
 * known). */
bool waiting_since(const struct target *t, int64_t *ret_since);

/* dry.c: -n */
void dry_deliver(struct pipeline *p, int64_t time_ms);

/* Each stage of KIND. */
#define FOR_EACH_STAGE(p, var, wanted)                                         \
  for (size_t var##_i = 0; var##_i < (p)->n_stages; var##_i++)                 \
    for (struct stage *var = (p)->stages[var##_i];                             \
         var && var->kind == (wanted); var = NULL)

/* Whether TARGET has a ledger: it is written, by itself. */
static inline bool
target_is_kept(const struct target *target)
{
  return target->source && !target->part;
}

static inline uint32_t
delivery(const struct stage *output)
{
  return output->delivery;
}

/* Whether OUTPUT can tell what its targets show. */
static inline bool
can_be_asked(const struct stage *output)
{
  return output->plugin->output.fetch && !output->asks_nothing;
}

#endif
