/* meterpipe: arguments, and which command they name. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/app.h"
#include "core/log.h"
#include "core/nearest.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

/* Options, by the letter that getopt_long gives for them. */
enum {
  OPT_CONFIG = 'c',
  OPT_DRY = 'n',
  OPT_QUIET = 'q',
  OPT_VERBOSE = 'v',
  OPT_HELP = 'h',
  OPT_VERSION = 'V',
  OPT_OFFLINE = 256,
  OPT_REPLAY,
  OPT_EVERY,
  OPT_URL,
  OPT_PLUGIN_DIR,
  OPT_JSON,
  OPT_WATCH,
  OPT_CREATE,
  OPT_YES,
  OPT_NEW,
};

static const struct option options[] = {
  { "config", required_argument, NULL, OPT_CONFIG },
  { "dry-run", no_argument, NULL, OPT_DRY },
  { "quiet", no_argument, NULL, OPT_QUIET },
  { "verbose", no_argument, NULL, OPT_VERBOSE },
  { "help", no_argument, NULL, OPT_HELP },
  { "version", no_argument, NULL, OPT_VERSION },
  { "offline", no_argument, NULL, OPT_OFFLINE },
  { "replay", required_argument, NULL, OPT_REPLAY },
  { "every", required_argument, NULL, OPT_EVERY },
  { "url", required_argument, NULL, OPT_URL },
  { "plugin-dir", required_argument, NULL, OPT_PLUGIN_DIR },
  { "json", no_argument, NULL, OPT_JSON },
  { "watch", no_argument, NULL, OPT_WATCH },
  { "create", required_argument, NULL, OPT_CREATE },
  { "yes", no_argument, NULL, OPT_YES },
  { "new", required_argument, NULL, OPT_NEW },
  { NULL, 0, NULL, 0 },
};

/* All that stands behind the command is left to it. */
#define UNPARSED (-2)

struct command {
  const char *name;
  const char *usage; /* what stands behind the name */
  const char *summary;
  int least, most; /* operands; most -1: any number, or UNPARSED */
  int takes[6];    /* options beyond those that every command takes */
  int (*run)(const struct arguments *args);
};

