/*
 * State that the kmp input keeps between runs, in the host's store:
 *   serial    the meter's serial number
 *   asked     when the meter last answered a request for it
 *   failed    "1": the meter failed since then, and may have been exchanged
 *   device    the name of the port, where links of the file system lead to it
 *   uncounted when it was reported that attempts cannot be counted
 *   limit     runs in a row in which only small requests were answered
 *   limit_to  registers in such a request
 *   limited   when that was last found out
 *   silent       registers that the meter was silent to, by their numbers
 *   silent_runs  runs in a row in which it was silent to exactly these
 *   silent_at    when that was last found out
 *   type      its type and software revision: "1101 4631", or "none"
 *   model     its type and the marker registers that it has: "1101 08"
 *   units     unit codes that were reported as unknown: "4b fe "
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/memory.h"

/* Runs in a row after which a meter is assumed to refuse larger requests, or a
 * register. */
#define SURE_RUNS 2

/* True if the time stored as KEY is less than MS ago.  10 % of tolerance: cron
 * is not exact.  A time in the future does not count: it is from a wrong
 * clock. */
static bool
is_younger(const struct kmp *kmp, const char *key, int64_t ms)
{
  const char *text = kmp->host->store_get(kmp->host, key);
  int64_t age;

  if (!text)
    return false;
  age = kmp->host->now(kmp->host) - strtoll(text, NULL, 10);
  return age >= 0 && age < ms - ms / 10;
}

/* Removes KEY; does nothing when it is absent, so that the host has nothing to
 * commit. */
static void
forget_key(const struct kmp *kmp, const char *key)
{
  if (kmp->host->store_get(kmp->host, key))
    (void)kmp->host->store_set(kmp->host, key, NULL);
}

static void
store_number(const struct kmp *kmp, const char *key, int64_t number)
{
  char text[32];

  snprintf(text, sizeof(text), "%" PRId64, number);
  (void)kmp->host->store_set(kmp->host, key, text);
}

static int64_t
stored_number(const struct kmp *kmp, const char *key)
{
  const char *text = kmp->host->store_get(kmp->host, key);

  return text ? strtoll(text, NULL, 10) : 0;
}

void
memory_note_failure(const struct kmp *kmp)
{
  (void)kmp->host->store_set(kmp->host, "failed", "1");
  forget_key(kmp, "silent_runs"); /* an exchanged meter may answer all */
}

bool
memory_serial_due(const struct kmp *kmp)
{
  return kmp->host->store_get(kmp->host, "failed") ||
         !is_younger(kmp, "asked", CLOCK_DAY_MS);
}

void
memory_apply_limit(struct kmp *kmp)
{
  int64_t limit = stored_number(kmp, "limit_to");

  if (stored_number(kmp, "limit") < SURE_RUNS ||
      !is_younger(kmp, "limited", CLOCK_DAY_MS))
    return;
  if (limit < 1 || limit > KMP_REGISTERS_MAX)
    limit = KMP_REGISTERS_MAX / 2; /* stored by an earlier version */
  if (limit < kmp->session.limit)
    kmp->session.limit = (uint8_t)limit;
}

void
memory_note_limit(const struct kmp *kmp, uint8_t before)
{
  if (before < kmp->talk.registers || kmp->session.seen.answers == 0)
    return;
  if (kmp->session.limit == before) {
    forget_key(kmp, "limit");
    return;
  }
  store_number(kmp, "limit", stored_number(kmp, "limit") + 1);
  store_number(kmp, "limit_to", kmp->session.limit);
  store_number(kmp, "limited", kmp->host->now(kmp->host));
}

bool
memory_is_silent(const struct kmp *kmp, uint16_t id)
{
  const char *next = kmp->host->store_get(kmp->host, "silent");
  char *end;

  if (!next || stored_number(kmp, "silent_runs") < SURE_RUNS ||
      !is_younger(kmp, "silent_at", CLOCK_DAY_MS))
    return false;
  for (;;) {
    unsigned long number = strtoul(next, &end, 10);

    if (end == next)
      return false;
    if (number == id)
      return true;
    next = end;
  }
}

void
memory_note_silent(const struct kmp *kmp, const char *ids)
{
  const char *last = kmp->host->store_get(kmp->host, "silent");
  bool again = last && strcmp(last, ids) == 0;

  if (ids[0] == '\0') {
    forget_key(kmp, "silent");
    forget_key(kmp, "silent_runs");
    return;
  }
  store_number(kmp, "silent_runs",
               again ? stored_number(kmp, "silent_runs") + 1 : 1);
  (void)kmp->host->store_set(kmp->host, "silent", ids);
  store_number(kmp, "silent_at", kmp->host->now(kmp->host));
}

