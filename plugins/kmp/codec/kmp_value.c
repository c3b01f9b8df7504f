/*
 * KMP values.  Numbers stay exact: an integer and a power of ten, with the
 * meter's decimals.  Dates are checked: an invalid one is refused, and one
 * whose day or month is 0 means that there is no date yet.
 */
#include "plugins/kmp/codec/kmp_value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/civil.h"
#include "lib/rare.h"
#include "lib/rfc3339.h"
#include "plugins/kmp/codec/kmp_unit.h"

/* Size of the flags of a 382, which have no unit and are not a number, whatever
 * their value. */
#define FLAGS_SIZE 16
#define RTC_SIZE 8
#define KAM_DATETIME_SIZE 5
/* The unit code of a plain number. */
#define UNIT_NUMBER 0x33
/* 2000-01-01, in seconds since 1970. */
#define KAM_EPOCH INT64_C(946684800)
#define DATETIME_SIZE 7
#define IPV4_SIZE 4
#define IPV6_SIZE 16
/* Added to two-digit years: KMP meters are from 2006 on. */
#define CENTURY 2000

struct moment {
  int year, month, day, hour, minute, second;
};

__attribute__((format(printf, 2, 3))) static int
set_text(struct kmp_value *value, const char *fmt, ...)
{
  va_list args;
  int n;

  va_start(args, fmt);
  n = vsnprintf(value->text, sizeof(value->text), fmt, args);
  va_end(args);
  if (n < 0 || (size_t)n >= sizeof(value->text))
    return KMP_ESIZE;
  value->form = KMP_FORM_TEXT;
  value->unit = NULL;
  return KMP_OK;
}

static int
set_hex(struct kmp_value *value, const struct kmp_record *record)
{
  static const char digits[] = "0123456789abcdef";
  char *p = value->text;

  *p++ = '0';
  *p++ = 'x';
  for (uint8_t i = 0; i < record->nob; i++) {
    *p++ = digits[record->mantissa[i] >> 4];
    *p++ = digits[record->mantissa[i] & 0xf];
  }
  *p = '\0';
  value->form = KMP_FORM_TEXT;
  value->unit = NULL;
  return KMP_OK;
}

/* Decodes a mantissa of any length. */
RARE static int
decode_any_mantissa(const struct kmp_record *record, int64_t *ret)
{
  int64_t n = 0;

  for (uint8_t i = 0; i < record->nob; i++) {
    if (n > INT64_MAX >> 8)
      return KMP_ERANGE;
    n = n << 8 | record->mantissa[i];
  }
  *ret = n;
  return KMP_OK;
}

int
kmp_mantissa_decode(const struct kmp_record *record, int64_t *ret)
{
  if (record->nob != KMP_MANTISSA_USUAL)
    return decode_any_mantissa(record, ret);
  *ret = kmp_mantissa_usual(record);
  return KMP_OK;
}

static int
decode_number(const struct kmp_record *record, const struct kmp_unit *unit,
              struct kmp_value *value)
{
  int64_t coef;
  int r;

  r = kmp_mantissa_decode(record, &coef);
  if (r != KMP_OK)
    return r;
  value->number = kmp_number(record, coef, unit ? unit->scale : 0);
  value->form = KMP_FORM_NUMBER;
  return decimal_valid(value->number) ? KMP_OK : KMP_ERANGE;
}

/* Decodes a plain number.  Leading zeros do not count, so a mantissa of ten
 * bytes may fit.  A mantissa that does not fit becomes hex if it is longer than
 * eight bytes; so do flags without a unit. */
static int
decode_plain(const struct kmp_record *record, const struct kmp_unit *unit,
             struct kmp_value *value)
{
  int r = KMP_ERANGE;

  if (record->nob < FLAGS_SIZE || (unit && unit->symbol))
    r = decode_number(record, unit, value);
  if (r == KMP_ERANGE && record->nob > sizeof(value->number.coef))
    return set_hex(value, record);
  return r;
}

