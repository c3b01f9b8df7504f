/*
 * exhaustive [HOUSE] [--depth N] [--failures | --closed] [--seconds S]
 *            [--runs N] [--memory GB] [--without RENAMING] [--texts] [--first]
 *            [--print N] [--quiet] [--share N]
 * exhaustive --list
 *
 * Explores every history of a house and prints states, transitions, excused
 * errors and violations.  Ends with 1 if there is a violation.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "tests/exhaustive/choices.h"
#include "tests/exhaustive/explore.h"
#include "tests/exhaustive/fakes.h"
#include "tests/exhaustive/normal.h"
#include "tests/exhaustive/oracle.h"

struct exhaustive {
  const struct house *house;
  struct driver *driver;
  struct alphabet alphabet;
  struct oracle_counts counts;
};

/* ---- Successors ---- */

struct expansion {
  struct exhaustive *x;
  struct explore_sink *sink;
  struct step step;
};

static void
emit(struct expansion *e, const struct state *after)
{
  uint8_t bytes[STATE_PACKED];
  size_t size = state_pack(after, bytes);

  e->sink->take(e->sink, step_number(&e->step), bytes, size);
}

static void
run_step(struct expansion *e, const struct state *s)
{
  struct run_choice choice;
  struct state after = *s;

  step_choice(&e->x->alphabet, &e->step, &choice);
  if (!step_is_known(&e->x->alphabet, e->x->house, s, &e->step))
    return;
  if (driver_run(e->x->driver, &after, &choice))
    emit(e, &after);
}

/* The states are copied first: to check one, the driver runs again. */
static void
run_crashes(struct expansion *e, const struct state *s)
{
  static struct state after[DRIVER_ACTIONS];
  struct run_choice choice;
  unsigned n;

  e->step.failure = (struct failure){ FAILURE_NONE, 0 };
  step_choice(&e->x->alphabet, &e->step, &choice);
  if (!step_is_known(&e->x->alphabet, e->x->house, s, &e->step))
    return;
  n = driver_run_crashes(e->x->driver, s, &choice);
  for (unsigned i = 0; i < n; i++)
    after[i] = *driver_crash(i);
  for (unsigned i = 0; i < n; i++) {
    e->step.failure = (struct failure){ FAILURE_CRASH, i };
    emit(e, &after[i]);
  }
}

/* Every failure in turn.  Writes are numbered; there are at most two to each
 * target. */
static void
run_failures(struct expansion *e, const struct state *s)
{
  const struct house *house = e->x->house;
  unsigned n = (unsigned)house->plan.n_targets;

  e->step.failure = (struct failure){ FAILURE_AWAY, 0 };
  run_step(e, s);
  e->step.failure = (struct failure){ FAILURE_NO_FILE, 0 };
  if (house->has_file)
    run_step(e, s);
  for (unsigned i = 0; i < n; i++) {
    e->step.failure = (struct failure){ FAILURE_ABSENT, i };
    if (!house->plan.in_file[i])
      run_step(e, s);
    e->step.failure = (struct failure){ FAILURE_REFUSED, i };
    run_step(e, s);
    if (!house->plan.is_blind)
      continue;
    e->step.failure = (struct failure){ FAILURE_PUT_OFF, i };
    run_step(e, s);
    e->step.failure = (struct failure){ FAILURE_LEFT_OUT, i };
    run_step(e, s);
  }
  for (unsigned kind = FAILURE_NOT_SENT; kind <= FAILURE_RETRY; kind++)
    for (unsigned k = 0; k < n; k++) {
      e->step.failure = (struct failure){ (enum failure_kind)kind, k };
      run_step(e, s);
    }
  run_crashes(e, s);
}

/* All steps with this event that cost COST. */
static void
expand_event(struct expansion *e, const struct state *s, unsigned cost)
{
  for (unsigned i = 0; i < READINGS; i++) {
    unsigned before;

    e->step.reading = i;
    e->step.failure = (struct failure){ FAILURE_NONE, 0 };
    before = step_cost(&e->step);
    if (before == cost)
      run_step(e, s);
    else if (before + 1 == cost)
      run_failures(e, s);
  }
}

static void
expand(void *ctx, const uint8_t *bytes, size_t size, unsigned cost,
       struct explore_sink *sink)
{
  struct exhaustive *x = ctx;
  struct expansion e = { .x = x, .sink = sink };
  struct state s, changed;

  state_unpack(&s, bytes, size);
  if (normal_most_runs && s.world.runs >= normal_most_runs)
    return;
  for (e.step.event = 0; e.step.event < x->alphabet.n_events; e.step.event++) {
    if ((e.step.event != 0) > cost)
      break;
    changed = s;
    if (e.step.event && !step_is_known(&x->alphabet, x->house, &s, &e.step))
      continue;
    if (event_apply(x->house, &changed, &x->alphabet.events[e.step.event]))
      expand_event(&e, &changed, cost);
  }
}

