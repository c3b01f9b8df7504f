/* The callbacks of an output for users: list, create_target and check. */
#include "core/conform/output_trial.h"

/* A type that an output may know.  If it does not, create_target must say so.
 */
#define TYPE "temperature"
#define LABEL "Made by conform"

/* The answer of list or create_target. */
struct offers {
  struct conform *c;
  bool is_plan; /* MP_CREATE_PLAN: the target does not exist yet */
  unsigned n;   /* targets */
};

/* Returns the fault of LISTED, or NULL. */
static const char *
fault_of_listed(const struct offers *offers, const struct mp_listed *listed)
{
  if (!listed)
    return "NULL instead of a target";
  if (!MP_HAS(listed, struct mp_listed, updated))
    return "a target whose struct_size is too small";
  if (offers->is_plan && listed->name)
    return "a target with a name, although MP_CREATE_PLAN creates nothing";
  if (!offers->is_plan && (!listed->name || !*listed->name))
    return "a target without a name";
  if (!conform_is_clean(listed->name) || !conform_is_clean(listed->label) ||
      !conform_is_clean(listed->type) || !conform_is_clean(listed->value) ||
      !conform_is_clean(listed->unit) || !conform_is_clean(listed->updated))
    return "a text that is not one line of clean UTF-8";
  return NULL;
}

static void
take_listed(const struct mp_output_sink *sink, const struct mp_listed *listed)
{
  struct offers *offers = sink->ctx;
  const char *fault = fault_of_listed(offers, listed);

  if (fault)
    conform_fail(offers->c, "%s listed %s", offers->c->report->callback, fault);
  offers->n++;
}

/* Lends CALLBACK a sink, with room for two texts. */
static const struct mp_output_sink *
lend_sink(struct loan *loan, const char *callback, struct offers *offers)
{
  const struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                       .ctx = offers,
                                       .listed = take_listed };

  loan_open(loan, callback, sizeof(sink) + 2 * LOAN_TEXT);
  return loan_copy(loan, &sink, sizeof(sink));
}

static void
call_list(struct output_trial *t)
{
  struct offers offers = { .c = t->c };
  const struct mp_output_sink *sink;
  struct loan loan;

  if (!t->c->plugin->output.list)
    return;
  sink = lend_sink(&loan, "list", &offers);
  conform_begin(t->c, "list");
  conform_end(t->c, t->c->plugin->output.list(t->self, sink), conform_ok);
  loan_close(&loan);
}

/* Returns the fault of a successful create_target, or NULL. */
static const char *
fault_of_creation(const struct offers *offers, bool notified)
{
  if (offers->is_plan && !notified)
    return "with MP_CREATE_PLAN did not log what it would do: use mp_log with "
           "MP_LOG_NOTICE";
  if (!offers->is_plan && offers->n != 1)
    return "returned MP_OK, but did not list one target: list the new one";
  return NULL;
}

static void
call_create_target(struct output_trial *t, uint32_t flags)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;
  struct offers offers = { .c = t->c, .is_plan = flags & MP_CREATE_PLAN };
  unsigned notices = t->c->n_notices;
  const char *label, *type, *fault;
  const struct mp_output_sink *sink;
  struct loan loan;
  int r;

  if (!ops->create_target)
    return;
  sink = lend_sink(&loan, "create_target", &offers);
  label = loan_text(&loan, LABEL);
  type = loan_text(&loan, TYPE);
  conform_begin(t->c, "create_target");
  r = ops->create_target(t->self, label, type, flags, sink);
  fault = fault_of_creation(&offers, t->c->n_notices > notices);
  if (r == MP_OK && fault)
    conform_fail(t->c, "create_target %s", fault);
  conform_end(t->c, r, conform_ok);
  loan_close(&loan);
}

static void
call_check(struct output_trial *t)
{
  const struct mp_output_ops *ops = &t->c->plugin->output;

  if (!ops->check)
    return;
  conform_begin(t->c, "check");
  conform_end(t->c, ops->check(t->self), conform_ok);
}

bool
output_trial_ask(struct conform *c, void *ctx)
{
  (void)c;
  call_list(ctx);
  call_create_target(ctx, MP_CREATE_PLAN);
  call_check(ctx);
  return true;
}

void
output_trial_offers(struct output_trial *t)
{
  if (!output_trial_open(t))
    return;
  if (output_trial_fetch(t)) {
    output_trial_ask(t->c, t);
    call_create_target(t, 0);
  }
  output_trial_close(t);
}
