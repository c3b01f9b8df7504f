/* The checks for outputs, in each delivery class that they may have. */
#include "core/conform/output_trial.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/array.h"
#include "lib/decimal.h"

#define FEW_TARGETS 2
#define MANY_TARGETS 2000

/* ---- Values ---- */

#define FIFTY_DIGITS "12345678901234567890123456789012345678901234567890"

/* The first one is an ordinary reading. */
static const struct mp_value samples[] = {
  { .kind = MP_COUNTER, .number = { 84208, -3 }, .unit = "GJ" },
  { .kind = MP_GAUGE, .number = { -1250, -2 }, .unit = "\302\260C" },
  { .kind = MP_DELTA, .number = { 208, -3 }, .unit = "GJ" },
  { .kind = MP_DELTA, .number = { -1, 0 }, .unit = "m3" },
  { .kind = MP_GAUGE, .number = { 0, -4 } },
  { .kind = MP_GAUGE, .number = { INT64_MAX, DECIMAL_MAX_EXP }, .unit = "kW" },
  { .kind = MP_GAUGE, .number = { INT64_MIN, -DECIMAL_MAX_EXP }, .unit = "kW" },
  { .kind = MP_TEXT, .text = "" },
  { .kind = MP_TEXT, .text = "a \"text\", with 100% of <these>; \\ and '" },
  { .kind = MP_TEXT, .text = FIFTY_DIGITS FIFTY_DIGITS },
};

/* ---- Trials ---- */

/* Three cycles on one instance, as a run with --every has them. */
static void
run_three(struct output_trial *t)
{
  for (int i = 0; i < 3 && !conform_failed(t->c); i++)
    output_trial_once(t->c, t);
  if (conform_failed(t->c) || !output_trial_open(t))
    return;
  for (int i = 0; i < 3; i++)
    if (conform_failed(t->c) || !output_trial_cycle(t->c, t))
      return;
  output_trial_close(t);
}

static void
run_all(struct output_trial *t)
{
  run_three(t);
  output_trial_offers(t);
}

static void
run_cancelled(struct output_trial *t)
{
  conform_cancel(t->c, t->h);
  run_all(t);
}

static void
run_samples(struct output_trial *t)
{
  if (!output_trial_open(t))
    return;
  for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
    t->sample = &samples[i];
    if (conform_failed(t->c) || !output_trial_cycle(t->c, t))
      return;
  }
  output_trial_close(t);
}

static void
run_once(struct output_trial *t)
{
  output_trial_once(t->c, t);
}

static void
run_often(struct output_trial *t)
{
  conform_leaks(t->c, "40 cycles from open to close", 40, output_trial_once, t);
  if (conform_failed(t->c) || !output_trial_open(t))
    return;
  conform_leaks(t->c, "40 cycles of fetch and commit", 40, output_trial_cycle,
                t);
  if (!conform_failed(t->c) && t->c->targets)
    conform_leaks(t->c, "40 calls of list, check and create_target", 40,
                  output_trial_ask, t);
  if (t->c->targets)
    output_trial_close(t);
}

/* Runs TRIAL with an instance of delivery class CLASS, which the option
 * delivery_option names WORD; NULL: there is no such option. */
static void
run_in_class(const struct output_trial *trial, uint32_t class, const char *word)
{
  struct output_trial t = *trial;
  struct conform *c = t.c;

  t.class = class;
  t.skipped = -1;
  t.sample = &samples[0];
  t.h = conform_host(c, "one");
  t.places = memory_get(t.n_targets, sizeof(*t.places));
  if (word)
    fake_host_set(t.h->fake, c->plugin->output.delivery_option, word);
  if (conform_create(c, t.h, &t.self)) {
    conform_give_time(c, t.h, t.ms);
    t.run(&t);
    c->deadline_ms = 0;
    conform_destroy(c, t.h, t.self);
  }
  free(t.places);
  conform_host_free(t.h);
}

/* Runs TRIAL in each delivery class that the plugin can have. */
static void
run_in_classes(struct output_trial *trial)
{
  const struct conform *c = trial->c;
  const char *key = c->plugin->output.delivery_option;
  const struct mp_option *option = c->plugin->table.options;

  if (!key) {
    run_in_class(trial, c->plugin->output.delivery, NULL);
    return;
  }
  while (strcmp(option->key, key) != 0)
    option++;
  for (const char *p = option->allowed; *p && !conform_failed(c);
       p += strcspn(p, "|"), p += *p == '|') {
    size_t len = strcspn(p, "|");
    char *word = memory_text_of(p, len);

    run_in_class(trial, delivery_class(p, len), word);
    free(word);
  }
}

static void
run_trial(struct conform *c, void (*run)(struct output_trial *t),
          uint32_t n_targets, int64_t ms)
{
  struct output_trial trial = {
    .c = c, .run = run, .n_targets = n_targets, .ms = ms
  };

  run_in_classes(&trial);
}

static void
check_deliver(struct conform *c)
{
  run_trial(c, run_three, FEW_TARGETS, 500);
}

static void
check_offers(struct conform *c)
{
  run_trial(c, output_trial_offers, FEW_TARGETS, 500);
}

static void
check_samples(struct conform *c)
{
  run_trial(c, run_samples, FEW_TARGETS, 300);
}

static void
check_many(struct conform *c)
{
  run_trial(c, run_once, MANY_TARGETS, 300);
}

static void
check_leaks(struct conform *c)
{
  run_trial(c, run_often, FEW_TARGETS, 300);
}

static void
check_no_time(struct conform *c)
{
  run_trial(c, run_all, FEW_TARGETS, 0);
}

static void
check_cancelled(struct conform *c)
{
  run_trial(c, run_cancelled, FEW_TARGETS, 60000);
}

const struct conform_check conform_output[] = {
  { "deliver", check_deliver },
  { "list, create_target and check", check_offers },
  { "all kinds of values", check_samples },
  { "2000 targets", check_many },
  { "leaks", check_leaks },
  { "no time left", check_no_time },
  { "cancelled", check_cancelled },
  { NULL, NULL },
};
