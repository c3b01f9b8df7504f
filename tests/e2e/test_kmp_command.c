/*
 * meterpipe kmp: masks a capture so that it can be published, and emulates a
 * meter for people who have none.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

/* The example of DESIGN; V049 of tests/data/kmp/vectors.csv and the next serial
 * number; _1 and _2 are the masked numbers. */
#define GJ_84 "40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d"
#define SERIAL "40 3f 10 03 e9 33 04 00 04 83 da 69 cc a0 0d"
#define SERIAL_1 "40 3f 10 03 e9 33 04 00 00 00 00 01 73 19 0d"
#define OTHER "40 3f 10 03 e9 33 04 00 04 83 da 6a fc c3 0d"
#define OTHER_2 "40 3f 10 03 e9 33 04 00 00 00 00 02 43 7a 0d"

#define CAPTURE(serial, other)                                                 \
  "# meterpipe capture 1 meter\n\n"                                            \
  "2026-11-22T10:00:00.345Z < " GJ_84 "\n"                                     \
  "2026-11-22T10:00:00.445Z < " serial "\n\n"                                  \
  "2026-11-22T10:20:00.345Z < " GJ_84 "\n"                                     \
  "2026-11-22T10:20:00.445Z < " other "\n"

static struct sandbox *s;  /* the one under test */
static struct sandbox *at; /* where a meter is emulated */

static void
setup(void)
{
  s = sandbox_new();
  at = sandbox_new();
}

static void
teardown(void)
{
  sandbox_free(at);
  sandbox_free(s);
}

/* ---- mask ---------------------------------------------------------------- */

START_TEST(mask_replaces_serial_numbers_and_nothing_else)
{
  sandbox_write(s, "meter.capture", CAPTURE(SERIAL, OTHER));
  ck_assert_int_eq(sandbox_run(s, "kmp mask meter.capture"), 0);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_str_eq(sandbox_out(s), CAPTURE(SERIAL_1, OTHER_2));
}
END_TEST

START_TEST(mask_reports_the_number_of_unreadable_lines)
{
  sandbox_write(s, "meter.capture",
                "< " GJ_84 "\nface it\n< " SERIAL
                "\n2026-13-01T10:00:00Z < 40\n< " OTHER);
  ck_assert_int_eq(sandbox_run(s, "kmp mask meter.capture"), 0);
  ck_assert_str_eq(sandbox_out(s), "< " GJ_84 "\n0000 it\n< " SERIAL_1
                                   "\n0000-00-00T00:00:00Z < 00\n< " OTHER_2);
  ck_assert_str_eq(
    sandbox_err(s),
    "notice: meter.capture: 2 lines are not lines of a capture, the "
    "first is line 2; their hex digits were replaced by 0\n");
}
END_TEST

START_TEST(mask_reads_standard_input)
{
  sandbox_write(s, "meter.capture", CAPTURE(SERIAL, OTHER));
  sandbox_set_stdin(s, "meter.capture");
  ck_assert_int_eq(sandbox_run(s, "kmp mask -"), 0);
  ck_assert_str_eq(sandbox_out(s), CAPTURE(SERIAL_1, OTHER_2));
}
END_TEST

/* A pipe can be read once only, but masking reads a file twice. */
START_TEST(mask_reads_a_pipe)
{
  char command[512];

  sandbox_write(s, "meter.capture", CAPTURE(SERIAL, OTHER));
  snprintf(command, sizeof(command),
           "cd '%s' && mkfifo pipe && cat meter.capture >pipe &",
           sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
  for (int i = 0; i < 1000 && !sandbox_exists(s, "pipe"); i++)
    usleep(10000);
  ck_assert_int_eq(sandbox_run(s, "kmp mask pipe"), 0);
  ck_assert_str_eq(sandbox_out(s), CAPTURE(SERIAL_1, OTHER_2));
}
END_TEST

static void
replay(const char *capture)
{
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = replay\npath = %s\n"
                "[output show]\nplugin = stdout\nformat = line\n",
                capture);
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(s), "");
}

