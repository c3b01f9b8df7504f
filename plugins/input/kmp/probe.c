/*
 * The probe of the kmp input: who is there, and every register that it has; or
 * one attempt after the other, for placing the optical head.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <string.h>

#include "plugins/input/kmp/kmp.h"
#include "plugins/input/kmp/kmp_register.h"
#include "plugins/input/kmp/model.h"

/* Somebody waits for the answer: who has the port is told at once. */
#define PATIENCE_MS 0
/* A watch ends by itself, for the battery's sake. */
#define WATCH_MS (5 * 60 * 1000)
#define WATCH_PAUSE_MS 1000
/* After so many requests in a row without an answer, the meter is gone; one
 * that has not answered anything yet gets one chance. */
#define MAX_FAILURES 3

/* An info code of a meter whose type is not known: the words depend on
 * registers that come later. */
#define HELD_MAX 2

struct held {
  struct kmp_record record;
  uint8_t mantissa[KMP_MANTISSA_MAX];
};

struct probe {
  struct kmp *kmp;
  const struct mp_probe_sink *sink;
  struct model model;
  struct held held[HELD_MAX];
  size_t n_held;
  uint32_t answered; /* registers, be it with a value or left out */
};

/* ---- What was found ----------------------------------------------------- */

/* A fact that is no register's value. */
static void
tell_fact(const struct probe *probe, const char *label, const char *text)
{
  struct mp_value value = {
    .struct_size = sizeof(value),
    .kind = MP_TEXT,
    .text = text,
  };
  struct mp_probe_item item = {
    .struct_size = sizeof(item),
    .label = label,
    .value = &value,
  };

  if (text[0] != '\0')
    probe->sink->item(probe->sink, &item);
}

/* Whether VALUE is exactly N, whatever its decimals. */
static int
is_number(const struct mp_host *host, const struct mp_value *value, int64_t n)
{
  struct mp_value number = { .struct_size = sizeof(number), .coef = n };

  return host->decimal_compare(value, &number) == 0;
}

/* KMP 7.4: a sensor's fault looks like a temperature. */
static const char *
remark_temperature(const struct mp_host *host, uint16_t id,
                   const struct mp_value *value)
{
  /* t1, t2, t3; elsewhere 0.00 may be all there is. */
  if (id >= 86 && id <= 88 && is_number(host, value, 0))
    return "sensor shorted, or below its range?";
  if (is_number(host, value, 185) || is_number(host, value, 200))
    return "sensor open, or above its range?";
  return NULL;
}

static const char *
remark_on(const struct probe *probe, uint16_t id, const struct mp_value *value,
          char *buf, size_t size)
{
  if (value->kind == MP_TEXT)
    return NULL;
  if ((id == MODEL_INFO || id == MODEL_INFO_BITS || id == MODEL_INFO_WATER) &&
      value->exp10 == 0) {
    model_info(&probe->model, id, value->coef, buf, size);
    return buf[0] != '\0' ? buf : NULL;
  }
  if (value->unit != NULL && strcmp(value->unit, "C") == 0)
    return remark_temperature(probe->kmp->host, id, value);
  return NULL;
}

static const char *
remark_unit(const struct kmp_record *record, char *buf, size_t size)
{
  snprintf(buf, size, "%s: %02x", kmp_error_text(KMP_EUNIT), record->unit);
  return buf;
}

static void
tell_register(const struct probe *probe, const struct kmp_record *record)
{
  const struct kmp_register *reg = kmp_register_find(record->id);
  char name[KMP_NUMBER_SIZE];
  char number[KMP_NUMBER_SIZE];
  char remark[512];
  struct kmp_value space;
  struct mp_value value;
  int error = KMP_OK;
  struct mp_probe_item item = {
    .struct_size = sizeof(item),
    .field = kmp_register_name(record->id, name),
    .number = number,
    .label = reg != NULL ? reg->label : NULL,
  };
  int r = kmp_convert(record, &space, &value, &error);

  snprintf(number, sizeof(number), "%u", record->id);
  if (r == MP_OK) {
    value.time_ms = probe->kmp->session.time_ms;
    item.value = &value;
    item.remark = remark_on(probe, record->id, &value, remark, sizeof(remark));
    if (kmp_value_has_unknown_unit(record))
      item.remark = remark_unit(record, remark, sizeof(remark));
  } else {
    item.remark = r == MP_DROP ? "no value yet" : kmp_error_text(error);
  }
  probe->sink->item(probe->sink, &item);
}

/* Keeps an info code until the model is known.  0: it can be told now. */
static int
hold(struct probe *probe, const struct kmp_record *record)
{
  struct held *held = &probe->held[probe->n_held];

  if ((record->id != MODEL_INFO && record->id != MODEL_INFO_WATER) ||
      model_has_words(&probe->model) || probe->n_held == HELD_MAX)
    return 0;
  memcpy(held->mantissa, record->mantissa, record->nob);
  held->record = *record;
  held->record.mantissa = held->mantissa;
  probe->n_held++;
  return 1;
}

static void
tell_held(struct probe *probe)
{
  size_t i;

  for (i = 0; i < probe->n_held; i++)
    tell_register(probe, &probe->held[i].record);
  probe->n_held = 0;
}

