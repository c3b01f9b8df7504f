/* The list of delivered values. */
#include "core/cycle/delivered.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/memory/memory.h"
#include "core/run/log.h"
#include "core/run/report.h"
#include "core/run/table.h"

static bool
is_wanted(const struct cycle *c)
{
  return !c->dry && (log_shows(MP_LOG_INFO) ||
                     (log_is_terminal() && log_shows(MP_LOG_NOTICE)));
}

void
delivered_value(struct cycle *c, const struct target *target,
                const struct value *v)
{
  const char *before = c->delivered[target->index];
  char number[512], *text;

  if (!is_wanted(c))
    return;
  value_describe(v, number, sizeof(number));
  /* An amount of an earlier run comes first, and then the rest. */
  text =
    memory_format("%s%s%s", before ? before : "", before ? ", " : "", number);
  free(c->delivered[target->index]);
  c->delivered[target->index] = text;
}

/* Returns true if a transform between the reading and SLOT has an operand that
 * was never set. */
static bool
is_first(const struct cycle_data *d, const struct slot *slot)
{
  for (; slot->stage->kind == PLUGIN_TRANSFORM; slot = slot->stage->input)
    for (size_t i = 0; i < slot->stage->n_operands; i++)
      if (d->evaluation.operands[slot->stage->operands[i].index].state ==
          OPERAND_FIRST)
        return true;
  return false;
}

static void
add_line(struct table *table, const char *name, const char *value,
         const char *what)
{
  table_add(table, name);
  table_add(table, value);
  table_add(table, what);
}

static void
add_target(struct cycle *c, struct table *table, const struct target *t)
{
  const char *delivered = c->delivered[t->index];

  if (delivered)
    add_line(table, t->full_name, delivered, "delivered");
  else if (t->source && slot_state(&c->d, t->source) == SLOT_LEFT_OUT)
    add_line(table, t->full_name, "-",
             is_first(&c->d, t->source)
               ? "none yet: this reading is the base, and the next run "
                 "delivers the first value"
               : "skipped in this run: this reading is the new base");
}

/* Adds the values of one row; several rows are only counted. */
static void
add_output(struct cycle *c, struct table *table, const struct stage *output)
{
  char count[32];

  if (c->deliveries[output->index].rows > 1 ||
      (c->deliveries[output->index].rows == 1 && c->plan->only_captures)) {
    snprintf(count, sizeof(count), "%zu row%s",
             c->deliveries[output->index].rows,
             c->deliveries[output->index].rows == 1 ? "" : "s");
    add_line(table, output->name, count, "delivered");
    return;
  }
  for (size_t i = 0; i < output->n_targets; i++)
    add_target(c, table, output->targets[i]);
}

static void
forget_delivered(struct cycle *c, const struct stage *output)
{
  c->deliveries[output->index].rows = 0;
  for (size_t i = 0; i < output->n_targets; i++) {
    free(c->delivered[output->targets[i]->index]);
    c->delivered[output->targets[i]->index] = NULL;
  }
}

static void
print_table(const struct table *table)
{
  char *text;
  size_t size;
  FILE *out = memory_open_text(&text, &size);

  table_print(table, 0, out);
  memory_close_text(out, &text);
  if (size > 0)
    log_text(text);
  free(text);
}

/* Returns true if OUTPUT itself prints its values for the user. */
static bool
shows_itself(const struct stage *output)
{
  return output->plugin->output.flags & MP_OUTPUT_SHOWS;
}

void
delivered_print(struct cycle *c)
{
  struct table table = { .columns = 3 };
  bool is_shown = false;

  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    is_shown |= shows_itself(output) && output_state(c, output)->took_part;
    if (is_wanted(c) && !shows_itself(output))
      add_output(c, &table, output);
    forget_delivered(c, output);
  }
  print_table(&table);
  if (is_wanted(c) && table.n == 0 && !is_shown && !run_stopped() &&
      report_status(c->run->report) == 0)
    log_line(log_is_terminal() ? MP_LOG_NOTICE : MP_LOG_INFO, NULL, NULL,
             "no new value: nothing was delivered");
  table_free(&table);
}
