/*
 * A setup: a meter, a real broker behind a proxy that observes the packets, and
 * the program that runs every 20 minutes with the pipeline of the manual: the
 * reading, the usage and the running total.
 *
 *     struct mqtt_setup h;
 *
 *     mqtt_setup_build(&h, "persistence true\n");
 *     mqtt_setup_write(&h, "discovery = off\n");
 *     mqtt_setup_cycle(&h, "84", EX_OK, "");
 *     mqtt_setup_cycle(&h, "84.5", EX_OK, "");
 *     ck_assert_str_eq(mqtt_setup_number(&h, "total"), "0.5");
 *     mqtt_setup_check_account(&h, "0.5");
 *     mqtt_setup_leave(&h);
 */
#ifndef SUPPORT_MQTT_SETUP_H
#define SUPPORT_MQTT_SETUP_H

#include "plugins/kmp/emulator/meter.h"
#include "tests/faults/proxy.h"
#include "tests/support/broker.h"
#include "tests/support/mqtt_watch.h"
#include "tests/support/sandbox.h"

/* Seconds between two runs. */
#define MQTT_SETUP_INTERVAL 1200

#define MQTT_SETUP_SERIAL "68500001"
/* The topic of the pipeline file house.ini. */
#define MQTT_SETUP_TOPIC "meterpipe/house"
/* The input, the transforms of the manual, and the targets of [output bus]. */
#define MQTT_SETUP_INPUT                                                       \
  "[input meter]\nplugin = kmp\ndevice = eye\nfields = heat_energy_e1\n"
#define MQTT_SETUP_TRANSFORMS                                                  \
  "[transform usage]\nplugin = subtract\nvalue = meter.heat_energy_e1\n"       \
  "minus = bus.energy\n"                                                       \
  "[transform total]\nplugin = add\nvalue = usage\nplus = bus.total\n"
#define MQTT_SETUP_TARGETS                                                     \
  "sensor.energy = meter.heat_energy_e1\nsensor.usage = usage\n"               \
  "sensor.total = total\n"

struct mqtt_setup {
  struct sandbox *s;
  struct meter *m;
  struct broker *broker;
  struct proxy *proxy;
  struct mqtt_watch *watch;
};

/* LINES: as for broker_start. */
void mqtt_setup_build(struct mqtt_setup *h, const char *lines);
void mqtt_setup_leave(struct mqtt_setup *h);

/* Writes "house.ini": the input, the transforms, and [output bus], which
 * reaches the broker through the proxy, with OPTIONS and the targets. */
void mqtt_setup_write(struct mqtt_setup *h, const char *options);
/* Returns the URL of the broker through the proxy; valid until the next call.
 */
const char *mqtt_setup_url(const struct mqtt_setup *h);

/* Does the next run: advances the clock, sets the meter to READING GJ (NULL:
 * unchanged), and runs "run -c house.ini". */
void mqtt_setup_run(struct mqtt_setup *h, const char *reading);
/* Checks the exit status and the whole standard error of the last run; {url} in
 * ERR is the URL of the broker. */
void mqtt_setup_check(struct mqtt_setup *h, int status, const char *err);
/* Both. */
void mqtt_setup_cycle(struct mqtt_setup *h, const char *reading, int status,
                      const char *err);

/* Returns the retained states below TOPIC as sorted lines "NAME PAYLOAD", with
 * "ID" in place of each id and "TIME" in place of each time; valid until the
 * next call. */
const char *mqtt_setup_states(struct mqtt_setup *h);
/* Returns the retained number of target NAME, "": there is none; valid until
 * the next call. */
const char *mqtt_setup_number(struct mqtt_setup *h, const char *name);

/*
 * Compares the broker with the account of the messages since the last
 * mqtt_watch_forget.  The displayed total must be TOTAL.  The amounts that the
 * broker acknowledged or displayed, each id counted once, must add up to SUM
 * (NULL: any).  No two values of a topic may have the same id.  Returns NULL,
 * or an error message, valid until the next call.
 */
const char *mqtt_setup_account(struct mqtt_setup *h, const char *total,
                               const char *sum);

#endif
