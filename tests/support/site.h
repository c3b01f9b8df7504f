/*
 * A site: the program, and a meter whose tty is the link "eye" in the sandbox's
 * directory.
 *
 *     struct site site = site_new(SITE_HEAT);
 *
 *     site_write(&site, "timeout = 500ms\n");
 *     meter_fault(site.m, "echo");
 *     ck_assert_uint_eq(site_run(&site), 2);
 *     ck_assert_str_eq(sandbox_out(site.s), SITE_HEAT_SHOWN);
 *     site_free(&site);
 */
#ifndef SUPPORT_SITE_H
#define SUPPORT_SITE_H

#include "plugins/kmp/emulator/meter.h"
#include "tests/support/sandbox.h"

/* Seconds between two runs. */
#define SITE_INTERVAL 1200

/* The eight registers that are read from a MULTICAL 402 by default, with sample
 * values, and its serial number; and the output of the program for them. */
#define SITE_HEAT                                                              \
  "60=84.208GJ 68=520.41m3 74=267l/h 80=15.5kW 86=76.85C 87=25.26C "           \
  "89=51.59K 1004=7126h 1001=68500001"
#define SITE_HEAT_SHOWN                                                        \
  "meter.heat_energy_e1 84.208 GJ\n"                                           \
  "meter.volume_v1 520.41 m³\n"                                               \
  "meter.power_e1 15.5 kW\n"                                                   \
  "meter.flow_v1 267 l/h\n"                                                    \
  "meter.temperature_t1 76.85 °C\n"                                           \
  "meter.temperature_t2 25.26 °C\n"                                           \
  "meter.temperature_diff 51.59 K\n"                                           \
  "meter.operating_hours 7126 h\n"

/* Option and output for two of them. */
#define SITE_TWO "fields = heat_energy_e1, volume_v1\n"
#define SITE_TWO_SHOWN                                                         \
  "meter.heat_energy_e1 84.208 GJ\n"                                           \
  "meter.volume_v1 520.41 m³\n"

struct site {
  struct sandbox *s;
  struct meter *m;
};

/* Makes a site with a meter that has REGISTERS (as for meter_set, separated by
 * blanks). */
struct site site_new(const char *registers);
void site_free(struct site *site);
/* Adds a second meter, whose tty is "eye2"; the caller ends it with
 * meter_stop. */
struct meter *site_add_meter(const struct site *site, const char *registers);
/* Orders FAULTS (as for meter_fault, separated by blanks). */
void site_fault(const struct site *site, const char *faults);
/* Links NAME in the directory to the tty of METER. */
void site_link(const struct site *site, struct meter *meter, const char *name);

/* Writes "house.ini": prints, line by line, all readings of [input meter] with
 * OPTIONS.  The device is "eye" unless OPTIONS names another one. */
void site_write(const struct site *site, const char *options);

/* Does a run, checks that it succeeds and that standard error is empty, and
 * advances the clock to the next run.  Returns the number of requests the meter
 * received in it. */
unsigned site_run(const struct site *site);
/* Waits until METER has received N requests. */
void site_wait_request(struct meter *meter, unsigned n);

#endif
