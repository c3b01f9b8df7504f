/* Failures, their exit status, and the suppression of repeated ones. */
#include "core/run/report.h"

#include <ctype.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/memory/memory.h"
#include "core/run/hidden.h"
#include "core/run/log.h"
#include "lib/array.h"
#include "lib/clock.h"

/* A failure that continues is reported once in each day since it began.  A day
 * begins 10 % early, because a daily run may start a little early. */
#define EARLY_MS (CLOCK_DAY_MS / 10)

/* Most lines about its failures that one stage prints in one run. */
#define MOST_LINES 20

/* A failure and its key in the state. */
struct failure {
  const char *stage;
  const char *key; /* "OBJECT\tREASON" */
  long long since;
  char text[]; /* holds stage and key */
};

/* How many lines of a stage were printed and left out in this run. */
struct lines {
  struct lines *next;
  unsigned printed, left_out;
  char stage[];
};

struct report {
  pthread_mutex_t lock;
  struct store *store;
  void *failures; /* of this cycle, one for each object: a tree of tsearch(3) */
  bool is_limited;
  struct lines *lines; /* about failures */
  struct lines *ends;  /* about ends of failures */
  bool (*find_group)(const void *ctx, const char *stage, struct group *ret);
  const void *group_ctx;
  struct grouped_list failed, ended; /* not reported yet */
  int status;
};

struct report *
report_new(void)
{
  struct report *report = memory_get(1, sizeof(*report));

  pthread_mutex_init(&report->lock, NULL);
  return report;
}

/* ---- One failure for each object ---- */

/* Length of the object in a key, with the tab after it. */
static size_t
object_length(const char *key)
{
  return strcspn(key, "\t") + 1;
}

/* Compares stage and object; ignores the reason. */
static int
compare_objects(const void *a, const void *b)
{
  const struct failure *x = a, *y = b;
  int by_stage = strcmp(x->stage, y->stage);

  return by_stage ? by_stage : strncmp(x->key, y->key, object_length(x->key));
}

static struct failure *
find_failure(void *const *tree, const char *stage, const char *key)
{
  const struct failure wanted = { .stage = stage, .key = key };
  struct failure **found = tfind(&wanted, tree, compare_objects);

  return found ? *found : NULL;
}

/* Adds a failure, unless the tree has one of this object.  Returns the failure
 * in the tree. */
static struct failure *
keep_failure(void **tree, const char *stage, const char *key)
{
  size_t stage_size = strlen(stage) + 1, key_size = strlen(key) + 1;
  struct failure *f = find_failure(tree, stage, key);

  if (f)
    return f;
  f = memory_get(1, sizeof(*f) + stage_size + key_size);
  f->stage = memcpy(f->text, stage, stage_size);
  f->key = memcpy(f->text + stage_size, key, key_size);
  memory_have(tsearch(f, tree, compare_objects));
  return f;
}

static void
forget_failures(void **tree)
{
  tdestroy(*tree, free);
  *tree = NULL;
}

static void
free_lines(struct lines **list)
{
  while (*list) {
    struct lines *next = (*list)->next;

    free(*list);
    *list = next;
  }
}

void
report_free(struct report *report)
{
  if (!report)
    return;
  forget_failures(&report->failures);
  free_lines(&report->lines);
  free_lines(&report->ends);
  grouped_clear(&report->failed);
  grouped_clear(&report->ended);
  pthread_mutex_destroy(&report->lock);
  free(report);
}

void
report_use_store(struct report *report, struct store *store)
{
  report->store = store;
}

/* ---- Exit status ---- */

int
report_exit_status(enum report_side side, int code)
{
  switch (code) {
  case MP_ECONFIG:
    return EX_CONFIG;
  case MP_EPERM:
    return EX_NOPERM;
  case MP_ENOMEM:
    return EX_OSERR;
  case MP_EIO:
    return EX_IOERR;
  case MP_ECREATE:
    return EX_CANTCREAT;
  case MP_ENOINPUT:
    return EX_NOINPUT;
  case MP_ETIMEOUT:
  case MP_EPROTO:
    return side == REPORT_INPUT ? EX_PROTOCOL : EX_TEMPFAIL;
  case MP_EDATA:
  case MP_ERANGE:
    return EX_DATAERR;
  case MP_EREFUSED:
    return EX_UNAVAILABLE;
  case MP_EBUSY:
  case MP_EAGAIN:
  case MP_ECANCELED:
    return EX_TEMPFAIL;
  default:
    return EX_SOFTWARE;
  }
}

