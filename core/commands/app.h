/*
 * What the commands share: their arguments, and a pipeline file turned into a
 * pipeline.
 */
#ifndef CORE_COMMANDS_APP_H
#define CORE_COMMANDS_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pipeline/pipeline.h"

#define MAX_REPLAYS 32
#define MAX_CREATES 64

/* --create NAME:TYPE[=VALUE] */
struct creation {
  const char *label, *type;
  const char *value; /* of the pipeline, that feeds it; NULL: none */
};

/* A line of an output, beyond those of the pipeline file. */
struct added_line {
  char *key; /* "idx.324"; NULL: it has no name yet */
  const char *value;
};

struct arguments {
  const char *config_path;
  bool config_given;
  const char *plugin_dir;
  int verbosity; /* as for log_setup */
  bool dry, offline;
  struct replay replays[MAX_REPLAYS];
  size_t n_replays;
  int64_t every_ms; /* 0: once */
  const char *url;
  const char *device, *ip, *port; /* of an old script's command line */
  const char *new_kind;           /* of a plugin to be written; NULL: none */
  bool json, watch, yes, forget;
  struct creation creates[MAX_CREATES];
  size_t n_creates;
  char **operands; /* what is neither command nor option */
  int n_operands;
};

struct app {
  const struct arguments *args;
  struct report *report;
  struct run run;
  struct loader *loader;
  struct config *config;
  const char **hidden; /* values that no message shows */
  struct pipeline *pipeline;
  const char *added_to; /* the output that gets ADDED */
  const struct added_line *added;
  size_t n_added;
};

/* Prepares everything that needs no pipeline file.  An exit status; *ret is for
 * app_finish, whatever that is. */
int app_new(const struct arguments *args, struct app **ret);

/* Reads and checks the pipeline file, makes the instances, and shows what is
 * wrong.  An exit status: EX_OK or what to end with. */
int app_load(struct app *app);

/* Where this pipeline keeps its state, and opens it.  MP_OK, or why not
 * (reported). */
int app_open_store(struct app *app, enum store_mode mode);

/* Writes out what was printed: STATUS, or EX_IOERR with a message when that
 * cannot be done and all was well before. */
int app_flush(int status);

/* Gives everything back, but for what an input that was abandoned still uses;
 * returns the exit status of all failures.  Accepts NULL. */
int app_finish(struct app *app);

/* The directories that plugins are looked for in, by colons; to be freed. */
char *app_plugin_dirs(const char *plugin_dir);

#endif
