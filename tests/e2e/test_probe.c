/*
 * meterpipe probe: the registers of a meter, the reason why there is no answer,
 * and help with placing the optical head.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

/* Registers of the meter here. */
#define HEAT                                                                   \
  "60=84.208GJ 68=1.23m3 80=3.4kW 86=60.21C 87=185.00C 99=4 1001=68500001"

#define FACTS                                                                  \
  "meter type         MULTICAL 402 (type 1101)\n"                              \
  "software revision  F1\n"                                                    \
  "serial number      68500001\n"

#define SECTION                                                                \
  "[input meter]\n"                                                            \
  "plugin = kmp\n"                                                             \
  "device = {tty}\n"                                                           \
  "fields = heat_energy_e1, volume_v1, power_e1, temperature_t1,\n"            \
  "  temperature_t2\n"                                                         \
  "# It also has: info_code, serial_no\n"

static struct domoticz_setup house;

static void
set_registers(const char *texts)
{
  char *copy = strdup(texts), *rest = copy, *text;

  ck_assert_ptr_nonnull(copy);
  while ((text = strsep(&rest, " ")))
    meter_set(house.meter, text);
  free(copy);
}

/* Builds a house in which the program's time runs five times as fast, which
 * does not affect the emulated meter. */
static void
build(void)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  meter_set(house.meter, "type=11010601");
  set_registers(HEAT);
  sandbox_setenv(house.sandbox, "TEST_HURRY", "5");
}

/* The line about the attempt that a probe is. */
#define COUNTED(failed)                                                        \
  "notice: kmp: {tty}: this counts as an attempt to read the meter: 1 "        \
  "attempt in the last 24 hours, " failed " failed\n"

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

static void
check_out(const char *text)
{
  ck_assert_str_eq(sandbox_out(house.sandbox),
                   domoticz_setup_text(&house, text));
}

static void
probe(const char *words)
{
  sandbox_run(house.sandbox, "probe kmp device=%s %s", meter_path(house.meter),
              words);
}

/* ---- The registers of the meter ---- */

START_TEST(probe_shows_the_meter_and_a_section_to_copy)
{
  build();
  probe("");
  domoticz_setup_check(&house, EX_OK, COUNTED("0"));
  check_out(FACTS "\n"
                  "NUMBER  NAME            VALUE     UNIT    LABEL"
                  "                            REMARK\n"
                  "60      heat_energy_e1  84.208    GJ      Heat energy E1\n"
                  "68      volume_v1       1.23      m³      Volume V1\n"
                  "80      power_e1        3.4       kW      "
                  "Actual power from V1, t1 and t2\n"
                  "86      temperature_t1  60.21     °C      "
                  "Flow (inlet) temperature t1\n"
                  "87      temperature_t2  185.00    °C      "
                  "Return (outlet) temperature t2   sensor open, or above its "
                  "range?\n"
                  "99      info_code       4         number  "
                  "Current info code                t2 outside range\n"
                  "1001    serial_no       68500001  number  Serial number\n"
                  "\n"
                  "# To copy into a pipeline file:\n"
                  "\n" SECTION);
}
END_TEST

START_TEST(printed_section_of_a_probe_runs_unchanged)
{
  const char *section;

  build();
  probe("retries=1");
  section = strstr(sandbox_out(house.sandbox), "[input meter]");
  ck_assert_ptr_nonnull(section);
  ck_assert_ptr_nonnull(strstr(section, "\nretries = 1\n"));
  sandbox_write(house.sandbox, "copied.ini",
                "%s[output show]\nplugin = stdout\nformat = line\n", section);
  sandbox_run(house.sandbox, "run -c copied.ini");
  domoticz_setup_check(&house, EX_OK, "");
  check_out("meter.heat_energy_e1 84.208 GJ\n"
            "meter.volume_v1 1.23 m³\n"
            "meter.power_e1 3.4 kW\n"
            "meter.temperature_t1 60.21 °C\n"
            "meter.temperature_t2 185.00 °C\n");
}
END_TEST

