/*
 * What Home Assistant must know about a value: its unit, device class, state
 * class and decimals.
 */
#ifndef MQTT_SENSOR_CLASS_H
#define MQTT_SENSOR_CLASS_H

#include <meterpipe/plugin.h>

/* NULL: none; the config then leaves the key out. */
struct sensor_class {
  const char *unit; /* as Home Assistant spells it */
  const char *device_class;
  const char *state_class;
  int64_t decimals; /* -1: not a number */
};

/* Describes VALUE, a value of target NUMBER, by its unit and kind, unless the
 * target options unit, device_class, state_class and precision say otherwise.
 * The texts live as long as those of VALUE and of the options. */
void sensor_class_of(const struct mp_host *host, uint32_t number,
                     const struct mp_value *value, struct sensor_class *ret);

/* Returns target option KEY of a target; DEF if it is not given, and NULL if it
 * is "none". */
const char *sensor_class_option(const struct mp_host *host, uint32_t number,
                                const char *key, const char *def);

#endif
