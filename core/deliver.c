/* Calling outputs: records, results, and the live outputs. */
#include "core/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

/* ---- Calling an output ---- */

/* "NAME-ID"; by hand, because a recording has a million of them. */
static void
record_id(const struct stage *output, int64_t id, char *buf, size_t size)
{
  char digits[20];
  size_t n = 0, len = strlen(output->name); /* at most CONFIG_MAX_NAME */

  do
    digits[n++] = (char)('0' + id % 10);
  while ((id /= 10) > 0);
  if (len + n + 2 > size)
    len = 0;
  memcpy(buf, output->name, len);
  buf[len++] = '-';
  while (n > 0)
    buf[len++] = digits[--n];
  buf[len] = 0;
}

void
deliver_begin(struct stage *output, int64_t time_ms, int64_t id)
{
  char text[CONFIG_MAX_NAME + 32];
  struct mp_record record = { .struct_size = sizeof(record),
                              .time_ms = time_ms,
                              .id = text };

  output->took_part = true;
  output->pending_records++;
  if (!output->plugin->output.begin)
    return;
  record_id(output, id, text, sizeof(text));
  output->plugin->output.begin(output->self, &record);
}

void
deliver_write(struct stage *output, const struct target *t,
              const struct value *v)
{
  struct mp_value value = value_export(v);

  output->plugin->output.write(output->self, t->number, &value);
}

static void
take_result(const struct mp_result_sink *sink, uint32_t record, uint32_t target,
            uint32_t result)
{
  struct results *results = sink->ctx;

  if (result < MP_ACCEPTED || result > MP_REJECTED)
    result = MP_PERHAPS;
  /* A row stands although a value of it was refused: that was explained. */
  if (results->by_record && target != MP_ALL_TARGETS && result == MP_REJECTED)
    return;
  for (size_t i = 0; i < results->n; i++)
    if (results->by_record ? i == record
                           : target == MP_ALL_TARGETS || i == target)
      results->result[i] = result;
}

/* Calls commit, or with a token recover. */
int
deliver_commit(struct stage *output, const char *token,
               struct results *results)
{
  const struct mp_output_ops *ops = &output->plugin->output;
  struct mp_result_sink sink = { .struct_size = sizeof(sink),
                                 .ctx = results,
                                 .result = take_result };
  unsigned failures =
    report_count(output->pipeline->run->report, output->name);
  int r;

  output->pending_records = 0;
  r = token ? ops->recover(output->self, token, &sink)
            : ops->commit(output->self, &sink);
  r = stage_explained(output, r, token ? "recover" : "commit", failures);
  if (r < 0)
    output->given_up = true;
  return r;
}

bool
deliver_results_init(struct results *results, size_t n, bool by_record)
{
  results->n = n;
  results->by_record = by_record;
  results->result = malloc((n + 1) * sizeof(*results->result));
  for (size_t i = 0; results->result && i < n; i++)
    results->result[i] = MP_PERHAPS;
  return results->result != NULL;
}

bool
deliver_open(struct stage *output)
{
  if (!output->given_up && stage_open(output) != MP_OK)
    output->given_up = true;
  return !output->given_up;
}

/* ---- Live outputs ---- */

void
deliver_values(struct stage *output, int64_t time_ms)
{
  deliver_begin(output, time_ms, time_ms);
  for (size_t i = 0; i < output->n_targets; i++) {
    const struct target *t = output->targets[i];

    if (target_counts(t))
      deliver_write(output, t, &t->source->value);
  }
}

void
deliver_live(struct pipeline *p, int64_t time_ms)
{
  FOR_EACH_STAGE(p, output, PLUGIN_OUTPUT)
  {
    struct results results = { 0 };

    if (delivery(output) != MP_LIVE || !time_ms || !deliver_open(output))
      continue;
    deliver_values(output, time_ms);
    deliver_commit(output, NULL, &results);
  }
}