/* The meter lacks all the usual fields, as a water meter does. */
START_TEST(probe_of_a_meter_without_usual_fields_prints_a_section)
{
  static const unsigned usual[] = { 60, 68, 80, 86, 87 };
  const char *section;

  build();
  for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
    meter_remove(house.meter, (uint16_t)usual[i]);
  meter_set(house.meter, "266=5.2kWh");
  probe("");
  section = strstr(sandbox_out(house.sandbox), "[input meter]");
  ck_assert_ptr_nonnull(section);
  ck_assert_ptr_nonnull(
    strstr(section, "\nfields = info_code, heat_energy_e1_hires, serial_no\n"));
  sandbox_write(house.sandbox, "copied.ini",
                "%s[output show]\nplugin = stdout\nformat = line\n", section);
  sandbox_run(house.sandbox, "check --offline -c copied.ini");
  domoticz_setup_check(&house, EX_OK, "");
  sandbox_run(house.sandbox, "run -c copied.ini");
  domoticz_setup_check(&house, EX_OK, "");
}
END_TEST

START_TEST(probe_json_is_one_object)
{
  build();
  meter_remove(house.meter, 60);
  meter_remove(house.meter, 68);
  meter_remove(house.meter, 80);
  meter_remove(house.meter, 99);
  probe("--json");
  domoticz_setup_check(&house, EX_OK, COUNTED("0"));
  check_out(
    "{\"plugin\":\"kmp\",\"answered\":true,\"facts\":["
    "{\"label\":\"meter type\",\"value\":\"MULTICAL 402 (type 1101)\"},"
    "{\"label\":\"software revision\",\"value\":\"F1\"},"
    "{\"label\":\"serial number\",\"value\":\"68500001\"}],\"fields\":["
    "{\"field\":\"temperature_t1\",\"number\":\"86\",\"label\":\"Flow (inlet) "
    "temperature t1\",\"value\":\"60.21\",\"unit\":\"°C\",\"remark\":null},"
    "{\"field\":\"temperature_t2\",\"number\":\"87\",\"label\":\"Return "
    "(outlet) temperature t2\",\"value\":\"185.00\",\"unit\":\"°C\","
    "\"remark\":\"sensor open, or above its range?\"},"
    "{\"field\":\"serial_no\",\"number\":\"1001\",\"label\":\"Serial number\","
    "\"value\":\"68500001\",\"unit\":\"number\",\"remark\":null}]}\n");
}
END_TEST

START_TEST(probe_asks_for_eight_registers_at_a_time)
{
  build();
  probe("--json");
  domoticz_setup_check(&house, EX_OK, COUNTED("0"));
  /* 594 registers, the type and the serial number. */
  ck_assert_uint_eq(meter_requests(house.meter), (594 + 7) / 8 + 2);
  ck_assert_uint_eq(meter_unheard(house.meter), 0);
}
END_TEST

/* The meter is silent to requests for registers that it does not have, such as
 * those of electricity at the beginning of the list, and to the requests for
 * its type and serial number. */
START_TEST(probe_finds_registers_despite_unanswered_requests)
{
  build();
  meter_set_deaf(house.meter, 1600 / 5);
  meter_fault(house.meter, "unknown");
  meter_fault(house.meter, "ignore=1");
  meter_fault(house.meter, "ignore=2");
  probe("retries=0");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  ck_assert_ptr_nonnull(strstr(sandbox_err(house.sandbox),
                               "the meter did not reply to requests for "));
  ck_assert_ptr_nonnull(strstr(sandbox_out(house.sandbox),
                               "\nfields = heat_energy_e1, volume_v1, "
                               "power_e1, temperature_t1,\n"
                               "  temperature_t2\n"));
  ck_assert_ptr_nonnull(strstr(sandbox_out(house.sandbox),
                               "\n# It also has: info_code, serial_no\n"));
}
END_TEST