static void
begin_level(void *ctx, bool last)
{
  const struct exhaustive *x = ctx;

  if (last || x->alphabet.kind == ALPHABET_FAILURES)
    normal_following = FOLLOWING_NONE;
  else if (x->alphabet.kind == ALPHABET_CLOSED)
    normal_following = FOLLOWING_LOSS;
  else
    normal_following = FOLLOWING_ALL;
}

static void
first(void *ctx, struct explore_sink *sink)
{
  struct exhaustive *x = ctx;
  uint8_t bytes[STATE_PACKED];
  struct state s;

  driver_first(x->driver, &s);
  sink->take(sink, 0, bytes, state_pack(&s, bytes));
}

/* ---- Checking and printing ---- */

static bool
check(void *ctx, const uint8_t *bytes, size_t size)
{
  struct exhaustive *x = ctx;
  struct state s;
  char why[160];

  state_unpack(&s, bytes, size);
  return oracle_check(x->driver, x->house, &s, &x->counts, why, sizeof(why));
}

static void
print_value(FILE *out, char name, const struct entry_value *v)
{
  if (v->kind)
    fprintf(out, " %c %lld", name, (long long)v->number);
}

static void
print_shown(FILE *out, char name, const struct entry_shown *s)
{
  if (!s->known)
    return;
  if (s->value.kind)
    fprintf(out, " %c %lld@%lld", name, (long long)s->value.number,
            (long long)s->time);
  else
    fprintf(out, " %c -@%lld", name, (long long)s->time);
}

static void
print_target(FILE *out, const struct exhaustive *x, const struct state *s,
             size_t i)
{
  const struct device *d = &s->world.devices[i];
  const struct entry *e = &s->program.entries[i];

  fprintf(out, "      %-6s ", x->house->targets[i]);
  if (d->now.is_set)
    fprintf(out, "%lld@%lld", (long long)d->now.number, (long long)d->now.time);
  else
    fprintf(out, "-@%lld", (long long)d->now.time);
  fputs(" |", out);
  print_value(out, 'A', &e->acknowledged);
  print_shown(out, 'B', &e->acknowledged_over);
  print_value(out, 'M', &e->sent);
  if (e->sent.kind)
    print_shown(out, 'N', &e->sent_over);
  print_value(out, 'D', &e->pending);
  if (e->remainder)
    fprintf(out, " E %lld", (long long)e->remainder);
  if (x->house->plan.roles[i] != TARGET_BASE)
    fprintf(out, " | true %lld (%+lld %+lld)",
            (long long)s->world.targets[i].expected,
            (long long)s->world.targets[i].low,
            (long long)s->world.targets[i].high);
  putc('\n', out);
}

static void
print_state(FILE *out, const struct exhaustive *x, const struct state *s)
{
  for (size_t m = 0; m < x->house->plan.n_meters; m++)
    fprintf(out,
            "      %-6s %lld, serial %lld | believed %lld of %lld, "
            "candidate %lld of %lld\n",
            x->house->inputs[m], (long long)s->world.meters[m].count,
            (long long)s->world.meters[m].serial,
            (long long)s->world.bases[m].believed,
            (long long)s->world.bases[m].serial,
            (long long)s->world.bases[m].candidate,
            (long long)s->world.bases[m].candidate_serial);
  for (size_t i = 0; i < x->house->plan.n_targets; i++)
    print_target(out, x, s, i);
}

/* The two undisturbed runs after S, after which WHY is wrong. */
static void
print_good_runs(FILE *out, const struct exhaustive *x, const struct state *s,
                const char *why)
{
  for (int is_silent = 0; is_silent <= 1; is_silent++) {
    struct state after = *s;

    fprintf(out, "    then two good runs, the meter %s:\n",
            is_silent ? "is silent" : "answers");
    for (int i = 0; i < 2; i++) {
      oracle_run(x->driver, &after, is_silent);
      print_state(out, x, &after);
    }
  }
  fprintf(out, "    %s\n", why);
}

static void
print_history(void *ctx, const uint32_t *steps, size_t n, FILE *out)
{
  struct exhaustive *x = ctx;
  struct oracle_counts counts = { .together = 0 };
  enum following following = normal_following;
  struct state s;
  char text[200];

  normal_following = FOLLOWING_ALL;
  driver_first(x->driver, &s);
  fake_messages = out;
  fprintf(out, "  violation:\n");
  for (size_t i = 0; i < n; i++) {
    struct step step = step_of(steps[i]);
    struct run_choice choice;

    step_describe(x->house, &x->alphabet, &step, text, sizeof(text));
    fprintf(out, "    %zu. %s\n", i + 1, text);
    event_apply(x->house, &s, &x->alphabet.events[step.event]);
    step_choice(&x->alphabet, &step, &choice);
    driver_run(x->driver, &s, &choice);
    print_state(out, x, &s);
  }
  if (!oracle_check(x->driver, x->house, &s, &counts, text, sizeof(text)))
    print_good_runs(out, x, &s, text);
  oracle_counts_clear(&counts);
  fake_messages = NULL;
  normal_following = following;
}

