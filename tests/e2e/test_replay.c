/*
 * Captures: their readings, the display of these readings, and the messages
 * about damaged captures.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

/* Frames of real meters: the example of DESIGN, and V044, V006, V045 and V049
 * of tests/data/kmp/vectors.csv. */
#define GJ_84 "40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d"
#define GJ_216 "40 3f 10 00 3c 08 04 42 00 00 54 82 04 df 0d"
#define ASK_60 "80 3f 10 01 00 3c b2 5f 0d"
#define M3_1422 "40 3f 10 00 44 28 04 42 00 02 2b ad 67 75 0d"
#define SERIAL "40 3f 10 03 e9 33 04 00 04 83 da 69 cc a0 0d"
/* A bit of the mantissa is wrong. */
#define DAMAGED "40 3f 10 00 3c 08 04 43 00 01 48 f1 81 75 0d"

#define SHOW "[output show]\nplugin = stdout\nformat = line\n"
#define ENERGY "meter.heat_energy_e1 "
#define VOLUME "meter.volume_v1 "

static struct sandbox *s;

static void
setup(void)
{
  s = sandbox_new();
}

static void
teardown(void)
{
  sandbox_free(s);
}

/* Writes a pipeline that displays the readings of the capture PATH, with
 * OPTIONS of the input. */
static void
write_pipeline(const char *path, const char *options)
{
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = replay\npath = %s\n%s" SHOW, path,
                options);
}

/* ---- Readings of a capture ---------------------------------------------- */

#define NO_LINE "not a line of a capture: neither hex digits nor a comment"
#define EXAMPLE                                                                \
  "; a line of a capture is \"< 40 3f 10 ... 0d\", see meterpipe-capture(5)"
#define SEE_PAGE "; see meterpipe-capture(5) for the form of a capture\n"

struct row {
  const char *name;
  const char *capture;
  const char *options;
  int status;
  const char *out, *err;
};

