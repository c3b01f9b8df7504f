/* The read budget: the rules.  attempts.c has the file. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "plugins/kmp/input/attempts.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/memory.h"

#define DAY_MINUTES (24 * 60)

/* Room for the text of budget_status. */
#define TEXT_SIZE 256

/* ---- The file ------------------------------------------------------------ */

/* False if the state is in memory. */
static bool
has_file(const struct kmp *kmp)
{
  return MP_HAS(kmp->host, struct mp_host, state_dir) && kmp->host->state_dir;
}

/* Returns the path of the file, which the caller frees.  While the head is not
 * plugged in, its name of an earlier run counts.  NULL: memory is short. */
static char *
find_path(const struct kmp *kmp)
{
  const char *stored = kmp->host->store_get(kmp->host, "device");
  char *name = port_identity(kmp->line.device);
  char *path;

  if (!name)
    name = strdup(stored ? stored : kmp->line.device);
  path = name ? attempts_path(kmp->host->state_dir, name) : NULL;
  free(name);
  return path;
}

/* Reads the file.  Returns true if there is at least one attempt: clear RET
 * then. */
static bool
load(const struct kmp *kmp, struct attempts *ret)
{
  char *path = has_file(kmp) ? find_path(kmp) : NULL;
  int err = path ? attempts_load(path, ret) : ENOENT;

  free(path);
  return !err && ret->n > 0;
}

/* Stores the name of the device, for the time when the head is not plugged
 * in. */
static void
remember_device(const struct kmp *kmp)
{
  const char *stored = kmp->host->store_get(kmp->host, "device");
  char *name = port_identity(kmp->line.device);

  if (name && strcmp(name, stored ? stored : kmp->line.device) != 0)
    (void)kmp->host->store_set(kmp->host, "device", name);
  free(name);
}

static void
save(const struct kmp *kmp)
{
  int err = attempts_save(kmp->attempts_path, kmp->attempts);

  if (err)
    memory_report_uncounted(kmp, kmp->attempts_path, err);
}

static void
drop_attempts(struct kmp *kmp)
{
  if (kmp->attempts)
    attempts_clear(kmp->attempts);
  free(kmp->attempts);
  free(kmp->attempts_path);
  kmp->attempts = NULL;
  kmp->attempts_path = NULL;
}

/* ---- Whether to read ----------------------------------------------------- */

/* True if the interval after ATTEMPT has not passed (logged). */
static bool
is_recent(const struct kmp *kmp, const struct attempt *attempt)
{
  int64_t interval =
    attempt->failed ? kmp->retry_interval_ms : kmp->min_interval_ms;
  int64_t age = kmp->host->now(kmp->host) - attempt->time_ms;
  char span[64];

  /* 10 % of tolerance: cron is not exact.  An attempt in the future is from a
   * wrong clock. */
  if (interval == 0 || age < 0 || age > interval - interval / 10)
    return false;
  clock_format_span(age, span, sizeof(span));
  mp_log(kmp->host, MP_LOG_INFO, kmp->line.device,
         "not read: the last attempt was %s ago, and %s", span,
         attempt->failed ? "failed" : "succeeded");
  return true;
}

bool
budget_forbids(const struct kmp *kmp)
{
  struct attempts attempts = { .list = NULL };
  bool forbids;

  if ((kmp->min_interval_ms == 0 && kmp->retry_interval_ms == 0) ||
      !load(kmp, &attempts))
    return false;
  forbids = is_recent(kmp, &attempts.list[attempts.n - 1]);
  attempts_clear(&attempts);
  return forbids;
}

/* ---- Counting ------------------------------------------------------------ */

/* Adds an attempt to those of the file.  Returns 0 or ENOMEM. */
static int
add_attempt(struct kmp *kmp)
{
  kmp->attempts_path = find_path(kmp);
  kmp->attempts = calloc(1, sizeof(*kmp->attempts));
  if (!kmp->attempts_path || !kmp->attempts)
    return ENOMEM;
  /* If it cannot be read, the earlier ones are lost. */
  (void)attempts_load(kmp->attempts_path, kmp->attempts);
  return attempts_add(kmp->attempts, kmp->host->now(kmp->host));
}

