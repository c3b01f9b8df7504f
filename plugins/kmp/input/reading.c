/*
 * One cycle of the kmp input: reads the wanted registers in as few requests as
 * possible, and with them the meter's serial number if that costs no request.
 */
#include "plugins/kmp/input/reading.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_convert.h"
#include "plugins/kmp/input/ask_model.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/info.h"
#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/input/memory.h"
#include "plugins/kmp/line/block.h"
#include "plugins/kmp/line/diagnose.h"

/* Why a register has no value. */
enum gap { NO_GAP, LEFT_OUT, SILENT };

/* A register that is read in this cycle. */
struct wanted {
  uint16_t id;
  const char *name; /* its field, the host's string; NULL: no field */
  int answered;     /* in a good answer, with a value or left out */
  bool not_asked;   /* the meter was silent to it in earlier runs */
  enum gap gap;
};

struct reading {
  struct kmp *kmp;
  const struct mp_sink *sink;
  struct wanted *wanted;
  size_t count;
  size_t fields;  /* of these, the fields */
  size_t regular; /* of these, all but the serial number */
  struct info info;
  unsigned values; /* emitted */
};

/* ---- Values ------------------------------------------------------------- */

static void
emit_register(struct reading *reading, const char *name,
              const struct kmp_record *record)
{
  const struct mp_host *host = reading->kmp->host;
  const char *device = reading->kmp->line.device;
  const struct kmp_register *reg = kmp_register_find(record->id);
  struct kmp_value space;
  struct mp_value value;
  int error = KMP_OK;
  int r =
    kmp_convert(record, kmp_register_number_kind(reg), &space, &value, &error);

  if (r == MP_DROP) {
    mp_log(host, MP_LOG_INFO, device, "%s has no value yet", name);
    return;
  }
  if (r != MP_OK) {
    mp_fail(host, r, name, "cannot be used: %s", kmp_error_text(error));
    return;
  }
  if (kmp_value_has_unknown_unit(record))
    memory_note_unit(reading->kmp, name, record->unit);
  value.time_ms = reading->kmp->session.time_ms;
  if (reading->sink->emit(reading->sink, name, &value) >= 0)
    reading->values++;
}

/* ---- Requests ----------------------------------------------------------- */

static struct wanted *
find_wanted(struct reading *reading, uint16_t id)
{
  for (size_t i = 0; i < reading->count; i++)
    if (reading->wanted[i].id == id)
      return &reading->wanted[i];
  return NULL;
}

static void
take_silence(struct reading *reading, const struct kmp_request *request)
{
  for (size_t i = 0; i < request->count; i++)
    find_wanted(reading, request->ids[i])->gap = SILENT;
}

/* session_take */
static void
take_reading_answer(void *ctx, const struct kmp_request *request,
                    const struct kmp_answer *answer)
{
  struct reading *reading = ctx;

  if (!answer) {
    take_silence(reading, request);
    return;
  }
  for (size_t i = 0; i < request->count; i++) {
    uint16_t id = request->ids[i];
    const struct kmp_record *record = kmp_answer_find(answer, id);
    struct wanted *wanted = find_wanted(reading, id);

    wanted->answered = 1;
    wanted->gap = record ? NO_GAP : LEFT_OUT;
    if (id == KMP_REGISTER_SERIAL)
      memory_take_serial(reading->kmp, reading->sink, record);
    if (record)
      info_take(&reading->info, record);
    if (record && wanted->name)
      emit_register(reading, wanted->name, record);
  }
}

/* Takes the next registers to request, up to TO, and advances *from.  Returns
 * their number. */
static size_t
next_block(const struct reading *reading, size_t *from, size_t to,
           uint16_t *ret_ids)
{
  size_t n = 0;

  for (; n < reading->kmp->session.limit && *from < to; (*from)++)
    if (!reading->wanted[*from].not_asked)
      ret_ids[n++] = reading->wanted[*from].id;
  return n;
}