static const struct command commands[] = {
  { "run",
    "[-c FILE] [-n [--offline]] [--replay [INPUT=]FILE]... [--every DURATION]",
    "read the inputs and deliver: one cycle, or all of a recording",
    0,
    0,
    { OPT_CONFIG, OPT_DRY, OPT_OFFLINE, OPT_REPLAY, OPT_EVERY },
    command_run },
  { "check",
    "[-c FILE] [--offline]",
    "find all that is wrong with a pipeline file, its meter and its servers",
    0,
    0,
    { OPT_CONFIG, OPT_OFFLINE },
    command_check },
  { "graph",
    "[-c FILE]",
    "print the pipeline as Graphviz DOT",
    0,
    0,
    { OPT_CONFIG },
    command_graph },
  { "status",
    "[-c FILE] [--json]",
    "show the last run, what each target holds, what waits, and outages",
    0,
    0,
    { OPT_CONFIG, OPT_JSON },
    command_status },
  { "rebase",
    "[-c FILE] [TRANSFORM]...",
    "take the next reading as the base, for all or the named transforms",
    0,
    -1,
    { OPT_CONFIG },
    command_rebase },
  { "plugins",
    "[NAME] | --new KIND NAME",
    "list the plugins, or the options of one, or write a new one",
    0,
    1,
    { OPT_NEW },
    command_plugins },
  { "conform",
    "PLUGIN.so [OPTION=VALUE]...",
    "put a plugin through the contract of the plugin interface",
    1,
    -1,
    { 0 },
    command_conform },
  { "probe",
    "PLUGIN [OPTION=VALUE]... [--watch] [--json]",
    "identify a meter and read all that it has, or say why nothing comes",
    1,
    -1,
    { OPT_WATCH, OPT_JSON },
    command_probe },
  { "targets",
    "PLUGIN [OPTION=VALUE]... [--create NAME:TYPE]... [--yes] | -c FILE OUTPUT",
    "list the devices that an output could serve, or make new ones",
    1,
    -1,
    { OPT_CONFIG, OPT_CREATE, OPT_YES },
    command_targets },
  { "import",
    "DEVICE IDX:REGISTER:FUNCTION[:IDX2],... [--url URL]",
    "print the pipeline file equal to an old script's command line",
    2,
    2,
    { OPT_URL },
    command_import },
  { "kmp",
    "mask CAPTURE | emulate [OPTION]... CAPTURE|REGISTERS",
    "make a capture fit to be shown, or answer like a meter; see kmp --help",
    0,
    UNPARSED,
    { 0 },
    command_kmp },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char option_help[] =
  "  -c, --config FILE       the pipeline file\n"
  "                          (default " SYSCONFDIR
  "/meterpipe/meterpipe.ini)\n"
  "  -n, --dry-run           read and compute, show what would be delivered,\n"
  "                          and deliver and record nothing\n"
  "      --offline           ask no output (run: only with -n)\n"
  "      --replay [INPUT=]FILE\n"
  "                          put a capture in place of the inputs, or of one\n"
  "      --every DURATION    repeat, as in 20m; for containers without cron\n"
  "      --url URL           where Domoticz is (default\n"
  "                          http://127.0.0.1:8080)\n"
  "      --json              for programs\n"
  "      --watch             one attempt after the other, for placing the head\n"
  "      --create NAME:TYPE  make a target, such as \"Heat energy:counter-gj\"\n"
  "      --yes               make it without asking\n"
  "      --new KIND          write a plugin to begin with: input, transform or\n"
  "                          output\n"
  "  -v, --verbose           say more; twice: frames and requests too\n"
  "  -q, --quiet             only errors\n"
  "      --plugin-dir DIR    look for plugins there first\n"
  "  -h, --help              this text\n"
  "      --version           the version\n";

static void
print_help(void)
{
  printf("Usage: meterpipe COMMAND [OPTION]...\n\n"
         "Reads heat meters and delivers their values to home automation.\n\n"
         "Commands:\n");
  for (size_t i = 0; i < N_COMMANDS; i++)
    printf("  %-8s %s\n           %s\n", commands[i].name, commands[i].usage,
           commands[i].summary);
  printf("\nOptions:\n%s", option_help);
}

static void
print_command_help(const struct command *command)
{
  printf("Usage: meterpipe %s %s\n\n%c%s.\n\nOptions:\n%s", command->name,
         command->usage, command->summary[0] - 'a' + 'A', command->summary + 1,
         option_help);
}

static const struct command *
find_command(const char *name)
{
  struct nearest nearest;

  for (size_t i = 0; i < N_COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
  nearest_start(&nearest, name);
  for (size_t i = 0; i < N_COMMANDS; i++)
    nearest_offer(&nearest, commands[i].name);
  if (name[0] == '-')
    log_line(MP_LOG_ERROR, NULL, NULL,
             "\"%s\" stands where the command should: options come behind it",
             name);
  else if (nearest.best)
    log_line(MP_LOG_ERROR, NULL, NULL,
             "there is no command \"%s\"; the nearest is \"%s\"", name,
             nearest.best);
  else
    log_line(MP_LOG_ERROR, NULL, NULL,
             "there is no command \"%s\" (\"meterpipe --help\" lists them)",
             name);
  return NULL;
}

/* ---- Arguments ---- */

static int64_t
parse_duration(const char *text)
{
  static const struct {
    const char *suffix;
    int64_t ms;
  } units[] = { { "ms", 1 },
                { "s", 1000 },
                { "m", 60000 },
                { "h", 3600000 },
                { "d", 86400000 } };
  char *end;
  long n = strtol(text, &end, 10);

  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
    if (strcmp(end, units[i].suffix) == 0 && n > 0 && n < 1000000 &&
        *text >= '0' && *text <= '9')
      return n * units[i].ms;
  return 0;
}

static bool
add_replay(struct arguments *args, char *text)
{
  struct replay *replay = &args->replays[args->n_replays];
  char *equals = strchr(text, '=');

  if (args->n_replays == MAX_REPLAYS) {
    log_line(MP_LOG_ERROR, NULL, NULL, "more than %d --replay", MAX_REPLAYS);
    return false;
  }
  /* A path may hold an equals sign; a name of an input no slash. */
  if (equals && config_is_name(text, (size_t)(equals - text))) {
    *equals = 0;
    *replay = (struct replay){ .input = text, .path = equals + 1 };
  } else
    *replay = (struct replay){ .path = text };
  args->n_replays++;
  return true;
}

static bool
add_create(struct arguments *args, char *text)
{
  const char *colon = strrchr(text, ':');

  if (args->n_creates == MAX_CREATES) {
    log_line(MP_LOG_ERROR, NULL, NULL, "more than %d --create", MAX_CREATES);
    return false;
  }
  if (!colon || colon == text || !colon[1] ||
      config_text_fault(text, strlen(text))) {
    log_line(MP_LOG_ERROR, NULL, "--create",
             "\"%s\" is no NAME:TYPE, such as \"Heat energy:counter-gj\"",
             text);
    return false;
  }
  args->creates[args->n_creates++] = text;
  return true;
}

static bool
is_taken(const struct command *command, int option)
{
  if (option == OPT_VERBOSE || option == OPT_QUIET || option == OPT_PLUGIN_DIR)
    return true;
  for (size_t i = 0; i < sizeof(command->takes) / sizeof(command->takes[0]);
       i++)
    if (command->takes[i] == option)
      return true;
  return false;
}

static bool
take_option(struct arguments *args, int option, char *value)
{
  switch (option) {
  case OPT_CONFIG:
    args->config_path = value;
    args->config_given = true;
    return true;
  case OPT_DRY:
    args->dry = true;
    return true;
  case OPT_OFFLINE:
    args->offline = true;
    return true;
  case OPT_QUIET:
    args->verbosity = -1;
    return true;
  case OPT_VERBOSE:
    args->verbosity = args->verbosity < 0 ? 1 : args->verbosity + 1;
    return true;
  case OPT_NEW:
    args->new_kind = value;
    return true;
  case OPT_URL:
    args->url = value;
    return true;
  case OPT_PLUGIN_DIR:
    args->plugin_dir = value;
    return true;
  case OPT_JSON:
    args->json = true;
    return true;
  case OPT_WATCH:
    args->watch = true;
    return true;
  case OPT_YES:
    args->yes = true;
    return true;
  case OPT_CREATE:
    return add_create(args, value);
  case OPT_REPLAY:
    return add_replay(args, value);
  default: /* OPT_EVERY */
    args->every_ms = parse_duration(value);
    if (args->every_ms == 0)
      log_line(MP_LOG_ERROR, NULL, "--every",
               "\"%s\" is no duration, such as 20m or 90s", value);
    return args->every_ms > 0;
  }
}

static const char *
option_name(int letter)
{
  for (const struct option *o = options; o->name; o++)
    if (o->val == letter)
      return o->name;
  return NULL;
}

/* WORD is what was given: an option that is not known, is known in several, or
 * was given a value that it does not take. */
static void
tell_unknown_option(const char *word)
{
  const char *known = option_name(optopt);
  char name[NEAREST_MAX + 1];
  struct nearest nearest;

  if (optopt && known) {
    log_line(MP_LOG_ERROR, NULL, NULL, "the option --%s takes no value", known);
    return;
  }
  if (optopt) { /* in WORD, or in one before it */
    log_line(MP_LOG_ERROR, NULL, NULL,
             "there is no option -%c (\"meterpipe --help\" lists them)", optopt);
    return;
  }
  word += strspn(word, "-");
  snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
  nearest_start(&nearest, name);
  for (const struct option *o = options; o->name; o++)
    nearest_offer(&nearest, o->name);
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no option --%s%s%s", name,
           nearest.best ? "; the nearest is --"
                        : " (\"meterpipe --help\" lists them)",
           nearest.best ? nearest.best : "");
}

/* What parsing came to, when it is not "go on". */
enum { GO_ON = -1 };

static int
parse(struct arguments *args, const struct command *command, int argc,
      char **argv)
{
  int letter;

  args->operands = argv + 1;
  args->n_operands = argc - 1;
  if (command->most == UNPARSED)
    return GO_ON;
  opterr = 0;
  while ((letter = getopt_long(argc, argv, ":c:nqvh", options, NULL)) != -1) {
    if (letter == OPT_HELP) {
      print_command_help(command);
      return EX_OK;
    }
    if (letter == OPT_VERSION) {
      printf("meterpipe %s\n", PACKAGE_VERSION);
      return EX_OK;
    }
    if (letter == '?') {
      tell_unknown_option(argv[optind - 1]);
      return EX_USAGE;
    }
    if (letter == ':') {
      log_line(MP_LOG_ERROR, NULL, NULL, "the option --%s needs a value",
               option_name(optopt));
      return EX_USAGE;
    }
    if (!is_taken(command, letter)) {
      log_line(MP_LOG_ERROR, NULL, NULL, "\"%s\" takes no option --%s",
               command->name, option_name(letter));
      return EX_USAGE;
    }
    if (!take_option(args, letter, optarg))
      return EX_USAGE;
  }
  args->operands = argv + optind;
  args->n_operands = argc - optind;
  return GO_ON;
}

static int
check(const struct arguments *args, const struct command *command)
{
  const char *wrong = NULL;

  if (args->n_operands < command->least)
    wrong = "an argument is missing";
  if (command->most >= 0 && args->n_operands > command->most)
    wrong = "there is one argument too many";
  if (command->run == command_run && args->offline && !args->dry)
    wrong = "--offline goes only with -n: nothing can be delivered without "
            "asking";
  if (command->run == command_run && args->every_ms && args->dry)
    wrong = "--every does not go with -n";
  if (args->yes && args->n_creates == 0)
    wrong = "--yes goes only with --create";
  if (!wrong)
    return GO_ON;
  log_line(MP_LOG_ERROR, NULL, NULL, "%s", wrong);
  fprintf(stderr, "Usage: meterpipe %s %s\n", command->name, command->usage);
  return EX_USAGE;
}

int
main(int argc, char **argv)
{
  struct arguments args = { .config_path =
                              SYSCONFDIR "/meterpipe/meterpipe.ini" };
  const struct command *command;
  int status;

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
  status = parse(&args, command, argc - 1, argv + 1);
  if (status == GO_ON)
    status = check(&args, command);
  if (status != GO_ON)
    return status;
  log_setup(args.verbosity);
  return command->run(&args);
}
