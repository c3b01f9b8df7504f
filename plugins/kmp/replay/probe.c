/*
 * Probes a capture: reports the meter's type and serial number, and the last
 * value of every register.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>
#include <string.h>

#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_convert.h"
#include "plugins/kmp/replay/replay.h"

struct found {
  struct kmp_record record; /* its mantissa is the array below */
  uint8_t mantissa[KMP_MANTISSA_MAX];
  int64_t time_ms;
};

struct replay_probe {
  bool has_type;
  struct kmp_answer type;
  int failed;           /* out of memory */
  struct found **found; /* by register */
};

/* ---- Storing ------------------------------------------------------------- */

void
replay_keep_type(struct replay *r, const struct kmp_answer *answer)
{
  if (!r->probe)
    return;
  r->probe->has_type = true;
  r->probe->type = *answer;
}

void
replay_keep_record(struct replay *r, const struct kmp_record *record)
{
  struct found **found = &r->probe->found[record->id];

  if (!*found)
    *found = calloc(1, sizeof(**found));
  if (!*found) {
    r->probe->failed = 1;
    return;
  }
  (*found)->record = *record;
  memcpy((*found)->mantissa, record->mantissa, record->nob);
  (*found)->record.mantissa = (*found)->mantissa;
  (*found)->time_ms = replay_time(r);
}

/* ---- Reporting ----------------------------------------------------------- */

static void
probe_facts(const struct replay *r, const struct mp_probe_sink *sink)
{
  if (r->probe->has_type)
    kmp_probe_type(sink, &r->probe->type);
  kmp_probe_fact(sink, "serial number", r->serial);
}

static void
probe_register(const struct replay *r, const struct mp_probe_sink *sink,
               const struct found *found)
{
  kmp_probe_register(r->host, sink, &r->model, &found->record, found->time_ms);
}

/* Reports registers in the order of the table, then those without a name. */
static void
probe_registers(const struct replay *r, const struct mp_probe_sink *sink)
{
  struct found **found = r->probe->found;
  const struct kmp_register *reg;

  for (uint32_t i = 0; (reg = kmp_register_at(i)); i++)
    if (found[reg->id])
      probe_register(r, sink, found[reg->id]);
  for (uint32_t i = 0; i < REGISTER_COUNT; i++)
    if (found[i] && !kmp_register_find((uint16_t)i))
      probe_register(r, sink, found[i]);
}

/* ---- The probe ----------------------------------------------------------- */

/* The probe discards values: replay_keep_record has stored the records. */
static int
drop_value(const struct mp_sink *sink, const char *field,
           const struct mp_value *value)
{
  (void)sink;
  (void)field;
  (void)value;
  return MP_OK;
}

static int
drop_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  (void)sink;
  (void)serial;
  (void)how;
  return MP_OK;
}

static int
read_whole_capture(struct replay *r)
{
  const struct mp_sink nowhere = { .struct_size = sizeof(nowhere),
                                   .emit = drop_value,
                                   .serial = drop_serial };
  int code;

  r->wants_all = true;
  do
    code = replay_read(r, &nowhere);
  while (code == MP_OK);
  return code == MP_END ? MP_OK : code;
}

static void
free_found(struct found **found)
{
  for (uint32_t i = 0; found && i < REGISTER_COUNT; i++)
    free(found[i]);
  free(found);
}

int
replay_probe(void *self, uint32_t flags, const struct mp_probe_sink *sink)
{
  struct replay_probe probe = { .found = NULL };
  struct replay *r = self;
  int code;

  if (flags & MP_PROBE_WATCH)
    return mp_fail(r->host, MP_ECONFIG, NULL,
                   "a capture does not change: leave out --watch");
  code = replay_open(r);
  if (code != MP_OK)
    return code;
  probe.found = calloc(REGISTER_COUNT, sizeof(*probe.found));
  r->probe = &probe;
  if (probe.found)
    code = read_whole_capture(r);
  if (!probe.found || probe.failed)
    code = mp_fail(r->host, MP_ENOMEM, NULL, "out of memory");
  else {
    probe_facts(r, sink);
    probe_registers(r, sink);
  }
  free_found(probe.found);
  r->probe = NULL;
  replay_close(r);
  return code;
}