/* The position of a status in the order of meterpipe(1), EXIT STATUS: of
 * several, the first is the exit status of the run. */
static int
status_rank(int status)
{
  static const int order[] = { EX_CONFIG,      EX_NOPERM,   EX_SOFTWARE,
                               EX_OSERR,       EX_IOERR,    EX_CANTCREAT,
                               EX_NOINPUT,     EX_PROTOCOL, EX_DATAERR,
                               EX_UNAVAILABLE, EX_TEMPFAIL };
  int i;

  for (i = 0; i < (int)ARRAY_SIZE(order); i++)
    if (order[i] == status)
      break;
  return i;
}

void
report_note_status(struct report *report, int status)
{
  pthread_mutex_lock(&report->lock);
  if (status_rank(status) < status_rank(report->status))
    report->status = status;
  pthread_mutex_unlock(&report->lock);
}

int
report_status(struct report *report)
{
  return report->status;
}

/* ---- Failures ---- */

/* Returns true if a digit after P belongs to a name, as in heat_energy_e1. */
static bool
in_name(const char *p, bool was_in_name)
{
  return isalpha((unsigned char)*p) || *p == '_' ||
         (was_in_name && (isdigit((unsigned char)*p) || *p == '.'));
}

/* Returns true if the digits at END are a name, as in "register 60". */
static bool
begins_name(const char *text, const char *end)
{
  static const char before[] = "register ";
  const size_t len = strlen(before);

  return (size_t)(end - text) >= len && memcmp(end - len, before, len) == 0;
}

/* Builds the key of a failure: "OBJECT\tCODE REASON", with numbers in the
 * reason replaced by #. So "no reply in 2000 ms" is the same failure as "no
 * reply in 1998 ms".  The caller frees it. */
static char *
failure_key(int code, const char *object, const char *text)
{
  bool name = false;
  char *key = memory_format("%s\t%d %s", object ? object : "", code, text);
  char *to;

  to = strchr(strchr(key, '\t'), ' ') + 1;
  for (const char *p = to; *p; p++) {
    name = name || begins_name(key, to);
    if (*p < '0' || *p > '9' || name)
      *to++ = *p;
    else if (to[-1] != '#')
      *to++ = '#';
    name = in_name(p, name);
  }
  *to = 0;
  return key;
}

/* Puts a failure into the state as "SINCE REPORTED TEXT".  The two times are in
 * ms since 1970. */
static void
store_failure(struct report *report, const char *stage, const char *key,
              int64_t since, int64_t reported, const char *text)
{
  char *body =
    memory_format("%lld %lld %s", (long long)since, (long long)reported, text);

  store_put(report->store, STORE_FAILURE, stage, key, body);
  free(body);
}

static int64_t
day_of(int64_t time, int64_t since)
{
  return (time - since + EARLY_MS) / CLOCK_DAY_MS;
}

/* Returns true if a failure that was reported at REPORTED must be repeated.  A
 * group is repeated a day after its last line, whenever its failures began. */
static bool
is_due(int64_t now, int64_t since, int64_t reported, bool is_grouped)
{
  if (reported > now)
    return true;
  if (is_grouped)
    return now - reported >= CLOCK_DAY_MS - EARLY_MS;
  return day_of(now, since) != day_of(reported, since);
}

/* Returns true if a failure must be reported now.  Stores the time of its last
 * report, and its current text. */
static bool
is_news(struct report *report, const char *stage, const char *key,
        const char *text, bool is_grouped)
{
  int64_t now = clock_now_ms();
  long long since = now, reported = 0;
  const char *known;

  if (!report->store)
    return true;
  known = store_get(report->store, STORE_FAILURE, stage, key);
  if (known && sscanf(known, "%lld %lld", &since, &reported) == 2 &&
      !is_due(now, since, reported, is_grouped)) {
    store_failure(report, stage, key, since, reported, text);
    return false;
  }
  store_failure(report, stage, key, since, now, text);
  return true;
}

/* ---- Lines ---- */

static struct lines *
lines_of(struct lines **list, const char *stage)
{
  size_t size = strlen(stage) + 1;
  struct lines *l = *list;

  while (l && strcmp(l->stage, stage) != 0)
    l = l->next;
  if (l)
    return l;
  l = memory_get(1, sizeof(*l) + size);
  memcpy(l->stage, stage, size);
  l->next = *list;
  *list = l;
  return l;
}

/* Returns true if STAGE may print one more line of the kind that LIST counts.
 * Counts the line as printed or left out. */
