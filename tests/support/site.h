/*
 * A site: the program, and a meter whose tty is "eye" in its directory.
 *
 *     struct site site = site_new(SITE_HEAT);
 *
 *     site_write(&site, "timeout = 500ms\n");
 *     meter_fault(site.m, "echo");
 *     ck_assert_uint_eq(site_run(&site), 2);
 *     ck_assert_str_eq(scene_out(site.s), SITE_HEAT_SHOWN);
 *     site_free(&site);
 */
#ifndef SUPPORT_SITE_H
#define SUPPORT_SITE_H

#include "plugins/kmp/emulator/meter.h"
#include "tests/support/scene.h"

/* Between two runs. */
#define SITE_INTERVAL 1200

/* What a MULTICAL 402 has of the eight registers that are read by default, and
 * its serial number; and how a site shows them. */
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

/* Two of them. */
#define SITE_TWO "fields = heat_energy_e1, volume_v1\n"
#define SITE_TWO_SHOWN                                                         \
  "meter.heat_energy_e1 84.208 GJ\n"                                           \
  "meter.volume_v1 520.41 m³\n"

struct site {
  struct scene *s;
  struct meter *m;
};

/* A meter with REGISTERS (as meter_set, by blanks). */
struct site site_new(const char *registers);
void site_free(struct site *site);
/* A second meter at the same site, whose tty is "eye2"; ended by meter_stop. */
struct meter *site_add_meter(const struct site *site, const char *registers);
/* Orders FAULTS (as meter_fault, by blanks). */
void site_fault(const struct site *site, const char *faults);
/* The tty NAME in the directory is METER's. */
void site_link(const struct site *site, struct meter *meter, const char *name);

/* "house.ini": shows, in lines, all that [input meter] with OPTIONS reads.  Its
 * device is the eye, unless they name another one. */
void site_write(const struct site *site, const char *options);

/* A run in which nothing fails and nothing is said, and the time to the next;
 * returns how many requests the meter heard in it. */
unsigned site_run(const struct site *site);
/* Waits until METER was asked for the Nth time. */
void site_wait_request(struct meter *meter, unsigned n);

#endif
