/* Failures, their exit status, and the thinning of those that repeat. */
#include "core/report.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/clock.h"
#include "core/hidden.h"
#include "core/log.h"

/* A failure that goes on is told once in each day since it began; a day begins
 * 10 % early, for runs that do. */
#define DAY_MS INT64_C(86400000)
#define EARLY_MS (DAY_MS / 10)

/* A failure of this run. */
struct failure {
  struct failure *next;
  char *stage;
  char *key; /* "OBJECT\tREASON": what it is known by in the state */
  unsigned times;
};

struct report {
  pthread_mutex_t lock;
  struct store *store;
  struct failure *failures; /* of this cycle */
  int status;
};

struct report *
report_new(void)
{
  struct report *report = calloc(1, sizeof(*report));

  if (report)
    pthread_mutex_init(&report->lock, NULL);
  return report;
}

static void
forget_failures(struct report *report)
{
  while (report->failures) {
    struct failure *next = report->failures->next;

    free(report->failures->stage);
    free(report->failures->key);
    free(report->failures);
    report->failures = next;
  }
}

void
report_free(struct report *report)
{
  if (!report)
    return;
  forget_failures(report);
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

/* With several, the first of these is the run's (meterpipe(1), EXIT STATUS). */
static int
rank(int status)
{
  static const int order[] = { EX_CONFIG,   EX_NOPERM,    EX_SOFTWARE,
                               EX_IOERR,    EX_CANTCREAT, EX_NOINPUT,
                               EX_PROTOCOL, EX_DATAERR,   EX_UNAVAILABLE,
                               EX_TEMPFAIL };
  int i;

  for (i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++)
    if (order[i] == status)
      break;
  return i;
}

void
report_note_status(struct report *report, int status)
{
  pthread_mutex_lock(&report->lock);
  if (rank(status) < rank(report->status))
    report->status = status;
  pthread_mutex_unlock(&report->lock);
}

int
report_status(struct report *report)
{
  return report->status;
}

/* ---- Failures ---- */

/* Whether a digit behind P belongs to a name, as in heat_energy_e1. */
static bool
in_name(const char *p, bool was_in_name)
{
  return isalpha((unsigned char)*p) || *p == '_' ||
         (was_in_name && (isdigit((unsigned char)*p) || *p == '.'));
}

/* Whether the digits behind what ends at END are a name, as in "register 60".
 */
static bool
begins_name(const char *text, const char *end)
{
  static const char before[] = "register ";
  const size_t len = strlen(before);

  return (size_t)(end - text) >= len && memcmp(end - len, before, len) == 0;
}

/* The reason without its figures: "no answer in 2000 ms" is the same failure
 * as "no answer in 1998 ms". */
static char *
failure_key(int code, const char *object, const char *text)
{
  bool name = false;
  char *key;
  char *to;

  if (asprintf(&key, "%s\t%d %s", object ? object : "", code, text) < 0)
    return NULL;
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

/* One that comes in each cycle of a recording is kept once. */
static void
remember(struct report *report, const char *stage, const char *key)
{
  struct failure *f = report->failures;

  while (f && (strcmp(f->key, key) != 0 || strcmp(f->stage, stage) != 0))
    f = f->next;
  if (f) {
    f->times++;
    return;
  }
  f = calloc(1, sizeof(*f));
  if (!f)
    return;
  f->times = 1;
  f->stage = strdup(stage);
  f->key = strdup(key);
  f->next = report->failures;
  report->failures = f;
}

/* The state's form of a failure: "SINCE TOLD TEXT", in ms and as it was told.
 */
static void
keep(struct report *report, const char *stage, const char *key, int64_t since,
     int64_t told, const char *text)
{
  char *body;

  if (asprintf(&body, "%lld %lld %s", (long long)since, (long long)told, text) <
      0)
    return;
  store_put(report->store, STORE_FAILURE, stage, key, body);
  free(body);
}

static int64_t
day_of(int64_t time, int64_t since)
{
  return (time - since + EARLY_MS) / DAY_MS;
}

/* Whether a failure is news; keeps when it was told, and what it says now. */
static bool
is_news(struct report *report, const char *stage, const char *key,
        const char *text)
{
  int64_t now = clock_now_ms();
  long long since = now, told = 0;
  const char *known;

  if (!report->store)
    return true;
  known = store_get(report->store, STORE_FAILURE, stage, key);
  if (known && sscanf(known, "%lld %lld", &since, &told) == 2 && told <= now &&
      day_of(now, since) == day_of(told, since)) {
    keep(report, stage, key, since, told, text);
    return false;
  }
  keep(report, stage, key, since, now, text);
  return true;
}

static int
tell(struct report *report, enum report_side side, const char *stage, int code,
     const char *object, const char *text)
{
  const char *owner = stage ? stage : "";
  char *key = failure_key(code, object, text);
  bool news = true;

  report_note_status(report, report_exit_status(side, code));
  pthread_mutex_lock(&report->lock);
  if (key) {
    news = is_news(report, owner, key, text);
    remember(report, owner, key);
  }
  pthread_mutex_unlock(&report->lock);
  if (news || log_shows(MP_LOG_INFO) || log_is_terminal())
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
  return tell(report, side, stage, code, object,
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
  bool (*reached)(void *ctx, const char *stage);
  void *ctx;
};

/* In the words that fit what ended. */
static const char *
end_words(const char *reason)
{
  switch (strtol(reason, NULL, 10)) {
  case MP_EIO:
  case MP_ETIMEOUT:
  case MP_EPROTO:
  case MP_EBUSY:
  case MP_EAGAIN:
    return "answers again";
  default:
    return "is in order again";
  }
}

/* Length of the object in a key, and of the tab behind it. */
static size_t
object_length(const char *key)
{
  return strcspn(key, "\t") + 1;
}

/* Whether the object of KEY is in order: its stage was at work, and no failure
 * of it came in this cycle, for whatever reason. */
static bool
has_ended(const struct ending *ending, const char *stage, const char *key)
{
  for (const struct failure *f = ending->report->failures; f; f = f->next)
    if (strcmp(f->stage, stage) == 0 &&
        strncmp(f->key, key, object_length(key)) == 0)
      return false;
  return !*stage || ending->reached(ending->ctx, stage);
}

/* A failure, and whether its object had another one before it. */
struct elder {
  const char *stage, *key;
  long long since;
  bool found;
};

static void
find_elder(void *ctx, const char *stage, const char *key, const char *body)
{
  struct elder *elder = ctx;
  long long since;

  if (strcmp(stage, elder->stage) == 0 &&
      strncmp(key, elder->key, object_length(key)) == 0 &&
      sscanf(body, "%lld", &since) == 1 &&
      (since < elder->since ||
       (since == elder->since && strcmp(key, elder->key) < 0)))
    elder->found = true;
}

/* Told once an object, by the first of its failures. */
static void
tell_end(void *ctx, const char *stage, const char *key, const char *body)
{
  const struct ending *ending = ctx;
  struct elder elder = { .stage = stage, .key = key };
  int64_t now = clock_now_ms();
  char object[512], span[64];

  if (!has_ended(ending, stage, key) || sscanf(body, "%lld", &elder.since) != 1)
    return;
  store_each(ending->report->store, STORE_FAILURE, find_elder, &elder);
  if (elder.found)
    return;
  snprintf(object, sizeof(object), "%.*s", (int)object_length(key) - 1, key);
  clock_format_span(now - elder.since, span, sizeof(span));
  /* Since when is not known if the clock went back. */
  log_line(MP_LOG_NOTICE, *stage ? stage : NULL, *object ? object : NULL,
           elder.since > now ? "%s" : "%s after %s",
           end_words(key + object_length(key)), span);
}

/* The next failure of this object is news. */
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
                 bool (*reached)(void *ctx, const char *stage), void *ctx)
{
  struct ending ending = { report, reached, ctx };

  if (report->store) {
    store_each(report->store, STORE_FAILURE, tell_end, &ending);
    store_each(report->store, STORE_FAILURE, forget_end, &ending);
  }
  forget_failures(report);
}