START_TEST(masking_changes_only_the_serial_numbers)
{
  sandbox_write(s, "meter.capture", CAPTURE(SERIAL, OTHER));
  replay("meter.capture");
  ck_assert_str_eq(sandbox_out(s), "meter.heat_energy_e1 84.208 GJ\n"
                                   "meter.serial_no 75749993 number\n"
                                   "meter.heat_energy_e1 84.208 GJ\n"
                                   "meter.serial_no 75749994 number\n");
  sandbox_run(s, "kmp mask meter.capture");
  sandbox_write(s, "masked.capture", "%s", sandbox_out(s));
  replay("masked.capture");
  ck_assert_str_eq(sandbox_out(s), "meter.heat_energy_e1 84.208 GJ\n"
                                   "meter.serial_no 1 number\n"
                                   "meter.heat_energy_e1 84.208 GJ\n"
                                   "meter.serial_no 2 number\n");
}
END_TEST

START_TEST(masking_leaves_the_example_unchanged)
{
  const char *srcdir = getenv("srcdir");
  char name[4096];
  char *path;

  ck_assert_int_lt(snprintf(name, sizeof(name), "%s/examples/demo.capture",
                            srcdir ? srcdir : "."),
                   (int)sizeof(name));
  path = realpath(name, NULL);
  ck_assert_ptr_nonnull(path);
  ck_assert_int_eq(sandbox_run(s, "kmp mask %s", path), 0);
  ck_assert_str_eq(sandbox_out(s), sandbox_read(s, path));
  free(path);
}
END_TEST

/* ---- emulate ------------------------------------------------------------- */

static void
moment(void)
{
  const struct timespec wait = { 0, 5000000 };

  nanosleep(&wait, NULL);
}

/* Starts "kmp emulate --link meter ARGS" and waits until it serves. */
static void
emulate(const char *args)
{
  /* Remove the output of an earlier emulator. */
  if (sandbox_exists(at, ".out"))
    sandbox_remove(at, ".out");
  sandbox_start(at, "kmp emulate --link meter %s", args);
  for (int i = 0; i < 4000; i++) {
    const char *out = sandbox_read(at, ".out");

    if (out && strchr(out, '\n'))
      return;
    moment();
  }
  ck_abort_msg("the emulator did not start");
}

/* Ends the emulator; WANTED is its output after the first line, on requests. */
static void
end_emulation(const char *wanted)
{
  const char *out;

  kill(sandbox_pid(at), SIGTERM);
  ck_assert_int_eq(sandbox_wait(at), 0);
  ck_assert_str_eq(sandbox_err(at), "");
  out = strchr(sandbox_out(at), '\n');
  ck_assert_ptr_nonnull(out);
  ck_assert_str_eq(out + 1, wanted);
  ck_assert(!sandbox_exists(at, "meter"));
}

static int
read_meter(const char *options)
{
  sandbox_write(s, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s/meter\n%s"
                "fields = heat_energy_e1, serial_no\n"
                "[output show]\nplugin = stdout\nformat = line\n",
                sandbox_dir(at), options);
  return sandbox_run(s, "run -c house.ini");
}

#define ENERGY "meter.heat_energy_e1 84.208 GJ\n"

START_TEST(emulator_answers_from_a_capture)
{
  sandbox_write(at, "meter.capture", CAPTURE(SERIAL, OTHER));
  emulate("meter.capture");
  ck_assert_int_eq(read_meter(""), 0);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_str_eq(sandbox_out(s), ENERGY "meter.serial_no 75749994 number\n");
  end_emulation("1 requests\n");
}
END_TEST