void
budget_count(void *ctx)
{
  struct kmp *kmp = ctx;
  int err;

  if (kmp->counted || !has_file(kmp))
    return;
  kmp->counted = true;
  remember_device(kmp);
  err = add_attempt(kmp);
  if (err) {
    memory_report_uncounted(kmp, kmp->line.device, err);
    drop_attempts(kmp);
  } else
    save(kmp);
}

void
budget_succeed(struct kmp *kmp)
{
  if (kmp->attempts)
    kmp->attempts->list[kmp->attempts->n - 1].failed = false;
}

void
budget_finish(struct kmp *kmp)
{
  if (kmp->attempts)
    save(kmp);
  drop_attempts(kmp);
}

/* ---- The battery --------------------------------------------------------- */

bool
budget_needs_model(const struct kmp *kmp)
{
  size_t failed;

  return kmp->attempts && !kmp->attempts->asked_model &&
         attempts_count(kmp->attempts, kmp->host->now(kmp->host), &failed) >
           MODEL_FEWEST_READINGS;
}

void
budget_note_model(struct kmp *kmp, const struct model *model)
{
  if (!kmp->attempts)
    return;
  kmp->attempts->asked_model = true;
  kmp->attempts->model = *model;
}

void
budget_forget_model(struct kmp *kmp)
{
  if (kmp->attempts)
    kmp->attempts->asked_model = false;
}

/* Writes "31 attempts in the last 24 hours, 2 failed; this meter's battery is
 * calculated for 24". */
static void
describe(const struct attempts *attempts, int64_t now, char *buf, size_t size)
{
  size_t failed;
  size_t n = attempts_count(attempts, now, &failed);
  unsigned readings = model_battery_readings(&attempts->model);
  int len = snprintf(
    buf, size, "%s%zu attempt%s in the last 24 hours, %zu failed",
    n == ATTEMPTS_MAX ? "at least " : "", n, n == 1 ? "" : "s", failed);

  if (readings > 0 && len > 0 && (size_t)len < size)
    snprintf(buf + len, size - (size_t)len,
             "; this meter's battery is calculated for %u", readings);
}

/* Returns the attempts in 24 hours that need no notice; 0: any number.  Who
 * sets min_interval has decided how often to read, perhaps because the meter is
 * on mains. */
static size_t
allowed_attempts(const struct kmp *kmp)
{
  size_t readings = model_battery_readings(&kmp->attempts->model);
  size_t chosen;

  if (!kmp->host->option(kmp->host, "min_interval"))
    return readings;
  if (kmp->min_interval_ms == 0)
    return 0;
  chosen = (size_t)(CLOCK_DAY_MS / kmp->min_interval_ms);
  return readings > 0 && chosen > readings ? chosen : readings;
}

void
budget_warn(struct kmp *kmp)
{
  int64_t now = kmp->host->now(kmp->host);
  size_t allowed = kmp->attempts ? allowed_attempts(kmp) : 0;
  char text[TEXT_SIZE];
  size_t failed;

  /* The same tolerance: 24 hours may hold 25 hourly attempts. */
  if (allowed == 0 ||
      attempts_count(kmp->attempts, now, &failed) <= allowed + allowed / 10)
    return;
  if (clock_age_ms(now, kmp->attempts->noticed_ms) < CLOCK_DAY_MS)
    return;
  kmp->attempts->noticed_ms = now;
  describe(kmp->attempts, now, text, sizeof(text));
  mp_log(kmp->host, MP_LOG_NOTICE, kmp->line.device,
         "%s: set min_interval = %um; if the meter is on mains, set it to the "
         "interval that you want",
         text, DAY_MINUTES / model_battery_readings(&kmp->attempts->model));
}

/* ---- The status ---------------------------------------------------------- */

int
budget_status(void *self, char *ret_text, size_t size)
{
  const struct kmp *kmp = self;
  struct attempts attempts = { .list = NULL };

  if (!load(kmp, &attempts))
    return MP_DROP;
  describe(&attempts, kmp->host->now(kmp->host), ret_text, size);
  attempts_clear(&attempts);
  return MP_OK;
}

void
budget_announce(struct kmp *kmp)
{
  char text[TEXT_SIZE];

  if (kmp->counted && budget_status(kmp, text, sizeof(text)) == MP_OK)
    mp_log(kmp->host, MP_LOG_NOTICE, kmp->line.device,
           "this counts as an attempt to read the meter: %s", text);
}
