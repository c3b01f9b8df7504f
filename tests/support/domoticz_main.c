/*
 * The stand-in for Domoticz as a program, for manual experiments:
 *
 *     domoticz-server [-v 2026.3|2025.1|2024.7|2023.2|2022.2] [-p PORT]
 *                     [IDX:TYPE[:LABEL]]...
 *
 * Prints its URL and answers until its standard input ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/domoticz_server.h"

static int
usage(void)
{
  fputs("usage: domoticz-server [-v 2026.3|2025.1|2024.7|2023.2|2022.2] "
        "[-p PORT] [IDX:TYPE[:LABEL]]...\n",
        stderr);
  return 64;
}

/* Returns the enum value of version NAME; -1: unknown. */
static int
find_version(const char *name)
{
  static const char *const names[] = { "2025.1", "2024.7", "2023.2", "2022.2",
                                       "2026.3" };

  for (int i = 0; i < 5; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return -1;
}

static void
add_device(struct domoticz_server *s, const char *text)
{
  char type[32] = "", label[32] = "";
  unsigned idx = 0;

  if (sscanf(text, "%u:%31[^:]:%31[^\n]", &idx, type, label) < 2)
    exit(usage());
  domoticz_server_add(s, idx, type, label);
}

int
main(int argc, char **argv)
{
  struct domoticz_server *s;
  int version = DOMOTICZ_2025_1;
  unsigned long port = 0;

  for (int option = getopt(argc, argv, "v:p:"); option != -1;
       option = getopt(argc, argv, "v:p:")) {
    if (option == 'v')
      version = find_version(optarg);
    else if (option == 'p')
      port = strtoul(optarg, NULL, 10);
    if (option == '?' || version < 0 || port > 65535)
      return usage();
  }
  s = domoticz_server_start_at((enum domoticz_version)version, (unsigned)port);
  for (; optind < argc; optind++)
    add_device(s, argv[optind]);
  printf("%s\n", domoticz_server_url(s));
  fflush(stdout);
  while (getchar() != EOF)
    continue;
  domoticz_server_stop(s);
  return 0;
}
