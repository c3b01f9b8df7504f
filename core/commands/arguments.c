/* Parses the command line. */
#include "core/commands/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/commands/import_words.h"
#include "core/config/config.h"
#include "core/config/config_text.h"
#include "core/run/log.h"
#include "lib/array.h"
#include "lib/nearest.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#define SHORT_OPTIONS ":c:nqvh"

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
  { "forget", no_argument, NULL, OPT_FORGET },
  { "set-aside", no_argument, NULL, OPT_SET_ASIDE },
  { "expand", no_argument, NULL, OPT_EXPAND },
  { "discard", no_argument, NULL, OPT_DISCARD },
  { NULL, 0, NULL, 0 },
};

/* ---- Values of options ---- */

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

  for (size_t i = 0; i < ARRAY_SIZE(units); i++)
    if (strcmp(end, units[i].suffix) == 0 && n > 0 && n < 1000000 &&
        *text >= '0' && *text <= '9')
      return n * units[i].ms;
  return 0;
}

/* Returns true if a capture for INPUT was already given; NULL: for all
 * inputs. */
static bool
has_replay(const struct arguments *args, const char *input)
{
  for (size_t i = 0; i < args->n_replays; i++) {
    const char *other = args->replays[i].input;

    if (input && other ? strcmp(input, other) == 0 : input == other)
      return true;
  }
  return false;
}

static bool
add_replay(struct arguments *args, char *text)
{
  struct replay *replay = &args->replays[args->n_replays];
  char *equals = strchr(text, '=');

  if (args->n_replays == MAX_REPLAYS) {
    log_line(MP_LOG_ERROR, NULL, NULL, "--replay is given more than %d times",
             MAX_REPLAYS);
    return false;
  }
  /* A path may contain "="; the name of an input has no slash. */
  if (equals && config_is_name(text, (size_t)(equals - text))) {
    *equals = 0;
    *replay = (struct replay){ .input = text, .path = equals + 1 };
  } else
    *replay = (struct replay){ .path = text };
  if (!*replay->path || has_replay(args, replay->input)) {
    log_line(MP_LOG_ERROR, NULL, "--replay", "%s%s",
             replay->input ? replay->input : "all inputs",
             *replay->path ? ": two captures are given" : ": no file is given");
    return false;
  }
  args->n_replays++;
  return true;
}

/* Parses NAME:TYPE[=VALUE].  The last colon separates NAME, which may have
 * colons, from TYPE. */
static bool
add_create(struct arguments *args, char *text)
{
  struct creation *new = &args->creates[args->n_creates];
  char *colon = strrchr(text, ':');
  char *equals = colon ? strchr(colon, '=') : NULL;

  if (args->n_creates == MAX_CREATES) {
    log_line(MP_LOG_ERROR, NULL, NULL, "more than %d --create", MAX_CREATES);
    return false;
  }
  if (!colon || colon == text || !colon[1] || equals == colon + 1 ||
      (equals && !equals[1]) || config_text_fault(text)) {
    log_line(MP_LOG_ERROR, NULL, "--create",
             "\"%s\" is not NAME:TYPE, such as \"Heat energy:counter-gj\"",
             text);
    return false;
  }
  *colon = '\0';
  if (equals)
    *equals = '\0';
  *new = (struct creation){ .label = text,
                            .type = colon + 1,
                            .value = equals ? equals + 1 : NULL };
  args->n_creates++;
  return true;
}

bool
command_takes(const struct command *command, int option)
{
  static const int common[] = { OPT_VERBOSE, OPT_QUIET, OPT_PLUGIN_DIR,
                                OPT_HELP, OPT_VERSION };

  for (size_t i = 0; i < ARRAY_SIZE(common); i++)
    if (common[i] == option)
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
  case OPT_FORGET:
    args->forget = true;
    return true;
  case OPT_SET_ASIDE:
    args->set_aside = true;
    return true;
  case OPT_EXPAND:
    args->expand = true;
    return true;
  case OPT_DISCARD:
    args->discard = true;
    return true;
  case OPT_CREATE:
    return add_create(args, value);
  case OPT_REPLAY:
    return add_replay(args, value);
  default: /* OPT_EVERY */
    args->every_ms = parse_duration(value);
    if (args->every_ms == 0)
      log_line(MP_LOG_ERROR, NULL, "--every",
               "\"%s\" is not a duration, such as 20m or 90s", value);
    return args->every_ms > 0;
  }
}

/* ---- Unknown options ---- */

static const char see_help[] = " (\"meterpipe --help\" lists them)";

static const char *
option_name(int letter)
{
  for (const struct option *o = options; o->name; o++)
    if (o->val == letter)
      return o->name;
  return NULL;
}

/* Reports that the option WORD, "--NAME" or "--NAME=VALUE", is unknown, and
 * names the nearest one.  If none is near, the message ends with OTHERWISE. */
static void
report_no_long_option(const char *word, const char *otherwise)
{
  char name[NEAREST_MAX + 1];
  struct nearest nearest;

  word += strspn(word, "-");
  snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "=:"), word);
  nearest_start(&nearest, name);
  for (const struct option *o = options; o->name; o++)
    nearest_offer(&nearest, o->name);
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no option --%s%s%s", name,
           *nearest.best ? "; the nearest is --" : otherwise, nearest.best);
}

static void
report_no_short_option(int letter)
{
  log_line(MP_LOG_ERROR, NULL, NULL, "there is no option -%c%s", letter,
           see_help);
}

/* Returns true if COMMAND takes a plugin and, as OPTION=VALUE, its options. */
static bool
tells_plugin(const struct command *command)
{
  return command->run == command_probe || command->run == command_targets ||
         command->run == command_conform;
}

