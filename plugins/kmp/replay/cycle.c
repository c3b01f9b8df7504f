/*
 * Splits a capture into cycles.
 *
 * A cycle ends at a blank line; in a file without blank lines, at the first
 * register that the cycle has already.  A damaged frame is kept until the cycle
 * ends.  If a good answer to the same request follows, as in a live run that
 * asked again, the damage is logged as a note, else it is a failure.
 */
#include <stdio.h>
#include <string.h>

#include "lib/rare.h"
#include "plugins/kmp/replay/replay.h"

/* Results of taking an event. */
#define TAKEN 0
#define NEXT_CYCLE 1 /* the event ends the cycle */

static bool
has_come(const struct replay *r, uint16_t id)
{
  return r->registers[id].cycle == r->cycle;
}

/* ---- Damaged frames ------------------------------------------------------ */

/* Reports a damaged frame or line.  Of the lines that are not hex, as in a file
 * that is not a capture, only the first REPLAY_NONSENSE_REPORTED are failures.
 */
static void
report_damage(struct replay *r, const struct damage *d)
{
  char at[PLACE_SIZE], text[256];

  replay_place(r, d->line, at);
  r->nonsense += d->reason == capture_error_text(CAPTURE_EHEX);
  if (d->reason != capture_error_text(CAPTURE_EHEX))
    replay_leave_out(r, MP_EDATA, at, d->reason);
  else if (r->nonsense > REPLAY_NONSENSE_REPORTED)
    mp_log(r->host, MP_LOG_INFO, at, "left out: %s", d->reason);
  else {
    snprintf(text, sizeof(text), "%s%s", d->reason,
             r->nonsense == 1 ? REPLAY_EXAMPLE : "");
    replay_leave_out(r, MP_EDATA, at, text);
  }
}

/* Keeps a damaged frame.  If the list is full, reports the oldest frame in it;
 * then returns MP_EDATA if strict is set. */
RARE static int
note_damage(struct replay *r, const char *reason)
{
  const struct kmp_request *request = r->has_request ? &r->request : NULL;
  uint64_t line = r->events.lines.number;
  struct damage first, *d;

  /* The request itself is damaged: the next answer has no known request. */
  if (r->events.to_meter) {
    r->has_request = false;
    request = NULL;
  }
  d = damage_add(&r->damage, line, reason, request);
  if (!d) {
    damage_take(&r->damage, &first);
    report_damage(r, &first);
    if (r->strict)
      return MP_EDATA;
    d = damage_add(&r->damage, line, reason, request);
  }
  for (uint8_t i = 0; request && i < request->count; i++)
    d->repeats |= has_come(r, request->ids[i]);
  return MP_OK;
}

/* Logs the damaged frames that a good answer to the current request makes
 * good. */
RARE static void
make_good(struct replay *r)
{
  char at[PLACE_SIZE];
  struct damage d;

  while (r->has_request && damage_take_made_good(&r->damage, &r->request, &d))
    mp_log(r->host, MP_LOG_INFO, replay_place(r, d.line, at),
           "%s, but the repeated request succeeded", d.reason);
}

/* Reports the damaged frames that were not made good; with strict, returns
 * MP_EDATA at the first.  BY_REPEAT: a repeated register ended the cycle, so
 * frames that may belong to the next cycle are kept. */
RARE static int
end_damage(struct replay *r, bool by_repeat)
{
  struct damage d;

  while (by_repeat ? damage_take_unrepeated(&r->damage, &d)
                   : damage_take(&r->damage, &d)) {
    report_damage(r, &d);
    if (r->strict)
      return MP_EDATA;
  }
  damage_next_cycle(&r->damage);
  return MP_OK;
}

/* ---- Frames -------------------------------------------------------------- */

/* Returns true if the answer equals the one before it in the old script's log:
 * the script asked once for each of its outputs. */
static bool
is_old_repeat(struct replay *r)
{
  const struct events *e = &r->events;

  if (!e->line.old_script)
    return false;
  if (e->wire_len == r->old_answer_len &&
      memcmp(e->wire, r->old_answer, e->wire_len) == 0)
    return true;
  memcpy(r->old_answer, e->wire, e->wire_len);
  r->old_answer_len = e->wire_len;
  return false;
}

/* Returns true if the cycle has a register of the answer already. */
static bool
repeats_register(const struct replay *r)
{
  for (uint8_t i = 0; i < r->answer.count; i++)
    if (has_come(r, r->answer.records[i].id))
      return true;
  return false;
}

/* Returns NEXT_CYCLE if the answer begins a new cycle, TAKEN if not, or a
 * reason when the file cannot be read. */
static int
find_cycle(struct replay *r)
{
  if (r->separated == 1 || !repeats_register(r))
    return TAKEN;
  if (r->separated < 0) {
    int separated = line_reader_separated(&r->events.lines);

    if (separated < 0)
      return separated;
    r->separated = separated;
  }
  return r->separated ? TAKEN : NEXT_CYCLE;
}

RARE static int
take_bad(struct replay *r, const char *reason)
{
  r->begun = r->answered = 1;
  return note_damage(r, reason);
}

static int
take_request(struct replay *r)
{
  int error = kmp_request_decode(&r->events.frame, &r->request);

  r->has_request = error == KMP_OK;
  if (error != KMP_OK)
    return take_bad(r, kmp_error_text(error));
  events_keep_request(&r->events);
  r->begun = 1;
  return TAKEN;
}

/* Takes the last request once more. */
static int
take_repeat(struct replay *r)
{
  r->has_request = true;
  r->begun = 1;
  return TAKEN;
}