START_TEST(emulator_answers_from_a_register_list)
{
  static const struct {
    const char *file, *args;
  } rows[] = {
    { "60=84.208GJ\n1001=68500001\n", "--baud 0 meter.txt" },
    { "60:08 04 43 00 01 48 f0\n", "--baud 19200 meter.txt 1001=68500001" },
    /* The log of the old script, and an answer to GetSerialNo. */
    { "Wr 80 3f 10 01 00 3c b2 5f 0d Rd 80 3f 10 01 00 3c b2 5f 0d " GJ_84
      "\n403F0204153A2112730D\n",
      "--baud 0 --delay 1 meter.txt" },
    { "", "--baud 0 60=84.208GJ 1001=68500001" },
    /* Damaged answers are ignored, and an answer to GetSerialNo does not
     * override register 1001. */
    { GJ_84 "\n40 3f 10 00 3c 08 04 43 00 01 48 f1 81 75 0d\n1001=68500001\n"
            "403F020483DA6901940D\n",
      "--baud 0 meter.txt" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    sandbox_write(at, "meter.txt", "%s", rows[i].file);
    emulate(rows[i].args);
    ck_assert_int_eq(read_meter(""), 0);
    ck_assert_str_eq(sandbox_err(s), "");
    ck_assert_str_eq(sandbox_out(s),
                     ENERGY "meter.serial_no 68500001 number\n");
    end_emulation("1 requests\n");
  }
}
END_TEST

START_TEST(emulator_makes_the_ordered_faults)
{
  emulate("--baud 0 --fault crc*1 --fault echo 60=84.208GJ 1001=7");
  ck_assert_int_eq(read_meter(""), 0);
  ck_assert_str_eq(sandbox_out(s), ENERGY "meter.serial_no 7 number\n");
  end_emulation("2 requests\n");
}
END_TEST

START_TEST(emulated_meter_sleeps_until_its_key_is_pressed)
{
  emulate("--baud 0 --sleep eye=4s 60=84.208GJ 1001=7");
  ck_assert_int_eq(read_meter("retries = 0\n"), 0);
  sleep(5);
  ck_assert_int_eq(read_meter("retries = 0\ntimeout = 500ms\n"), 76);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "press a button on the meter"));
  ck_assert_int_eq(kill(sandbox_pid(at), SIGUSR1), 0);
  ck_assert_int_eq(read_meter("retries = 0\n"), 0);
  ck_assert_str_eq(sandbox_out(s), ENERGY "meter.serial_no 7 number\n");
  end_emulation("2 requests\n");
}
END_TEST

/* Moves the magnet to or from the meter, and waits: the emulator does not
 * acknowledge a signal. */
static void
move_magnet(void)
{
  const struct timespec wait = { 0, 300000000 };

  ck_assert_int_eq(kill(sandbox_pid(at), SIGUSR2), 0);
  nanosleep(&wait, NULL);
}

START_TEST(emulated_meter_is_silent_without_the_magnet)
{
  emulate("--baud 0 --sleep magnet 60=84.208GJ 1001=7");
  move_magnet();
  ck_assert_int_eq(read_meter("retries = 0\ntimeout = 500ms\n"), 76);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "press a button on the meter"));
  move_magnet();
  ck_assert_int_eq(read_meter("retries = 0\n"), 0);
  ck_assert_str_eq(sandbox_out(s), ENERGY "meter.serial_no 7 number\n");
  end_emulation("1 requests\n");
}
END_TEST

/* Returns the damaged answer that an emulated meter gives with SEED, as
 * captured; the caller frees it. */
static char *
damaged_answer(unsigned seed)
{
  char args[128];
  const char *answer;

  snprintf(args, sizeof(args),
           "--baud 0 --seed %u --fault flip=2 60=84.208GJ 1001=7", seed);
  emulate(args);
  if (sandbox_exists(s, "capture"))
    sandbox_remove(s, "capture");
  ck_assert_int_eq(read_meter("retries = 0\ncapture = capture\n"), 76);
  end_emulation("1 requests\n");
  answer = strstr(sandbox_read(s, "capture"), " < ");
  ck_assert_ptr_nonnull(answer);
  return strdup(answer);
}

