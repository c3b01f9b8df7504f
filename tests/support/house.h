/*
 * A house: a meter, a Domoticz server with devices, and the program that runs
 * between them every 20 minutes, by clocks that go together.
 *
 *     struct house h;
 *
 *     house_build(&h, DOMOTICZ_2025_1);
 *     domoticz_server_add(h.server, 323, "custom", "GJ");
 *     scene_write(h.scene, "house.ini", ..., meter_path(h.meter), ...);
 *     house_run(&h, "84.208GJ");
 *     house_check(&h, 0, "");
 *     house_leave(&h);
 */
#ifndef SUPPORT_HOUSE_H
#define SUPPORT_HOUSE_H

#include "tests/support/domoticz_server.h"
#include "plugins/kmp/emulator/meter.h"
#include "tests/support/scene.h"

/* From one run to the next, in seconds. */
#define HOUSE_INTERVAL 1200

struct house {
  struct scene *scene;
  struct meter *meter;
  struct domoticz_server *server;
};

/* The meter has a serial number and no register; the server has no device. */
void house_build(struct house *h, enum domoticz_version version);
void house_leave(struct house *h);

/* Time passes, for the program and for the server. */
void house_wait(struct house *h, int64_t seconds);

/* The pipeline file "house.ini" as every test wants it: [input meter] with
 * OPTIONS ("timeout = 1s\n"), [output domoticz] with TARGETS ("idx.1 = x\n"),
 * and MORE sections after them. */
void house_write(struct house *h, const char *options, const char *targets,
                 const char *more);

/* The next run: waits HOUSE_INTERVAL, lets the heat meter count READING (NULL:
 * as before), and runs "run -c house.ini". */
void house_run(struct house *h, const char *reading);

/* TEXT with what differs from test to test filled in: {url} of the server,
 * {tty} of the meter, {dir} of the scene.  Lives until the next call. */
const char *house_text(struct house *h, const char *text);

/* How the last run ended, and all that it said (as house_text). */
void house_check(struct house *h, int status, const char *err);

/* The next run, some 20 minutes after the last one, and what it said.  (Devices
 * that were updated a multiple of 15 minutes ago look as if that were just now,
 * and the run waits for two seconds.) */
void house_cycle(struct house *h, const char *reading, int status,
                 const char *said);

/* What device IDX stores. */
void house_check_device(struct house *h, unsigned idx, const char *text);
/* What several store, as "IDX=TEXT" by blanks. */
void house_check_devices(struct house *h, const char *devices);

/* ---- Real time, for what happens while the program runs ------------------ */

int64_t house_clock_ms(void);
/* Waits until DONE says so; after 20 s the test has failed. */
void house_wait_for(bool (*done)(void));

#endif