void
memory_report_uncounted(const struct kmp *kmp, const char *path, int err)
{
  if (is_younger(kmp, "uncounted", CLOCK_DAY_MS))
    return;
  store_number(kmp, "uncounted", kmp->host->now(kmp->host));
  mp_log(kmp->host, MP_LOG_WARNING, path,
         "%s: cannot count the attempts to read the meter; it is read "
         "regardless of min_interval",
         strerror(err));
}

/* Removes the stored facts about the meter when SERIAL is not the stored one:
 * they do not hold for an exchanged meter. */
static void
forget_habits(struct kmp *kmp, const char *serial)
{
  const char *last = kmp->host->store_get(kmp->host, "serial");

  if (!last || strcmp(last, serial) == 0)
    return;
  forget_key(kmp, "limit");
  forget_key(kmp, "silent");
  forget_key(kmp, "silent_runs");
  forget_key(kmp, "model");
  forget_key(kmp, "type");
  budget_forget_model(kmp);
}

void
memory_take_serial(struct kmp *kmp, const struct mp_sink *sink,
                   const struct kmp_record *record)
{
  const struct mp_host *host = kmp->host;
  char serial[KMP_FORMAT_SIZE] = "";

  if (record)
    kmp_serial_format(record, serial);
  store_number(kmp, "asked", host->now(host));
  forget_key(kmp, "failed");
  if (serial[0] == '\0') {
    forget_key(kmp, "serial");
    return;
  }
  forget_habits(kmp, serial);
  (void)host->store_set(host, "serial", serial);
  sink->serial(sink, serial, MP_SERIAL_READ);
}

void
memory_assume_serial(const struct kmp *kmp, const struct mp_sink *sink)
{
  const char *serial = kmp->host->store_get(kmp->host, "serial");

  if (serial)
    sink->serial(sink, serial, MP_SERIAL_ASSUMED);
}

/* Room for all 256 codes, with a blank after each. */
#define UNITS_SIZE (256 * 3 + 1)

void
memory_note_unit(const struct kmp *kmp, const char *name, uint8_t code)
{
  const struct mp_host *host = kmp->host;
  const char *reported = host->store_get(host, "units");
  char word[4], units[UNITS_SIZE];

  snprintf(word, sizeof(word), "%02x ", code);
  if (reported && strstr(reported, word))
    return;
  mp_log(host, MP_LOG_WARNING, name,
         "the meter sends the unknown unit code %02x: the value is delivered "
         "without a unit; this is reported once",
         code);
  snprintf(units, sizeof(units), "%s%s", reported ? reported : "", word);
  (void)host->store_set(host, "units", units);
}

bool
memory_type_due(const struct kmp *kmp)
{
  return !kmp->host->store_get(kmp->host, "type") &&
         !kmp->host->store_get(kmp->host, "failed");
}

void
memory_take_type(const struct kmp *kmp, const struct mp_sink *sink,
                 const struct kmp_answer *answer)
{
  struct mp_meter meter = { .struct_size = sizeof(meter),
                            .manufacturer = "Kamstrup" };
  char model[80], software[8], text[16];

  snprintf(text, sizeof(text), "%04x %02x%02x", answer->type,
           answer->revision[0], answer->revision[1]);
  (void)kmp->host->store_set(kmp->host, "type", text);
  model_name(answer->type, model, sizeof(model));
  model_revision(answer->revision, software, sizeof(software));
  meter.model = model;
  meter.software = software[0] != '\0' ? software : NULL;
  sink->meter(sink, &meter);
}

void
memory_tell_model(const struct kmp *kmp, const struct mp_sink *sink)
{
  struct mp_meter meter = { .struct_size = sizeof(meter),
                            .manufacturer = "Kamstrup" };
  const char *type = kmp->host->store_get(kmp->host, "type");
  char model[80];

  if (type && strcmp(type, "none") != 0)
    return;
  if (kmp->attempts && kmp->attempts->asked_model &&
      kmp->attempts->model.type != 0) {
    model_name(kmp->attempts->model.type, model, sizeof(model));
    meter.model = model;
  }
  sink->meter(sink, &meter);
}

void
memory_note_no_type(const struct kmp *kmp)
{
  (void)kmp->host->store_set(kmp->host, "type", "none");
}

bool
memory_model(const struct kmp *kmp, struct model *ret_model)
{
  const char *text = kmp->host->store_get(kmp->host, "model");
  unsigned type, has;

  if (!text || sscanf(text, "%4x %2x", &type, &has) != 2)
    return false;
  ret_model->type = (uint16_t)type;
  ret_model->has = (uint8_t)has;
  return true;
}

void
memory_note_model(const struct kmp *kmp, const struct model *model)
{
  char text[16];

  snprintf(text, sizeof(text), "%04x %02x", model->type, model->has);
  (void)kmp->host->store_set(kmp->host, "model", text);
}
