/*
 * KMP unit codes: the byte in a register record, and what it stands for.
 */
#ifndef KMP_UNIT_H
#define KMP_UNIT_H

#include <stdint.h>

/* How the mantissa is to be read. */
enum kmp_layout {
  KMP_LAYOUT_NUMBER,
  KMP_LAYOUT_PLAIN,        /* a number; one that does not fit, and flags: hex */
  KMP_LAYOUT_BITS,         /* the same, without sign and exponent */
  KMP_LAYOUT_HMS,          /* hhmmss in decimal digits */
  KMP_LAYOUT_YMD,          /* yymmdd */
  KMP_LAYOUT_YYYYMD,       /* yyyymmdd */
  KMP_LAYOUT_MD,           /* mmdd */
  KMP_LAYOUT_RTC,          /* info weekday ss mm hh DD MM YY, a byte each */
  KMP_LAYOUT_RTC_Q,        /* the same; of another length: hex */
  KMP_LAYOUT_KAM_DATETIME, /* flags, then 32-bit seconds since 2000-01-01 */
  KMP_LAYOUT_DATETIME,     /* DST-offset YY MM DD hh mm ss, a byte each */
  KMP_LAYOUT_ASCII,
  KMP_LAYOUT_IPV4,
  KMP_LAYOUT_IPV6,
  KMP_LAYOUT_HEX /* not published */
};

struct kmp_unit {
  const char *code_symbol; /* of the code, as in units.csv ("GJx10") */
  const char *symbol;      /* of the value; NULL: none */
  uint8_t layout;          /* enum kmp_layout */
  uint8_t scale;           /* the value is to be multiplied by 10^scale */
};

/* What CODE stands for; NULL: not known. */
const struct kmp_unit *kmp_unit_find(uint8_t code);

#endif