static const struct row rows[] = {
  { "two cycles",
    "# meterpipe capture 1 meter\n\n"
    "2026-11-22T10:00:00.120Z > " ASK_60 "\n"
    "2026-11-22T10:00:00.345Z < " GJ_84 "\n\n"
    "2026-11-22T10:20:00.345Z < " GJ_216 "\n",
    "", 0, ENERGY "84.208 GJ\n" ENERGY "216.34 GJ\n", "" },
  { "no blank lines: a repeated register begins a cycle",
    GJ_84 "\n" M3_1422 "\n" GJ_216 "\n" M3_1422 "\n", "", 0,
    ENERGY "84.208 GJ\n" VOLUME "1422.53 m³\n" ENERGY "216.34 GJ\n" VOLUME
           "1422.53 m³\n",
    "" },
  { "blank lines: the last good value counts",
    GJ_84 "\n" GJ_216 "\n\n" GJ_84 "\n", "", 0,
    ENERGY "216.34 GJ\n" ENERGY "84.208 GJ\n", "" },
  { "hex without blanks, and CRLF",
    "< 403f10003c080443000148f081750d\r\n\r\n"
    "< 403F10003C0804420000548204DF0D\r\n",
    "", 0, ENERGY "84.208 GJ\n" ENERGY "216.34 GJ\n", "" },
  { "an echo", "> " ASK_60 "\n< " ASK_60 " " GJ_84 "\n", "", 0,
    ENERGY "84.208 GJ\n", "" },
  { "the serial number only if it is requested", GJ_84 "\n" SERIAL "\n",
    "fields = heat_energy_e1\n", 0, ENERGY "84.208 GJ\n", "" },
  { "the old script's log",
    "Wr " ASK_60 "\nRd " GJ_84 "\n\n"
    "Wr " ASK_60 "\nRd " GJ_84 "\n"
    "Wr " ASK_60 "\nRd " GJ_216 "\n",
    "", 0, ENERGY "84.208 GJ\n" ENERGY "216.34 GJ\n", "" },
  { "a damaged frame is left out",
    "< " GJ_84 "\n\n< " DAMAGED "\n\n< " GJ_216 "\n", "", 65,
    ENERGY "84.208 GJ\n" ENERGY "216.34 GJ\n",
    "error: meter: meter.capture:3: left out: wrong checksum\n" },
  { "strict stops at a damaged frame",
    "< " GJ_84 "\n\n< " DAMAGED "\n\n< " GJ_216 "\n", "strict = yes\n", 65,
    ENERGY "84.208 GJ\n",
    "error: meter: meter.capture:3: left out: wrong checksum\n" },
  { "but the repeated request succeeded",
    "> " ASK_60 "\n< " DAMAGED "\n> " ASK_60 "\n< " GJ_84 "\n",
    "strict = yes\n", 0, ENERGY "84.208 GJ\n", "" },
  { "a reply cut short", "< 40 3f 10 00 3c 08 04\n\n< " GJ_84 "\n", "", 65,
    ENERGY "84.208 GJ\n",
    "error: meter: meter.capture:1: left out: cut off before the stop byte\n" },
  { "a line without hex digits", "< 40 3f zz\n\n< " GJ_84 "\n", "", 65,
    ENERGY "84.208 GJ\n",
    "error: meter: meter.capture:1: left out: " NO_LINE EXAMPLE "\n" },
  { "a text that is not a capture", "Dear meter,\nplease\n", "", 65, "",
    "error: meter: meter.capture:1: left out: " NO_LINE EXAMPLE "\n"
    "error: meter: meter.capture:2: left out: " NO_LINE "\n" },
  { "an impossible time", "2026-13-22T10:00:00Z < " GJ_84 "\n", "", 65, "",
    "error: meter: meter.capture:1: left out: not a time as in "
    "2026-11-22T10:00:00.120Z\n" },
  { "two overlong numbers in one answer",
    "40 3f 10 00 3c 08 08 00 ff ff ff ff ff ff ff ff "
    "00 3f 08 08 00 ff ff ff ff ff ff ff ff a8 d7 0d\n",
    "", 65, "",
    "error: meter: meter.capture:1: register 60: left out: a number beyond 64 "
    "bits\n"
    "error: meter: meter.capture:1: register 63: left out: a number beyond 64 "
    "bits\n" },
  { "a register missing from the capture", GJ_84 "\n",
    "fields = heat_energy_e1, volume_v1\n", 65, ENERGY "84.208 GJ\n",
    "error: meter: meter.capture: does not contain these registers: "
    "volume_v1\n" },
  { "an empty capture", "", "", 65, "",
    "error: meter: meter.capture: contains no reply of a meter" SEE_PAGE },
  { "a comment alone", "# nothing\n\n", "fields = heat_energy_e1\n", 65, "",
    "error: meter: meter.capture: contains no reply of a meter" SEE_PAGE },
  { "requests alone", "> " ASK_60 "\n", "", 65, "",
    "error: meter: meter.capture: contains no reply of a meter" SEE_PAGE },
  { "an answer without a register", "< 40 3f 01 5a 00 1b f2 01 3b 33 0d\n", "",
    65, "", "error: meter: meter.capture: contains no register" SEE_PAGE },
  { "a later version", "# meterpipe capture 2 meter\n\n< " GJ_84 "\n", "", 65,
    "",
    "error: meter: meter.capture: line 1 begins a capture of version 2, but "
    "this meterpipe reads version 1: use a newer meterpipe\n" },
};

START_TEST(captures_give_their_values_and_diagnoses)
{
  const struct row *row = &rows[_i];

  sandbox_write(s, "meter.capture", "%s", row->capture);
  write_pipeline("meter.capture", row->options);
  sandbox_run(s, "run -c house.ini");
  ck_assert_msg(strcmp(sandbox_out(s), row->out) == 0, "%s: output: %s",
                row->name, sandbox_out(s));
  ck_assert_msg(strcmp(sandbox_err(s), row->err) == 0, "%s: messages: %s",
                row->name, sandbox_err(s));
  ck_assert_msg(sandbox_status(s) == row->status, "%s: status %d", row->name,
                sandbox_status(s));
}
END_TEST

/* ---- Files that are no captures ----------------------------------------- */

