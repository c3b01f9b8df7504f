/*
 * Making one device on a hardware, request by request.
 */
#ifndef DOMOTICZ_SENSOR_H
#define DOMOTICZ_SENSOR_H

#include "plugins/domoticz/domoticz.h"

/* The longest label of a unit. */
#define SENSOR_UNIT_MAX 30

/* A type that can be made. */
struct recipe {
  const char *type;   /* as the user writes it; PREFIX- is followed by a unit */
  const char *label;  /* for people */
  const char *kind;   /* of the new device: device.kind */
  unsigned mapped;    /* sensormappedtype of createdevice: type, subtype */
  int sensor;         /* sensortype of createvirtualsensor */
  const char *adjust; /* setused, after the sensor was made; NULL: nothing */
};

/* What is to be made. */
struct sensor {
  const struct recipe *recipe;
  const char *label;
  const char *unit; /* NULL: the type has its own */
};

/* Makes SENSOR on HARDWARE, and sets it up; its idx comes into IDX.  MP_OK, or
 * a reason, which is reported. */
int sensor_make(struct domoticz *d, const struct sensor *sensor,
                const char *hardware, char idx[IDX_DIGITS + 1]);

#endif
