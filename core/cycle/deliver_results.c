/* The results of the records of a commit, and of their values. */
#include "core/cycle/deliver_results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

/* ---- Cells ---- */

/* Values of a cell besides MP_ACCEPTED ... MP_REJECTED, and 0: the record has
 * no value for this target. */
#define CELL_WRITTEN 254 /* written, and commit gave no result for it alone */
#define CELL_REFUSED 255 /* refused by write */

/* Returns a cell of RESULTS; NULL: there is none. */
static uint8_t *
cell_of(const struct results *results, size_t record, size_t target)
{
  size_t n_targets = results->output->n_targets;

  return results->cells && record < results->n && target < n_targets
           ? &results->cells[record * n_targets + target]
           : NULL;
}

void
deliver_results_init(struct results *results, const struct stage *output,
                     size_t n)
{
  *results = (struct results){ .output = output, .n = n };
  results->result = memory_get(n + 1, sizeof(*results->result));
  results->cells = memory_get(n + 1, output->n_targets + 1);
}

void
deliver_results_free(struct results *results)
{
  for (size_t i = 0; results->sent && i < results->output->n_targets; i++)
    value_clear(&results->sent[i]);
  for (size_t i = 0; results->reasons && i < results->n; i++)
    free(results->reasons[i]);
  free(results->reasons);
  free(results->sent);
  free(results->result);
  free(results->cells);
  memset(results, 0, sizeof(*results));
}

void
deliver_results_note(struct results *results, size_t record, size_t target,
                     bool taken)
{
  uint8_t *cell = cell_of(results, record, target);

  if (cell)
    *cell = taken ? CELL_WRITTEN : CELL_REFUSED;
}

/* ---- Results ---- */

/* Returns the result of the value alone, else of the record; 0: none, or no
 * value. */
static uint32_t
target_result(const struct results *results, size_t record, size_t target)
{
  const uint8_t *cell = cell_of(results, record, target);

  if (!cell)
    return 0;
  if (*cell == CELL_REFUSED)
    return MP_REJECTED;
  return *cell == CELL_WRITTEN ? results->result[record] : *cell;
}

/* Returns the result of the record, else one derived from those of its values;
 * 0: none. */
static uint32_t
record_result(const struct results *results, size_t record)
{
  uint32_t worst = 0;

  if (results->result[record])
    return results->result[record];
  for (size_t i = 0; i < results->output->n_targets; i++) {
    const uint8_t *cell = cell_of(results, record, i);
    uint32_t result = target_result(results, record, i);

    if (!cell || !*cell)
      continue;
    if (result == 0 || result == MP_PERHAPS)
      return result;
    if (result == MP_NOT_SENT || result == MP_RETRY)
      worst = result;
    else if (!worst)
      worst = MP_ACCEPTED;
  }
  return worst;
}

uint32_t
deliver_record_result(const struct results *results, size_t record)
{
  uint32_t result = record_result(results, record);

  return result ? result : MP_PERHAPS;
}

uint32_t
deliver_target_result(const struct results *results, size_t record,
                      const struct target *t)
{
  const uint8_t *cell = cell_of(results, record, t->number);
  uint32_t result = target_result(results, record, t->number);

  return cell && *cell && !result ? MP_PERHAPS : result;
}

bool
deliver_target_refused(const struct results *results, size_t record,
                       const struct target *t)
{
  const uint8_t *cell = cell_of(results, record, t->number);

  return cell && *cell == CELL_REFUSED;
}

/* Returns true if this is the result of a row of a history output.  Rows are
 * only set aside as a whole, and only if they are in the state. */
static bool
can_be_set_aside(const struct results *results, uint32_t target)
{
  return results->cells && delivery(results->output) == MP_HISTORY &&
         target == MP_ALL_TARGETS;
}

/* Keeps the text of the newest failure as the reason for RECORD.  Without
 * memory there is no reason: this runs inside the plugin's commit. */
static void
keep_reason(struct results *results, uint32_t record)
{
  if (!results->reasons)
    results->reasons = calloc(results->n, sizeof(*results->reasons));
  if (!results->reasons)
    return;
  free(results->reasons[record]);
  results->reasons[record] = instance_newest_failure(results->instance);
}

const char *
deliver_record_reason(const struct results *results, size_t record)
{
  return results->reasons ? results->reasons[record] : NULL;
}

void
deliver_results_take(const struct mp_output_sink *sink, uint32_t record,
                     uint32_t target, uint32_t result)
{
  struct results *results = sink->ctx;
  uint8_t *cell = cell_of(results, record, target);

  if (result < MP_ACCEPTED || result > MP_SET_ASIDE) {
    if (!results->nonsense)
      results->nonsense = result ? result : UINT32_MAX;
    result = MP_PERHAPS;
  }
  if (result == MP_SET_ASIDE && !can_be_set_aside(results, target))
    result = MP_REJECTED;
  if (record >= results->n)
    return;
  if (result == MP_SET_ASIDE)
    keep_reason(results, record);
  if (target == MP_ALL_TARGETS || !results->cells)
    results->result[record] = result;
  else if (cell && *cell && *cell != CELL_REFUSED)
    *cell = (uint8_t)result;
}