START_TEST(missing_capture_is_reported)
{
  write_pipeline("nowhere.capture", "");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 66);
  ck_assert_str_eq(sandbox_err(s), "error: meter: nowhere.capture: there is no "
                                   "such file\n");
}
END_TEST

START_TEST(directory_as_capture_is_refused)
{
  write_pipeline(".", "");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 66);
  ck_assert_str_eq(sandbox_err(s),
                   "error: meter: .: is a directory, not a capture\n");
}
END_TEST

START_TEST(unreadable_capture_is_a_permission_error)
{
  char path[256];

  sandbox_write(s, "meter.capture", GJ_84 "\n");
  snprintf(path, sizeof(path), "%s/meter.capture", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0), 0);
  write_pipeline("meter.capture", "");
  sandbox_become_nobody(s);
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 77);
  ck_assert_str_eq(
    sandbox_err(s),
    "error: meter: meter.capture: cannot be read: Permission denied; give "
    "this user read access\n");
}
END_TEST

/* The rules of live runs for implausible readings apply to captures, too. */
START_TEST(implausible_reading_of_a_capture_is_left_out)
{
  sandbox_write(s, "meter.capture",
                "2026-11-22T10:00:00Z < " GJ_84 "\n\n"
                "2026-11-22T10:20:00Z < " GJ_216 "\n\n"
                "2026-11-22T10:40:00Z < " GJ_84 "\n");
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = replay\npath = meter.capture\n"
                "[transform usage]\nplugin = subtract\nvalue = meter.60\n"
                "minus = log.energy\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.60\ncolumn.usage = usage\n");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 65);
  ck_assert_str_eq(sandbox_err(s),
                   "error: usage: meter.60: 216.34 GJ is not "
                   "plausible after 84.208 GJ: it rose by more than 100 GJ in "
                   "an hour; held, and the next reading decides; if the meter "
                   "can rise so fast, set max_rate\n");
  ck_assert_str_eq(sandbox_read(s, "heat.csv"),
                   "time,energy,usage\n"
                   "2026-11-22T10:00:00Z,84.208,\n"
                   "2026-11-22T10:20:00Z,,\n"
                   "2026-11-22T10:40:00Z,84.208,0.000\n");
}
END_TEST

START_TEST(standard_input_is_read)
{
  sandbox_write(s, "meter.capture", GJ_84 "\n\n" GJ_216 "\n");
  write_pipeline("-", "");
  sandbox_set_stdin(s, "meter.capture");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_out(s), ENERGY "84.208 GJ\n" ENERGY "216.34 GJ\n");
  ck_assert_str_eq(sandbox_err(s), "");
  sandbox_set_stdin(s, NULL);
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 65);
  ck_assert_str_eq(sandbox_out(s), "");
}
END_TEST

/* ---- Output formats ----------------------------------------------------- */

#define TWO_CYCLES                                                             \
  "2026-11-22T10:00:00.345Z < " GJ_84 "\n"                                     \
  "2026-11-22T10:00:01.120Z < " M3_1422 "\n\n"                                 \
  "2026-11-22T10:20:00Z < " GJ_216 "\n"

#define JSON_CYCLES                                                            \
  "{\"time\":\"2026-11-22T10:00:01Z\",\"values\":{"                            \
  "\"meter.heat_energy_e1\":{\"value\":\"84.208\",\"unit\":\"GJ\"},"           \
  "\"meter.volume_v1\":{\"value\":\"1422.53\",\"unit\":\"m³\"}}}\n"           \
  "{\"time\":\"2026-11-22T10:20:00Z\",\"values\":{"                            \
  "\"meter.heat_energy_e1\":{\"value\":\"216.34\",\"unit\":\"GJ\"},"           \
  "\"meter.volume_v1\":null}}\n"

