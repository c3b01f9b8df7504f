/*
 * meterpipe kmp emulate: runs the emulated meter of the tests.  This file reads
 * the command line.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "plugins/kmp/program/emulation.h"
#include "plugins/kmp/program/program.h"

/* KMP 2.4: values of a recent meter. */
#define DEFAULT_BAUD 1200
#define DEFAULT_DELAY_MS 20
#define BAUD_MAX 115200
#define DELAY_MAX_MS 60000
#define METERS_MAX 10000

enum {
  OPT_LISTEN = 'L',
  OPT_LINK = 'l',
  OPT_BAUD = 'b',
  OPT_DELAY = 'd',
  OPT_SEED = 's',
  OPT_FAULT = 'f',
  OPT_SLEEP = 'S',
  OPT_HELP = 'h',
};

static const struct option options[] = {
  { "listen", required_argument, NULL, OPT_LISTEN },
  { "link", required_argument, NULL, OPT_LINK },
  { "baud", required_argument, NULL, OPT_BAUD },
  { "delay", required_argument, NULL, OPT_DELAY },
  { "seed", required_argument, NULL, OPT_SEED },
  { "fault", required_argument, NULL, OPT_FAULT },
  { "sleep", required_argument, NULL, OPT_SLEEP },
  { "help", no_argument, NULL, OPT_HELP },
  { NULL, 0, NULL, 0 },
};

/* Lines break here as on the screen. */
/* clang-format off */
static const char help[] =
  "Usage: meterpipe kmp emulate [OPTION]... CAPTURE|REGISTERS|REGISTER=VALUE...\n"
  "\n"
  "Emulates a meter on a pseudo-terminal. The meter has the last values of a\n"
  "capture, the values of a file with a register in each line, or the values of\n"
  "the command line. Write a register as 60=84.208GJ, 1001=68500001 or\n"
  "60:08 04 43 00 01 48 f0 (unit, length, sign and exponent, mantissa);\n"
  "type=0001F1 gives the meter's type (default 0000). Prints the name of the\n"
  "terminal, or of each port with --listen, and replies until SIGINT or SIGTERM;\n"
  "then prints the number of requests.\n"
  "\n"
  "Options:\n"
  "  --listen HOST:PORT[-PORT] listen on TCP ports instead, with a meter on each;\n"
  "                            their serial numbers count up; 0: any free port\n"
  "  --link PATH               make a symbolic link to the terminal\n"
  "  --baud N                  speed of the line (default 1200); 0: no delay\n"
  "  --delay MS                time from a request to its reply (default 20)\n"
  "  --fault KIND[=N][*TIMES]  a fault in all replies, or in the next TIMES\n"
  "  --seed N                  seed of the random faults (default 1)\n"
  "  --sleep MODEL             how the meter saves its battery:\n"
  "      none                  it wakes on the first byte, like a 601 (default)\n"
  "      eye[=DURATION]        it ignores requests from 30m after the last\n"
  "                            traffic until a key is pressed (SIGUSR1), like\n"
  "                            a 402\n"
  "      water[=N[,DURATION]]  it ignores requests for 10m after 12 replies\n"
  "      magnet                it ignores requests while the magnet is away\n"
  "                            (SIGUSR2 takes it away and puts it back), like\n"
  "                            a 403\n"
  "\n"
  "Kinds of faults:\n";
/* clang-format on */

static void
print_help(void)
{
  const char *name, *what;

  fputs(help, stdout);
  for (size_t i = 0;; i++) {
    name = meter_fault_kind(i, &what);
    if (!name)
      break;
    printf("  %-10s %s\n", name, what);
  }
}

static int
parse_number(const char *option, const char *text, unsigned long max,
             unsigned long *ret)
{
  char *end;

  errno = 0;
  *ret = strtoul(text, &end, 10);
  if (errno == 0 && end != text && *end == '\0' && text[0] >= '0' &&
      text[0] <= '9' && *ret <= max)
    return EX_OK;
  return program_fail(EX_USAGE, option, "\"%s\" is not a number from 0 to %lu",
                      text, max);
}

/* Reads a port at *P, and moves *P after it.  Returns false if there is
 * none. */
static bool
read_port(const char **p, unsigned *ret)
{
  size_t digits = strspn(*p, "0123456789");

  if (digits == 0 || digits > 5)
    return false;
  *ret = (unsigned)strtoul(*p, NULL, 10);
  *p += digits;
  return *ret <= UINT16_MAX;
}

/* Takes "PORT" or "PORT-PORT".  Returns false if TEXT is neither. */
static bool
take_ports(struct emulation *e, const char *text)
{
  unsigned last;

  if (!read_port(&text, &e->first_port))
    return false;
  e->n_meters = 1;
  if (*text == '\0')
    return true;
  if (*text++ != '-' || !read_port(&text, &last) || *text != '\0' ||
      e->first_port == 0 || last < e->first_port)
    return false;
  e->n_meters = last - e->first_port + 1;
  return e->n_meters <= METERS_MAX;
}

