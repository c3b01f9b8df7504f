/*
 * The command line: the commands, their options, and messages about mistakes in
 * them.
 */
#ifndef CORE_COMMANDS_ARGUMENTS_H
#define CORE_COMMANDS_ARGUMENTS_H

#include "core/commands/app.h"

/* The options, by the value that getopt_long returns for them. */
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
  OPT_FORGET,
  OPT_SET_ASIDE,
  OPT_EXPAND,
  OPT_DISCARD,
};

/* For command.most: the command parses the words after its name itself. */
#define UNPARSED (-2)

struct command {
  const char *name;
  const char *usage; /* the words after the name, for the help */
  const char *summary;
  int least, most; /* operands; most -1: any number, or UNPARSED */
  int takes[6];    /* options beyond those that every command takes */
  int (*run)(const struct arguments *args);
};

bool command_takes(const struct command *command, int option);

/* Parses ARGV, of which [0] is the command, into ARGS.  Returns
 * ARGUMENTS_GO_ON, ARGUMENTS_HELP, or an exit status after a message about a
 * mistake or after printing the version. */
#define ARGUMENTS_GO_ON (-1)
/* The user asked for the help of COMMAND. */
#define ARGUMENTS_HELP (-2)
int arguments_parse(struct arguments *args, const struct command *command,
                    int argc, char **argv);

/* Reports that WORD, which begins with a dash, is in the place of the
 * command. */
void arguments_refuse_option(const char *word);

#endif