/* ---- No answer ---- */

static const struct {
  const char *fault, *said;
} silences[] = {
  { "silent",
    "no reply in 1000 ms (requests sent: 2): press a button on the meter, "
    "check the position of the head, and read at least every 30 minutes, or "
    "the eye switches off" },
  { "echo silent",
    "only an echo (requests sent: 2): the head works, but the meter does not "
    "reply: press a button on the meter, turn or move the head" },
  { "garbage=20",
    "only garbage (bytes that are not a reply: 40): check baud, parity and "
    "stop_bits, align the head, keep sunlight off it" },
  { "crc",
    "replies with CRC errors: 2 (requests sent: 2): align the head, keep "
    "sunlight off it, and let no other program read this meter" },
  { "truncate=5", "replies cut short: 2 (requests sent: 2): align the head; "
                  "for a serial server that pauses inside a reply, raise gap" },
  { "command=0x55", "replies that match no request: 2 (requests sent: "
                    "2): let no other "
                    "program read this meter, and check address" },
};

START_TEST(probe_diagnoses_a_failing_meter)
{
  char said[512];

  build();
  for (const char *fault = silences[_i].fault; fault;
       fault = strchr(fault, ' ') ? strchr(fault, ' ') + 1 : NULL) {
    char one[32];

    snprintf(one, sizeof(one), "%.*s", (int)strcspn(fault, " "), fault);
    meter_fault(house.meter, one);
  }
  probe("retries=0 timeout=1s");
  snprintf(said, sizeof(said), "error: kmp: {tty}: %s\n" COUNTED("1"),
           silences[_i].said);
  domoticz_setup_check(&house, EX_PROTOCOL, said);
  check_out("");
}
END_TEST

static bool
meter_was_asked(void)
{
  return meter_requests(house.meter) > 0;
}

/* The header of an M-Bus answer, from another device in place of the meter. */
START_TEST(other_protocol_is_named)
{
  static const uint8_t frame[] = { 0x68, 0x1f, 0x1f, 0x68, 0x08, 0x02,
                                   0x72, 0x78, 0x56, 0x34, 0x12 };

  build();
  meter_fault(house.meter, "silent");
  sandbox_start(house.sandbox, "probe kmp device=%s retries=0 timeout=5s",
                meter_path(house.meter));
  domoticz_setup_wait_for(meter_was_asked);
  meter_say(house.meter, frame, sizeof(frame));
  sandbox_wait(house.sandbox);
  domoticz_setup_check(
    &house, EX_PROTOCOL,
    "error: kmp: {tty}: frames of another protocol (M-Bus): set "
    "device to a port with a KMP meter\n" COUNTED("1"));
}
END_TEST

START_TEST(probe_json_of_a_silent_meter_is_an_object)
{
  build();
  meter_fault(house.meter, "silent");
  probe("retries=0 timeout=1s --json");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_PROTOCOL);
  check_out("{\"plugin\":\"kmp\",\"answered\":false,\"facts\":[],\"fields\":["
            "]}\n");
}
END_TEST

START_TEST(missing_port_is_reported)
{
  build();
  sandbox_run(house.sandbox, "probe kmp device=/dev/nothing");
  domoticz_setup_check(
    &house, EX_IOERR,
    "error: kmp: /dev/nothing: no such port: is the optical head "
    "plugged in?\n");
}
END_TEST