/* Requests the wanted registers FROM to TO - 1.  Returns MP_OK, MP_DROP when
 * not all were answered, or a reason (reported). */
static int
ask_for(struct reading *reading, size_t from, size_t to)
{
  struct session *session = &reading->kmp->session;
  uint16_t ids[KMP_REGISTERS_MAX];
  int result = MP_OK;
  size_t n = next_block(reading, &from, to, ids);

  while (n > 0) {
    int r = session_registers(session, ids, n, take_reading_answer, reading);

    if (r < 0)
      return r;
    if (r != MP_OK)
      result = r;
    if (!session_heard(session) || session->gone)
      return result;
    n = next_block(reading, &from, to, ids);
  }
  return result;
}

/* Adds a register to read that is not a field. */
static void
add_wanted(struct reading *reading, uint16_t id)
{
  if (!find_wanted(reading, id))
    reading->wanted[reading->count++].id = id;
}

static void
add_info(struct reading *reading)
{
  uint16_t ids[INFO_REGISTERS];
  size_t n = info_registers(&reading->info, ids);

  for (size_t i = 0; i < n; i++)
    add_wanted(reading, ids[i]);
}

/* Lists the registers to read: the wanted fields, those that the text of the
 * info code needs, then perhaps the serial number.  Returns MP_OK or a reason
 * (reported). */
static int
list_wanted(struct reading *reading)
{
  const struct mp_host *host = reading->kmp->host;
  uint32_t n = 0;

  while (host->field(host, n))
    n++;
  reading->wanted =
    calloc((size_t)n + INFO_REGISTERS + 1, sizeof(*reading->wanted));
  if (!reading->wanted)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  for (uint32_t i = 0; i < n; i++) {
    const char *name = host->field(host, i);
    int32_t id = kmp_register_id(name);

    if (strcmp(name, MODEL_FIELD) == 0) {
      info_begin(&reading->info, reading->kmp, name);
      continue;
    }
    if (id < 0)
      return mp_fail(host, MP_ECONFIG, name, "is not a register");
    reading->wanted[reading->count].id = (uint16_t)id;
    reading->wanted[reading->count++].name = name;
  }
  reading->fields = reading->count;
  add_info(reading);
  reading->regular = reading->count;
  if (n > 0)
    add_wanted(reading, KMP_REGISTER_SERIAL);
  return MP_OK;
}

/* Asks for the meter's type.  Returns MP_OK, also without an answer, or a
 * reason (reported). */
static int
ask_type(struct reading *reading)
{
  struct kmp *kmp = reading->kmp;
  struct kmp_request request = { .address = kmp->talk.address,
                                 .cid = KMP_GET_TYPE };
  struct kmp_answer answer;
  int r = session_ask(&kmp->session, &request, 1, &answer);

  if (r == MP_OK)
    memory_take_type(kmp, reading->sink, &answer);
  if (r == MP_DROP)
    memory_note_no_type(kmp);
  return r == MP_DROP ? MP_OK : r;
}

/* Requests all registers of the cycle.  The serial number is in the last
 * request if that has room; else it has a request of its own when it must be
 * read.  Once for each meter, that request asks for the type instead, and the
 * next run reads the serial number. */
static int
ask_for_all(struct reading *reading)
{
  struct kmp *kmp = reading->kmp;
  bool due = memory_serial_due(kmp);
  bool known_without = !kmp->host->store_get(kmp->host, "serial");
  bool rides = reading->regular % kmp->session.limit != 0;
  size_t first = reading->regular;
  int r;

  /* Do not ask a meter without a serial number for it each time. */
  if (rides && (due || !known_without))
    first = reading->count;
  r = ask_for(reading, 0, first);
  if (r != MP_OK || first == reading->count || !due)
    return r;
  if (!known_without && !reading->info.name && memory_type_due(kmp))
    return ask_type(reading) == MP_ECANCELED ? MP_ECANCELED : MP_OK;
  r = ask_for(reading, first, reading->count);
  if (r == MP_DROP)
    mp_log(kmp->host, MP_LOG_WARNING, kmp->line.device,
           "cannot read the serial number; the next run tries again");
  /* The registers are read: a later failure must not lose them. */
  return r == MP_ECANCELED ? r : MP_OK;
}

