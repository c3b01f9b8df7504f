/*
 * The probe of the kmp input: identifies the meter and reads every register
 * that it has; or, for placing the optical head, makes one attempt after the
 * other.
 */
#include "plugins/kmp/input/probe.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_convert.h"
#include "plugins/kmp/codec/model.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/info.h"
#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/line/block.h"
#include "plugins/kmp/line/diagnose.h"

/* A user waits for the result, so a busy port is reported at once. */
#define PATIENCE_MS 0
/* A watch ends by itself, to save the meter's battery. */
#define WATCH_MS (5 * 60 * 1000)
#define WATCH_PAUSE_MS 1000
/* Room for the damage of one attempt, in words. */
#define DETAIL_SIZE 64
/* The probe gives up after this many damaged blocks in a row, or after the
 * first block if the meter has not answered anything. */
#define MAX_FAILURES 3

/* Registers that most meters have, requested first and together: some meters
 * are silent to a request of which they have no register, and the table begins
 * with the registers of electricity meters. */
static const uint16_t common[] = { 60, 68, 80, 74, 86, 87, 89, 1004 };

/* A register of the table. */
struct finding {
  bool asked;
  int found; /* the record is valid */
  struct kmp_record record;
  uint8_t mantissa[KMP_MANTISSA_MAX];
  int64_t time_ms;
};

struct probe {
  struct kmp *kmp;
  const struct mp_probe_sink *sink;
  struct model model;
  uint32_t total; /* registers of the table */
  uint32_t next;  /* next to request: in common, then in the table */
  uint32_t done;
  uint32_t answered;        /* with a value, left out, or met with silence */
  uint32_t silent;          /* of these: met with silence */
  struct finding *findings; /* TOTAL of them, in the table's order */
};

static struct finding *
find_finding(const struct probe *probe, uint16_t id)
{
  return &probe->findings[kmp_register_find(id) - kmp_register_at(0)];
}

/* ---- Findings ----------------------------------------------------------- */

/* Passes all registers found to the host, in the order of their numbers. */
static void
probe_registers(const struct probe *probe)
{
  for (uint32_t i = 0; i < probe->total; i++)
    if (probe->findings[i].found)
      kmp_probe_register(probe->kmp->host, probe->sink, &probe->model,
                         &probe->findings[i].record,
                         probe->findings[i].time_ms);
}

/* Passes the info code in words, as the field info_text gives it. */
static void
probe_info_text(const struct probe *probe)
{
  uint16_t id = model_info_register(&probe->model);
  const struct finding *finding = find_finding(probe, id);
  char text[MODEL_TEXT_SIZE];
  int64_t code;
  const struct mp_value value = { .struct_size = sizeof(value),
                                  .kind = MP_TEXT,
                                  .text = text,
                                  .time_ms = finding->time_ms };
  const struct mp_probe_item item = { .struct_size = sizeof(item),
                                      .field = MODEL_FIELD,
                                      .label = MODEL_LABEL,
                                      .value = &value };

  if (!finding->found || !info_decode(&finding->record, &code))
    return;
  model_info_text(&probe->model, id, code, text);
  probe->sink->item(probe->sink, &item);
}

/* Keeps a record of the last answer; copies its mantissa, which the next
 * request overwrites. */
static void
keep_last_record(struct finding *finding, const struct kmp_record *record,
                 int64_t time_ms)
{
  finding->found = 1;
  finding->time_ms = time_ms;
  finding->record = *record;
  finding->record.mantissa = finding->mantissa;
  memcpy(finding->mantissa, record->mantissa, record->nob);
}

/* session_take */
static void
take_probe_answer(void *ctx, const struct kmp_request *request,
                  const struct kmp_answer *answer)
{
  struct probe *probe = ctx;

  probe->answered += request->count;
  if (!answer) {
    probe->silent += request->count;
    return;
  }
  for (size_t i = 0; i < request->count; i++) {
    uint16_t id = request->ids[i];
    const struct kmp_record *record = kmp_answer_find(answer, id);

    if (!record)
      continue;
    model_note_register(&probe->model, id);
    keep_last_record(find_finding(probe, id), record,
                     probe->kmp->session.time_ms);
  }
}

/* ---- Requests ----------------------------------------------------------- */

