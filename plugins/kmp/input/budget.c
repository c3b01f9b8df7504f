/* The read budget: the rules.  attempts.c has the file. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "plugins/kmp/input/attempts.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/memory.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define DAY_MINUTES (24 * 60)

/* Room for the text of budget_status. */
#define TEXT_SIZE 256

/* ---- The file ------------------------------------------------------------ */

/* Returns the name that all names of the device share; the stored one while the
 * head is not plugged in.  NULL: unknown. */
static const char *
find_device(const struct kmp *kmp, char *buf, size_t size)
{
  if (port_identity(kmp->line.device, buf, size))
    return buf;
  return kmp->host->store_get(kmp->host, "device");
}

/* Writes the path of the file.  Returns false if there is none: the state is in
 * memory, or the device is unknown. */
static bool
find_path(const struct kmp *kmp, char path[PATH_MAX])
{
  const struct mp_host *host = kmp->host;
  char name[PATH_MAX];
  const char *device = find_device(kmp, name, sizeof(name));

  return MP_HAS(host, struct mp_host, state_dir) && host->state_dir && device &&
         attempts_path(host->state_dir, device, path, PATH_MAX);
}

/* Stores the name of the device, for the time when the head is not plugged
 * in. */
static void
remember_device(const struct kmp *kmp)
{
  const char *stored = kmp->host->store_get(kmp->host, "device");
  char name[PATH_MAX];

  if (port_identity(kmp->line.device, name, sizeof(name)) &&
      strcmp(name, stored ? stored : kmp->line.device) != 0)
    (void)kmp->host->store_set(kmp->host, "device", name);
}

static void
save(const struct kmp *kmp)
{
  char path[PATH_MAX];
  int err = find_path(kmp, path) ? attempts_save(path, kmp->attempts) : 0;

  if (err)
    memory_report_uncounted(kmp, path, err);
}

/* ---- Whether to read ----------------------------------------------------- */

bool
budget_forbids(const struct kmp *kmp)
{
  struct attempts attempts = { .list = NULL };
  const struct attempt *last;
  int64_t age, interval;
  char path[PATH_MAX], span[64];
  bool forbids = false;

  if ((kmp->min_interval_ms == 0 && kmp->retry_interval_ms == 0) ||
      !find_path(kmp, path) || attempts_load(path, &attempts) != 0 ||
      attempts.n == 0)
    return false;
  last = &attempts.list[attempts.n - 1];
  interval = last->failed ? kmp->retry_interval_ms : kmp->min_interval_ms;
  age = kmp->host->now(kmp->host) - last->time_ms;
  /* 10 % of tolerance: cron is not exact.  An attempt in the future is from a
   * wrong clock. */
  forbids = interval > 0 && age >= 0 && age <= interval - interval / 10;
  if (forbids) {
    clock_format_span(age, span, sizeof(span));
    mp_log(kmp->host, MP_LOG_INFO, kmp->line.device,
           "not read: the last attempt was %s ago, and %s", span,
           last->failed ? "failed" : "succeeded");
  }
  attempts_clear(&attempts);
  return forbids;
}

/* ---- Counting ------------------------------------------------------------ */

void
budget_count(void *ctx)
{
  struct kmp *kmp = ctx;
  char path[PATH_MAX];
  int err;

  if (kmp->counted || !find_path(kmp, path))
    return;
  kmp->counted = true;
  kmp->attempts = calloc(1, sizeof(*kmp->attempts));
  if (!kmp->attempts) {
    mp_log(kmp->host, MP_LOG_WARNING, NULL,
           "out of memory: this attempt is not counted");
    return;
  }
  err = attempts_load(path, kmp->attempts);
  if (err)
    memory_report_uncounted(kmp, path, err);
  remember_device(kmp);
  err = attempts_add(kmp->attempts, kmp->host->now(kmp->host));
  if (err)
    memory_report_uncounted(kmp, path, err);
  else
    save(kmp);
}

void
budget_succeed(struct kmp *kmp)
{
  if (kmp->attempts && kmp->attempts->n > 0)
    kmp->attempts->list[kmp->attempts->n - 1].failed = false;
}

void
budget_finish(struct kmp *kmp)
{
  if (!kmp->attempts)
    return;
  save(kmp);
  attempts_clear(kmp->attempts);
  free(kmp->attempts);
  kmp->attempts = NULL;
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
  chosen = (size_t)(DAY_MS / kmp->min_interval_ms);
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
  if (clock_age_ms(now, kmp->attempts->noticed_ms) < DAY_MS)
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
  char path[PATH_MAX];

  if (!find_path(kmp, path) || attempts_load(path, &attempts) != 0 ||
      attempts.n == 0)
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
