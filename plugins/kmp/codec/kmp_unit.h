/*
 * KMP unit codes: the unit byte of a register record, with the unit and the
 * layout of the mantissa that it means.
 */
#ifndef KMP_UNIT_H
#define KMP_UNIT_H

#include <stddef.h>
#include <stdint.h>

/* Layouts of the mantissa. */
enum kmp_layout {
  KMP_LAYOUT_NUMBER,
  KMP_LAYOUT_PLAIN,        /* a number; flags or a too large number: hex */
  KMP_LAYOUT_BITS,         /* like PLAIN, without sign and exponent */
  KMP_LAYOUT_HMS,          /* hhmmss in decimal digits */
  KMP_LAYOUT_YMD,          /* yymmdd */
  KMP_LAYOUT_YYYYMD,       /* yyyymmdd */
  KMP_LAYOUT_MD,           /* mmdd */
  KMP_LAYOUT_RTC,          /* info weekday ss mm hh DD MM YY, a byte each */
  KMP_LAYOUT_RTC_Q,        /* like RTC; hex if the length differs */
  KMP_LAYOUT_KAM_DATETIME, /* flags, then 32-bit seconds since 2000-01-01 */
  KMP_LAYOUT_DATETIME,     /* DST-offset YY MM DD hh mm ss, a byte each */
  KMP_LAYOUT_ASCII,
  KMP_LAYOUT_IPV4,
  KMP_LAYOUT_IPV6,
  KMP_LAYOUT_HEX /* layout not published: shown as hex */
};

struct kmp_unit {
  const char *code_symbol; /* of the code, as in units.csv ("GJx10") */
  const char *symbol;      /* of the value; NULL: none */
  uint8_t layout;          /* enum kmp_layout */
  uint8_t scale;           /* multiply the value by 10^scale */
};

/* By their codes; those that are not known have no code_symbol. */
#define KMP_UNIT_COUNT 0x5b
extern const struct kmp_unit kmp_units[KMP_UNIT_COUNT];

/* Returns the unit of CODE, or NULL when CODE is unknown. */
static inline const struct kmp_unit *
kmp_unit_find(uint8_t code)
{
  return code < KMP_UNIT_COUNT && kmp_units[code].code_symbol ? &kmp_units[code]
                                                              : NULL;
}

#endif