START_TEST(port_in_use_is_reported_at_once_with_its_process)
{
  char said[256], name[32] = "";
  FILE *comm = fopen("/proc/self/comm", "r");
  int64_t begun = clock_mono_ms();
  int fd;

  build();
  ck_assert_ptr_nonnull(comm);
  ck_assert_ptr_nonnull(fgets(name, sizeof(name), comm));
  fclose(comm);
  name[strcspn(name, "\n")] = '\0';
  fd = open(meter_path(house.meter), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  probe("");
  snprintf(said, sizeof(said),
           "error: kmp: {tty}: in use by %s (process %ld): stop it, or read at "
           "other times\n",
           name, (long)getpid());
  domoticz_setup_check(&house, EX_TEMPFAIL, said);
  ck_assert_int_lt(clock_mono_ms() - begun, 20000);
  close(fd);
}
END_TEST

START_TEST(port_without_permission_names_the_group)
{
  build();
  if (geteuid() != 0 || !sandbox_has_nobody())
    return;
  ck_assert_int_eq(chown(meter_path(house.meter), 0, 0), 0);
  ck_assert_int_eq(chmod(meter_path(house.meter), 0660), 0);
  sandbox_become_nobody(house.sandbox);
  probe("");
  domoticz_setup_check(
    &house, EX_NOPERM,
    "error: kmp: {tty}: permission denied; add this user to "
    "the group root (usermod -a -G root USER) and log in again\n");
}
END_TEST

/* ---- Wrong arguments ---- */

static const struct {
  const char *words, *said;
} mistakes[] = {
  { "kpm device=x",
    "error: there is no input plugin \"kpm\"; the nearest is \"kmp\"\n" },
  { "kmp devise=x",
    "command line: unknown option \"devise\"; the nearest is \"device\"\n"
    "command line: option \"device\" is missing: tty of the optical head, or "
    "tcp://HOST:PORT of a serial server; for example: device = TEXT\n" },
  { "kmp device=x device=y", "command line: device: is given twice\n" },
  { "kmp device=x retries",
    "command line: device: text after a blank is not part of it: write "
    "OPTION=VALUE, without blanks\n" },
  { "kmp retries device=x", "command line: \"retries\" is not an option: write "
                            "OPTION=VALUE, without blanks\n" },
  { "kmp device=x fields=flow_v1",
    "error: kmp: a probe reads all fields: leave out `fields`\n" },
  { "exec command=/bin/true", "error: exec: this plugin cannot probe\n" },
  { "",
    "error: an argument is missing\n"
    "Usage: meterpipe probe PLUGIN [OPTION=VALUE]... [--watch] [--json]\n" },
};

START_TEST(wrong_arguments_of_probe_are_reported)
{
  build();
  sandbox_run(house.sandbox, "probe %s", mistakes[_i].words);
  domoticz_setup_check(&house, EX_USAGE, mistakes[_i].said);
  check_out("");
}
END_TEST

/* ---- Watching ---- */

static bool
meter_was_asked_thrice(void)
{
  return meter_requests(house.meter) >= 3;
}

/* Returns whether two lines are displayed.  They are counted, and not the
 * requests, because a meter that does not answer may miss some. */
static bool
two_lines_are_shown(void)
{
  const char *text = sandbox_read(house.sandbox, ".out");
  const char *first = text ? strchr(text, '\n') : NULL;

  return first && strchr(first + 1, '\n');
}

/* Starts probe --watch, and stops it when DONE returns true. */
static void
watch_until(bool (*done)(void), const char *words)
{
  sandbox_start(house.sandbox, "probe kmp device=%s timeout=1s --watch %s",
                meter_path(house.meter), words);
  domoticz_setup_wait_for(done);
  usleep(100 * 1000); /* until the last answer is displayed */
  kill(sandbox_pid(house.sandbox), SIGINT);
  sandbox_wait(house.sandbox);
}

static void
watch(const char *words)
{
  watch_until(meter_was_asked_thrice, words);
}

/* Returns TEXT with each "NUMBER ms" as "N ms"; valid until the next call. */
static const char *
without_times(const char *text)
{
  static char buf[4096];
  size_t n = 0;

  while (*text && n + 1 < sizeof(buf)) {
    size_t digits = strspn(text, "0123456789");

    if (digits > 0 && strncmp(text + digits, " ms", 3) == 0) {
      buf[n++] = 'N';
      text += digits;
    } else
      buf[n++] = *text++;
  }
  buf[n] = '\0';
  return buf;
}

/* Checks that TEXT without its times begins with EXPECTED; another attempt may
 * follow. */
static void
check_begins(const char *text, const char *expected)
{
  char begin[2048];

  snprintf(begin, sizeof(begin), "%.*s", (int)strlen(expected),
           without_times(text));
  ck_assert_str_eq(begin, expected);
}

START_TEST(watch_prints_a_line_per_attempt_without_a_terminal)
{
  build();
  meter_fault(house.meter, "crc*1");
  watch("");
  domoticz_setup_check(&house, EX_OK, COUNTED("0"));
  check_begins(
    sandbox_out(house.sandbox),
    "[                   ~] replies 0 of 1: CRC error (1 CRC error)\n"
    "[                  ~|] replies 1 of 2, N ms\n"
    "[                 ~||] replies 2 of 3, N ms\n");
}
END_TEST

START_TEST(watch_json_is_an_object_per_attempt)
{
  build();
  meter_fault(house.meter, "garbage=7*2");
  watch("--json");
  domoticz_setup_check(&house, EX_OK, COUNTED("0"));
  check_begins(sandbox_out(house.sandbox),
               "{\"attempt\":1,\"answered\":false,\"round_trip_ms\":null,"
               "\"what\":\"garbage\",\"detail\":\"7 noise bytes\"}\n"
               "{\"attempt\":2,\"answered\":false,\"round_trip_ms\":null,"
               "\"what\":\"garbage\",\"detail\":\"7 noise bytes\"}\n"
               "{\"attempt\":3,\"answered\":true,\"round_trip_ms\":");
}
END_TEST

START_TEST(watch_without_an_answer_ends_with_a_failure)
{
  build();
  meter_fault(house.meter, "silent");
  watch_until(two_lines_are_shown, "");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_PROTOCOL);
  check_begins(sandbox_out(house.sandbox),
               "[                   .] replies 0 of 1: nothing\n"
               "[                  ..] replies 0 of 2: nothing\n");
}
END_TEST