/* Decodes flags, which have no sign and no exponent.  Flags that are too long
 * for a number (a 382 has 16 bytes) become hex. */
static int
decode_bits(const struct kmp_record *record, struct kmp_value *value)
{
  int r;

  r = kmp_mantissa_decode(record, &value->number.coef);
  if (r != KMP_OK)
    return set_hex(value, record);
  value->form = KMP_FORM_NUMBER;
  return KMP_OK;
}

static bool
is_time(const struct moment *m)
{
  return m->hour >= 0 && m->hour <= 23 && m->minute >= 0 && m->minute <= 59 &&
         m->second >= 0 && m->second <= 59;
}

/* Splits a number of decimal digits, XXYYZZ: high, middle, low.  Divides,
 * because leading zeros are not sent.  Returns KMP_EDATE for numbers beyond
 * MAX. */
static int
split_digits(const struct kmp_record *record, int64_t max, int *high,
             int *middle, int *low)
{
  int64_t n;
  int r;

  /* A date has no sign and no exponent; an exponent of -0 counts as none. */
  if (record->siex & (KMP_SIEX_NEGATIVE | KMP_SIEX_EXPONENT))
    return KMP_EDATE;
  r = kmp_mantissa_decode(record, &n);
  if (r != KMP_OK || n > max)
    return KMP_EDATE;
  *high = (int)(n / 10000);
  *middle = (int)(n / 100 % 100);
  *low = (int)(n % 100);
  return KMP_OK;
}

static int
decode_hms(const struct kmp_record *record, struct kmp_value *value)
{
  struct moment m;
  int r;

  r = split_digits(record, 235959, &m.hour, &m.minute, &m.second);
  if (r != KMP_OK)
    return r;
  if (!is_time(&m))
    return KMP_EDATE;
  return set_text(value, "%02d:%02d:%02d", m.hour, m.minute, m.second);
}

static int
decode_ymd(const struct kmp_record *record, int64_t max, int century,
           struct kmp_value *value)
{
  struct moment m;
  int r;

  r = split_digits(record, max, &m.year, &m.month, &m.day);
  if (r != KMP_OK)
    return r;
  if (m.month == 0 || m.day == 0)
    return KMP_OK;
  m.year += century;
  if (!civil_is_date(m.year, m.month, m.day))
    return KMP_EDATE;
  return set_text(value, "%04d-%02d-%02d", m.year, m.month, m.day);
}

static int
decode_md(const struct kmp_record *record, struct kmp_value *value)
{
  struct moment m;
  int r;

  r = split_digits(record, 1231, &m.year, &m.month, &m.day);
  if (r != KMP_OK)
    return r;
  if (m.month == 0 || m.day == 0)
    return KMP_OK;
  m.year = CENTURY; /* a leap year, so that 02-29 is valid */
  if (!civil_is_date(m.year, m.month, m.day))
    return KMP_EDATE;
  return set_text(value, "%02d-%02d", m.month, m.day);
}

static int
set_moment(struct kmp_value *value, const struct moment *m)
{
  if (m->month == 0 || m->day == 0)
    return KMP_OK;
  if (!civil_is_date(m->year, m->month, m->day) || !is_time(m))
    return KMP_EDATE;
  return set_text(value, "%04d-%02d-%02dT%02d:%02d:%02d", m->year, m->month,
                  m->day, m->hour, m->minute, m->second);
}

/* [info][weekday][ss][mm][hh][DD][MM][YY] */
static int
decode_rtc(const struct kmp_record *record, struct kmp_value *value)
{
  const uint8_t *p = record->mantissa;
  struct moment m;

  if (record->nob != RTC_SIZE)
    return KMP_ESIZE;
  m = (struct moment){ CENTURY + p[7], p[6], p[5], p[4], p[3], p[2] };
  if (p[7] > 99 || p[1] > 7)
    return KMP_EDATE;
  value->info = p[0];
  value->weekday = p[1];
  return set_moment(value, &m);
}

