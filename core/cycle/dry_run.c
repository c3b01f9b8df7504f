/*
 * -n: prints the values that would be delivered, and counts them as accepted,
 * so that each cycle of a capture continues from the one before.
 */
#include "core/cycle/dry_run.h"

#include <stdio.h>

#include "core/cycle/book.h"
#include "core/cycle/evaluate.h"
#include "lib/clock.h"
#include "lib/rfc3339.h"
#include "lib/unit.h"

/* Prints V as the value of T, without a newline. */
static void
print_value(const struct target *t, const struct value *v)
{
  char number[DECIMAL_TEXT];

  if (v->text) {
    printf("%s %s", t->full_name, v->text);
    return;
  }
  decimal_format(v->number, number, sizeof(number));
  printf("%s %s%s%s", t->full_name, number, v->unit ? " " : "",
         v->unit ? unit_display(v->unit) : "");
}

/* Prints a line such as "house.323 84 GJ (84.208 is stored as 84)". */
static void
show_sent(const struct target *t, const struct value *whole,
          const struct value *sent)
{
  char number[DECIMAL_TEXT], stored[DECIMAL_TEXT];

  print_value(t, sent);
  if (!sent->text && decimal_compare(whole->number, sent->number) != 0) {
    decimal_format(whole->number, number, sizeof(number));
    decimal_format(sent->number, stored, sizeof(stored));
    printf(" (%s is stored as %s)", number, stored);
  }
  putchar('\n');
}

/* Prints the values of T: first one that was sent without an answer, then the
 * rest. */
static void
show_latest(struct cycle *c, const struct target *t)
{
  struct value sent = { 0 };

  while (book_prepare_target(&c->d, t, clock_now_ms())) {
    ledger_as_sent(&c->d.ledgers[t->index], &sent);
    show_sent(t, &c->d.ledgers[t->index].sent_from, &sent);
    value_clear(&sent);
    ledger_result(&c->d.ledgers[t->index], MP_ACCEPTED);
  }
}

void
dry_run_deliver(struct cycle *c, int64_t time_ms)
{
  char when[RFC3339_SIZE];

  if (ferror(stdout)) /* reported by an earlier cycle */
    return;
  if (c->plan->only_captures && time_ms) {
    rfc3339_format(NULL, time_ms, when);
    printf("# %s\n", when);
  }
  FOR_EACH_STAGE(c->plan, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++) {
      const struct target *t = output->targets[i];

      if (delivery(output) == MP_LATEST && target_is_kept(t))
        show_latest(c, t);
      else if (target_counts(&c->d, t)) {
        print_value(t, target_is_kept(t) && delivery(output) != MP_LIVE
                         ? &c->d.ledgers[t->index].acknowledged
                         : source_value(&c->d, t));
        putchar('\n');
      }
      if (ledger_last(&c->d.ledgers[t->index]))
        c->d.outcomes[t->index] =
          LEDGER_SETTLED; /* now set: later cycles continue from this one */
    }
  }
  if (fflush(stdout) != 0)
    report_failure(c->run->report, REPORT_OTHER, NULL, MP_EIO,
                   "standard output", "cannot be written");
}
