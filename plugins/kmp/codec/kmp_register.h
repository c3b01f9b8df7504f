/*
 * KMP registers: their names, labels, usual units and kinds; and the field
 * functions that the inputs kmp and replay share.
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

/* The eight registers that every heat meter has (1004: nearly every one); they
 * fit in one request. */
#define KMP_DEFAULT_FIELDS                                                     \
  "heat_energy_e1,volume_v1,power_e1,flow_v1,temperature_t1,"                  \
  "temperature_t2,temperature_diff,operating_hours"

/* Returns the register with this id, or NULL when it is not in the table. */
const struct kmp_register *kmp_register_find(uint16_t id);

/* Returns register number INDEX, counted from 0 in the order of the ids, or
 * NULL past the last one. */
const struct kmp_register *kmp_register_at(size_t index);

/* Returns the id that NAME means: a name in the table, a name from an earlier
 * version, or a number from 0 to 65535 ("60", "0x3c").  Returns -1 when NAME is
 * none of these, or means the register of the meter's password. */
int32_t kmp_register_id(const char *name);

/* Buffer size for kmp_register_name: the number of a register without a name
 * ("60123"). */
#define KMP_NUMBER_SIZE 6

/* Returns the canonical name of an id: from the table, else its number, written
 * to BUF. */
const char *kmp_register_name(uint16_t id, char buf[KMP_NUMBER_SIZE]);

/* Returns the mp_value.kind of a number read from REG: MP_COUNTER or MP_GAUGE.
 * REG is NULL for a register that is not in the table. */
uint32_t kmp_register_number_kind(const struct kmp_register *reg);

/* mp_input_ops.field and .list_fields */
int kmp_field(const char *name, const struct mp_field_sink *sink);
int kmp_list_fields(const struct mp_field_sink *sink);

#endif