static int
ask_command(struct probe *probe, uint8_t cid, unsigned attempts,
            struct kmp_answer *ret_answer)
{
  struct kmp_request request = {
    .address = probe->kmp->talk.address,
    .cid = cid,
  };

  return session_ask(&probe->kmp->session, &request, attempts, ret_answer);
}

static int
ask_type(struct probe *probe, unsigned attempts)
{
  struct kmp_answer answer;
  int r = ask_command(probe, KMP_GET_TYPE, attempts, &answer);

  if (r != MP_OK)
    return r;
  probe->model.type = answer.type;
  kmp_probe_type(probe->sink, &answer);
  return MP_OK;
}

static int
ask_serial(struct probe *probe)
{
  struct kmp_answer answer;
  char text[16];
  int r =
    ask_command(probe, KMP_GET_SERIAL, probe->kmp->talk.retries + 1, &answer);

  if (r != MP_OK)
    return r;
  snprintf(text, sizeof(text), "%lu", (unsigned long)answer.serial);
  kmp_probe_fact(probe->sink, "serial number", text);
  return MP_OK;
}

static uint32_t
count_registers(void)
{
  uint32_t n = 0;

  while (kmp_register_at(n))
    n++;
  return n;
}

/* Takes the next registers to request; the common ones are a block of their
 * own.  Returns their number. */
static size_t
next_block(struct probe *probe, uint16_t *ret_ids)
{
  uint32_t first = (uint32_t)ARRAY_SIZE(common);
  size_t n = 0;

  while (n < probe->kmp->session.limit && probe->next < first + probe->total &&
         (n == 0 || probe->next != first)) {
    uint32_t i = probe->next++;
    uint16_t id = i < first ? common[i] : kmp_register_at(i - first)->id;
    struct finding *finding = find_finding(probe, id);

    if (!finding->asked)
      ret_ids[n++] = id;
    finding->asked = true;
  }
  return n;
}

/* Requests the next block.  Returns as session_registers, or MP_END when no
 * registers are left. */
static int
ask_block(struct probe *probe)
{
  struct session *session = &probe->kmp->session;
  uint16_t ids[KMP_REGISTERS_MAX];
  size_t n = next_block(probe, ids);

  if (n == 0)
    return MP_END;
  probe->sink->progress(probe->sink, probe->done, probe->total);
  probe->done += (uint32_t)n;
  return session_registers(session, ids, n, take_probe_answer, probe);
}

/* Requests the rest of the table.  Returns MP_OK; MP_DROP: not all registers
 * were answered; or a reason (reported). */
static int
ask_registers(struct probe *probe)
{
  unsigned failures = 0;

  while (failures < MAX_FAILURES && !probe->kmp->session.gone) {
    int r = ask_block(probe);

    if (r < 0)
      return r;
    if (r == MP_END)
      break;
    failures = r == MP_OK ? 0 : failures + 1;
  }
  probe->sink->progress(probe->sink, probe->done, probe->total);
  return probe->answered == probe->total ? MP_OK : MP_DROP;
}

static int
report_probe(const struct probe *probe)
{
  const struct kmp *kmp = probe->kmp;
  char why[512];
  int reason = session_diagnose(&kmp->session, why, sizeof(why));

  if (probe->answered == 0)
    return mp_fail(kmp->host, reason, kmp->line.device, "%s", why);
  /* The meter may well have registers that are missing from the list. */
  return mp_fail(kmp->host, reason, kmp->line.device,
                 "replies for only %u of %u registers: %s",
                 (unsigned)probe->answered, (unsigned)probe->total, why);
}

static void
report_silence(const struct probe *probe)
{
  const struct kmp *kmp = probe->kmp;

  if (probe->silent > 0)
    mp_log(kmp->host, MP_LOG_NOTICE, kmp->line.device,
           "the meter did not reply to requests for %u of %u registers: it "
           "probably does not have them",
           (unsigned)probe->silent, (unsigned)probe->total);
}

/* Identifies the meter and requests the common registers; these also when it
 * does not answer GetType, as not every meter does.  Returns MP_OK; MP_DROP: it
 * answered nothing; or a reason (reported). */