RARE static void
report_surplus(struct replay *r)
{
  char at[PLACE_SIZE];

  mp_log(r->host, MP_LOG_WARNING, replay_place(r, r->events.lines.number, at),
         "register %u was not requested; left out",
         (unsigned)r->answer.surplus_id);
}

/* Takes an answer that has no registers. */
RARE static void
take_facts(struct replay *r, const struct mp_sink *sink)
{
  const struct kmp_answer *answer = &r->answer;
  char text[16];

  if (answer->cid == KMP_GET_TYPE) {
    r->model.type = answer->type;
    replay_keep_type(r, answer);
  }
  if (answer->cid == KMP_GET_SERIAL) {
    snprintf(text, sizeof(text), "%lu", (unsigned long)answer->serial);
    if (answer->serial == 0)
      text[0] = '\0';
    replay_emit_serial(r, sink, text);
  }
}

static void
take_replayed_answer(struct replay *r, const struct mp_sink *sink)
{
  const struct kmp_answer *answer = &r->answer;

  r->begun = r->answered = 1;
  r->has_request = false;
  if (answer->surplus > 0)
    report_surplus(r);
  if (answer->cid != KMP_GET_REGISTER)
    take_facts(r, sink);
  for (uint8_t i = 0; i < answer->count; i++)
    replay_take_record(r, sink, &answer->records[i]);
}

/* Returns true if the bytes after the frame show that its stop byte is a
 * damaged byte, so that the frame is only the beginning of a longer one. */
static bool
is_cut(const struct replay *r)
{
  const struct events *e = &r->events;
  const struct kmp_frame *frame = &e->frame;
  const uint8_t *rest = e->line.bytes + e->fed;
  size_t len = e->line.len - e->fed;

  if (len == 0)
    return false;
  if (frame->start == KMP_START_REQUEST)
    return kmp_is_trailing(rest, len);
  return kmp_answer_is_cut(frame, r->has_request ? &r->request : NULL, rest,
                           len);
}

static int
take_frame(struct replay *r, const struct mp_sink *sink)
{
  const struct kmp_frame *frame = &r->events.frame;
  int code;

  if (r->held) { /* checked when it ended the cycle before */
    take_replayed_answer(r, sink);
    return TAKEN;
  }
  if (is_cut(r))
    return take_bad(r, kmp_error_text(KMP_ETRAILING));
  if (frame->start == KMP_START_REQUEST)
    return take_request(r);
  if (r->events.to_meter)
    return take_bad(r, kmp_error_text(KMP_EDIRECTION));
  code =
    kmp_answer_decode(frame, r->has_request ? &r->request : NULL, &r->answer);
  if (code != KMP_OK)
    return take_bad(r, kmp_error_text(code));
  if (r->damage.count > 0)
    make_good(r);
  if (is_old_repeat(r))
    return TAKEN;
  code = find_cycle(r);
  if (code == TAKEN)
    take_replayed_answer(r, sink);
  return code;
}

/* ---- Cycles -------------------------------------------------------------- */

/* Begins to count the cycles again. */
RARE static void
restart_count(struct replay *r)
{
  for (uint32_t id = 0; id < REGISTER_COUNT; id++)
    r->registers[id].cycle = 0;
  r->cycle = 1;
}

static void
begin_replay_cycle(struct replay *r)
{
  r->begun = r->serial_reported = false;
  r->info_code = -1;
  if (++r->cycle == 0)
    restart_count(r);
}

/* Another capture begins, perhaps of another meter: ends the cycle, or forgets
 * the meter and the request. */
RARE static int
take_header(struct replay *r)
{
  if (r->begun)
    return NEXT_CYCLE;
  r->serial[0] = '\0';
  r->model = (struct model){ .partial = true };
  r->has_request = false;
  return TAKEN;
}

/* Takes the current event.  Returns TAKEN, NEXT_CYCLE, MP_END or a reason. */
static int
take_event(struct replay *r, const struct mp_sink *sink)
{
  switch (r->event) {
  case EVENT_BLANK:
    r->separated = 1;
    r->has_request = false;
    return r->begun ? NEXT_CYCLE : TAKEN;
  case EVENT_HEADER:
    return take_header(r);
  case EVENT_FRAME:
    return take_frame(r, sink);
  case EVENT_REPEAT:
    return take_repeat(r);
  case EVENT_BAD:
    return take_bad(r, r->events.reason);
  case EVENT_FAILED:
    return r->events.code;
  default:
    return MP_END;
  }
}

/* Takes events up to the end of the cycle. */
static int
take_events(struct replay *r, const struct mp_sink *sink)
{
  int code;

  do {
    if (!r->held)
      r->event = events_next(&r->events);
    code = take_event(r, sink);
    r->held = code == NEXT_CYCLE && r->event != EVENT_BLANK;
  } while (code == TAKEN);
  return code;
}

int
replay_take_cycle(struct replay *r, const struct mp_sink *sink)
{
  int code;

  begin_replay_cycle(r);
  code = take_events(r, sink);
  if (code < 0 || (code == MP_END && !r->begun))
    return code;
  if (!r->serial_reported && r->serial[0] != '\0')
    sink->serial(sink, r->serial, MP_SERIAL_ASSUMED);
  if (r->info_code >= 0)
    replay_emit_info(r, sink);
  r->ended = code == MP_END;
  if (r->damage.count == 0)
    return MP_OK;
  return end_damage(r, r->held && r->event == EVENT_FRAME);
}
