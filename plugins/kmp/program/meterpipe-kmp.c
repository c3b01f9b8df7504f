/*
 * meterpipe-kmp, which "meterpipe kmp" executes: commands for the KMP protocol
 * that need no pipeline.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "plugins/kmp/program/program.h"

static const struct {
  const char *name;
  const char *usage;
  const char *summary;
  int (*run)(int argc, char **argv);
} commands[] = {
  { "mask", "CAPTURE",
    "print a capture without serial and customer numbers, for publication",
    command_mask },
  { "emulate", "[OPTION]... CAPTURE|REGISTERS|REGISTER=VALUE...",
    "emulate a meter on a pseudo-terminal", command_emulate },
};

int
program_fail(int status, const char *object, const char *fmt, ...)
{
  va_list args;

  fprintf(stderr, "error: %s: ", object);
  va_start(args, fmt);
  vfprintf(stderr, fmt, args);
  va_end(args);
  putc('\n', stderr);
  return status;
}

int
program_fail_file(const char *path)
{
  if (*path == '\0')
    return program_fail(EX_USAGE, "\"\"", "is not a file name");
  switch (errno) {
  case ENOENT:
  case ENOTDIR:
    return program_fail(EX_NOINPUT, path, "there is no such file");
  case EISDIR:
    return program_fail(EX_NOINPUT, path, "is a directory, not a capture");
  case EACCES:
  case EPERM:
    return program_fail(EX_NOPERM, path,
                        "cannot be read: %s; give this user read access",
                        strerror(errno));
  default:
    return program_fail(EX_IOERR, path, "cannot be read: %s", strerror(errno));
  }
}

static void
print_help(void)
{
  printf("Usage: meterpipe kmp COMMAND [OPTION]...\n\nCommands:\n");
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
    printf("  %-8s %s\n           %s\n", commands[i].name, commands[i].usage,
           commands[i].summary);
  printf(
    "\n\"meterpipe kmp COMMAND --help\" shows the options of a command.\n");
}

int
main(int argc, char **argv)
{
  if (argc < 2)
    return program_fail(EX_USAGE, "kmp",
                        "no command (\"meterpipe kmp --help\" lists them)");
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    print_help();
    return EX_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("meterpipe-kmp %s\n", PACKAGE_VERSION);
    return EX_OK;
  }
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
    if (strcmp(commands[i].name, argv[1]) == 0)
      return commands[i].run(argc - 1, argv + 1);
  return program_fail(EX_USAGE, "kmp",
                      "there is no command \"%s\"; use mask or emulate",
                      argv[1]);
}