static const struct {
  const char *format;
  const char *out;
} formats[] = {
  { "format = line\n",
    ENERGY "84.208 GJ\n" VOLUME "1422.53 m³\n" ENERGY "216.34 GJ\n" },
  { "format = json\n", JSON_CYCLES },
  { "", JSON_CYCLES },
  { "format = table\n", "2026-11-22T10:00:01Z\n"
                        "  meter.heat_energy_e1    84.208  GJ\n"
                        "  meter.volume_v1       1422.53   m³\n"
                        "\n"
                        "2026-11-22T10:20:00Z\n"
                        "  meter.heat_energy_e1  216.34  GJ\n"
                        "  meter.volume_v1         -\n" },
  { "format = line\nfield.heat = meter.60\n", "heat 84.208 GJ\n"
                                              "heat 216.34 GJ\n" },
};

static void
write_formatted(const char *format)
{
  sandbox_write(s, "meter.capture", TWO_CYCLES);
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = replay\npath = meter.capture\n"
                "[output show]\nplugin = stdout\n%s",
                format);
}

START_TEST(values_are_shown_in_each_format)
{
  write_formatted(formats[_i].format);
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_str_eq(sandbox_out(s), formats[_i].out);
}
END_TEST

START_TEST(terminal_gets_the_table)
{
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  char shown[1024], wanted[1024], *to = wanted;
  ssize_t n;

  ck_assert(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
  write_formatted("");
  sandbox_set_stdout(s, ptsname(fd));
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  n = read(fd, shown, sizeof(shown) - 1);
  ck_assert_int_gt(n, 0);
  shown[n] = '\0';
  for (const char *p = formats[3].out; *p; p++) {
    if (*p == '\n')
      *to++ = '\r';
    *to++ = *p;
  }
  *to = '\0';
  ck_assert_str_eq(shown, wanted);
  close(fd);
}
END_TEST

START_TEST(full_standard_output_is_an_error)
{
  write_formatted("");
  sandbox_set_stdout(s, "/dev/full");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 74);
  ck_assert_str_eq(sandbox_err(s),
                   "error: show: standard output: cannot be written: No space "
                   "left on device\n");
  ck_assert_int_eq(sandbox_run(s, "run -n -c house.ini"), 74);
  ck_assert_str_eq(sandbox_err(s),
                   "error: standard output: cannot be written\n");
}
END_TEST

/* ---- Logs of other programs ---------------------------------------------- */

/* Frames of two reads of one register, as different programs write them. */
static const struct {
  const char *whose, *text;
} logs[] = {
  { "ESPHome's UART debugger",
    "INFO ESPHome 2024.5.1\n"
    "[21:53:12][C][wifi:405]:   SSID: house\n"
    "\033[0;36m[21:53:13][D][uart_debug:114]: >>> "
    "80:3F:10:01:00:3C:B2:5F:0D\033[0m\n"
    "\033[0;36m[21:53:13][D][uart_debug:114]: <<< "
    "40:3F:10:00:3C:08:04:43:00:01\033[0m\n"
    "[21:53:13][D][sensor:094]: 'Heat': Sending state\n"
    "[21:53:13][D][uart_debug:114]: <<< 48:F0:81:75:0D\n"
    "[21:54:13][D][uart_debug:114]: <<< "
    "40:3F:10:00:3C:08:04:42:00:00:54:82:04:DF:0D\n" },
  { "a Python script (Rd:b'...')", "Start\nWr:b'803f1001003cb25f0d'\n"
                                   "Rd:b'403f10003c080443000148f081750d'\n"
                                   "Rd:b'403f10003c0804420000548204df0d'\n" },
  { "a program (Received bytes: '...')",
    "2024-05-01 10:00:00 INFO Received bytes: "
    "'403F10003C080443000148F081750D'\n"
    "Received bytes: b'403F10003C0804420000548204DF0D'\n" },
  { "a program (Read: 40)",
    "Read: 40\nRead: 3f\nRead: 10\nRead: 00\nRead: 3c\nRead: 08\n"
    "Read: 04\nRead: 43\nRead: 00\nRead: 01\nRead: 48\nRead: f0\n"
    "Read: 81\nRead: 75\nRead: 0d\n"
    "Read: 403f10003c08\nRead: 04 42 00 00 54 82 04 df 0d" },
  { "socat -x",
    "> 2026/11/22 10:00:00.123456  length=9 from=0 to=8\n"
    " 80 3f 10 01 00 3c b2 5f 0d\n--\n"
    "< 2026/11/22 10:00:00.345678  length=8 from=0 to=7\n"
    " 40 3f 10 00 3c 08 04 43\n--\n"
    "< 2026/11/22 10:00:00.445678  length=7 from=8 to=14\n"
    " 00 01 48 f0 81 75 0d\n--\n"
    "< 2026/11/22 10:20:00.345678  length=15 from=15 to=29\n"
    " 40 3f 10 00 3c 08 04 42 00 00 54 82 04 df 0d     @?..<..B..T....\n"
    "--\n" },
};