static int
identify_meter(struct probe *probe)
{
  struct session *session = &probe->kmp->session;
  int type = ask_type(probe, 1);
  int r = type == MP_OK ? ask_serial(probe) : type;

  if (r >= 0)
    r = ask_block(probe);
  if (r >= 0 && session->seen.answers == 0)
    return MP_DROP;
  if (r >= 0 && type == MP_DROP) {
    r = ask_type(probe, probe->kmp->talk.retries);
    if (r >= 0)
      r = ask_serial(probe);
  }
  return r < 0 ? r : MP_OK;
}

static int
ask_all_registers(struct probe *probe)
{
  int r = identify_meter(probe);

  if (r == MP_OK)
    r = ask_registers(probe);
  if (r != MP_DROP)
    return r;
  r = report_probe(probe);
  return probe->kmp->session.seen.answers > 0 ? MP_OK : r;
}

static int
probe_all(struct probe *probe)
{
  int r;

  probe->kmp->session.takes_silence = true;
  probe->total = count_registers();
  probe->findings = calloc(probe->total, sizeof(*probe->findings));
  if (!probe->findings)
    return mp_fail(probe->kmp->host, MP_ENOMEM, NULL, "out of memory");
  r = ask_all_registers(probe);
  probe->model.partial = probe->answered < probe->total;
  if (!probe->model.partial)
    budget_note_model(probe->kmp, &probe->model);
  probe_registers(probe);
  probe_info_text(probe);
  report_silence(probe);
  free(probe->findings);
  return r;
}

/* ---- Watching ----------------------------------------------------------- */

/* Describes the damaged bytes that were received after BEFORE.  Returns BUF, or
 * NULL if there were none. */
static const char *
describe_noise(const struct session_seen *before,
               const struct session_seen *now, char *buf, size_t size)
{
  unsigned crc = now->crc - before->crc;
  size_t noise = now->noise - before->noise;
  int len = 0;

  if (crc > 0)
    len = snprintf(buf, size, "%u CRC error%s%s", crc, crc == 1 ? "" : "s",
                   noise > 0 ? ", " : "");
  if (noise > 0)
    snprintf(buf + len, size - (size_t)len, "%zu noise byte%s", noise,
             noise == 1 ? "" : "s");
  return crc > 0 || noise > 0 ? buf : NULL;
}

static int
watch_once(struct probe *probe)
{
  struct session *session = &probe->kmp->session;
  struct session_seen before = session->seen;
  struct kmp_answer answer;
  char detail[DETAIL_SIZE];
  int r = ask_command(probe, KMP_GET_TYPE, 1, &answer);
  struct mp_value round_trip = { .struct_size = sizeof(round_trip),
                                 .kind = MP_GAUGE,
                                 .number = { port_clock() - session->sent, 0 },
                                 .unit = "ms" };
  struct mp_probe_item attempt = {
    .struct_size = sizeof(attempt),
    .label = session_outcome(&before, &session->seen),
    .value = r == MP_OK ? &round_trip : NULL,
    .remark = describe_noise(&before, &session->seen, detail, sizeof(detail)),
  };

  if (r >= 0)
    probe->sink->item(probe->sink, &attempt);
  session_pause(session, WATCH_PAUSE_MS);
  return r;
}

static int
watch_attempts(struct probe *probe)
{
  struct session *session = &probe->kmp->session;
  int64_t end = port_clock() + WATCH_MS;
  int r = MP_OK;

  session->ends_quietly = true;
  while (r >= 0 && port_clock() < end)
    r = watch_once(probe);
  if (r < 0 && r != MP_ECANCELED && r != MP_ETIMEOUT)
    return r;
  return session->seen.answers > 0 ? MP_OK : report_probe(probe);
}

int
kmp_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink)
{
  struct kmp *kmp = self;
  struct probe probe = { .kmp = kmp, .sink = sink };
  int r = kmp_open_port(kmp, PATIENCE_MS);

  if (r != MP_OK)
    return r;
  kmp->counted = false;
  kmp_begin_capture(kmp);
  r = flags & MP_PROBE_WATCH ? watch_attempts(&probe) : probe_all(&probe);
  recorder_flush(kmp->session.recorder);
  if (kmp->session.seen.answers > 0)
    budget_succeed(kmp);
  kmp_close_port(kmp);
  budget_announce(kmp);
  return r;
}
