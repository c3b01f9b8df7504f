/*
 * The steps of a cycle, in the order they are taken; inside of the cycle only.
 */
#ifndef CORE_CYCLE_PARTS_H
#define CORE_CYCLE_PARTS_H

#include "core/cycle/cycle.h"
#include "core/pipeline/stage.h"

/* read.c: all inputs at once.  False: every recording is at its end. */
bool read_inputs(struct pipeline *p);
/* Asks INPUT for its serial number now; whether it told. */
bool read_identify(struct stage *input);

/* ask.c: what the outputs show, held against the ledgers. */
void ask_outputs(struct pipeline *p);

/* evaluate.c: the transforms, and which results count. */
void evaluate(struct pipeline *p);
/* Calls the plugin of TRANSFORM: MP_OK, and *OUT is what it makes of IN, or as
 * mp_transform_ops.apply. */
int transform_apply(struct stage *transform, const struct value *in,
                    struct value *out);
/* Whether the value of SLOT goes into targets in this cycle. */
bool slot_counts(const struct slot *slot);
bool target_counts(const struct target *target);

/* believe.c: readings of an exchanged meter. */
void believe_begin(struct pipeline *p);
/* Whether the reading that TRANSFORM measures is used in this cycle.  After its
 * operands were taken: its base may be the candidate instead. */
bool believe(struct stage *transform);
/* Applies the transforms between the field and SLOT to *V, a reading of that
 * field, and stores the result in *V; false: there is no result. */
bool believe_carry(const struct slot *slot, struct value *v);
/* Keeps what the next cycle must know of the readings of this one. */
void believe_keep(struct pipeline *p);
void believe_load(struct pipeline *p);
bool believe_save(struct pipeline *p);

/* book.c: pending values. */
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
/* Loads the ledgers of targets that are new since book_load.  Returns as it. */
int book_load_targets(struct pipeline *p);
/* Puts the cycle's values into ledgers and rows. */
void book_due(struct pipeline *p, int64_t time_ms);
/* The time of the newest row that was ever booked for OUTPUT, in ms; 0: none
 * is known. */
int64_t book_last_row(const struct stage *output);
/* Takes the rows up to NEWEST_MS off the queue; how many there were. */
size_t book_drop_rows(struct stage *output, int64_t newest_ms);
/* Marks the pending values as sent, so that the state is committed before
 * anything leaves. */
void book_prepare(struct pipeline *p);
/* The same for one target, in the record that is being put together; false:
 * nothing is pending. */
bool book_prepare_target(struct target *t);
/* The number of the record of OUTPUT that is being put together. */
int64_t book_number(struct stage *output);
/* Puts the ledgers of OUTPUT into the store: MP_OK or MP_ENOMEM (reported). */
int book_save_output(struct stage *output);
/* The value of SLOT as TARGET keeps it; false: it does not fit. */
bool book_value(const struct target *target, struct value *ret);

/* deliver.c */
/* Commits the store with HOW.  False: it cannot be written; that is reported,
 * and only live outputs are served from then on. */
bool deliver_commit_with(struct pipeline *p, int (*how)(struct store *store));
/* Commits the answers of the outputs that were called so far, so that nothing
 * that happens to the next one undoes them.  False: the state failed. */
bool deliver_commit_state(struct pipeline *p);
/* Sending begins, or goes on after a commit: who gets a part of the time. */
void deliver_mark(struct pipeline *p);
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

/* Whether the values of OUTPUT wait in rows. */
static inline bool
is_queued(const struct stage *output)
{
  return delivery(output) == MP_APPEND || delivery(output) == MP_HISTORY;
}

/* Whether OUTPUT can tell what its targets show. */
static inline bool
can_be_asked(const struct stage *output)
{
  return output->plugin->output.fetch && !output->asks_nothing;
}

#endif