START_TEST(logs_of_other_programs_are_read)
{
  char said[256];

  sandbox_write(s, "posted.log", "%s", logs[_i].text);
  write_pipeline("posted.log", "");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_out(s), ENERGY "84.208 GJ\n" ENERGY "216.34 GJ\n");
  snprintf(said, sizeof(said),
           "notice: meter: posted.log: read as the log of %s; its other lines "
           "are left out\n",
           logs[_i].whose);
  ck_assert_str_eq(sandbox_err(s), said);
}
END_TEST

START_TEST(damage_in_a_log_of_another_program_is_reported)
{
  sandbox_write(s, "posted.log",
                "Read: 403f10003c080443000148f181750d\n"
                "Read: 403f10003c0804420000548204df0d\n"
                "Read: 403f\n");
  write_pipeline("posted.log", "");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 65);
  ck_assert_str_eq(sandbox_out(s), ENERGY "216.34 GJ\n");
  ck_assert_str_eq(
    sandbox_err(s),
    "notice: meter: posted.log: read as the log of a program (Read: 40); its "
    "other lines are left out\n"
    "error: meter: posted.log:1: left out: wrong checksum\n"
    "error: meter: posted.log:3: left out: cut off before the stop byte\n");
}
END_TEST

/* ---- Probing a capture --------------------------------------------------- */

START_TEST(probe_lists_every_register_of_a_capture)
{
  sandbox_write(s, "my.capture",
                "< " GJ_84 "\n< " M3_1422 "\n\n< " GJ_216 "\n< " SERIAL
                "\n< 40 3f 01 5a 00 1b f2 01 3b 33 0d\n");
  ck_assert_int_eq(sandbox_run(s, "probe replay path=my.capture"), 0);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_str_eq(
    sandbox_out(s),
    "meter type         OMNIPOWER (type 5a00)\n"
    "software revision  M1\n"
    "serial number      75749993\n"
    "\n"
    "NUMBER  NAME            VALUE     UNIT    LABEL           REMARK\n"
    "60      heat_energy_e1  216.34    GJ      Heat energy E1\n"
    "68      volume_v1       1422.53   m³      Volume V1\n"
    "1001    serial_no       75749993  number  Serial number\n"
    "\n"
    "# To copy into a pipeline file:\n"
    "\n"
    "[input meter]\nplugin = replay\npath = my.capture\n"
    "fields = heat_energy_e1, volume_v1, serial_no\n");
  ck_assert_int_eq(sandbox_run(s, "probe replay path=my.capture --json"), 0);
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "\"answered\":true"));
}
END_TEST

START_TEST(probe_of_an_invalid_capture_describes_the_format)
{
  sandbox_write(s, "my.capture", "hello\n");
  ck_assert_int_eq(sandbox_run(s, "probe replay path=my.capture"), 65);
  ck_assert_str_eq(sandbox_out(s), "");
  ck_assert_str_eq(sandbox_err(s), "error: replay: my.capture:1: left out: "
                                   "" NO_LINE EXAMPLE "\n");
  sandbox_write(s, "my.capture", "%s", "");
  ck_assert_int_eq(sandbox_run(s, "probe replay path=my.capture"), 65);
  ck_assert_str_eq(
    sandbox_err(s),
    "error: replay: my.capture: contains no reply of a meter" SEE_PAGE);
  ck_assert_int_eq(sandbox_run(s, "probe replay path=my.capture --watch"), 78);
}
END_TEST

/* ---- Long captures ------------------------------------------------------ */