START_TEST(same_seed_makes_the_same_faults)
{
  char *first = damaged_answer(7), *again = damaged_answer(7),
       *other = damaged_answer(4294967295);

  ck_assert_str_eq(again, first);
  ck_assert_str_ne(other, first);
  free(first);
  free(again);
  free(other);
}
END_TEST

/* ---- emulate --listen ---------------------------------------------------- */

#define MOST_TRIES 50

/* Returns a socket that is bound to PORT (0: any free one) of 127.0.0.1, or
 * connected to it; -1 on failure. */
static int
open_socket(unsigned port,
            int (*how)(int fd, const struct sockaddr *address, socklen_t len))
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port) };
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  ck_assert_int_ge(fd, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (how(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
    return fd;
  close(fd);
  return -1;
}

static unsigned
port_of(int fd)
{
  struct sockaddr_in address;
  socklen_t len = sizeof(address);

  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  return ntohs(address.sin_port);
}

/* Returns true if the emulator has ended; sandbox_wait gets its status. */
static bool
has_ended(const struct sandbox *sandbox)
{
  siginfo_t info = { .si_pid = 0 };

  return waitid(P_PID, (id_t)sandbox_pid(sandbox), &info,
                WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid != 0;
}

/* Starts an emulator, and waits until it has printed N lines.  Returns false if
 * it has ended: a port is in use. */
static bool
try_listen(const char *listen, unsigned n, const char *args)
{
  sandbox_start(at, "kmp emulate --listen %s --baud 0 %s", listen, args);
  for (int i = 0; i < 4000; i++) {
    const char *out =
      sandbox_exists(at, ".out") ? sandbox_read(at, ".out") : "";
    unsigned lines = 0;

    for (; *out; out++)
      lines += *out == '\n';
    if (lines == n)
      return true;
    if (has_ended(at))
      return false;
    moment();
  }
  ck_abort_msg("the emulator did not start");
}

/* Starts an emulator with N meters on ports in a row; returns the first one. */
static unsigned
listen_on(unsigned n, const char *args)
{
  char listen[64];

  for (int i = 0; i < MOST_TRIES; i++) {
    int fd = open_socket(0, bind);
    unsigned port = port_of(fd);

    close(fd);
    snprintf(listen, sizeof(listen), "127.0.0.1:%u-%u", port, port + n - 1);
    if (port + n > UINT16_MAX)
      continue;
    if (try_listen(listen, n, args))
      return port;
    sandbox_wait(at);
  }
  ck_abort_msg("no free ports in a row");
}

static void
stop_emulator(void)
{
  kill(sandbox_pid(at), SIGTERM);
  ck_assert_int_eq(sandbox_wait(at), 0);
  ck_assert_str_eq(sandbox_err(at), "");
}

static void
add_meter(char *ini, size_t size, unsigned number, unsigned port)
{
  size_t len = strlen(ini);

  snprintf(ini + len, size - len,
           "[input m%u]\nplugin = kmp\ndevice = tcp://127.0.0.1:%u\n"
           "fields = heat_energy_e1, serial_no\n",
           number, port);
}

/* Each has a serial number and counts of its own; the third one is read
 * twice. */
START_TEST(emulator_listens_for_several_meters)
{
  unsigned port = listen_on(4, "60=84.208GJ 1001=255");
  char ini[1024] = "", wanted[1024] = "";

  for (unsigned i = 0; i < 3; i++)
    add_meter(ini, sizeof(ini), i, port + i);
  add_meter(ini, sizeof(ini), 3, port + 2);
  sandbox_write(s, "house.ini",
                "%s[output show]\nplugin = stdout\nformat = line\n", ini);
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_str_eq(sandbox_out(s), "m0.heat_energy_e1 84.208 GJ\n"
                                   "m0.serial_no 255 number\n"
                                   "m1.heat_energy_e1 84.208 GJ\n"
                                   "m1.serial_no 256 number\n"
                                   "m2.heat_energy_e1 84.208 GJ\n"
                                   "m2.serial_no 257 number\n"
                                   "m3.heat_energy_e1 84.208 GJ\n"
                                   "m3.serial_no 257 number\n");
  stop_emulator();
  for (unsigned i = 0; i < 8; i++) {
    size_t len = strlen(wanted);

    snprintf(wanted + len, sizeof(wanted) - len, "tcp://127.0.0.1:%u%s\n",
             port + i % 4,
             i < 4    ? ""
             : i == 6 ? ": 2 requests"
             : i == 7 ? ": 0 requests"
                      : ": 1 requests");
  }
  ck_assert_str_eq(sandbox_out(at), wanted);
}
END_TEST

START_TEST(meters_without_serial_number_get_one_each)
{
  unsigned port = listen_on(2, "60=84.208GJ");

  sandbox_run(s, "probe kmp device=tcp://127.0.0.1:%u", port + 1);
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "serial number  68500002\n"));
  stop_emulator();
}
END_TEST

/* A client leaves after half a request, another one before its reply; and one
 * closes its connection with RST. */
START_TEST(emulator_survives_clients_that_disconnect)
{
  static const uint8_t request[] = { 0x80, 0x3f, 0x10, 0x01, 0x00,
                                     0x3c, 0xb2, 0x5f, 0x0d };
  static const struct linger reset = { .l_onoff = 1 };
  unsigned port = listen_on(1, "--delay 300 60=84.208GJ 1001=7");
  char ini[512] = "";

  for (size_t len = 4; len <= sizeof(request); len += 5)
    for (int resets = 0; resets < 2; resets++) {
      int fd = open_socket(port, connect);

      ck_assert_int_ge(fd, 0);
      ck_assert_int_eq(write(fd, request, len), (ssize_t)len);
      if (resets)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
      close(fd);
    }
  add_meter(ini, sizeof(ini), 0, port);
  sandbox_write(s, "house.ini",
                "%s[output show]\nplugin = stdout\nformat = line\n", ini);
  ck_assert_int_eq(sandbox_run(s, "run -c house.ini"), 0);
  ck_assert_str_eq(sandbox_out(s), "m0.heat_energy_e1 84.208 GJ\n"
                                   "m0.serial_no 7 number\n");
  stop_emulator();
}
END_TEST

START_TEST(emulator_listens_on_an_ipv6_address)
{
  const char *device;

  if (!try_listen("[::1]:0", 1, "60=84.208GJ 1001=7")) {
    /* A machine without IPv6. */
    ck_assert_int_eq(sandbox_wait(at), 71);
    ck_assert_ptr_nonnull(strstr(sandbox_err(at), "cannot listen on port 0"));
    return;
  }
  device = sandbox_read(at, ".out");
  ck_assert_int_eq(strncmp(device, "tcp://[::1]:", 12), 0);
  sandbox_run(s, "probe kmp device=%.*s", (int)strcspn(device, "\n"), device);
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "serial number  7\n"));
  stop_emulator();
}
END_TEST