static bool
may_print(const struct report *report, struct lines **list, const char *stage)
{
  struct lines *lines;

  if (!report->is_limited || log_shows(MP_LOG_INFO))
    return true;
  lines = lines_of(list, stage);
  if (lines->printed++ < MOST_LINES)
    return true;
  lines->left_out++;
  return false;
}

void
report_limit_lines(struct report *report)
{
  report->is_limited = true;
}

static void
report_lines_left_out(const struct lines *list, int level, const char *what)
{
  for (const struct lines *l = list; l; l = l->next)
    if (l->left_out > 0)
      log_line(level, *l->stage ? l->stage : NULL, NULL, "and %u more%s",
               l->left_out, what);
}

/* ---- Groups ---- */

void
report_use_groups(struct report *report,
                  bool (*find)(const void *ctx, const char *stage,
                               struct group *ret),
                  const void *ctx)
{
  report->find_group = find;
  report->group_ctx = ctx;
}

/* Finds the group of STAGE.  False: its failures are reported one by one. */
static bool
find_group(const struct report *report, const char *stage, struct group *ret)
{
  return report->find_group && !log_shows(MP_LOG_INFO) &&
         report->find_group(report->group_ctx, stage, ret);
}

/* Adds a line about STAGE to the line of its group.  False: it has none. */
static bool
join_group(const struct report *report, struct grouped_list *list,
           const char *stage, const char *text, bool is_news)
{
  struct group group;

  if (!find_group(report, stage, &group))
    return false;
  grouped_add(list, &group, stage, text, is_news);
  return true;
}

struct repeating {
  struct report *report;
  const char *group;
  int64_t now;
};

/* Notes that a failure was reported with its group. */
static void
note_reported(void *ctx, const char *stage, const char *key, const char *body)
{
  const struct repeating *repeating = ctx;
  struct group group;
  long long since;
  int used;
  char *text;

  if (!find_group(repeating->report, stage, &group) ||
      strcmp(group.name, repeating->group) != 0 ||
      sscanf(body, "%lld %*d %n", &since, &used) != 1)
    return;
  text = memory_text(body + used); /* BODY is freed when it is replaced */
  store_failure(repeating->report, stage, key, since, repeating->now, text);
  free(text);
}

static void
print_group(int level, struct grouped *grouped, const char *what)
{
  char *text = grouped_text(grouped, what);

  log_line(level, grouped->group.name, NULL, "%s", text);
  free(text);
}

static void
print_failed_group(struct report *report, struct grouped *grouped)
{
  struct repeating repeating = { .report = report,
                                 .group = grouped->group.name,
                                 .now = clock_now_ms() };

  if (!grouped->has_news && !log_is_terminal())
    return;
  print_group(MP_LOG_ERROR, grouped, "failed");
  if (report->store)
    store_each(report->store, STORE_FAILURE, note_reported, &repeating);
}

static void
print_groups(struct report *report)
{
  for (size_t i = 0; i < report->failed.n; i++)
    print_failed_group(report, &report->failed.list[i]);
  for (size_t i = 0; i < report->ended.n; i++)
    print_group(MP_LOG_NOTICE, &report->ended.list[i], "work again");
  grouped_clear(&report->failed);
  grouped_clear(&report->ended);
}

void
report_groups(struct report *report)
{
  pthread_mutex_lock(&report->lock);
  print_groups(report);
  pthread_mutex_unlock(&report->lock);
}

void
report_end_run(struct report *report)
{
  bool kept = report->store && store_is_durable(report->store);

  pthread_mutex_lock(&report->lock);
  print_groups(report);
  report_lines_left_out(report->lines, MP_LOG_ERROR,
                        kept
                          ? " failures: \"meterpipe status\" lists all of them"
                          : " failures: run with -v to see all of them");
  report_lines_left_out(report->ends, MP_LOG_NOTICE, " work again");
  free_lines(&report->lines);
  free_lines(&report->ends);
  pthread_mutex_unlock(&report->lock);
}

static int
report_and_store(struct report *report, enum report_side side,
                 const char *stage, int code, const char *object,
                 const char *text)
{
  const char *owner = stage ? stage : "";
  char *key = failure_key(code, object, text);
  bool shown = log_shows(MP_LOG_INFO) || log_is_terminal(), news;
  struct group group;

  report_note_status(report, report_exit_status(side, code));
  pthread_mutex_lock(&report->lock);
  news = is_news(report, owner, key, text, find_group(report, owner, &group));
  keep_failure(&report->failures, owner, key);
  shown = !join_group(report, &report->failed, owner, text, news) &&
          (shown || news) && may_print(report, &report->lines, owner);
  pthread_mutex_unlock(&report->lock);
  if (shown)
    log_line(MP_LOG_ERROR, stage, object, "%s", text);
  free(key);
  return code;
}

