/* meterpipe: the table of commands, the help, and main(). */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/commands/arguments.h"
#include "core/commands/commands.h"
#include "core/run/exit_guard.h"
#include "core/run/process_attributes.h"
#include "core/run/log.h"
#include "lib/array.h"
#include "lib/nearest.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

static const struct command commands[] = {
  { "run",
    "[-c FILE] [-n [--offline]] [--replay [INPUT=]FILE]... [--every DURATION]",
    "read the inputs and deliver: one cycle, or all cycles of a capture",
    0,
    0,
    { OPT_CONFIG, OPT_DRY, OPT_OFFLINE, OPT_REPLAY, OPT_EVERY },
    command_run },
  { "check",
    "[-c FILE] [--offline | --expand]",
    "find all problems of a pipeline file, its meter and its servers",
    0,
    0,
    { OPT_CONFIG, OPT_OFFLINE, OPT_EXPAND },
    command_check },
  { "graph",
    "[-c FILE]",
    "print the pipeline as Graphviz DOT",
    0,
    0,
    { OPT_CONFIG },
    command_graph },
  { "status",
    "[-c FILE] [--set-aside] [--json] [NAME]",
    "show the last run, each target's value, pending values and outages",
    0,
    1,
    { OPT_CONFIG, OPT_SET_ASIDE, OPT_JSON },
    command_status },
  { "rebase",
    "[-c FILE] [TRANSFORM]... | [-c FILE] --forget OUTPUT.TARGET...",
    "take the next reading as the base; or delete targets from the state",
    0,
    -1,
    { OPT_CONFIG, OPT_FORGET },
    command_rebase },
  { "retry",
    "[-c FILE] [--discard] OUTPUT",
    "make the rows pending again that were set aside, or delete them",
    1,
    1,
    { OPT_CONFIG, OPT_DISCARD },
    command_retry },
  { "plugins",
    "[NAME] | --new KIND NAME",
    "list the plugins, or the options of one, or write a new one",
    0,
    1,
    { OPT_NEW },
    command_plugins },
  { "conform",
    "PLUGIN.so [OPTION=VALUE]...",
    "check that a plugin keeps the contract of the plugin interface",
    1,
    -1,
    { 0 },
    command_conform },
  { "probe",
    "PLUGIN [OPTION=VALUE]... [--watch] [--json]",
    "identify a meter and read all its fields, or explain why that fails",
    1,
    -1,
    { OPT_WATCH, OPT_JSON },
    command_probe },
  { "targets",
    "PLUGIN [OPTION=VALUE]... [--create NAME:TYPE]... [--yes] |\n"
    "           -c FILE OUTPUT [--create NAME:TYPE[=VALUE]]... [--yes]",
    "list the devices that an output could serve, or make new ones",
    1,
    -1,
    { OPT_CONFIG, OPT_CREATE, OPT_YES },
    command_targets },
  { "import",
    "[-d] DEVICE IDX:REGISTER:FUNCTION[:IDX2],... [--url URL] | 'CRONTAB LINE'",
    "print the pipeline file for an old script's command line",
    1,
    -1,
    { OPT_URL },
    command_import },
  { "kmp",
    "mask CAPTURE | emulate [OPTION]... CAPTURE|REGISTERS",
    "mask a capture for publication, or emulate a meter; see kmp --help",
    0,
    UNPARSED,
    { 0 },
    command_kmp },
  { "report",
    "[-c FILE] [--from DATE] [--to DATE] [--output FILE] [--csv FILE]",
    "write a page of usage and costs from a CSV file; see report --help",
    0,
    UNPARSED,
    { 0 },
    command_report },
};

#define N_COMMANDS ARRAY_SIZE(commands)