/* [flags][seconds since 2000-01-01 00:00, 4 bytes] */
static int
decode_kam_datetime(const struct kmp_record *record, struct kmp_value *value)
{
  struct kmp_record seconds = *record;
  char text[RFC3339_MS_SIZE];
  int64_t n;

  if (record->nob != KAM_DATETIME_SIZE)
    return set_hex(value, record);
  seconds.mantissa++;
  seconds.nob--;
  if (kmp_mantissa_decode(&seconds, &n) != KMP_OK || n == 0)
    return KMP_OK;
  if (rfc3339_format_ms(text, sizeof(text), (KAM_EPOCH + n) * 1000) == 0)
    return KMP_EDATE;
  value->info = record->mantissa[0];
  return set_text(value, "%.19s", text);
}

/* [DST offset in minutes][YY][MM][DD][hh][mm][ss].  Meters differ in whether
 * the time includes the offset, so both are kept as sent. */
static int
decode_datetime(const struct kmp_record *record, struct kmp_value *value)
{
  const uint8_t *p = record->mantissa;
  char moment[KMP_TEXT_SIZE];
  struct moment m;
  int r;

  if (record->nob != DATETIME_SIZE)
    return KMP_ESIZE;
  m = (struct moment){ CENTURY + p[1], p[2], p[3], p[4], p[5], p[6] };
  if (p[1] > 99)
    return KMP_EDATE;
  value->dst = p[0];
  r = set_moment(value, &m);
  if (r != KMP_OK || value->form == KMP_FORM_NONE || value->dst == 0)
    return r;
  memcpy(moment, value->text, sizeof(moment));
  return set_text(value, "%.19s +%d min DST", moment, value->dst);
}

/* Decodes text, without the blanks and NULs at its end.  Bytes other than
 * printable ASCII make it hex, because their character set is not known. */
static int
decode_ascii(const struct kmp_record *record, struct kmp_value *value)
{
  size_t len = record->nob;

  while (len > 0 && (record->mantissa[len - 1] == '\0' ||
                     record->mantissa[len - 1] == ' '))
    len--;
  if (len == 0)
    return KMP_OK;
  for (size_t i = 0; i < len; i++)
    if (record->mantissa[i] < 0x20 || record->mantissa[i] > 0x7e)
      return set_hex(value, record);
  memcpy(value->text, record->mantissa, len);
  value->text[len] = '\0';
  value->form = KMP_FORM_TEXT;
  return KMP_OK;
}

static int
decode_ip(const struct kmp_record *record, int family, size_t size,
          struct kmp_value *value)
{
  if (record->nob != size)
    return KMP_ESIZE;
  if (!inet_ntop(family, record->mantissa, value->text, sizeof(value->text)))
    return KMP_ESIZE;
  value->form = KMP_FORM_TEXT;
  return KMP_OK;
}

/* Decodes a value that is not just a number. */
RARE static int
decode_layout(const struct kmp_record *record, const struct kmp_unit *unit,
              struct kmp_value *value)
{
  switch (unit->layout) {
  case KMP_LAYOUT_PLAIN:
    return decode_plain(record, unit, value);
  case KMP_LAYOUT_BITS:
    return decode_bits(record, value);
  case KMP_LAYOUT_HMS:
    return decode_hms(record, value);
  case KMP_LAYOUT_YMD:
    return decode_ymd(record, 991231, CENTURY, value);
  case KMP_LAYOUT_YYYYMD:
    return decode_ymd(record, 99991231, 0, value);
  case KMP_LAYOUT_MD:
    return decode_md(record, value);
  case KMP_LAYOUT_RTC:
    return decode_rtc(record, value);
  case KMP_LAYOUT_RTC_Q:
    return record->nob == RTC_SIZE ? decode_rtc(record, value)
                                   : set_hex(value, record);
  case KMP_LAYOUT_KAM_DATETIME:
    return decode_kam_datetime(record, value);
  case KMP_LAYOUT_DATETIME:
    return decode_datetime(record, value);
  case KMP_LAYOUT_ASCII:
    return decode_ascii(record, value);
  case KMP_LAYOUT_IPV4:
    return decode_ip(record, AF_INET, IPV4_SIZE, value);
  case KMP_LAYOUT_IPV6:
    return decode_ip(record, AF_INET6, IPV6_SIZE, value);
  case KMP_LAYOUT_HEX:
    return set_hex(value, record);
  default:
    return decode_number(record, unit, value);
  }
}

