/*
 * Personal registers.
 *
 * They are those that registers.csv calls `id`, except types, editions and
 * checksums, which many meters share.  The M-Bus address of a new meter is made
 * of the last digits of the customer number.
 */
#include "plugins/kmp/program/personal_registers.h"

#include <stddef.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/codec/kmp_unit.h"

/* First and last register of each range. */
static const uint16_t personal[][2] = {
  { 51, 53 },     /* meter_number to meter_number_3 */
  { 57, 57 },     /* special_data_1 */
  { 104, 104 },   /* meter_no_vb */
  { 112, 112 },   /* customer_no_high */
  { 114, 114 },   /* meter_no_va */
  { 157, 158 },   /* top_module_id, base_module_id */
  { 171, 172 },   /* base_module_id_2, ext_module_id */
  { 183, 185 },   /* the serial number on a 603; M-Bus addresses */
  { 218, 221 },   /* M-Bus addresses */
  { 279, 279 },   /* din_meter_id */
  { 347, 347 },   /* customer_no */
  { 1001, 1001 }, /* serial_no */
  { 1010, 1010 }, /* customer_no_low */
  { 1021, 1021 }, /* special_data_2 */
  { 1030, 1030 }, /* internal_number */
  { 1092, 1092 }, /* meaning not known */
  { 1180, 1180 }, /* the password */
  { 1243, 1243 }, /* module_identity */
  { 6247, 6247 }, /* identification_number */
};

int
personal_register(uint16_t id)
{
  const struct kmp_register *reg;

  for (size_t i = 0; i < ARRAY_SIZE(personal); i++)
    if (id >= personal[i][0] && id <= personal[i][1])
      return PERSONAL_ALWAYS;
  reg = kmp_register_find(id);
  return !reg || reg->kind == 0 ? PERSONAL_PERHAPS : PERSONAL_NEVER;
}

bool
personal_value(uint16_t id, uint8_t unit)
{
  const struct kmp_unit *known = kmp_unit_find(unit);

  /* A network address locates the meter. */
  if (known &&
      (known->layout == KMP_LAYOUT_IPV4 || known->layout == KMP_LAYOUT_IPV6))
    return true;
  switch (personal_register(id)) {
  case PERSONAL_NEVER:
    return false;
  case PERSONAL_ALWAYS:
    return true;
  default:
    return !known || known->layout == KMP_LAYOUT_PLAIN ||
           known->layout == KMP_LAYOUT_ASCII;
  }
}