START_TEST(port_in_use_is_reported)
{
  int fd = open_socket(0, bind);
  unsigned port = port_of(fd);
  char wanted[256];

  ck_assert_int_eq(listen(fd, 1), 0);
  ck_assert_int_eq(
    sandbox_run(s, "kmp emulate --listen 127.0.0.1:%u 60=1", port), 71);
  snprintf(wanted, sizeof(wanted),
           "error: 127.0.0.1:%u: cannot listen on port %u: Address already in "
           "use; name free ports of this machine\n",
           port, port);
  ck_assert_str_eq(sandbox_err(s), wanted);
  ck_assert_str_eq(sandbox_out(s), "");
  close(fd);
}
END_TEST

START_TEST(too_few_files_for_the_meters_are_reported)
{
  const struct rlimit limit = { 100, 100 };

  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ck_assert_int_eq(sandbox_run(s, "kmp emulate --listen 127.0.0.1:1-100 60=1"),
                   71);
  ck_assert_str_eq(
    sandbox_err(s),
    "error: 127.0.0.1:1-100: 100 meters need 432 open files, but the limit is "
    "100: raise it (ulimit -n), or emulate fewer meters\n");
}
END_TEST

/* ---- Errors -------------------------------------------------------------- */

#define NOT_PORTS(text)                                                        \
  "error: --listen: \"" text "\" is not HOST:PORT or HOST:PORT-PORT, with "    \
  "ports from 1 to 65535 and at most 10000 meters\n"