/* Takes "HOST:PORTS" or "[ADDRESS]:PORTS". */
static int
take_listen(struct emulation *e, const char *text)
{
  const char *colon = strrchr(text, ':');
  size_t len = colon ? (size_t)(colon - text) : 0;
  size_t bracket = text[0] == '[' ? 1 : 0;

  e->listen = text;
  if (len <= 2 * bracket || len >= sizeof(e->host) ||
      (bracket && colon[-1] != ']') || !take_ports(e, colon + 1))
    return program_fail(EX_USAGE, "--listen",
                        "\"%s\" is not HOST:PORT or HOST:PORT-PORT, with ports "
                        "from 1 to 65535 and at most %d meters",
                        text, METERS_MAX);
  snprintf(e->host, sizeof(e->host), "%.*s", (int)(len - 2 * bracket),
           text + bracket);
  return EX_OK;
}

static int
take_option(struct emulation *e, int option, const char *text)
{
  struct meter *m = e->meter;
  unsigned long n;
  int status;

  switch (option) {
  case OPT_LINK:
    e->link = text;
    return EX_OK;
  case OPT_LISTEN:
    return take_listen(e, text);
  case OPT_BAUD:
    status = parse_number("--baud", text, BAUD_MAX, &n);
    if (status == EX_OK)
      meter_set_baud(m, (unsigned)n);
    return status;
  case OPT_DELAY:
    status = parse_number("--delay", text, DELAY_MAX_MS, &n);
    if (status == EX_OK)
      meter_set_delay(m, (unsigned)n);
    return status;
  case OPT_SEED:
    status = parse_number("--seed", text, UINT32_MAX, &n);
    if (status == EX_OK)
      meter_set_seed(m, (uint32_t)n);
    return status;
  case OPT_FAULT:
    if (meter_try_fault(m, text) == 0)
      return EX_OK;
    return program_fail(EX_USAGE, "--fault",
                        "unknown kind of fault \"%s\" (\"meterpipe kmp emulate "
                        "--help\" lists them)",
                        text);
  default: /* OPT_SLEEP */
    if (meter_try_sleep(m, text) == 0)
      return EX_OK;
    return program_fail(EX_USAGE, "--sleep",
                        "unknown model \"%s\"; use none, eye[=DURATION], "
                        "water[=N[,DURATION]] or magnet",
                        text);
  }
}

/* Takes an operand: a register, a capture or a file with registers. */
static int
take_operand(struct meter *m, const char *text)
{
  struct stat st;
  long learnt;

  if (meter_try_set(m, text) == 0)
    return EX_OK;
  if (stat(text, &st) == 0 && S_ISDIR(st.st_mode)) {
    errno = EISDIR;
    return program_fail_file(text);
  }
  learnt = meter_load(m, text);
  if (learnt > 0)
    return EX_OK;
  if (learnt == 0)
    return program_fail(EX_DATAERR, text,
                        "contains neither replies of a meter nor registers");
  if (errno == ENOENT && strchr(text, '='))
    return program_fail(
      EX_USAGE, text, "is neither a register, such as 60=84.208GJ, nor a file");
  return program_fail_file(text);
}

static int
set_up(struct emulation *e, int argc, char **argv)
{
  int status = EX_OK;
  int option;

  optind = 0; /* reset getopt, to begin at argv[1] */
  opterr = 0;
  while (status == EX_OK) {
    option = getopt_long(argc, argv, ":h", options, NULL);
    if (option == -1)
      break;
    if (option == ':')
      return program_fail(EX_USAGE, "emulate", "the option %s needs a value",
                          argv[optind - 1]);
    if (option == '?')
      return program_fail(EX_USAGE, "emulate",
                          "there is no option %s (\"meterpipe kmp emulate "
                          "--help\" lists them)",
                          argv[optind - 1]);
    if (option != OPT_HELP)
      status = take_option(e, option, optarg);
  }
  if (status == EX_OK && optind == argc)
    return program_fail(EX_USAGE, "emulate",
                        "a capture, or a file with registers, is missing");
  for (; status == EX_OK && optind < argc; optind++)
    status = take_operand(e->meter, argv[optind]);
  if (status == EX_OK && e->link && e->listen)
    return program_fail(EX_USAGE, "emulate",
                        "--link links to a terminal, and with --listen there "
                        "is none: give one of the two");
  return status;
}

static bool
wants_help(int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      return true;
  return false;
}

int
command_emulate(int argc, char **argv)
{
  struct emulation e = { .n_meters = 1 };
  sigset_t signals;
  int status;

  if (wants_help(argc, argv)) {
    print_help();
    return EX_OK;
  }
  /* Before a meter's thread starts: it inherits the blocked signals, so that
   * sigwait gets them. */
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  e.meter = meter_new();
  if (!e.meter)
    return program_fail(EX_OSERR, "emulate", "out of memory");
  meter_set_baud(e.meter, DEFAULT_BAUD);
  meter_set_delay(e.meter, DEFAULT_DELAY_MS);
  /* A capture without an answer to GetType does not give the model. */
  meter_set(e.meter, "type=0000");
  status = set_up(&e, argc, argv);
  if (status == EX_OK)
    status = emulation_run(&e, &signals);
  meter_stop(e.meter);
  return status;
}