START_TEST(watch_pauses_between_attempts)
{
  int64_t begun;

  build();
  sandbox_setenv(house.sandbox, "TEST_HURRY", NULL);
  begun = clock_mono_ms();
  watch("");
  ck_assert_int_ge(clock_mono_ms() - begun, 2000);
  ck_assert_uint_eq(meter_unheard(house.meter), 0);
}
END_TEST

static size_t
count_lines(const char *text)
{
  size_t n = 0;

  for (; *text; text++)
    n += *text == '\n';
  return n;
}

/* Five minutes of the program's fast clock; a busy machine makes fewer
 * attempts. */
START_TEST(watch_ends_after_five_minutes)
{
  int64_t begun = clock_mono_ms();

  build();
  sandbox_setenv(house.sandbox, "TEST_HURRY", "100");
  probe("--watch");
  domoticz_setup_check(&house, EX_OK, COUNTED("0"));
  ck_assert_uint_le(count_lines(sandbox_out(house.sandbox)), 301);
  ck_assert_uint_ge(count_lines(sandbox_out(house.sandbox)), 10);
  ck_assert_int_ge(clock_mono_ms() - begun, 5 * 60 * 1000 / 100);
}
END_TEST

/* ---- On a terminal ---- */

/* Opens a terminal for the program and returns it; the test reads the program's
 * output from RET_MASTER. */
static int
open_terminal(int *ret_master)
{
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

  ck_assert_int_ge(master, 0);
  ck_assert_int_eq(grantpt(master), 0);
  ck_assert_int_eq(unlockpt(master), 0);
  slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_ge(slave, 0);
  ck_assert_int_eq(fcntl(master, F_SETFL, O_NONBLOCK), 0);
  *ret_master = master;
  return slave;
}

