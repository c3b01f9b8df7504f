/*
 * Replays a text in a test: writes it to a file, which the plugin reads through
 * a fake host into a fake sink.
 */
#ifndef TESTS_REPLAYING_H
#define TESTS_REPLAYING_H

#include <meterpipe/plugin.h>

#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

/* Frames of real meters. */
#define ASK_60 "> 80 3f 10 01 00 3c b2 5f 0d\n"
#define GJ_216 "< 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D\n"
#define MWH_55 "< 40 3F 10 00 3C 03 04 43 00 00 D6 DE 03 22 0D\n"
#define BAD_60 "< 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DE 0D\n"
#define CUT_60 "< 40 3F 10 00 3C 08 04 42 00 00\n"
#define ASK_68 "> 80 3F 10 01 00 44 4D C0 0D\n"
#define M3_1875 "< 40 3F 10 00 44 28 04 42 00 02 DC A4 7C 0A 0D\n"
#define M3_1422 "< 40 3F 10 00 44 28 04 42 00 02 2B AD 67 75 0D\n"
#define ASK_SERIAL "> 80 3F 10 01 03 E9 7C D4 0D\n"
#define SERIAL_757 "< 40 3F 10 03 E9 33 04 00 04 83 DA 69 CC A0 0D\n"
#define SERIAL_807 "< 40 3F 10 03 E9 33 04 00 04 CF 95 76 5A 1B BF 0D\n"
#define SERIAL_0 "< 40 3F 10 03 E9 33 04 00 00 00 00 00 63 38 0D\n"
#define GET_SERIAL "> 80 3F 02 35 E9 0D\n"
#define SERIAL_190 "< 40 3F 02 01 23 45 67 E9 56 0D\n"
#define ASK_3 "> 803F1003004A003C007BA19E0D\n" /* 74, 60, 123 */
#define GOT_2OF3                                                               \
  "< 403F10004A290200000500442804420002ED1BF2007B30040000035BD07AC40D\n"
#define CLOCK_601 "403F1003EB300400000224DC03EA2F0400000054C429F30D\n"
#define E216 "heat_energy_e1 216.34 GJ\n"
#define E55 "heat_energy_e1 55.006 MWh\n"
#define V1875 "volume_v1 1875.56 m3\n"
#define V1422 "volume_v1 1422.53 m3\n"

struct replaying {
  char path[64];
  struct fake_host *host;
  struct fake_sink *sink;
  const struct mp_plugin *plugin;
  void *self;
};

extern struct replaying replaying;

void replaying_set_up(void);
void replaying_tear_down(void);

/* Opens an instance on a file with TEXT; closes and destroys it. */
void replaying_open(const char *text);
void replaying_close(void);

/* Reads one cycle. */
int replaying_read(void);

/*
 * Returns all cycles as text: the emitted values of each, or "failed", then
 * "|".
 */
const char *replaying_all(const char *text);

/* Returns the log, with FILE for the file's name. */
const char *replaying_log(void);

#endif