static void
print_result(const struct exhaustive *x, const struct explore_result *r)
{
  printf("%s: %llu states, %llu transitions, depth %u%s, %llu violations, "
         "%.0f s (%.0f transitions a second)\n",
         x->house->name, (unsigned long long)r->states,
         (unsigned long long)r->transitions, r->depth,
         r->closed ? " (closed)" : "", (unsigned long long)r->violations,
         r->seconds, (double)r->transitions / r->seconds);
  if (r->violations > 0)
    printf("  first at depth %u\n", r->first_depth);
  for (int i = 0; i < EXCEPTIONS; i++)
    if (x->counts.excused[i])
      printf("  excused: %s: %llu errors, of at most %lld\n",
             exception_names[i], (unsigned long long)x->counts.excused[i],
             (long long)x->counts.greatest[i]);
  if (x->counts.together)
    printf("  excused by several exceptions together: %llu errors\n",
           (unsigned long long)x->counts.together);
}

/* ---- Arguments ---- */

struct arguments {
  struct explore_limits limits;
  enum alphabet_kind alphabet;
  const char *house;
};

static void
turn_off(const char *name)
{
  for (int i = 0; i < RENAMINGS; i++)
    if (strcmp(renaming_names[i], name) == 0) {
      renaming_off[i] = true;
      return;
    }
  fprintf(stderr, "there is no renaming \"%s\"\n", name);
  exit(EX_USAGE);
}

static void
list_houses(void)
{
  for (size_t i = 0; i < n_houses; i++)
    puts(houses[i].name);
  exit(EX_OK);
}

/* Takes the option C with its value TEXT.  Returns false if it is unknown. */
static bool
take_option(struct arguments *args, int c, const char *text)
{
  switch (c) {
  case 'c':
    args->alphabet = ALPHABET_CLOSED;
    return true;
  case 'd':
    args->limits.depth = (unsigned)atoi(text);
    return true;
  case 'f':
    args->alphabet = ALPHABET_FAILURES;
    return true;
  case 'm':
    args->limits.memory = (size_t)(atof(text) * 1e9);
    return true;
  case 'n':
    args->limits.share = (unsigned)atoi(text);
    return true;
  case 'p':
    args->limits.printed = (size_t)atoi(text);
    return true;
  case 'r':
    normal_most_runs = atoi(text);
    return true;
  case 's':
    args->limits.seconds = atof(text);
    return true;
  case 'w':
    turn_off(text);
    return true;
  default:
    return false;
  }
}

static void
take_arguments(struct arguments *args, int argc, char **argv)
{
  static int quiet, texts, first, list;
  static const struct option options[] = {
    { "closed", no_argument, NULL, 'c' },
    { "depth", required_argument, NULL, 'd' },
    { "failures", no_argument, NULL, 'f' },
    { "memory", required_argument, NULL, 'm' },
    { "print", required_argument, NULL, 'p' },
    { "runs", required_argument, NULL, 'r' },
    { "seconds", required_argument, NULL, 's' },
    { "share", required_argument, NULL, 'n' },
    { "without", required_argument, NULL, 'w' },
    { "first", no_argument, &first, 1 },
    { "list", no_argument, &list, 1 },
    { "quiet", no_argument, &quiet, 1 },
    { "texts", no_argument, &texts, 1 },
    { NULL, 0, NULL, 0 },
  };
  int c;

  while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
    if (c != 0 && !take_option(args, c, optarg))
      exit(EX_USAGE);
  if (list)
    list_houses();
  args->limits.quiet = quiet;
  args->limits.violations = first ? 1 : 0;
  fake_texts = texts;
  args->house = optind < argc ? argv[optind] : houses[0].name;
}

int
main(int argc, char **argv)
{
  struct arguments args = { .limits = { .depth = 2, .printed = 1 } };
  struct exhaustive x = { .house = NULL };
  struct explore_system system = { .ctx = &x,
                                   .begin_level = begin_level,
                                   .first = first,
                                   .expand = expand,
                                   .check = check,
                                   .print = print_history };
  const char *plugins = getenv("METERPIPE_PLUGIN_PATH");
  struct explore_result result;

  take_arguments(&args, argc, argv);
  x.house = house_find(args.house);
  if (!x.house) {
    fprintf(stderr, "there is no house \"%s\"\n", args.house);
    return EX_USAGE;
  }
  if (!normal_most_runs)
    normal_most_runs = x.house->most_runs;
  alphabet_init(&x.alphabet, x.house, args.alphabet);
  x.driver = driver_new(x.house, plugins ? plugins : ".libs");
  result = explore(&system, &args.limits, stdout);
  print_result(&x, &result);
  oracle_counts_clear(&x.counts);
  driver_free(x.driver);
  return result.violations > 0;
}