static const struct {
  const char *args;
  int status;
  const char *err;
} wrong[] = {
  { "kmp", 64,
    "error: kmp: no command (\"meterpipe kmp --help\" lists them)\n" },
  { "kmp masc", 64,
    "error: kmp: there is no command \"masc\"; use mask or emulate\n" },
  { "kmp -v mask a", 64,
    "error: kmp: there is no command \"-v\"; use mask or emulate\n" },
  { "kmp mask", 64, "error: mask: the capture is missing\n" },
  { "kmp mask a b", 64, "error: mask: give one capture and nothing else\n" },
  { "kmp mask -c", 64, "error: mask: takes no option -c\n" },
  { "kmp mask nowhere", 66, "error: nowhere: there is no such file\n" },
  { "kmp mask ''", 64, "error: \"\": is not a file name\n" },
  { "kmp mask .", 66, "error: .: is a directory, not a capture\n" },
  { "kmp mask loop", 74,
    "error: loop: cannot be read: Too many levels of symbolic links\n" },
  { "kmp emulate loop", 74,
    "error: loop: cannot be read: Too many levels of symbolic links\n" },
  { "kmp emulate", 64,
    "error: emulate: a capture, or a file with registers, is missing\n" },
  { "kmp emulate nowhere", 66, "error: nowhere: there is no such file\n" },
  { "kmp emulate .", 66, "error: .: is a directory, not a capture\n" },
  { "kmp emulate 60=many", 64,
    "error: 60=many: is neither a register, such as 60=84.208GJ, nor a "
    "file\n" },
  { "kmp emulate empty", 65,
    "error: empty: contains neither replies of a meter nor registers\n" },
  { "kmp emulate --baud fast 60=1", 64,
    "error: --baud: \"fast\" is not a number from 0 to 115200\n" },
  { "kmp emulate --seed 4294967296 60=1", 64,
    "error: --seed: \"4294967296\" is not a number from 0 to 4294967295\n" },
  { "kmp emulate --delay 60001 60=1", 64,
    "error: --delay: \"60001\" is not a number from 0 to 60000\n" },
  { "kmp emulate --fault none 60=1", 64,
    "error: --fault: unknown kind of fault \"none\" (\"meterpipe kmp emulate "
    "--help\" lists them)\n" },
  { "kmp emulate --sleep well 60=1", 64,
    "error: --sleep: unknown model \"well\"; use none, eye[=DURATION], "
    "water[=N[,DURATION]] or magnet\n" },
  { "kmp emulate --link empty 60=1", 73,
    "error: empty: the link cannot be made: File exists\n" },
  { "kmp emulate 60=1GJ --fault none", 64,
    "error: --fault: unknown kind of fault \"none\" (\"meterpipe kmp emulate "
    "--help\" lists them)\n" },
  { "kmp emulate heat_energy_e1=1GJ", 64,
    "error: heat_energy_e1=1GJ: is neither a register, such as 60=84.208GJ, "
    "nor a "
    "file\n" },
  { "kmp emulate --link nowhere/tty 60=1", 73,
    "error: nowhere/tty: the link cannot be made: No such file or "
    "directory\n" },
  { "kmp emulate --listen 4001 60=1", 64, NOT_PORTS("4001") },
  { "kmp emulate --listen :4001 60=1", 64, NOT_PORTS(":4001") },
  { "kmp emulate --listen [::1]4001 60=1", 64, NOT_PORTS("[::1]4001") },
  { "kmp emulate --listen []:4001 60=1", 64, NOT_PORTS("[]:4001") },
  { "kmp emulate --listen a:4001-4000 60=1", 64, NOT_PORTS("a:4001-4000") },
  { "kmp emulate --listen a:0-3 60=1", 64, NOT_PORTS("a:0-3") },
  { "kmp emulate --listen a:65536 60=1", 64, NOT_PORTS("a:65536") },
  { "kmp emulate --listen a:1-10001 60=1", 64, NOT_PORTS("a:1-10001") },
  { "kmp emulate --listen a:40x 60=1", 64, NOT_PORTS("a:40x") },
  { "kmp emulate --listen a:1 --link b 60=1", 64,
    "error: emulate: --link links to a terminal, and with --listen there is "
    "none: give one of the two\n" },
  { "kmp emulate --link", 64,
    "error: emulate: the option --link needs a value\n" },
  { "kmp emulate --lunk x", 64,
    "error: emulate: there is no option --lunk (\"meterpipe kmp emulate "
    "--help\" lists them)\n" },
};

