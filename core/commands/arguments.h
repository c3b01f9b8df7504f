/*
 * The command line: commands, their options, and what is wrong with either.
 */
#ifndef CORE_COMMANDS_ARGUMENTS_H
#define CORE_COMMANDS_ARGUMENTS_H

#include "core/commands/app.h"

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
  OPT_FORGET,
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

bool command_takes(const struct command *command, int option);

/* Takes ARGV, of which [0] is the command, apart.  ARGUMENTS_GO_ON, or the exit
 * status: what is wrong was said, or the version was. */
#define ARGUMENTS_GO_ON (-1)
/* The help of COMMAND is asked for. */
#define ARGUMENTS_HELP (-2)
int arguments_parse(struct arguments *args, const struct command *command,
                    int argc, char **argv);

/* WORD, which begins with a dash, stands where a command should. */
void arguments_refuse_option(const char *word);

#endif