/* session_take */
static void
take_answer(void *ctx, const struct kmp_request *request,
            const struct kmp_answer *answer)
{
  struct probe *probe = ctx;
  size_t i;

  probe->answered += request->count;
  for (i = 0; i < request->count; i++) {
    const struct kmp_record *record = kmp_answer_find(answer, request->ids[i]);

    if (record == NULL)
      continue;
    model_note_register(&probe->model, record->id);
    if (!hold(probe, record))
      tell_register(probe, record);
  }
}

/* ---- Questions ---------------------------------------------------------- */

static int
ask(struct probe *probe, uint8_t cid, unsigned attempts,
    struct kmp_answer *ret_answer)
{
  struct kmp_request request = {
    .address = probe->kmp->talk.address,
    .cid = cid,
  };

  return session_ask(&probe->kmp->session, &request, attempts, ret_answer);
}

/* What is there.  Not every meter answers both; MP_DROP: neither. */
static int
identify(struct probe *probe)
{
  unsigned attempts = probe->kmp->talk.retries + 1;
  struct kmp_answer answer;
  char text[80];
  int type = ask(probe, KMP_GET_TYPE, attempts, &answer);
  int serial;

  if (type == MP_OK) {
    probe->model.type = answer.type;
    model_name(answer.type, text, sizeof(text));
    tell_fact(probe, "meter type", text);
    model_revision(answer.revision, text, sizeof(text));
    tell_fact(probe, "software revision", text);
  }
  if (type < 0 || !session_heard(&probe->kmp->session))
    return type;
  serial = ask(probe, KMP_GET_SERIAL, attempts, &answer);
  if (serial == MP_OK) {
    snprintf(text, sizeof(text), "%lu", (unsigned long)answer.serial);
    tell_fact(probe, "serial number", text);
  }
  return serial < 0 || type == MP_DROP ? serial : MP_OK;
}

static uint32_t
count_registers(void)
{
  uint32_t n = 0;

  while (kmp_register_at(n) != NULL)
    n++;
  return n;
}

/* Every register of the table, in blocks.  MP_DROP: not all were answered. */
static int
ask_registers(struct probe *probe)
{
  struct session *session = &probe->kmp->session;
  unsigned most = session->seen.answers > 0 ? MAX_FAILURES : 1;
  uint32_t total = count_registers();
  uint32_t done = 0;
  unsigned failures = 0;

  while (done < total && failures < most) {
    uint16_t ids[KMP_REGISTERS_MAX];
    uint32_t n = 0;
    int r;

    probe->sink->progress(probe->sink, done, total);
    while (n < session->limit && done + n < total) {
      ids[n] = kmp_register_at(done + n)->id;
      n++;
    }
    r = session_registers(session, ids, n, take_answer, probe);
    if (r < 0)
      return r;
    failures = r == MP_OK ? 0 : failures + 1;
    done += n;
  }
  probe->sink->progress(probe->sink, done, total);
  return probe->answered == total ? MP_OK : MP_DROP;
}

static int
report(const struct probe *probe)
{
  const struct kmp *kmp = probe->kmp;
  char why[512];
  int reason = session_diagnose(&kmp->session, why, sizeof(why));

  if (probe->answered == 0)
    return mp_fail(kmp->host, reason, kmp->line.device, "%s", why);
  /* What is not in the list may well be in the meter. */
  return mp_fail(kmp->host, reason, kmp->line.device,
                 "answers for %u of %u registers only: %s",
                 (unsigned)probe->answered, (unsigned)count_registers(), why);
}

static int
probe_all(struct probe *probe)
{
  int r = identify(probe);

  if (r == MP_DROP && !session_heard(&probe->kmp->session))
    return report(probe);
  if (r >= 0)
    r = ask_registers(probe);
  tell_held(probe);
  if (r != MP_DROP)
    return r;
  r = report(probe);
  return probe->kmp->session.seen.answers > 0 ? MP_OK : r;
}

/* ---- Watching ----------------------------------------------------------- */

static int
watch_once(struct probe *probe)
{
  struct session *session = &probe->kmp->session;
  struct session_seen before = session->seen;
  struct kmp_answer answer;
  int r = ask(probe, KMP_GET_TYPE, 1, &answer);
  struct mp_probe_attempt attempt = {
    .struct_size = sizeof(attempt),
    .answered = r == MP_OK,
    .crc_errors = session->seen.crc - before.crc,
    .noise_bytes = (uint32_t)(session->seen.noise - before.noise),
    .round_trip_ms = r == MP_OK ? port_clock() - session->sent : 0,
    .what = session_outcome(&before, &session->seen),
  };

  if (r >= 0)
    probe->sink->attempt(probe->sink, &attempt);
  session_pause(session, WATCH_PAUSE_MS);
  return r;
}

static int
watch(struct probe *probe)
{
  struct session *session = &probe->kmp->session;
  int64_t end = port_clock() + WATCH_MS;
  int r = MP_OK;

  session->ends_quietly = 1;
  while (r >= 0 && port_clock() < end)
    r = watch_once(probe);
  if (r < 0 && r != MP_ECANCELED && r != MP_ETIMEOUT)
    return r;
  return session->seen.answers > 0 ? MP_OK : report(probe);
}

int
kmp_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink)
{
  struct kmp *kmp = self;
  struct probe probe = { .kmp = kmp, .sink = sink };
  int r = kmp_open_port(kmp, PATIENCE_MS);

  if (r != MP_OK)
    return r;
  kmp_begin_capture(kmp);
  r = flags & MP_PROBE_WATCH ? watch(&probe) : probe_all(&probe);
  recorder_flush(kmp->session.recorder);
  kmp_close_port(kmp);
  return r;
}
