/*
 * KMP values: converts unit, sign, exponent and mantissa of a record to an
 * exact decimal or a text.
 *
 *     SiEx:  S E X X X X X X     S sign of the value
 *                                E sign of the exponent
 *                                X exponent, 0..63
 *
 *     value = (-1)^S * mantissa * 10^((-1)^E * exponent)
 */
#ifndef KMP_VALUE_H
#define KMP_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/decimal.h"
#include "plugins/kmp/codec/kmp_message.h"

/* Room for "0x", two digits per byte and the NUL. */
#define KMP_TEXT_SIZE (2 + 2 * KMP_MANTISSA_MAX + 1)
/* Buffer size for kmp_value_format: any value, without its unit. */
#define KMP_FORMAT_SIZE 96

enum kmp_form {
  KMP_FORM_NONE,   /* no value: not yet, or never */
  KMP_FORM_NUMBER, /* number, unit */
  KMP_FORM_TEXT    /* text: dates and times as ISO 8601 */
};

struct kmp_value {
  enum kmp_form form;
  struct mp_decimal number; /* with the meter's decimals */
  const char *unit;         /* symbol of units.csv; NULL: none, and for texts */
  int16_t dst;              /* minutes of summer time, as sent; -1: not sent */
  int16_t info;             /* flags, the first byte of a clock; -1: not sent */
  int16_t weekday; /* 1 Monday .. 7 Sunday, of such a clock; -1: not sent */
  char text[KMP_TEXT_SIZE];
};

/* Decodes the value of a record.  Returns KMP_OK (check form: there may be no
 * value), or KMP_ERANGE, KMP_EDATE or KMP_ESIZE for a value that cannot be
 * used, which the caller reports.  A number with an unknown unit code gets no
 * unit: see kmp_value_has_unknown_unit. */
int kmp_value_decode(const struct kmp_record *record, struct kmp_value *ret);

/* True if the record's value is decoded without a unit, because its unit code
 * is unknown. */
bool kmp_value_has_unknown_unit(const struct kmp_record *record);

/* Writes a number plainly ("0.002", "87654321000"), a text unchanged, and ""
 * for no value.  Returns the length, or 0 when SIZE is too small;
 * KMP_FORMAT_SIZE always suffices. */
size_t kmp_value_format(const struct kmp_value *value, char *buf, size_t size);

/* Writes the serial number that a record holds, or "": a meter without a serial
 * number sends 0, and a number in an unknown unit may be something else. */
void kmp_serial_format(const struct kmp_record *record,
                       char buf[KMP_FORMAT_SIZE]);

#define KMP_SIEX_NEGATIVE 0x80
#define KMP_SIEX_NEGATIVE_EXPONENT 0x40
#define KMP_SIEX_EXPONENT 0x3f

/* Returns COEF with the sign and exponent of a record, times 10^SCALE.  Check
 * it with decimal_valid. */
static inline struct mp_decimal
kmp_number(const struct kmp_record *record, int64_t coef, int32_t scale)
{
  int32_t exp10 = record->siex & KMP_SIEX_EXPONENT;

  return (struct mp_decimal){
    .coef = record->siex & KMP_SIEX_NEGATIVE ? -coef : coef,
    .exp10 =
      scale + (record->siex & KMP_SIEX_NEGATIVE_EXPONENT ? -exp10 : exp10),
  };
}

/* The size of nearly all mantissas, and one of this size. */
#define KMP_MANTISSA_USUAL 4
static inline int64_t
kmp_mantissa_usual(const struct kmp_record *record)
{
  const uint8_t *p = record->mantissa;

  return (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                   (uint32_t)p[2] << 8 | p[3]);
}

/* Decodes the mantissa as an unsigned number.  Returns KMP_OK, or KMP_ERANGE
 * beyond INT64_MAX. */
int kmp_mantissa_decode(const struct kmp_record *record, int64_t *ret);

#endif