static void
write_capture(unsigned cycles, const char *other)
{
  char path[256];
  FILE *f;

  snprintf(path, sizeof(path), "%s/meter.capture", sandbox_dir(s));
  f = fopen(path, "we");
  ck_assert_ptr_nonnull(f);
  for (unsigned i = 0; i < cycles; i++)
    fprintf(f, "%s\n\n", i % 2 == 0 ? GJ_84 : other);
  ck_assert_int_eq(fclose(f), 0);
}

/* How much more memory a longer capture may take, in KiB.  AddressSanitizer
 * keeps freed memory for a while. */
#ifdef WITH_SANITIZERS
#define MORE_KIB 16384
#else
#define MORE_KIB 1024
#endif

static long
memory_of(unsigned cycles, const char *other, int status)
{
  write_capture(cycles, other);
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = replay\npath = meter.capture\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.60\n");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), status);
  ck_assert_int_eq(*sandbox_err(s) != '\0', status != 0);
  return sandbox_max_kib(s);
}

START_TEST(memory_does_not_grow_with_the_capture)
{
  long few = memory_of(20000, GJ_216, 0);
  struct stat st;
  char path[256];

  sandbox_remove(s, "heat.csv");
  ck_assert_int_lt(memory_of(120000, GJ_216, 0), few + MORE_KIB);
  snprintf(path, sizeof(path), "%s/heat.csv", sandbox_dir(s));
  ck_assert_int_eq(stat(path, &st), 0);
  /* Each row is as long as "2026-11-22T10:00:00Z,84.208\n": 28 bytes. */
  ck_assert_int_eq(st.st_size, (off_t)strlen("time,energy\n") + 120000 * 28);
}
END_TEST

/* Memory does not grow with the number of damaged frames, nor does the time for
 * each; every one is reported. */
START_TEST(memory_does_not_grow_with_damage)
{
  long few = memory_of(20000, DAMAGED, 65);

  sandbox_remove(s, "heat.csv");
  ck_assert_int_lt(memory_of(80000, DAMAGED, 65), few + MORE_KIB);
}
END_TEST

/* With a state, each cycle is delivered separately, which takes 10 ms here. */
START_TEST(deadline_limits_a_cycle_and_not_the_capture)
{
  write_capture(150, GJ_216);
  sandbox_write(s, "house.ini",
                "[pipeline]\nstate_dir = .\ndeadline = 1s\n"
                "[input meter]\nplugin = replay\npath = meter.capture\n"
                "[output log]\nplugin = exec\nclass = append\n"
                "command = /bin/sleep 0.01\nvalue.energy = meter.60\n");
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(s), "");
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("replay");
  TCase *tcase = tcase_create("replay");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 30);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, captures_give_their_values_and_diagnoses, 0,
                      ARRAY_SIZE(rows));
  tcase_add_test(tcase, missing_capture_is_reported);
  tcase_add_test(tcase, directory_as_capture_is_refused);
  if (sandbox_has_nobody())
    tcase_add_test(tcase, unreadable_capture_is_a_permission_error);
  tcase_add_test(tcase, implausible_reading_of_a_capture_is_left_out);
  tcase_add_test(tcase, standard_input_is_read);
  tcase_add_loop_test(tcase, values_are_shown_in_each_format, 0,
                      ARRAY_SIZE(formats));
  tcase_add_test(tcase, terminal_gets_the_table);
  tcase_add_test(tcase, full_standard_output_is_an_error);
  tcase_add_loop_test(tcase, logs_of_other_programs_are_read, 0,
                      ARRAY_SIZE(logs));
  tcase_add_test(tcase, damage_in_a_log_of_another_program_is_reported);
  tcase_add_test(tcase, probe_lists_every_register_of_a_capture);
  tcase_add_test(tcase, probe_of_an_invalid_capture_describes_the_format);
  tcase_add_test(tcase, memory_does_not_grow_with_the_capture);
  tcase_add_test(tcase, memory_does_not_grow_with_damage);
  tcase_add_test(tcase, deadline_limits_a_cycle_and_not_the_capture);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
