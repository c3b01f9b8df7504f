/*
 * Creates one device on a hardware, request by request.
 */
#ifndef DOMOTICZ_SENSOR_H
#define DOMOTICZ_SENSOR_H

#include "plugins/domoticz/domoticz.h"

/* The longest label of a unit, in bytes. */
#define SENSOR_UNIT_MAX 30

/* A type of device that can be created. */
struct recipe {
  const char *type;   /* as the user writes it; PREFIX- is followed by a unit */
  const char *label;  /* for messages */
  const char *kind;   /* device.kind of the new device */
  unsigned mapped;    /* sensormappedtype of createdevice: type, subtype */
  int sensor;         /* sensortype of createvirtualsensor */
  const char *adjust; /* arguments of setused for it; NULL: none */
  const char *unit; /* that it always displays; NULL: that of struct sensor, or
                       none */
};

/* The device to create. */
struct sensor {
  const struct recipe *recipe;
  const char *label;
  const char *unit; /* NULL: the type has a fixed unit */
};

/* Creates SENSOR on HARDWARE, sets it up, and writes its idx to IDX.  MP_OK, or
 * a reason, which is reported. */
int sensor_make(struct domoticz *d, const struct sensor *sensor,
                const char *hardware, char idx[IDX_DIGITS + 1]);

#endif
