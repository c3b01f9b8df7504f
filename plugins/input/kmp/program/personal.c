/*
 * Personal registers.
 *
 * Of those that registers.csv calls `id`, all but types, editions and
 * checksums, which many meters have in common; of those of unknown meaning,
 * all. An M-Bus address is, as delivered, made of the last digits of the
 * customer number.
 */
#include "plugins/input/kmp/program/personal.h"

#include <stddef.h>

#include "plugins/input/kmp/kmp_register.h"
#include "plugins/input/kmp/kmp_unit.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* From and to. */
static const uint16_t personal[][2] = {
  { 50, 58 },     /* numbers of a 382, the meter's own and others */
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
  { 1021, 1021 }, { 1029, 1030 }, { 1075, 1075 },
  { 1083, 1084 }, { 1086, 1086 }, { 1092, 1092 },
};

int
personal_register(uint16_t id)
{
  size_t i;

  for (i = 0; i < ARRAY_SIZE(personal); i++)
    if (id >= personal[i][0] && id <= personal[i][1])
      return PERSONAL_ALWAYS;
  return kmp_register_find(id) == NULL ? PERSONAL_PERHAPS : PERSONAL_NEVER;
}

int
personal_value(uint16_t id, uint8_t unit)
{
  const struct kmp_unit *known = kmp_unit_find(unit);

  /* Where a meter is to be found in a network. */
  if (known != NULL &&
      (known->layout == KMP_LAYOUT_IPV4 || known->layout == KMP_LAYOUT_IPV6))
    return 1;
  switch (personal_register(id)) {
  case PERSONAL_NEVER:
    return 0;
  case PERSONAL_ALWAYS:
    return 1;
  default:
    return known == NULL || known->layout == KMP_LAYOUT_PLAIN ||
           known->layout == KMP_LAYOUT_ASCII;
  }
}