/* ---- Missing values ----------------------------------------------------- */

/* Lists the fields with this gap, as far as BUF has room.  Returns the number
 * of such fields. */
static unsigned
name_gaps(const struct reading *reading, enum gap gap, char *buf, size_t size)
{
  unsigned count = 0;
  size_t len = 0;

  buf[0] = '\0';
  for (size_t i = 0; i < reading->fields; i++) {
    const struct wanted *wanted = &reading->wanted[i];
    int n;

    if (wanted->gap != gap)
      continue;
    n = snprintf(buf + len, size - len, "%s%s%s", count > 0 ? ", " : "",
                 wanted->name[0] >= '0' && wanted->name[0] <= '9' ? "register "
                                                                  : "",
                 wanted->name);
    count++;
    if (n > 0 && (size_t)n < size - len)
      len += (size_t)n;
  }
  return count;
}

static int
report_gaps(const struct reading *reading)
{
  const struct kmp *kmp = reading->kmp;
  size_t size = reading->fields * 48 + 1;
  char *names = malloc(size);
  unsigned count;

  if (!names)
    return mp_fail(kmp->host, MP_ENOMEM, NULL, "out of memory");
  count = name_gaps(reading, LEFT_OUT, names, size);
  if (count == reading->fields && count > 1)
    mp_fail(kmp->host, MP_EDATA, kmp->line.device,
            "the meter has none of the requested registers (%s): meterpipe "
            "probe shows those it has",
            names);
  else if (count > 0)
    mp_fail(kmp->host, MP_EDATA, kmp->line.device,
            "the meter left out %s: meterpipe probe shows the registers it has",
            names);
  if (name_gaps(reading, SILENT, names, size) > 0)
    mp_fail(
      kmp->host, MP_EDATA, kmp->line.device,
      "the meter did not reply to a request for %s: meterpipe probe shows "
      "the registers it has",
      names);
  free(names);
  return MP_OK;
}

/* Reports that the meter did not answer everything.  Returns MP_OK when it
 * answered something, so that those values count, else the reason. */
static int
report_failure(const struct reading *reading)
{
  const struct kmp *kmp = reading->kmp;
  char why[512];
  int reason = session_diagnose(&kmp->session, why, sizeof(why));

  mp_fail(kmp->host, reason, kmp->line.device, "%s", why);
  memory_note_failure(kmp);
  return kmp->session.seen.answers > 0 ? MP_OK : reason;
}

static int
finish_reading(struct reading *reading, int r)
{
  const struct kmp *kmp = reading->kmp;

  if (r == MP_DROP)
    r = report_failure(reading);
  else if (r == MP_OK)
    budget_succeed(reading->kmp);
  else if (r < 0 && r != MP_ECANCELED)
    memory_note_failure(kmp);
  if (r != MP_OK)
    return r;
  if (!find_wanted(reading, KMP_REGISTER_SERIAL)->answered)
    memory_assume_serial(kmp, reading->sink);
  return report_gaps(reading);
}

/* Leaves out the registers that the meter was silent to in earlier runs. */
static void
recall_silence(struct reading *reading)
{
  for (size_t i = 0; i < reading->count; i++) {
    struct wanted *wanted = &reading->wanted[i];

    if (memory_is_silent(reading->kmp, wanted->id)) {
      wanted->not_asked = true;
      wanted->gap = SILENT;
    }
  }
}

/* Stores which registers the meter was silent to.  Skips this when some were
 * not requested and no others met with silence: nothing new is known then. */
