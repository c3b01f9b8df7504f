/*
 * A setup: a meter, a Domoticz server with devices, and the program that runs
 * every 20 minutes; the clocks of program and server advance together.
 *
 *     struct domoticz_setup h;
 *
 *     domoticz_setup_build(&h, DOMOTICZ_2025_1);
 *     domoticz_server_add(h.server, 323, "custom", "GJ");
 *     sandbox_write(h.sandbox, "house.ini", ..., meter_path(h.meter), ...);
 *     domoticz_setup_run(&h, "84.208GJ");
 *     domoticz_setup_check(&h, 0, "");
 *     domoticz_setup_leave(&h);
 */
#ifndef SUPPORT_DOMOTICZ_SETUP_H
#define SUPPORT_DOMOTICZ_SETUP_H

#include "tests/support/domoticz_server.h"
#include "plugins/kmp/emulator/meter.h"
#include "tests/support/sandbox.h"

/* Seconds between two runs. */
#define DOMOTICZ_SETUP_INTERVAL 1200

/* The targets and the transforms for the devices of domoticz_setup_build_heat.
 */
#define DOMOTICZ_SETUP_TARGETS                                                 \
  "idx.322 = usage\nidx.323 = meter.heat_energy_e1\nidx.324 = total\n"
#define DOMOTICZ_SETUP_USAGE                                                   \
  "[transform usage]\nplugin = subtract\nvalue = meter.heat_energy_e1\n"       \
  "minus = domoticz.323\n"
#define DOMOTICZ_SETUP_TOTAL                                                   \
  "[transform total]\nplugin = add\nvalue = usage\nplus = domoticz.324\n"

struct domoticz_setup {
  struct sandbox *sandbox;
  struct meter *meter;
  struct domoticz_server *server;
};

/* Builds a setup whose meter has a serial number but no registers, and whose
 * server has no devices. */
void domoticz_setup_build(struct domoticz_setup *h,
                          enum domoticz_version version);
/* The same with the devices of a heat meter, in GJ: 322 for the usage, 323 for
 * the reading (84), 324 for the total (1). */
void domoticz_setup_build_heat(struct domoticz_setup *h);
void domoticz_setup_leave(struct domoticz_setup *h);

/* Advances the clocks of the program and of the server. */
void domoticz_setup_wait(struct domoticz_setup *h, int64_t seconds);

/* Writes the pipeline file "house.ini" in its usual form: [input meter] with
 * OPTIONS ("timeout = 1s\n"), [output domoticz] with TARGETS ("idx.1 = x\n"),
 * then the sections MORE. */
void domoticz_setup_write(struct domoticz_setup *h, const char *options,
                          const char *targets, const char *more);

/* Does the next run: waits HOUSE_INTERVAL, sets the heat meter to READING
 * (NULL: unchanged), and runs "run -c house.ini". */
void domoticz_setup_run(struct domoticz_setup *h, const char *reading);

/* Replaces placeholders in TEXT: {url} of the server, {tty} of the meter, {dir}
 * of the sandbox.  The result lives until the next call. */
const char *domoticz_setup_text(struct domoticz_setup *h, const char *text);

/* Checks the exit status and the whole standard error of the last run; ERR may
 * contain placeholders (domoticz_setup_text). */
void domoticz_setup_check(struct domoticz_setup *h, int status,
                          const char *err);

/* Returns the standard error of a "meterpipe check" without its first line,
 * which says that the check counts as an attempt to read the meter. */
const char *domoticz_setup_after_attempt(struct domoticz_setup *h);
/* The same as domoticz_setup_check for that rest. */
void domoticz_setup_check_rest(struct domoticz_setup *h, int status,
                               const char *err);

/* Does the next run, a little over 20 minutes after the last one, and checks
 * its status and standard error.  (An update whose age is a multiple of 15
 * minutes looks like one made just now, and the program would wait two
 * seconds.) */
void domoticz_setup_cycle(struct domoticz_setup *h, const char *reading,
                          int status, const char *said);

/* Checks the stored texts of the devices of domoticz_setup_build_heat. */
void domoticz_setup_check_heat(struct domoticz_setup *h, const char *usage,
                               const char *reading, const char *total);
/* Checks the stored text of device IDX. */
void domoticz_setup_check_device(struct domoticz_setup *h, unsigned idx,
                                 const char *text);
/* Checks the stored texts of several devices, "IDX=TEXT" separated by
 * blanks. */
void domoticz_setup_check_devices(struct domoticz_setup *h,
                                  const char *devices);

/* Waits until DONE returns true; fails the test after 20 s. */
void domoticz_setup_wait_for(bool (*done)(void));

#endif
