/*
 * A device of Domoticz, parsed from a reply: its displayed value, the precision
 * of that value, and the form in which it takes a new one.  Pure: no I/O, no
 * host.
 */
#ifndef DOMOTICZ_DEVICE_H
#define DOMOTICZ_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/decimal.h"
#include "plugins/domoticz/reply.h"

/* How a type of device displays the value that it stores. */
enum device_form {
  DEVICE_SIX_DIGITS,  /* Data: six significant digits, then the label */
  DEVICE_MEMBER,      /* the number itself in a member: type->member */
  DEVICE_TEMPERATURE, /* member Temp, two decimals, offset included */
  DEVICE_COUNTER,     /* Data: value / Divider, offset included */
  DEVICE_GAS,         /* Data: value / 1000, three decimals, no label */
  DEVICE_KWH,         /* Data: Wh / 1000, three decimals; Usage: W */
  DEVICE_TEXT,        /* Data: the text as stored */
  DEVICE_OTHER,       /* does not hold one single value */
};

struct device_type {
  const char *type;    /* member Type */
  const char *subtype; /* member SubType; NULL: any */
  enum device_form form;
  const char *label;  /* name for messages and lists */
  const char *member; /* name of the member, for DEVICE_MEMBER */
  const char *unfit;  /* why it cannot be written; NULL: it can */
};

/* The commodity that Domoticz takes a counter's values for, and puts a price
 * on. */
enum device_sold {
  SOLD_AS_NOTHING,
  SOLD_AS_GAS,
  SOLD_AS_WATER,
};

enum device_state {
  DEVICE_SHOWS,   /* it displays a value, or a text */
  DEVICE_EMPTY,   /* no value was ever set */
  DEVICE_UNFIT,   /* cannot be used; problem says why */
  DEVICE_GARBLED, /* its displayed value is nonsense; problem says why */
};

struct device {
  const struct device_type *type;
  const char *unfit; /* why it cannot be written, and the remedy; or NULL */
  enum device_state state;
  struct mp_decimal value;
  int32_t place;          /* 10^place: its last displayed digit; or MP_EXACT */
  struct mp_decimal step; /* smallest step it can hold; coef 0: any */
  char unit[32];          /* label as a unit ("W" for "Watt"); "": none */
  char *text;             /* text device: all of it, valid UTF-8; else NULL */
  bool has_power;         /* a kWh device that displays its power */
  struct mp_decimal power;
  int32_t power_place;
  char updated[32]; /* member LastUpdate, unparsed; "": none */
  uint32_t wait_ms; /* see mp_shown.wait_ms */
  bool hidden, disabled, unused;
  bool custom_counter;
  bool fahrenheit;   /* data is in degrees Fahrenheit, value in Celsius */
  bool managed;      /* a Managed Counter */
  bool logged_today; /* a counter that has a row of today in the log */
  enum device_sold sold_as;
  char problem[256];

  /* For messages and lists. */
  char name[64];
  char kind[64];
  char data[64];
};

/* Parses OBJECT, an element of a reply's `result`.  ACT_TIME is the server's
 * clock in Unix seconds; -1: unknown.  The caller frees *RET with device_clear.
 * Returns false if memory ran out. */
bool device_parse(const cJSON *object, int64_t act_time, struct device *ret);
void device_clear(struct device *device);

/* Returns true if the device displays all digits that it stores, for numbers of
 * the size that a heat meter gives. */
bool device_reads_back(const struct device *device);

/* Returns the milliseconds to wait until the server's clock is two seconds past
 * UPDATED, the device's time of last update ("2026-11-22 06:07:57", in any time
 * zone). */
uint32_t device_wait_ms(const char *updated, int64_t act_time);

/* Copies a text that is to be printed: drops control characters, repairs UTF-8,
 * and cuts between characters.  TEXT may be NULL. */
void device_copy_text(char *buf, size_t size, const char *text);

#endif