static void
note_silence(const struct reading *reading)
{
  char ids[256] = "";
  size_t len = 0;
  bool skipped = false;
  bool found = false;

  for (size_t i = 0; i < reading->count; i++) {
    const struct wanted *wanted = &reading->wanted[i];

    skipped |= wanted->not_asked;
    if (wanted->gap != SILENT || len + 1 + KMP_NUMBER_SIZE > sizeof(ids))
      continue;
    found |= !wanted->not_asked;
    len += (size_t)snprintf(ids + len, sizeof(ids) - len, "%s%u",
                            len > 0 ? " " : "", wanted->id);
  }
  if (found || !skipped)
    memory_note_silent(reading->kmp, ids);
}

static int
emit_info(struct reading *reading)
{
  int r = info_emit(&reading->info, reading->sink);

  if (r < 0)
    return r;
  reading->values += (unsigned)r;
  return MP_OK;
}

/* Asks once for the model, which decides how often the meter may be read.
 * Returns MP_OK, also without an answer, or MP_ECANCELED. */
static int
find_model(const struct reading *reading)
{
  struct model model = { .type = 0 };
  int r = ask_model(reading->kmp, reading->sink, &model);

  if (r == MP_DROP)
    budget_note_model(reading->kmp, &model);
  return r == MP_ECANCELED ? r : MP_OK;
}

int
kmp_read(void *self, const struct mp_sink *sink)
{
  struct kmp *kmp = self;
  struct reading reading = { .kmp = kmp, .sink = sink };
  uint8_t limit;
  int r;

  if (!kmp->port)
    return MP_SKIP;
  r = list_wanted(&reading);
  if (r == MP_OK && reading.regular > 0) {
    memory_apply_limit(kmp);
    limit = kmp->session.limit;
    recall_silence(&reading);
    kmp_begin_capture(kmp);
    r = ask_for_all(&reading);
    if (r == MP_OK)
      r = emit_info(&reading);
    if (r == MP_OK && budget_needs_model(kmp))
      r = find_model(&reading);
    if (r == MP_OK)
      memory_tell_model(kmp, sink);
    recorder_flush(kmp->session.recorder);
    memory_note_limit(kmp, limit);
    if (r == MP_OK)
      note_silence(&reading);
    r = finish_reading(&reading, r);
  }
  free(reading.wanted);
  return r;
}

/* Reads the serial number, on the open port. */
static int
identify_on_port(struct kmp *kmp, const struct mp_sink *sink)
{
  struct kmp_request request = {
    .address = kmp->talk.address,
    .cid = KMP_GET_REGISTER,
    .count = 1,
    .ids = { KMP_REGISTER_SERIAL },
  };
  struct kmp_answer answer;
  char why[512];
  int r;

  r = session_ask(&kmp->session, &request, kmp->talk.retries + 1, &answer);
  recorder_flush(kmp->session.recorder);
  if (r == MP_DROP) {
    r = session_diagnose(&kmp->session, why, sizeof(why));
    mp_fail(kmp->host, r, kmp->line.device, "cannot read its serial number: %s",
            why);
  }
  if (r < 0 && r != MP_ECANCELED)
    memory_note_failure(kmp);
  if (r == MP_OK) {
    budget_succeed(kmp);
    memory_take_serial(kmp, sink,
                       kmp_answer_find(&answer, KMP_REGISTER_SERIAL));
  }
  return r;
}

int
kmp_identify(void *self, const struct mp_sink *sink)
{
  struct kmp *kmp = self;
  int r = kmp_open_port(kmp, KMP_UNTIL_THE_DEADLINE);

  if (r == MP_EIO)
    memory_note_failure(kmp);
  if (r != MP_OK)
    return r;
  kmp_resume_capture(kmp);
  r = identify_on_port(kmp, sink);
  kmp_close_port(kmp);
  return r;
}