int
report_failure(struct report *report, enum report_side side, const char *stage,
               int code, const char *object, const char *text)
{
  char shown_object[512], shown_text[1536];

  if (object)
    object = hidden_copy(object, shown_object, sizeof(shown_object));
  return report_and_store(report, side, stage, code, object,
                          hidden_copy(text, shown_text, sizeof(shown_text)));
}

int
report_failuref(struct report *report, enum report_side side, const char *stage,
                int code, const char *object, const char *fmt, ...)
{
  char text[1536];
  va_list args;

  va_start(args, fmt);
  vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  return report_failure(report, side, stage, code, object, text);
}

/* ---- Ends of failures ---- */

struct ending {
  struct report *report;
  enum report_object (*state_of)(void *ctx, const char *stage,
                                 const char *object);
  void *ctx;
  void *ended; /* the first failure of each object: a tree of tsearch(3) */
};

static enum report_object
object_state(const struct ending *ending, const char *stage, const char *key)
{
  char object[512];

  if (!*stage)
    return REPORT_REACHED;
  snprintf(object, sizeof(object), "%.*s", (int)object_length(key) - 1, key);
  return ending->state_of(ending->ctx, stage, object);
}

/* Returns true if a failure has ended: its object is gone, or its stage was
 * active and the object had no failure of any reason in this cycle. */
static bool
has_ended(const struct ending *ending, const char *stage, const char *key)
{
  if (find_failure(&ending->report->failures, stage, key))
    return false;
  return object_state(ending, stage, key) != REPORT_UNKNOWN;
}

/* Finds the oldest failure of each object: only its end is reported.  The keys
 * belong to the store, which keeps them until the next commit. */
static void
find_first(void *ctx, const char *stage, const char *key, const char *body)
{
  struct ending *ending = ctx;
  struct failure *first;
  long long since;

  if (!has_ended(ending, stage, key) || sscanf(body, "%lld", &since) != 1)
    return;
  first = find_failure(&ending->ended, stage, key);
  if (first && (first->since < since ||
                (first->since == since && strcmp(first->key, key) <= 0)))
    return;
  first = keep_failure(&ending->ended, stage, key);
  first->key = key;
  first->since = since;
}

static void
report_outage_end(void *ctx, const char *stage, const char *key,
                  const char *body)
{
  struct ending *ending = ctx;
  const struct failure *first = find_failure(&ending->ended, stage, key);
  int64_t now = clock_now_ms();
  char object[512], span[64], after[80] = "";

  (void)body;
  if (!first || strcmp(first->key, key) != 0 ||
      object_state(ending, stage, key) == REPORT_GONE)
    return;
  /* After the clock was set back, the duration is not known. */
  clock_format_span(now - first->since, span, sizeof(span));
  if (first->since <= now)
    snprintf(after, sizeof(after), " after %s", span);
  if (join_group(ending->report, &ending->report->ended, stage,
                 *after ? after + 1 : "the clock was set back", true) ||
      !may_print(ending->report, &ending->report->ends, stage))
    return;
  snprintf(object, sizeof(object), "%.*s", (int)object_length(key) - 1, key);
  log_line(MP_LOG_NOTICE, *stage ? stage : NULL, *object ? object : NULL,
           "works again%s", after);
}

/* Forgets an ended failure, so that the object's next one is reported. */
static void
forget_end(void *ctx, const char *stage, const char *key, const char *body)
{
  const struct ending *ending = ctx;

  (void)body;
  if (has_ended(ending, stage, key))
    store_put(ending->report->store, STORE_FAILURE, stage, key, NULL);
}

void
report_end_cycle(struct report *report,
                 enum report_object (*state_of)(void *ctx, const char *stage,
                                                const char *object),
                 void *ctx)
{
  struct ending ending = { .report = report, .state_of = state_of, .ctx = ctx };

  pthread_mutex_lock(&report->lock); /* an abandoned input may still fail */
  if (report->store) {
    store_each(report->store, STORE_FAILURE, find_first, &ending);
    store_each(report->store, STORE_FAILURE, report_outage_end, &ending);
    store_each(report->store, STORE_FAILURE, forget_end, &ending);
    forget_failures(&ending.ended);
  }
  print_groups(report);
  forget_failures(&report->failures);
  pthread_mutex_unlock(&report->lock);
}