void
deliver_results_leave(struct results *results, bool recovers)
{
  for (size_t i = 0; i < results->n; i++)
    results->result[i] = recovers ? MP_PERHAPS : MP_NOT_SENT;
}

/* ---- Results without an explanation ---- */

static const char *
what_is_kept(const struct cycle *c, const struct stage *output)
{
  if (delivery(output) == MP_LIVE)
    return "a live output keeps nothing";
  if (!store_is_durable(c->run->store))
    return "without a state nothing is kept";
  return delivery(output) == MP_LATEST ? "the pending values are kept"
                                       : "the rows are kept";
}

static void
report_unexplained(struct cycle *c, const struct stage *output, uint32_t result,
                   const char *of_what, const char *kept)
{
  static const char *const words[] = { "no result",    "",
                                       "\"not sent\"", "\"outcome unknown\"",
                                       "\"retry\"",    "\"rejected\"" };

  cycle_fail(c, output, result == MP_REJECTED ? MP_EREFUSED : MP_EAGAIN, NULL,
             "the plugin gave %s for %s and did not say why; %s", words[result],
             of_what, kept);
}

/* Returns true if RESULT has an explanation of its own: recovered rows that
 * were not sent are written now. */
static bool
is_no_failure(uint32_t result, bool recovers)
{
  return result == MP_ACCEPTED || (recovers && result == MP_NOT_SENT);
}

static void
check_records(struct cycle *c, const struct results *results, size_t n,
              bool recovers)
{
  size_t found[MP_SET_ASIDE + 1] = { 0 };
  char text[64];

  for (size_t i = 0; i < n; i++)
    found[record_result(results, i)]++;
  for (uint32_t result = 0; result <= MP_REJECTED; result++) {
    if (found[result] == 0 || is_no_failure(result, recovers))
      continue;
    snprintf(text, sizeof(text), "%zu of %zu records", found[result], n);
    report_unexplained(c, results->output, result, text,
                       what_is_kept(c, results->output));
  }
}

/* Reports values that commit rejected in records that it did not reject. */
static void
check_rejections(struct cycle *c, const struct results *results, size_t n)
{
  const struct stage *output = results->output;
  struct target_list list = { 0 };

  for (size_t i = 0; i < output->n_targets; i++)
    for (size_t record = 0; record < n; record++) {
      const uint8_t *cell = cell_of(results, record, i);

      if (cell && *cell == MP_REJECTED) {
        target_list_add(&list, output->targets[i]);
        break;
      }
    }
  if (list.n > 0)
    report_unexplained(c, output, MP_REJECTED, target_list_text(&list),
                       "the records count as delivered without them");
}

/* Returns the targets whose value has RESULT. */
static struct target_list
targets_with(const struct results *results, uint32_t result)
{
  const struct stage *output = results->output;
  struct target_list list = { 0 };

  for (size_t i = 0; i < output->n_targets; i++) {
    const uint8_t *cell = cell_of(results, 0, i);

    if (cell && *cell && target_result(results, 0, i) == result)
      target_list_add(&list, output->targets[i]);
  }
  return list;
}

static void
check_targets(struct cycle *c, const struct results *results, bool recovers)
{
  for (uint32_t result = 0; result <= MP_REJECTED; result++) {
    struct target_list list;

    if (is_no_failure(result, recovers))
      continue;
    list = targets_with(results, result);
    if (list.n > 0)
      report_unexplained(c, results->output, result, target_list_text(&list),
                         what_is_kept(c, results->output));
  }
}

/* Returns true if the plugin, or the host, has said why something failed since
 * the first begin. */
static bool
is_explained(struct cycle *c, const struct results *results)
{
  const struct stage *output = results->output;

  if (results->nonsense)
    cycle_fail(
      c, output, MP_EINTERNAL, NULL,
      "the plugin gave the result %u, which does not exist",
      (unsigned)(results->nonsense == UINT32_MAX ? 0 : results->nonsense));
  return atomic_load(&instance_of(c, output)->n_explained) !=
         c->deliveries[output->index].explained;
}

void
deliver_results_explain(struct cycle *c, const struct results *results,
                        bool recovers)
{
  size_t n = results->n_written < results->n ? results->n_written : results->n;

  if (n == 0 || is_explained(c, results) || run_stopped())
    return;
  if (results->cells && !is_queued(results->output)) {
    check_targets(c, results, recovers);
    return;
  }
  check_records(c, results, n, recovers);
  if (results->cells)
    check_rejections(c, results, n);
}
