/*
 * KMP registers: their names, labels, usual units and kinds; and the field
 * functions that both inputs, kmp and replay, have in common.
 */
#ifndef KMP_REGISTER_H
#define KMP_REGISTER_H

#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

struct kmp_register {
  uint16_t id;
  uint8_t kind;      /* MP_COUNTER, MP_GAUGE or MP_TEXT; a frame may differ;
                        0: not known */
  const char *name;  /* canonical: "heat_energy_e1" */
  const char *label; /* "Heat energy E1" */
  const char *unit;  /* usual ones: "MWh|kWh|GJ|Gcal"; "" not known */
};

/* The eight that every heat meter has (1004: nearly), one request. */
#define KMP_DEFAULT_FIELDS                                                     \
  "heat_energy_e1,volume_v1,power_e1,flow_v1,temperature_t1,"                  \
  "temperature_t2,temperature_diff,operating_hours"

/* The register of this id; NULL: not in the table. */
const struct kmp_register *kmp_register_find(uint16_t id);

/* Register number INDEX from 0, in the order of their ids; NULL past the
 * last. */
const struct kmp_register *kmp_register_at(size_t index);

/* The id that NAME means: a name of the table, a name that an earlier version
 * had, "60" or "0x3c" (any number from 0 to 65535); -1: there is none, or it is
 * the meter's password. */
int32_t kmp_register_id(const char *name);

/* Room for the canonical name of an id without a name ("60123"). */
#define KMP_NUMBER_SIZE 6

/* The canonical name of an id: of the table, else its number, written to
 * BUF. */
const char *kmp_register_name(uint16_t id, char buf[KMP_NUMBER_SIZE]);

/* mp_value.kind of a number read from a register (NULL: it is in no table):
 * MP_COUNTER or MP_GAUGE. */
uint32_t kmp_register_number_kind(const struct kmp_register *reg);

/* mp_input_ops.field and .list_fields */
int kmp_field(const char *name, const struct mp_field_sink *sink);
int kmp_list_fields(const struct mp_field_sink *sink);

#endif
