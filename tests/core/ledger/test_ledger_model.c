/*
 * Agreement with the model.  tests/core/ledger/ledger_model.py implements the
 * rules of the ledger independently.  It writes random histories, event by
 * event, and the ledger that is linked into meterpipe processes the same
 * events.  After each run every target must hold the same values, and the
 * number of the record it was last sent in.  The usages and totals for a CSV
 * file beside the devices are computed from the ledger's last known values and
 * must equal the model's; likewise the verdict on a reading's serial number.
 * The model also checks that each history ends with the true usage.
 *
 * $LEDGER_HISTORIES is the number of histories of each setting (default 30).
 * Each setting is a test of its own.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger/ledger.h"
#include "core/ledger/reading.h"
#include "lib/array.h"
#include "tests/support/run_suite.h"

#define MAX_TARGETS 8
#define MAX_WORDS 9

struct model_target {
  char name[16], base[16];  /* base: the target of its meter's reading */
  struct ledger kept, work; /* kept: committed; work: of this run */
  struct ledger copy;       /* of the state, to be put back later */
  struct ledger_displayed displayed;
  enum ledger_outcome outcome;
};

static struct model_target targets[MAX_TARGETS];
static size_t n_targets;
static unsigned long line_number, histories, comparisons;
static char history[32];

/* ---- Parsing the model's output ---- */

static struct mp_decimal
number(const char *word)
{
  struct mp_decimal d = { 0, 0 };

  ck_assert_msg(decimal_parse(word, strlen(word), &d) == MP_OK,
                "line %lu: \"%s\" is not a number", line_number, word);
  return d;
}

static struct value
value(const char *word, const char *serial)
{
  struct value v = { .kind = MP_GAUGE, .number = number(word) };

  if (strcmp(serial, "-") != 0)
    v.serial = value_intern(serial);
  return v;
}

static struct model_target *
target(const char *name)
{
  for (size_t i = 0; i < n_targets; i++)
    if (strcmp(targets[i].name, name) == 0)
      return &targets[i];
  ck_abort_msg("line %lu: no target %s", line_number, name);
  return NULL;
}

/* ---- Events ---- */

static void
forget_targets(void)
{
  for (size_t i = 0; i < n_targets; i++) {
    ledger_clear(&targets[i].kept);
    ledger_clear(&targets[i].work);
    ledger_clear(&targets[i].copy);
    ledger_displayed_clear(&targets[i].displayed);
  }
  memset(targets, 0, sizeof(targets));
  n_targets = 0;
}

static void
on_history(char **words)
{
  forget_targets();
  snprintf(history, sizeof(history), "%s", words[1]);
  histories++;
}

static void
on_target(char **words)
{
  struct model_target *t = &targets[n_targets++];
  enum ledger_role role = strcmp(words[2], "minus") == 0  ? LEDGER_BASE
                          : strcmp(words[2], "plus") == 0 ? LEDGER_TOTAL
                                                          : LEDGER_DELTA;

  ck_assert_uint_le(n_targets, MAX_TARGETS);
  snprintf(t->name, sizeof(t->name), "%s", words[1]);
  snprintf(t->base, sizeof(t->base), "%s", words[4]);
  ledger_init(&t->kept, role);
  ledger_init(&t->work, role);
  ledger_init(&t->copy, role);
  if (strcmp(words[3], "-") != 0)
    t->kept.step = number(words[3]);
}

static void
on_run(char **words)
{
  (void)words;
  for (size_t i = 0; i < n_targets; i++) {
    ledger_copy(&targets[i].work, &targets[i].kept);
    ledger_displayed_clear(&targets[i].displayed);
  }
}

/* The record of a displayed value: a number of this state, "x1-7" of another
 * one, "-", "forgotten", or "without" (the output gives no ids). */