START_TEST(wrong_arguments_and_files_are_reported)
{
  char path[512];

  snprintf(path, sizeof(path), "%s/loop", sandbox_dir(s));
  ck_assert_int_eq(symlink("loop", path), 0);
  sandbox_write(s, "empty", "%s", "");
  sandbox_run(s, "%s", wrong[_i].args);
  ck_assert_str_eq(sandbox_err(s), wrong[_i].err);
  ck_assert_int_eq(sandbox_status(s), wrong[_i].status);
  ck_assert_str_eq(sandbox_out(s), "");
  ck_assert(sandbox_exists(s, "empty"));
}
END_TEST

START_TEST(unreadable_capture_is_a_permission_error)
{
  char path[512];

  sandbox_write(s, "meter.capture", CAPTURE(SERIAL, OTHER));
  snprintf(path, sizeof(path), "%s/meter.capture", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0), 0);
  sandbox_become_nobody(s);
  ck_assert_int_eq(sandbox_run(s, "kmp mask meter.capture"), 77);
  ck_assert_str_eq(
    sandbox_err(s),
    "error: meter.capture: cannot be read: Permission denied; give "
    "this user read access\n");
  ck_assert_str_eq(sandbox_out(s), "");
}
END_TEST

/* All arguments after "kmp" belong to the other program, help included. */
START_TEST(kmp_prints_its_own_help)
{
  static const struct {
    const char *args, *begin;
  } rows[] = {
    { "kmp --help", "Usage: meterpipe kmp COMMAND [OPTION]...\n" },
    { "kmp -h", "Usage: meterpipe kmp COMMAND [OPTION]...\n" },
    { "kmp mask --help", "Usage: meterpipe kmp mask CAPTURE\n" },
    { "kmp emulate --help", "Usage: meterpipe kmp emulate [OPTION]... " },
    { "kmp --version", "meterpipe-kmp " },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    ck_assert_int_eq(sandbox_run(s, "%s", rows[i].args), 0);
    ck_assert_str_eq(sandbox_err(s), "");
    ck_assert_msg(
      strncmp(sandbox_out(s), rows[i].begin, strlen(rows[i].begin)) == 0,
      "%s: %s", rows[i].args, sandbox_out(s));
  }
}
END_TEST

START_TEST(full_disk_is_an_error)
{
  sandbox_write(s, "meter.capture", CAPTURE(SERIAL, OTHER));
  sandbox_set_stdout(s, "/dev/full");
  ck_assert_int_eq(sandbox_run(s, "kmp mask meter.capture"), 74);
  ck_assert_str_eq(sandbox_err(s), "error: standard output: cannot be written: "
                                   "No space left on device\n");
}
END_TEST

/* ---- The place of the program -------------------------------------------- */

