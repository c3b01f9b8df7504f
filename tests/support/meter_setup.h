/*
 * A setup: the program, and a meter whose tty is the link "eye" in the
 * sandbox's directory.
 *
 *     struct meter_setup setup = meter_setup_new(SITE_HEAT);
 *
 *     meter_setup_write(&setup, "timeout = 500ms\n");
 *     meter_fault(setup.m, "echo");
 *     ck_assert_uint_eq(meter_setup_run(&setup), 2);
 *     ck_assert_str_eq(sandbox_out(setup.s), SITE_HEAT_SHOWN);
 *     meter_setup_free(&setup);
 */
#ifndef SUPPORT_METER_SETUP_H
#define SUPPORT_METER_SETUP_H

#include "plugins/kmp/emulator/meter.h"
#include "tests/support/sandbox.h"

/* Seconds between two runs. */
#define METER_SETUP_INTERVAL 1200

/* The eight registers that are read from a MULTICAL 402 by default, with sample
 * values, and its serial number; and the output of the program for them. */
#define METER_SETUP_HEAT                                                       \
  "60=84.208GJ 68=520.41m3 74=267l/h 80=15.5kW 86=76.85C 87=25.26C "           \
  "89=51.59K 1004=7126h 1001=68500001"
#define METER_SETUP_HEAT_SHOWN                                                 \
  "meter.heat_energy_e1 84.208 GJ\n"                                           \
  "meter.volume_v1 520.41 m³\n"                                               \
  "meter.power_e1 15.5 kW\n"                                                   \
  "meter.flow_v1 267 l/h\n"                                                    \
  "meter.temperature_t1 76.85 °C\n"                                           \
  "meter.temperature_t2 25.26 °C\n"                                           \
  "meter.temperature_diff 51.59 K\n"                                           \
  "meter.operating_hours 7126 h\n"

/* Option and output for two of them. */
#define METER_SETUP_TWO "fields = heat_energy_e1, volume_v1\n"
#define METER_SETUP_TWO_SHOWN                                                  \
  "meter.heat_energy_e1 84.208 GJ\n"                                           \
  "meter.volume_v1 520.41 m³\n"

struct meter_setup {
  struct sandbox *s;
  struct meter *m;
};

/* Makes a setup with a meter that has REGISTERS (as for meter_set, separated by
 * blanks). */
struct meter_setup meter_setup_new(const char *registers);
void meter_setup_free(struct meter_setup *setup);
/* Adds a second meter, whose tty is "eye2"; the caller ends it with
 * meter_stop. */
struct meter *meter_setup_add_meter(const struct meter_setup *setup,
                                    const char *registers);
/* Orders FAULTS (as for meter_fault, separated by blanks). */
void meter_setup_fault(const struct meter_setup *setup, const char *faults);
/* Links NAME in the directory to the tty of METER. */
void meter_setup_link(const struct meter_setup *setup, struct meter *meter,
                      const char *name);

/* Writes "house.ini": prints, line by line, all readings of [input meter] with
 * OPTIONS.  The device is "eye" unless OPTIONS names another one. */
void meter_setup_write(const struct meter_setup *setup, const char *options);

/* Does a run, checks that it succeeds and that standard error is empty, and
 * advances the clock to the next run.  Returns the number of requests the meter
 * received in it. */
unsigned meter_setup_run(const struct meter_setup *setup);
/* Waits until METER has received N requests. */
void meter_setup_wait_request(struct meter *meter, unsigned n);

#endif