static void
read_id(struct ledger_displayed *displayed, const char *word)
{
  if (strcmp(word, "without") == 0)
    displayed->id = LEDGER_WITHOUT_IDS;
  else if (strcmp(word, "-") == 0)
    displayed->id = LEDGER_NO_ID;
  else if (strcmp(word, "forgotten") == 0)
    displayed->id = LEDGER_FORGOTTEN;
  else if (*word == 'x') {
    displayed->id = LEDGER_OTHER_ID;
    displayed->other_id = strdup(word);
  } else {
    displayed->id = LEDGER_OWN_ID;
    displayed->id_number = atoll(word);
  }
}

static void
on_seen(char **words)
{
  struct ledger_displayed *displayed = &target(words[1])->displayed;

  displayed->known = true;
  if (strcmp(words[2], "-") != 0) /* else it displays no value */
    displayed->value = value(words[2], "-");
  displayed->place = strcmp(words[3], "-") == 0 ? MP_EXACT : atoi(words[3]);
  displayed->updated = strcmp(words[4], "-") == 0 ? NULL : strdup(words[4]);
  read_id(displayed, words[5]);
}

/* Drops the pending values that depend on BASE and, with OF_BASE, its own. */
static void
drop_pending(const char *base, bool of_base)
{
  for (size_t i = 0; i < n_targets; i++) {
    struct model_target *t = &targets[i];

    if (strcmp(t->base, base) == 0 && t->displayed.known &&
        (of_base || strcmp(t->name, base) != 0))
      ledger_drop(&t->work, &t->displayed);
  }
}

static void
on_settle(char **words)
{
  uint32_t rows;

  (void)words;
  for (size_t i = 0; i < n_targets; i++)
    targets[i].outcome =
      ledger_settle(&targets[i].work, &targets[i].displayed, &rows);
  for (size_t i = 0; i < n_targets; i++) {
    if (targets[i].work.role == LEDGER_BASE &&
        targets[i].outcome == LEDGER_CHANGED)
      drop_pending(targets[i].name, false);
    if (targets[i].outcome == LEDGER_PUT_BACK)
      drop_pending(targets[i].base, true);
  }
}

static void
on_outcome(char **words)
{
  static const char *const names[] = { "settled",   "first",   "changed",
                                       "went-back", "lost",    "other-writer",
                                       "adopted",   "put-back" };

  ck_assert_msg(strcmp(names[target(words[1])->outcome], words[2]) == 0,
                "line %lu, history %s: %s is %s, in the model %s", line_number,
                history, words[1], names[target(words[1])->outcome], words[2]);
}

/* Compares a cell of this run's row with the model's. */
static void
compare_cell(const char *what, const char *word, int status,
             struct mp_decimal d)
{
  char text[DECIMAL_TEXT] = "nothing";

  comparisons++;
  if (status == MP_OK)
    decimal_format(d, text, sizeof(text));
  ck_assert_msg(status == MP_OK && decimal_compare(d, number(word)) == 0,
                "line %lu, history %s: %s is %s, in the model %s", line_number,
                history, what, text, word);
}

/* Event: whose BASE CANDIDATE SERIAL READ VERDICT */
static void
on_whose(char **words)
{
  static const char *const names[] = { "same", "candidate", "exchanged",
                                       "unknown" };
  struct value candidate = value("0", words[2]), now = value("0", words[3]);
  enum reading_meter meter = reading_meter(candidate.serial ? &candidate : NULL,
                                           ledger_last(&target(words[1])->work),
                                           &now, strcmp(words[4], "1") == 0);

  comparisons++;
  ck_assert_msg(strcmp(names[meter], words[5]) == 0,
                "line %lu, history %s: the meter of %s is %s, in the model %s",
                line_number, history, words[1], names[meter], words[5]);
}

static void
on_usage(char **words)
{
  const struct value *base = ledger_last(&target(words[1])->work);
  struct mp_decimal usage = { 0, 0 };
  int r = MP_DROP;

  if (base)
    r = decimal_sub(number(words[2]), base->number, &usage);
  compare_cell("the usage", words[3], r, usage);
}

