/*
 * KMP unit codes.  Kamstrup 5512-447 M1 lists 01-03 08 0C 16 17 25-30 32-34;
 * the others come from programs whose authors saw the whole table.  Some copies
 * of the table print kW for 15, kvar for 19 and C for 26.  Those are wrong: the
 * codes run W, kW, MW, GW, and 26 is the difference of two temperatures.
 */
#include "plugins/kmp/codec/kmp_unit.h"

#include <stddef.h>

#include "lib/array.h"

static const struct kmp_unit units[] = {
  [0x00] = { "", NULL, KMP_LAYOUT_PLAIN, 0 },
  [0x01] = { "Wh", "Wh", KMP_LAYOUT_NUMBER, 0 },
  [0x02] = { "kWh", "kWh", KMP_LAYOUT_NUMBER, 0 },
  [0x03] = { "MWh", "MWh", KMP_LAYOUT_NUMBER, 0 },
  [0x04] = { "GWh", "GWh", KMP_LAYOUT_NUMBER, 0 },
  [0x05] = { "J", "J", KMP_LAYOUT_NUMBER, 0 },
  [0x06] = { "kJ", "kJ", KMP_LAYOUT_NUMBER, 0 },
  [0x07] = { "MJ", "MJ", KMP_LAYOUT_NUMBER, 0 },
  [0x08] = { "GJ", "GJ", KMP_LAYOUT_NUMBER, 0 },
  [0x09] = { "cal", "cal", KMP_LAYOUT_NUMBER, 0 },
  [0x0a] = { "kcal", "kcal", KMP_LAYOUT_NUMBER, 0 },
  [0x0b] = { "Mcal", "Mcal", KMP_LAYOUT_NUMBER, 0 },
  [0x0c] = { "Gcal", "Gcal", KMP_LAYOUT_NUMBER, 0 },
  [0x0d] = { "varh", "varh", KMP_LAYOUT_NUMBER, 0 },
  [0x0e] = { "kvarh", "kvarh", KMP_LAYOUT_NUMBER, 0 },
  [0x0f] = { "Mvarh", "Mvarh", KMP_LAYOUT_NUMBER, 0 },
  [0x10] = { "Gvarh", "Gvarh", KMP_LAYOUT_NUMBER, 0 },
  [0x11] = { "VAh", "VAh", KMP_LAYOUT_NUMBER, 0 },
  [0x12] = { "kVAh", "kVAh", KMP_LAYOUT_NUMBER, 0 },
  [0x13] = { "MVAh", "MVAh", KMP_LAYOUT_NUMBER, 0 },
  [0x14] = { "GVAh", "GVAh", KMP_LAYOUT_NUMBER, 0 },
  [0x15] = { "W", "W", KMP_LAYOUT_NUMBER, 0 },
  [0x16] = { "kW", "kW", KMP_LAYOUT_NUMBER, 0 },
  [0x17] = { "MW", "MW", KMP_LAYOUT_NUMBER, 0 },
  [0x18] = { "GW", "GW", KMP_LAYOUT_NUMBER, 0 },
  [0x19] = { "var", "var", KMP_LAYOUT_NUMBER, 0 },
  [0x1a] = { "kvar", "kvar", KMP_LAYOUT_NUMBER, 0 },
  [0x1b] = { "Mvar", "Mvar", KMP_LAYOUT_NUMBER, 0 },
  [0x1c] = { "Gvar", "Gvar", KMP_LAYOUT_NUMBER, 0 },
  [0x1d] = { "VA", "VA", KMP_LAYOUT_NUMBER, 0 },
  [0x1e] = { "kVA", "kVA", KMP_LAYOUT_NUMBER, 0 },
  [0x1f] = { "MVA", "MVA", KMP_LAYOUT_NUMBER, 0 },
  [0x20] = { "GVA", "GVA", KMP_LAYOUT_NUMBER, 0 },
  [0x21] = { "V", "V", KMP_LAYOUT_NUMBER, 0 },
  [0x22] = { "A", "A", KMP_LAYOUT_NUMBER, 0 },
  [0x23] = { "kV", "kV", KMP_LAYOUT_NUMBER, 0 },
  [0x24] = { "kA", "kA", KMP_LAYOUT_NUMBER, 0 },
  [0x25] = { "C", "C", KMP_LAYOUT_NUMBER, 0 },
  [0x26] = { "K", "K", KMP_LAYOUT_NUMBER, 0 },
  [0x27] = { "l", "l", KMP_LAYOUT_NUMBER, 0 },
  [0x28] = { "m3", "m3", KMP_LAYOUT_NUMBER, 0 },
  [0x29] = { "l/h", "l/h", KMP_LAYOUT_NUMBER, 0 },
  [0x2a] = { "m3/h", "m3/h", KMP_LAYOUT_NUMBER, 0 },
  [0x2b] = { "m3xC", "m3xC", KMP_LAYOUT_NUMBER, 0 },
  [0x2c] = { "ton", "ton", KMP_LAYOUT_NUMBER, 0 },
  [0x2d] = { "ton/h", "ton/h", KMP_LAYOUT_NUMBER, 0 },
  [0x2e] = { "h", "h", KMP_LAYOUT_NUMBER, 0 },
  [0x2f] = { "hh:mm:ss", NULL, KMP_LAYOUT_HMS, 0 },
  [0x30] = { "yy:mm:dd", NULL, KMP_LAYOUT_YMD, 0 },
  [0x31] = { "yyyy:mm:dd", NULL, KMP_LAYOUT_YYYYMD, 0 },
  [0x32] = { "mm:dd", NULL, KMP_LAYOUT_MD, 0 },
  [0x33] = { "number", "number", KMP_LAYOUT_PLAIN, 0 },
  [0x34] = { "bar", "bar", KMP_LAYOUT_NUMBER, 0 },
  [0x35] = { "RTC", NULL, KMP_LAYOUT_RTC, 0 },
  [0x36] = { "ASCII", NULL, KMP_LAYOUT_ASCII, 0 },
  [0x37] = { "m3x10", "m3", KMP_LAYOUT_NUMBER, 1 },
  [0x38] = { "tonx10", "ton", KMP_LAYOUT_NUMBER, 1 },
  [0x39] = { "GJx10", "GJ", KMP_LAYOUT_NUMBER, 1 },
  [0x3a] = { "min", "min", KMP_LAYOUT_NUMBER, 0 },
  [0x3b] = { "bitfield", "bitfield", KMP_LAYOUT_BITS, 0 },
  [0x3c] = { "s", "s", KMP_LAYOUT_NUMBER, 0 },
  [0x3d] = { "ms", "ms", KMP_LAYOUT_NUMBER, 0 },
  [0x3e] = { "days", "days", KMP_LAYOUT_NUMBER, 0 },
  [0x3f] = { "RTC-Q", NULL, KMP_LAYOUT_RTC_Q, 0 },
  [0x40] = { "datetime", NULL, KMP_LAYOUT_HEX, 0 },
  [0x41] = { "imp/l", "imp/l", KMP_LAYOUT_NUMBER, 0 },
  [0x42] = { "l/imp", "l/imp", KMP_LAYOUT_NUMBER, 0 },
  [0x43] = { "Hz", "Hz", KMP_LAYOUT_NUMBER, 0 },
  [0x44] = { "deg", "deg", KMP_LAYOUT_NUMBER, 0 },
  [0x45] = { "%", "%", KMP_LAYOUT_NUMBER, 0 },
  [0x46] = { "USgal", "USgal", KMP_LAYOUT_NUMBER, 0 },
  [0x47] = { "USgal/min", "USgal/min", KMP_LAYOUT_NUMBER, 0 },
  [0x48] = { "KamDateTime", NULL, KMP_LAYOUT_KAM_DATETIME, 0 },
  [0x49] = { "IPv4", NULL, KMP_LAYOUT_IPV4, 0 },
  [0x4a] = { "IPv6", NULL, KMP_LAYOUT_IPV6, 0 },
  [0x4f] = { "datetime-dst", NULL, KMP_LAYOUT_DATETIME, 0 },
  [0x55] = { "%RH", "%RH", KMP_LAYOUT_NUMBER, 0 },
  [0x56] = { "%O2", "%O2", KMP_LAYOUT_NUMBER, 0 },
  [0x57] = { "m/s", "m/s", KMP_LAYOUT_NUMBER, 0 },
  [0x58] = { "kJ/kg", "kJ/kg", KMP_LAYOUT_NUMBER, 0 },
  [0x59] = { "pH", "pH", KMP_LAYOUT_NUMBER, 0 },
  [0x5a] = { "g/kg", "g/kg", KMP_LAYOUT_NUMBER, 0 },
};

#define UNIT_COUNT ARRAY_SIZE(units)

const struct kmp_unit *
kmp_unit_find(uint8_t code)
{
  if (code >= UNIT_COUNT || !units[code].code_symbol)
    return NULL;
  return &units[code];
}