/* Reports an option that getopt_long refused: it is unknown or ambiguous, or
 * has a value that it does not take.  WORD is the last word that getopt_long
 * has finished. */
static void
report_unknown_option(const struct command *command, const char *word)
{
  const char *known = option_name(optopt);

  if (optopt && known)
    log_line(MP_LOG_ERROR, NULL, NULL, "the option --%s takes no value", known);
  else if (optopt) /* a short option, perhaps not in WORD */
    report_no_short_option(optopt);
  else
    report_no_long_option(
      word, tells_plugin(command)
              ? "; options of the plugin have no dashes: write OPTION=VALUE"
              : see_help);
}

static bool
is_option(const char *word)
{
  size_t len = strcspn(word, "=");

  if (word[1] != '-')
    return word[1] && strchr(&SHORT_OPTIONS[1], word[1]);
  for (const struct option *o = options; o->name; o++)
    if (strlen(o->name) == len - 2 && strncmp(o->name, word + 2, len - 2) == 0)
      return true;
  return len == 2;
}

void
arguments_refuse_option(const char *word)
{
  if (is_option(word))
    log_line(MP_LOG_ERROR, NULL, NULL,
             "\"%s\" comes before the command: write options after it", word);
  else if (word[1] == '-')
    report_no_long_option(word, see_help);
  else
    report_no_short_option(word[1]);
}

/* ---- The whole command line ---- */

static int
refuse_value(int letter, const char *what)
{
  log_line(MP_LOG_ERROR, NULL, NULL, "the option --%s %s", option_name(letter),
           what);
  return EX_USAGE;
}

static int
take_letter(struct arguments *args, const struct command *command, int letter,
            const char *word)
{
  if (letter == OPT_HELP)
    return ARGUMENTS_HELP;
  if (letter == OPT_VERSION) {
    printf("meterpipe %s\n", PACKAGE_VERSION);
    return EX_OK;
  }
  if (letter == '?') {
    report_unknown_option(command, word);
    return EX_USAGE;
  }
  if (letter == ':')
    return refuse_value(optopt, "needs a value");
  if (!command_takes(command, letter)) {
    log_line(MP_LOG_ERROR, NULL, NULL, "\"%s\" takes no option --%s",
             command->name, option_name(letter));
    return EX_USAGE;
  }
  if (optarg && !*optarg)
    return refuse_value(letter, "needs a value");
  return take_option(args, letter, optarg) ? ARGUMENTS_GO_ON : EX_USAGE;
}

static int
refuse_usage(const struct command *command)
{
  char line[512];

  snprintf(line, sizeof(line), "Usage: meterpipe %s %s\n", command->name,
           command->usage);
  log_text(line);
  return EX_USAGE;
}

/* Reports the first operand too many.  Where it may be a pipeline file without
 * -c, the message says so.  The value of an option is not shown, since it may
 * be a secret: the word is cut at "=" and, for a command without operands, at
 * ":". */
static void
report_too_many(const struct arguments *args, const struct command *command)
{
  bool may_be_file = command->most == 0 && !args->config_given;
  const char *word = args->operands[command->most];

  log_line(MP_LOG_ERROR, NULL, NULL, "\"%.*s\" is one argument too many%s",
           (int)strcspn(word, command->most == 0 ? "=:" : "="), word,
           may_be_file ? "; a pipeline file is given as -c FILE" : "");
}

/* Returns true if --create names a value of a pipeline file, and there is no
 * -c. */
static bool
lacks_file(const struct arguments *args)
{
  for (size_t i = 0; i < args->n_creates; i++)
    if (args->creates[i].value && !args->config_given)
      return true;
  return false;
}

static int
check_arguments(const struct arguments *args, const struct command *command)
{
  const char *wrong = NULL;

  if (args->n_operands < command->least ||
      (command->run == command_import && !args->device && args->n_operands < 2))
    wrong = "an argument is missing";
  if (command->run == command_run && args->offline && !args->dry)
    wrong = "--offline needs -n: nothing can be delivered without contacting "
            "the outputs";
  if (command->run == command_run && args->every_ms && args->dry)
    wrong = "--every cannot be used with -n";
  if (args->forget && args->n_operands == 0)
    wrong = "--forget needs the targets to forget, as OUTPUT.TARGET";
  if (args->expand && args->offline)
    wrong = "--expand contacts nothing: leave out --offline";
  if (args->yes && args->n_creates == 0)
    wrong = "--yes needs --create";
  if (lacks_file(args))
    wrong = "--create NAME:TYPE=VALUE needs -c FILE OUTPUT: VALUE is a value "
            "of that file";
  if (command->most >= 0 && args->n_operands > command->most) {
    report_too_many(args, command);
    return refuse_usage(command);
  }
  if (!wrong)
    return ARGUMENTS_GO_ON;
  log_line(MP_LOG_ERROR, NULL, NULL, "%s", wrong);
  return refuse_usage(command);
}

int
arguments_parse(struct arguments *args, const struct command *command, int argc,
                char **argv)
{
  int letter, status = ARGUMENTS_GO_ON;

  args->operands = argv + 1;
  args->n_operands = argc - 1;
  if (command->most == UNPARSED)
    return ARGUMENTS_GO_ON;
  if (command->run == command_import) {
    int r = import_words(args, &argc, &argv);

    if (r != EX_OK)
      return r;
  }
  opterr = 0;
  while (status == ARGUMENTS_GO_ON) {
    letter = getopt_long(argc, argv, SHORT_OPTIONS, options, NULL);
    if (letter == -1)
      break;
    status = take_letter(args, command, letter, argv[optind - 1]);
  }
  if (status != ARGUMENTS_GO_ON)
    return status;
  args->operands = argv + optind;
  args->n_operands = argc - optind;
  return check_arguments(args, command);
}