static void
on_total(char **words)
{
  const struct value *last = ledger_last(&target(words[1])->work);
  struct mp_decimal total = { 0, 0 };
  int r = MP_DROP;

  if (last)
    r = decimal_add(last->number, number(words[2]), &total);
  compare_cell(words[1], words[3], r, total);
}

static void
on_due(char **words)
{
  struct value v = value(words[2], words[3]);

  ck_assert_int_eq(ledger_set_pending(&target(words[1])->work, &v), MP_OK);
}

static void
on_begin(char **words)
{
  ledger_begin(&target(words[1])->work);
}

static void
on_prepare(char **words)
{
  struct model_target *t = target(words[1]);

  ck_assert_msg(ledger_prepare(&t->work, &t->displayed, atoll(words[2])),
                "line %lu, history %s: %s has no pending value", line_number,
                history, words[1]);
}

static void
on_commit(char **words)
{
  (void)words;
  for (size_t i = 0; i < n_targets; i++)
    ledger_copy(&targets[i].kept, &targets[i].work);
}

/* The state was copied, or the copy put back; or T's entry was lost. */
static void
on_copy(char **words)
{
  (void)words;
  for (size_t i = 0; i < n_targets; i++)
    ledger_copy(&targets[i].copy, &targets[i].kept);
}

static void
on_put_back(char **words)
{
  (void)words;
  for (size_t i = 0; i < n_targets; i++)
    ledger_copy(&targets[i].kept, &targets[i].copy);
}

static void
on_empty(char **words)
{
  struct model_target *t = target(words[1]);
  enum ledger_role role = t->kept.role;

  ledger_clear(&t->kept);
  ledger_init(&t->kept, role);
}

static void
on_result(char **words)
{
  struct model_target *t = target(words[1]);
  struct value sent = { 0 }, model;

  if (strcmp(words[2], "accepted") == 0) {
    ledger_as_sent(&t->work, &sent);
    model = value(words[3], "-");
    ck_assert_msg(value_equal(&sent, &model),
                  "line %lu, history %s: the model sends another value to %s",
                  line_number, history, words[1]);
    ledger_result(&t->work, MP_ACCEPTED);
  } else if (strcmp(words[2], "perhaps") == 0)
    ledger_result(&t->work, MP_PERHAPS);
  else if (strcmp(words[2], "rejected") == 0)
    ledger_result(&t->work, MP_REJECTED);
  else if (strcmp(words[2], "refused") == 0)
    ledger_refuse(&t->work);
  else
    ledger_result(&t->work, MP_NOT_SENT);
}

/* The receiver knows the record without this value. */
static void
on_part(char **words)
{
  ledger_forget_record(&target(words[1])->work);
}

static void
compare(const struct model_target *t, char name, const struct value *have,
        const char *word)
{
  struct value model = { 0 };
  char text[DECIMAL_TEXT] = "-";

  comparisons++;
  if (strcmp(word, "-") != 0)
    model = value(word, "-");
  if (have->kind)
    decimal_format(have->number, text, sizeof(text));
  ck_assert_msg(value_equal(have, &model),
                "line %lu, history %s: %c of %s is %s, in the model %s",
                line_number, history, name, t->name, text, word);
}