/* Printed in two columns; "\n" continues the text in the second one. */
static const struct {
  int option;
  const char *name, *help;
} option_help[] = {
  { OPT_CONFIG, "-c, --config FILE",
    "the pipeline file\n(default " SYSCONFDIR "/meterpipe/meterpipe.ini)" },
  { OPT_DRY, "-n, --dry-run",
    "read, compute and show the values, but deliver\nand store nothing" },
  { OPT_OFFLINE, "    --offline",
    "do not contact outputs (check: nor the meter;\nrun: only with -n)" },
  { OPT_EXPAND, "    --expand",
    "print the file with its list of meters expanded" },
  { OPT_REPLAY, "    --replay [INPUT=]FILE",
    "\nread a capture in place of all inputs, or of one" },
  { OPT_EVERY, "    --every DURATION",
    "repeat, as in 20m; for containers without cron" },
  { OPT_URL, "    --url URL",
    "the address of Domoticz (default\nhttp://127.0.0.1:8080)" },
  { OPT_SET_ASIDE, "    --set-aside",
    "list the rows that an output will never take" },
  { OPT_DISCARD, "    --discard",
    "print the rows that were set aside, and delete them" },
  { OPT_JSON, "    --json", "print JSON, for programs" },
  { OPT_WATCH, "    --watch", "read again and again, for placing the head" },
  { OPT_CREATE, "    --create NAME:TYPE[=VALUE]",
    "\nmake a target, such as \"Heat energy:counter-gj\"; with\n"
    "=VALUE (and -c), run at once to give it that value" },
  { OPT_FORGET, "    --forget", "delete the named targets from the state" },
  { OPT_YES, "    --yes", "make the targets without asking" },
  { OPT_NEW, "    --new KIND",
    "write a plugin to begin with: input, transform or\noutput" },
  { OPT_VERBOSE, "-v, --verbose",
    "print more; twice: also frames and requests" },
  { OPT_QUIET, "-q, --quiet", "print only errors" },
  { OPT_PLUGIN_DIR, "    --plugin-dir DIR", "look for plugins in DIR first" },
  { OPT_HELP, "-h, --help", "print this text" },
  { OPT_VERSION, "    --version", "print the version" },
};

#define HELP_COLUMN 26

/* Prints the options that COMMAND takes; NULL: all options. */
static void
print_options(const struct command *command)
{
  printf("\nOptions:\n");
  for (size_t i = 0; i < ARRAY_SIZE(option_help); i++) {
    const char *text = option_help[i].help;

    if (command && !command_takes(command, option_help[i].option))
      continue;
    printf("  %-*s", *text == '\n' ? 0 : HELP_COLUMN - 2, option_help[i].name);
    for (; *text; text++)
      if (*text == '\n')
        printf("\n%*s", HELP_COLUMN, "");
      else
        putchar(*text);
    putchar('\n');
  }
}

static void
print_help(void)
{
  printf("Usage: meterpipe COMMAND [OPTION]...\n\n"
         "Reads heat meters and delivers their values to home automation.\n\n"
         "Commands:\n");
  for (size_t i = 0; i < N_COMMANDS; i++)
    printf("  %-8s %s\n           %s\n", commands[i].name, commands[i].usage,
           commands[i].summary);
  print_options(NULL);
}

static void
print_command_help(const struct command *command)
{
  printf("Usage: meterpipe %s %s\n\n%c%s.\n", command->name, command->usage,
         command->summary[0] - 'a' + 'A', command->summary + 1);
  print_options(command);
}

static const struct command *
find_command(const char *name)
{
  struct nearest nearest;
  int shown = (int)strcspn(name, "=:"); /* a secret may follow */

  for (size_t i = 0; i < N_COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
  if (name[0] == '-' && name[1]) {
    arguments_refuse_option(name);
    return NULL;
  }
  nearest_start(&nearest, name);
  for (size_t i = 0; i < N_COMMANDS; i++)
    nearest_offer(&nearest, commands[i].name);
  if (*nearest.best)
    log_line(MP_LOG_ERROR, NULL, NULL,
             "there is no command \"%.*s\"; the nearest is \"%s\"", shown, name,
             nearest.best);
  else
    log_line(MP_LOG_ERROR, NULL, NULL,
             "there is no command \"%.*s\" (\"meterpipe --help\" lists them)",
             shown, name);
  return NULL;
}

static int
run_program(int argc, char **argv)
{
  struct arguments args = { .config_path =
                              SYSCONFDIR "/meterpipe/meterpipe.ini" };
  const struct command *command;
  int status;

  process_attributes_reset();
  log_setup(0);
  if (argc < 2) {
    log_line(MP_LOG_ERROR, NULL, NULL,
             "no command (\"meterpipe --help\" lists them)");
    return EX_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    print_help();
    return EX_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("meterpipe %s\n", PACKAGE_VERSION);
    return EX_OK;
  }
  command = find_command(argv[1]);
  if (!command)
    return EX_USAGE;
  status = arguments_parse(&args, command, argc - 1, argv + 1);
  if (status == ARGUMENTS_HELP) {
    print_command_help(command);
    return EX_OK;
  }
  if (status != ARGUMENTS_GO_ON)
    return status;
  log_setup(args.verbosity);
  status = command->run(&args);
  log_finish();
  return status;
}

int
main(int argc, char **argv)
{
  int status;

  exit_guard_begin();
  status = run_program(argc, argv);
  exit_guard_end();
  return status;
}