int
kmp_value_decode(const struct kmp_record *record, struct kmp_value *ret)
{
  const struct kmp_unit *unit = kmp_unit_find(record->unit);

  ret->form = KMP_FORM_NONE;
  ret->number.coef = 0;
  ret->number.exp10 = 0;
  ret->unit = unit ? unit->symbol : NULL;
  /* KMP 7.2: a MULTICAL 21 sends its hours as a plain number. */
  if (record->id == KMP_REGISTER_HOURS && record->unit == UNIT_NUMBER)
    ret->unit = "h";
  ret->dst = ret->info = ret->weekday = -1;
  ret->text[0] = '\0';
  if (record->nob == 0)
    return KMP_OK;
  if (!unit)
    return decode_plain(record, NULL, ret);
  return unit->layout == KMP_LAYOUT_NUMBER ? decode_number(record, unit, ret)
                                           : decode_layout(record, unit, ret);
}

bool
kmp_value_has_unknown_unit(const struct kmp_record *record)
{
  return record->nob > 0 && !kmp_unit_find(record->unit);
}

/* As many zeros as the largest exponent needs. */
#define ZEROS                                                                  \
  "00000000000000000000000000000000"                                           \
  "00000000000000000000000000000000"

/* Writes the DIGITS of a number with PLACES decimals: 5.50, 0.0, 0.005. */
static int
format_fraction(char *buf, size_t size, const char *sign, const char *digits,
                int places)
{
  int len = (int)strlen(digits);

  if (len > places)
    return snprintf(buf, size, "%s%.*s.%s", sign, len - places, digits,
                    digits + len - places);
  return snprintf(buf, size, "%s0.%.*s%s", sign, places - len, ZEROS, digits);
}

size_t
kmp_value_format(const struct kmp_value *value, char *buf, size_t size)
{
  const char *sign = value->number.coef < 0 ? "-" : "";
  char digits[24];
  uint64_t n;
  int len;

  if (value->form != KMP_FORM_NUMBER) {
    len = snprintf(buf, size, "%s", value->text);
    return len < 0 || (size_t)len >= size ? 0 : (size_t)len;
  }
  n = value->number.coef < 0 ? -(uint64_t)value->number.coef
                             : (uint64_t)value->number.coef;
  len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
  if (len < 0)
    return 0;
  if (value->number.exp10 < 0)
    len = format_fraction(buf, size, sign, digits, -value->number.exp10);
  else if (value->number.exp10 > 0 && n != 0)
    len =
      snprintf(buf, size, "%s%s%.*s", sign, digits, value->number.exp10, ZEROS);
  else
    len = snprintf(buf, size, "%s%s", sign, digits);
  return len < 0 || (size_t)len >= size ? 0 : (size_t)len;
}

void
kmp_serial_format(const struct kmp_record *record, char buf[KMP_FORMAT_SIZE])
{
  struct kmp_value value;

  buf[0] = '\0';
  if (!kmp_value_has_unknown_unit(record) &&
      kmp_value_decode(record, &value) == KMP_OK)
    kmp_value_format(&value, buf, KMP_FORMAT_SIZE);
  if (buf[strspn(buf, "0.")] == '\0')
    buf[0] = '\0';
}