static void
on_state(char **words)
{
  const struct model_target *t = target(words[1]);
  struct value e = { .kind = MP_DELTA, .number = t->kept.remainder };
  const char *serial =
    t->kept.acknowledged.serial ? t->kept.acknowledged.serial : "-";

  compare(t, 'A', &t->kept.acknowledged, words[2]);
  compare(t, 'M', &t->kept.sent, words[3]);
  compare(t, 'D', &t->kept.pending, words[4]);
  compare(t, 'E', &e, words[5]);
  ck_assert_msg(
    strcmp(serial, words[6]) == 0,
    "line %lu, history %s: A of %s has the serial number %s, in the model %s",
    line_number, history, t->name, serial, words[6]);
  ck_assert_msg(t->kept.sent_record == (*words[7] == '-' ? 0 : atoll(words[7])),
                "line %lu, history %s: %s was sent in record %lld, in the "
                "model %s",
                line_number, history, t->name, (long long)t->kept.sent_record,
                words[7]);
  ck_assert_msg(t->kept.acknowledged_record == atoll(words[8]),
                "line %lu, history %s: A of %s is of record %lld, in the model "
                "%s",
                line_number, history, t->name,
                (long long)t->kept.acknowledged_record, words[8]);
}

static const struct {
  const char *word;
  void (*fn)(char **words);
} events[] = {
  { "history", on_history },   { "target", on_target },
  { "run", on_run },           { "seen", on_seen },
  { "settle", on_settle },     { "outcome", on_outcome },
  { "usage", on_usage },       { "total", on_total },
  { "whose", on_whose },       { "due", on_due },
  { "prepare", on_prepare },   { "begin", on_begin },
  { "commit", on_commit },     { "result", on_result },
  { "state", on_state },       { "copy", on_copy },
  { "put-back", on_put_back }, { "empty", on_empty },
  { "part", on_part },
};

static void
on_line(char *line)
{
  char *words[MAX_WORDS] = { NULL }, *rest = line;
  size_t n = 0;

  line[strcspn(line, "\n")] = 0;
  while (n < MAX_WORDS && rest)
    words[n++] = strsep(&rest, " ");
  for (size_t i = 0; i < ARRAY_SIZE(events); i++)
    if (strcmp(events[i].word, words[0]) == 0) {
      events[i].fn(words);
      return;
    }
  ck_abort_msg("line %lu: unknown event %s", line_number, words[0]);
}

/* Runs the model with ARGUMENTS.  Returns its output, or NULL. */
static FILE *
run_model(const char *arguments)
{
  const char *srcdir = getenv("srcdir");
  char command[512];

  snprintf(command, sizeof(command),
           "python3 '%s/tests/core/ledger/ledger_model.py' %s",
           srcdir ? srcdir : ".", arguments);
  return popen(command, "r");
}

START_TEST(ledger_agrees_with_the_model)
{
  const char *wanted = getenv("LEDGER_HISTORIES");
  int n = wanted ? atoi(wanted) : 30;
  char arguments[64], line[256];
  FILE *model;

  snprintf(arguments, sizeof(arguments), "%d --write %d", n, _i);
  model = run_model(arguments);
  ck_assert_ptr_nonnull(model);
  histories = line_number = comparisons = 0;
  while (fgets(line, sizeof(line), model)) {
    line_number++;
    on_line(line);
  }
  ck_assert_int_eq(pclose(model), 0);
  ck_assert_int_gt(n, 0);
  ck_assert_uint_eq(histories, (unsigned long)n);
  printf("setting %d: %lu histories, %lu comparisons\n", _i, histories,
         comparisons);
  forget_targets();
}
END_TEST

/* Returns the number of settings of the model; 0: it cannot be run. */
static int
count_settings(void)
{
  FILE *model = run_model("--settings");
  int n = 0;

  if (!model)
    return 0;
  if (fscanf(model, "%d", &n) != 1)
    n = 0;
  return pclose(model) == 0 ? n : 0;
}

int
main(void)
{
  Suite *suite = suite_create("ledger and model");
  TCase *tc = tcase_create("model");
  int settings = count_settings();

  if (settings == 0)
    return EXIT_FAILURE;
  /* libcheck counts microseconds in an int: a test that takes more than 35
   * minutes is an error. */
  tcase_set_timeout(tc, 1800);
  tcase_add_loop_test(tc, ledger_agrees_with_the_model, 0, settings);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
