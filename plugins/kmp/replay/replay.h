/*
 * The state of a replay, and what its parts do for each other: replay.c is the
 * plugin, cycle.c finds the cycles, values.c hands the values over,
 * probe.c lists them.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/kmp/codec/kmp_value.h"
#include "plugins/kmp/codec/model.h"
#include "plugins/kmp/replay/damage.h"
#include "plugins/kmp/replay/events.h"
#include "plugins/kmp/replay/names.h"

#define REGISTER_COUNT 65536
#define PLACE_SIZE 512
/* Of the lines that are none of a capture, as many are told without -v. */
#define REPLAY_NONSENSE_TOLD 10
/* What the first of them is told besides. */
#define REPLAY_EXAMPLE                                                         \
  "; a line of a capture is \"< 40 3f 10 ... 0d\", see meterpipe-capture(5)"

struct register_set {
  uint8_t bits[REGISTER_COUNT / 8];
};

struct replay {
  const struct mp_host *host;
  int strict;
  int wants_all;
  struct register_set wanted;
  struct register_set seen; /* in the whole file */
  struct names names;
  uint8_t units_told[256 / 8]; /* unknown unit codes, a bit each */

  int ended;     /* nothing comes any more */
  int stopped;   /* and all that is to be said was said */
  int separated; /* blank lines end cycles: 1, 0, or -1: not known yet */
  int held;      /* event belongs to the cycle that comes */
  enum event event;
  uint32_t cycle;     /* number of the one at hand, from 1 */
  uint32_t *cycle_of; /* the last one in which each register came */
  int begun;          /* it has an event */
  int answered;       /* something did, good or not, in any cycle */
  uint64_t failures;  /* told of the file */
  uint64_t nonsense;  /* lines in it that are none of a capture */
  struct damage_list damage;

  /* The field info_text. */
  int wants_info, info_told;
  struct model model; /* partial */
  int64_t info_code;  /* of this cycle; -1: none */
  uint16_t info_id;   /* its register */
  int64_t info_time;  /* when it came */

  int has_request; /* one that was not answered yet */
  struct kmp_request request;
  char serial[KMP_FORMAT_SIZE]; /* "": not known */
  int serial_told;              /* it was read in this cycle */
  /* The last answer in the old script's log. */
  uint8_t old_answer[KMP_WIRE_MAX];
  size_t old_answer_len;
  struct replay_probe *probe; /* NULL: no probe is at work */
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

static inline int
replay_wants(const struct replay *r, uint16_t id)
{
  return id != KMP_REGISTER_PASSWORD &&
         (r->wants_all || register_set_has(&r->wanted, id));
}

/* The time of the current line; where it has none, that of the run. */
static inline int64_t
replay_time(const struct replay *r)
{
  const struct capture_line *line = &r->events.line;

  return line->has_time ? line->time_ms : r->host->now(r->host);
}

/* The end of a file is MP_END; else what a cycle came to: MP_OK or a reason.
 * What the cycle holds goes to SINK. */
int replay_take_cycle(struct replay *r, const struct mp_sink *sink);

/* Hands over the value of a record, if it is wanted. */
void replay_take_record(struct replay *r, const struct mp_sink *sink,
                        const struct kmp_record *record);

/* Hands over the info code of the cycle in words, if that is wanted. */
void replay_tell_info(struct replay *r, const struct mp_sink *sink);

/* The meter told its serial number; "": it has none. */
void replay_tell_serial(struct replay *r, const struct mp_sink *sink,
                        const char *serial);

/* Tells that OBJECT, of a line, is left out, and why. */
void replay_leave_out(struct replay *r, int code, const char *object,
                      const char *why);

/* mp_input_ops.open, read, close and probe. */
int replay_open(void *self);
int replay_read(void *self, const struct mp_sink *sink);
void replay_close(void *self);
int replay_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink);

/* While a probe is at work, these keep what the capture holds. */
void replay_keep_type(struct replay *r, const struct kmp_answer *answer);
void replay_keep_record(struct replay *r, const struct kmp_record *record);

/* "FILE:LINE", for messages. */
const char *replay_place(const struct replay *r, uint64_t line,
                         char buf[PLACE_SIZE]);

#endif
