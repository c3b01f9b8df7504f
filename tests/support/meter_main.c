/*
 * meter-emulator: an emulated meter as a program, for tests and trials without
 * a meter.  Prints the tty to read it by, and serves until SIGTERM or SIGINT;
 * then prints how many requests it heard.
 *
 *     meter-emulator --link meter --baud 1200 60=84.208GJ 1001=68500001
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/meter.h"

#define EXIT_USAGE 64

static const struct option long_options[] = {
  { "link", required_argument, NULL, 'l' },
  { "baud", required_argument, NULL, 'b' },
  { "delay", required_argument, NULL, 'd' },
  { "seed", required_argument, NULL, 's' },
  { "fault", required_argument, NULL, 'f' },
  { NULL, 0, NULL, 0 },
};

static int
usage(const char *about)
{
  fprintf(
    stderr,
    "meter-emulator: %s\n"
    "usage: meter-emulator [--link PATH] [--baud N] [--delay MS] "
    "[--seed N] [--fault KIND[=N][*TIMES]]... {REGISTER=VALUE | FILE}...\n",
    about);
  return EXIT_USAGE;
}

static int
set_option(struct meter *m, int option, const char *text)
{
  switch (option) {
  case 'l':
    meter_link(m, text);
    return 0;
  case 'b':
    meter_set_baud(m, (unsigned)strtoul(text, NULL, 10));
    return 0;
  case 'd':
    meter_set_delay(m, (unsigned)strtoul(text, NULL, 10));
    return 0;
  case 's':
    meter_set_seed(m, (uint32_t)strtoul(text, NULL, 0));
    return 0;
  case 'f':
    return meter_try_fault(m, text);
  default:
    return -1;
  }
}

static int
set_up(struct meter *m, int argc, char **argv)
{
  int option;

  for (;;) {
    option = getopt_long(argc, argv, "", long_options, NULL);
    if (option == -1)
      break;
    if (set_option(m, option, optarg) < 0)
      return usage(optarg != NULL ? optarg : "unknown option");
  }
  for (; optind < argc; optind++)
    if (meter_try_set(m, argv[optind]) < 0 && meter_load(m, argv[optind]) < 0)
      return usage(argv[optind]);
  return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
  struct meter *m;
  sigset_t signals;
  int status;
  int received;

  /* Before the thread begins, so that it leaves them to us. */
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  m = meter_start();
  status = set_up(m, argc, argv);
  if (status == EXIT_SUCCESS) {
    printf("%s\n", meter_path(m));
    fflush(stdout);
    sigwait(&signals, &received);
    printf("%u requests\n", meter_requests(m));
  }
  meter_stop(m);
  return status;
}
