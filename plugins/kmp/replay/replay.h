/*
 * The state of the replay input, and the functions that its files share:
 * replay.c is the plugin, cycle.c splits the capture into cycles, values.c
 * emits the values, probe.c lists the registers.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/codec/model.h"
#include "plugins/kmp/replay/damage.h"
#include "plugins/kmp/replay/events.h"

#define REGISTER_COUNT 65536
#define PLACE_SIZE 512
/* Lines that are not of a capture: report this many; -v shows the rest. */
#define REPLAY_NONSENSE_REPORTED 10
/* Appended to the first of these reports. */
#define REPLAY_EXAMPLE                                                         \
  "; a line of a capture is \"< 40 3f 10 ... 0d\", see meterpipe-capture(5)"

struct register_set {
  uint8_t bits[REGISTER_COUNT / 8];
};

/* What a replay knows of a register. */
struct replay_register {
  const char *name;             /* NULL: had no value yet */
  char number[KMP_NUMBER_SIZE]; /* its name when it has no other */
  uint32_t kind;                /* of its numbers; set with its name */
  uint32_t cycle;               /* the last cycle that has it */
};

struct replay {
  const struct mp_host *host;
  bool strict;
  bool wants_all;
  struct register_set wanted;
  struct register_set seen;          /* in the whole file */
  struct replay_register *registers; /* REGISTER_COUNT, by number */
  uint8_t units_reported[256 / 8];   /* unknown units reported, a bit each */

  int ended;     /* no more events */
  int stopped;   /* finished or failed: the next read returns MP_END */
  int separated; /* blank lines end cycles: 1, 0, or -1: not known yet */
  int held;      /* event belongs to the next cycle */
  enum event event;
  uint32_t cycle;    /* number of the current one, from 1 */
  int begun;         /* the current cycle has an event */
  int answered;      /* any cycle has an answer or a damaged frame */
  uint64_t failures; /* reported by replay_leave_out */
  uint64_t nonsense; /* lines that are not of a capture */
  struct damage_list damage;

  /* The field info_text. */
  bool wants_info, info_reported;
  struct model model; /* as far as known (partial) */
  int64_t info_code;  /* info code of this cycle; -1: none, or not wanted */
  uint16_t info_id;   /* its register */
  int64_t info_time;  /* time of its line */

  bool has_request; /* request is set and not answered yet */
  struct kmp_request request;
  struct kmp_answer answer;     /* of the last good frame from the meter */
  char serial[KMP_FORMAT_SIZE]; /* "": not known */
  bool serial_reported;         /* read in this cycle */
  /* The last answer in the old script's log. */
  uint8_t old_answer[KMP_WIRE_MAX];
  size_t old_answer_len;
  struct replay_probe *probe; /* NULL: no probe is running */
  struct events events;
};

static inline int
register_set_has(const struct register_set *set, uint16_t id)
{
  return set->bits[id / 8] >> (id % 8) & 1;
}

static inline void
register_set_add(struct register_set *set, uint16_t id)
{
  set->bits[id / 8] |= (uint8_t)(1u << (id % 8));
}

static inline bool
replay_wants(const struct replay *r, uint16_t id)
{
  return id != KMP_REGISTER_PASSWORD &&
         (r->wants_all || register_set_has(&r->wanted, id));
}

/* Returns the time of the current line in ms; without one, the time at which it
 * was read. */
static inline int64_t
replay_time(const struct replay *r)
{
  const struct capture_line *line = &r->events.line;

  return line->has_time ? line->time_ms : r->events.lines.read_ms;
}

/* Reads one cycle and emits its values to SINK.  Returns MP_OK, MP_END at the
 * end of the capture, or a reason. */
int replay_take_cycle(struct replay *r, const struct mp_sink *sink);

/* Notes the register of a record, and emits its value if that is wanted. */
void replay_take_record(struct replay *r, const struct mp_sink *sink,
                        const struct kmp_record *record);

/* Emits the cycle's info code, which there must be, as text. */
void replay_emit_info(struct replay *r, const struct mp_sink *sink);

/* Keeps SERIAL and passes it to SINK.  "" (the meter has none) is only kept. */
void replay_emit_serial(struct replay *r, const struct mp_sink *sink,
                        const char *serial);

/* Reports that OBJECT (a line, or a register in it) is left out, and WHY. */
void replay_leave_out(struct replay *r, int code, const char *object,
                      const char *why);

/* mp_input_ops.open, read, close and probe. */
int replay_open(void *self);
int replay_read(void *self, const struct mp_sink *sink);
void replay_close(void *self);
int replay_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink);

/* Store the meter's type and the records for a probe.  Without a probe the
 * first does nothing; the second must not be called. */
void replay_keep_type(struct replay *r, const struct kmp_answer *answer);
void replay_keep_record(struct replay *r, const struct kmp_record *record);

/* Writes "FILE:LINE" to BUF, for messages.  Returns BUF. */
const char *replay_place(const struct replay *r, uint64_t line,
                         char buf[PLACE_SIZE]);

#endif
