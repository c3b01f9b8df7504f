/*
 * A device of Domoticz, as a reply describes it: what it shows and how exactly,
 * and in what form it takes a value.  Pure: no I/O, no host.
 */
#ifndef DOMOTICZ_DEVICE_H
#define DOMOTICZ_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "plugins/domoticz/number.h"
#include "plugins/domoticz/reply.h"

/* How a type shows what it stores. */
enum device_form {
  DEVICE_SIX_DIGITS,  /* Data: six significant digits, then the label */
  DEVICE_MEMBER,      /* the number itself in a member: type->member */
  DEVICE_TEMPERATURE, /* member Temp, two decimals, offset included */
  DEVICE_COUNTER,     /* Data: value / Divider, offset included */
  DEVICE_GAS,         /* Data: value / 1000, three decimals, no label */
  DEVICE_KWH,         /* Data: Wh / 1000, three decimals; Usage: W */
  DEVICE_TEXT,        /* Data: the text as stored */
  DEVICE_OTHER,       /* holds something else than one value */
};

struct device_type {
  const char *type;    /* member Type */
  const char *subtype; /* member SubType; NULL: any */
  enum device_form form;
  const char *label;  /* for people */
  const char *member; /* with DEVICE_MEMBER */
  const char *unfit;  /* why none of them can be written; or NULL */
};

/* What Domoticz takes a counter for, and puts a price on. */
enum device_sold {
  SOLD_AS_NOTHING,
  SOLD_AS_GAS,
  SOLD_AS_WATER,
};

enum device_state {
  DEVICE_SHOWS,   /* value (text: text) */
  DEVICE_EMPTY,   /* nothing was ever set */
  DEVICE_UNFIT,   /* cannot be served: problem */
  DEVICE_GARBLED, /* what it shows makes no sense: problem */
};

struct device {
  const struct device_type *type;
  const char *unfit; /* why it cannot be written, and the remedy; or NULL */
  enum device_state state;
  struct number value;
  int32_t place;      /* of the last place shown, or MP_EXACT */
  struct number step; /* smallest step it can hold; coef 0: any */
  char unit[32];      /* label, in the spelling of units; "": none */
  char *text;         /* of a text device: whole, clean; else NULL */
  bool has_power;     /* of a kWh device */
  struct number power;
  int32_t power_place;
  char updated[32]; /* LastUpdate as it came; "": none */
  uint32_t wait_ms; /* see mp_shown.wait_ms */
  bool hidden, disabled, unused;
  bool custom_counter;
  bool fahrenheit;   /* data is in degrees Fahrenheit, value in Celsius */
  bool managed;      /* a Managed Counter */
  bool logged_today; /* a counter with a row of today in the log */
  enum device_sold sold_as;
  char problem[256];

  /* For people. */
  char name[64];
  char kind[64];
  char data[64];
};

/* Reads the element OBJECT of a reply whose clock shows ACT_TIME (-1: it does
 * not tell).  False: out of memory. */
bool device_parse(const cJSON *object, int64_t act_time, struct device *ret);
void device_clear(struct device *device);

/* Whether what it shows is all that it stores, for numbers of a heat meter. */
bool device_reads_back(const struct device *device);

/* How many ms to wait until the server's time of last update UPDATED differs
 * by two seconds; "2026-11-22 06:07:57" in any time zone. */
uint32_t device_wait_ms(const char *updated, int64_t act_time);

/* Copies text that goes to people: no control characters, valid UTF-8, cut at
 * a character.  TEXT may be NULL. */
void device_copy_text(char *buf, size_t size, const char *text);

#endif