/* Copies the program into the sandbox, with no other program beside it. */
static void
move_program(void)
{
  char command[1024], path[128];

  snprintf(path, sizeof(path), "%s/meterpipe", sandbox_dir(s));
  ck_assert_int_lt(snprintf(command, sizeof(command), "cp '%s' '%s'",
                            getenv("METERPIPE"), path),
                   (int)sizeof(command));
  ck_assert_int_eq(system(command), 0);
  ck_assert_int_eq(setenv("METERPIPE", path, 1), 0);
}

static void
write_program(const char *name, int mode)
{
  char path[128];

  sandbox_write(s, name, "#!/bin/sh\necho it is \"$*\"\nexit 3\n");
  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(s), name);
  ck_assert_int_eq(chmod(path, (mode_t)mode), 0);
}

START_TEST(missing_kmp_program_is_reported)
{
  char dir[128];

  move_program();
  sandbox_setenv(s, "PATH", "/nowhere");
  ck_assert_int_eq(sandbox_run(s, "kmp mask -"), 78);
  ck_assert_str_eq(
    sandbox_err(s),
    "error: meterpipe-kmp: neither in the directory of meterpipe nor in PATH: "
    "install the kmp plugin, which contains it\n");
  snprintf(dir, sizeof(dir), "%s/bin", sandbox_dir(s));
  ck_assert_int_eq(mkdir(dir, 0700), 0);
  write_program("bin/meterpipe-kmp", 0700);
  sandbox_setenv(s, "PATH", dir);
  ck_assert_int_eq(sandbox_run(s, "kmp mask -"), 3);
  ck_assert_str_eq(sandbox_out(s), "it is mask -\n");
  write_program("meterpipe-kmp", 0600); /* used before PATH */
  ck_assert_int_eq(sandbox_run(s, "kmp mask -"), 77);
  ck_assert_str_eq(sandbox_err(s), "error: meterpipe-kmp: cannot be executed: "
                                   "Permission denied\n");
}
END_TEST

static Suite *
kmp_command_suite(void)
{
  Suite *suite = suite_create("kmp command");
  TCase *tcase = tcase_create("kmp command");

  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, mask_replaces_serial_numbers_and_nothing_else);
  tcase_add_test(tcase, mask_reports_the_number_of_unreadable_lines);
  tcase_add_test(tcase, mask_reads_standard_input);
  tcase_add_test(tcase, mask_reads_a_pipe);
  tcase_add_test(tcase, masking_changes_only_the_serial_numbers);
  tcase_add_test(tcase, masking_leaves_the_example_unchanged);
  tcase_add_test(tcase, emulator_answers_from_a_capture);
  tcase_add_test(tcase, emulator_answers_from_a_register_list);
  tcase_add_test(tcase, emulator_makes_the_ordered_faults);
  tcase_add_test(tcase, emulated_meter_sleeps_until_its_key_is_pressed);
  tcase_add_test(tcase, emulated_meter_is_silent_without_the_magnet);
  tcase_add_test(tcase, same_seed_makes_the_same_faults);
  tcase_add_test(tcase, emulator_listens_for_several_meters);
  tcase_add_test(tcase, meters_without_serial_number_get_one_each);
  tcase_add_test(tcase, emulator_survives_clients_that_disconnect);
  tcase_add_test(tcase, emulator_listens_on_an_ipv6_address);
  tcase_add_test(tcase, port_in_use_is_reported);
  tcase_add_test(tcase, too_few_files_for_the_meters_are_reported);
  tcase_add_loop_test(tcase, wrong_arguments_and_files_are_reported, 0,
                      ARRAY_SIZE(wrong));
  if (sandbox_has_nobody())
    tcase_add_test(tcase, unreadable_capture_is_a_permission_error);
  tcase_add_test(tcase, kmp_prints_its_own_help);
  tcase_add_test(tcase, full_disk_is_an_error);
  tcase_add_test(tcase, missing_kmp_program_is_reported);
  return suite;
}

int
main(void)
{
  return run_suite(kmp_command_suite());
}
