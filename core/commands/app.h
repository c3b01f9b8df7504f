/*
 * Shared by all commands: the parsed arguments, and the steps from a pipeline
 * file to a pipeline.
 */
#ifndef CORE_COMMANDS_APP_H
#define CORE_COMMANDS_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/commands/watched_files.h"
#include "core/config/config_file.h"
#include "core/cycle/cycle.h"
#include "core/pipeline/repeated.h"

#define MAX_REPLAYS 32
#define MAX_CREATES 64

/* --create NAME:TYPE[=VALUE] */
struct creation {
  const char *label, *type;
  const char *value; /* the value that feeds it; NULL: none */
};

/* A line that is added to an output's section, and that the pipeline file does
 * not have. */
struct added_line {
  char *key; /* "idx.324"; NULL: the device does not exist yet */
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
  const char *device, *ip, *port; /* options of the old script, for import */
  const char *new_kind;           /* plugins --new: the kind; NULL: not given */
  bool json, watch, yes, forget, set_aside, discard, expand;
  struct creation creates[MAX_CREATES];
  size_t n_creates;
  char **operands; /* words that are neither command nor option */
  int n_operands;
};

struct app {
  const struct arguments *args;
  struct report *report;
  struct run run;
  struct loader *loader;
  struct config *config;
  struct watched_files files; /* that the plan was built from */
  const char **hidden;        /* values that no message shows */
  struct plan *plan;
  struct repeated *repeated;
  struct instances *instances;
  struct cycle *cycle;
  bool creating; /* targets --create: an output may have no targets yet */
  const char *added_to; /* the output whose section gets ADDED */
  const struct added_line *added;
  size_t n_added;
};

/* Allocates an app, and prepares everything that needs no pipeline file.
 * Returns an exit status.  Pass *ret to app_finish even after a failure. */
int app_new(const struct arguments *args, struct app **ret);

/* Reads and checks the pipeline file, makes the instances, and logs the faults.
 * Returns EX_OK, or the exit status to end with. */
int app_load(struct app *app);

/* Reads, expands and parses the pipeline file.  MP_OK with app->config, and
 * with the text in *ret, which config_file_clear frees; or a reason, which is
 * in PROBLEMS. */
int app_read_file(struct app *app, struct problems *problems,
                  struct config_file *ret);

/* Makes the instances of app->plan, and its cycle.  Errors in options that only
 * a plugin can find go to PROBLEMS.  Returns MP_OK, MP_ECONFIG if there are
 * problems, or the reason of a create that failed, which is reported. */
int app_make_cycle(struct app *app, struct problems *problems);

/* Finds the state of this pipeline and opens it.  Returns MP_OK, or a reason
 * that has been reported. */
int app_open_store(struct app *app, enum store_mode mode);

/* Between two cycles of --every.  app_end_cycle closes the inputs, the outputs
 * that were given up, and the state; it returns the exit status of the cycle.
 * The instances and their open outputs stay for the next cycle, which
 * app_begin_cycle begins.  Not for an app with an abandoned input. */
int app_end_cycle(struct app *app);
void app_begin_cycle(struct app *app);

/* Returns the target of line N of app->added, which has no key: its device does
 * not exist yet.  NULL: there is no such line. */
const struct target *app_added_target(const struct stage *output, size_t n);

/* Returns true if the pipeline file, or a file that it names, has changed since
 * it was loaded. */
bool app_is_outdated(const struct app *app);

/* Flushes standard output.  Returns STATUS; if that is EX_OK and the flush
 * fails, logs an error and returns EX_IOERR. */
int app_flush(int status);

/* Frees everything and returns the exit status of all failures.  If the thread
 * of an abandoned input still runs, frees nothing that it may use. */
int app_finish(struct app *app);

/* Returns the directories of plugins, in search order and separated by colons.
 * The caller frees the text. */
char *app_plugin_dirs(const char *plugin_dir);

#endif