static const char *
read_terminal(int master)
{
  static char buf[16384];
  ssize_t n = read(master, buf, sizeof(buf) - 1);
  size_t len = 0;

  for (; n > 0; n = read(master, buf + len, sizeof(buf) - 1 - len))
    len += (size_t)n;
  buf[len] = '\0';
  return buf;
}

START_TEST(watch_on_a_terminal_redraws_one_line_and_rings)
{
  int master, slave = open_terminal(&master);

  build();
  meter_fault(house.meter, "crc*1");
  sandbox_set_stdout(house.sandbox, ptsname(master));
  watch("");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  check_begins(
    read_terminal(master),
    "\033[?7l[                   ~] replies 0 of 1: CRC error (1 CRC error)"
    "\033[?7h\r\n"
    "\033[A\r\033[K\033[?7l[                  ~|] replies 1 of 2, N ms"
    "\033[?7h\a\r\n"
    "\033[A\r\033[K\033[?7l[                 ~||] replies 2 of 3, N ms"
    "\033[?7h\r\n");
  close(slave);
  close(master);
}
END_TEST

START_TEST(probe_on_a_terminal_shows_its_progress)
{
  int master, slave = open_terminal(&master);
  const char *shown;

  build();
  sandbox_set_stderr(house.sandbox, ptsname(master));
  probe("");
  ck_assert_int_eq(sandbox_status(house.sandbox), EX_OK);
  ck_assert_int_eq(strncmp(sandbox_out(house.sandbox), FACTS, strlen(FACTS)),
                   0);
  shown = read_terminal(master);
  ck_assert_ptr_nonnull(
    strstr(shown, "[                                        ] 0 of 594 "
                  "registers\r\n"));
  ck_assert_ptr_nonnull(
    strstr(shown, "\033[A\r\033[K[##########                              ] "
                  "160 of 594 registers\r\n"));
  /* The progress bar is erased at the end. */
  shown = strstr(shown, "registers\r\n\033[A\r\033[Knotice: kmp: ");
  ck_assert_ptr_nonnull(shown);
  ck_assert_ptr_null(strchr(shown, '#'));
  close(slave);
  close(master);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("probe");
  TCase *t = tcase_create("probe");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, probe_shows_the_meter_and_a_section_to_copy);
  tcase_add_test(t, printed_section_of_a_probe_runs_unchanged);
  tcase_add_test(t, probe_of_a_meter_without_usual_fields_prints_a_section);
  tcase_add_test(t, probe_json_is_one_object);
  tcase_add_test(t, probe_asks_for_eight_registers_at_a_time);
  tcase_add_test(t, probe_finds_registers_despite_unanswered_requests);
  tcase_add_loop_test(t, probe_diagnoses_a_failing_meter, 0,
                      (int)ARRAY_SIZE(silences));
  tcase_add_test(t, other_protocol_is_named);
  tcase_add_test(t, probe_json_of_a_silent_meter_is_an_object);
  tcase_add_test(t, missing_port_is_reported);
  tcase_add_test(t, port_in_use_is_reported_at_once_with_its_process);
  tcase_add_test(t, port_without_permission_names_the_group);
  tcase_add_loop_test(t, wrong_arguments_of_probe_are_reported, 0,
                      (int)ARRAY_SIZE(mistakes));
  tcase_add_test(t, watch_prints_a_line_per_attempt_without_a_terminal);
  tcase_add_test(t, watch_json_is_an_object_per_attempt);
  tcase_add_test(t, watch_without_an_answer_ends_with_a_failure);
  tcase_add_test(t, watch_pauses_between_attempts);
  tcase_add_test(t, watch_ends_after_five_minutes);
  tcase_add_test(t, watch_on_a_terminal_redraws_one_line_and_rings);
  tcase_add_test(t, probe_on_a_terminal_shows_its_progress);
  suite_add_tcase(s, t);
  return run_suite(s);
}
