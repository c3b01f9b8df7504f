/*
 * What Home Assistant must know about a value: its unit, device class, state
 * class and decimals.  Pure.
 */
#ifndef MQTT_SENSOR_CLASS_H
#define MQTT_SENSOR_CLASS_H

#include <meterpipe/plugin.h>

/* NULL: none; the keys in a config are then left out. */
struct sensor_class {
  const char *unit; /* as Home Assistant spells it */
  const char *device_class;
  const char *state_class;
  int32_t decimals; /* -1: not a number */
};

/* The texts of an option override what follows from the value; NULL: not given.
 * "none" as a class: leave it out. */
struct sensor_options {
  const char *unit;
  const char *device_class;
  const char *state_class;
};

/* Describes VALUE, a value of TARGET.  The texts in *RET live as long as those
 * in its other arguments. */
void sensor_class_of(const struct mp_target *target,
                     const struct mp_value *value,
                     const struct sensor_options *options,
                     struct sensor_class *ret);

#endif
