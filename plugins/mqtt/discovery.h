/*
 * Home Assistant's MQTT discovery: the retained messages ("configs") that
 * describe the targets of an output.  No network.
 *
 * An entity is a target, or the time of the last reading of a device.  A device
 * is a meter; values of several meters, or of none, belong to a device of the
 * pipeline.  All ids survive an exchange of the meter.
 *
 * These functions are for callbacks between open and close.  They return MP_OK,
 * or MP_ENOMEM, which they do not report.
 */
#ifndef MQTT_DISCOVERY_H
#define MQTT_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

/* In the order of the option's `allowed`: a config for each entity, one for
 * each device, or none. */
enum discovery_mode { DISCOVERY_SINGLE, DISCOVERY_DEVICE, DISCOVERY_OFF };

struct discovery {
  const struct mp_host *host;
  enum discovery_mode mode;
  const char *prefix;              /* "homeassistant" */
  const char *const *state_topics; /* of each target, by number */
  bool plain;                      /* a state is the value alone, not JSON */
  int64_t expire_ms;               /* lifetime of a state; 0: no limit */
  /* Returns the last known value of a target; NULL: there is none. */
  const struct mp_value *(*value_of)(void *ctx, uint32_t target);
  void *ctx;
};

/* Both texts are from malloc. */
struct discovery_config {
  char *topic;
  char *text;
};

/* Checks that no two entities have the same id.  Also MP_ECONFIG: reported.
 * Does not use value_of and state_topics. */
int discovery_check(const struct discovery *d);

/* Calls FN with the topic of each config that this pipeline file leads to, even
 * if there is no value yet.  Stops if FN does not return MP_OK, and returns its
 * result.  Does not use value_of and state_topics. */
int discovery_topics(const struct discovery *d,
                     int (*fn)(void *ctx, const char *topic), void *ctx);

/* Makes the configs of all targets that have a last known value. */
int discovery_make(const struct discovery *d, struct discovery_config **ret,
                   size_t *ret_n);
void discovery_free(struct discovery_config *configs, size_t n);

/*
 * Home Assistant keeps an entity that a later config of its device omits.  If
 * NEW lacks entities of OLD, the retained text of the same topic, makes a text
 * that removes them; publish it before NEW.  *RET is from malloc; NULL: nothing
 * must be removed.
 */
int discovery_removal(const char *old, const char *new, char **ret);

#endif
