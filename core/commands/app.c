/* Loads the pipeline file, opens the state, and frees all of it at the end. */
#include "core/commands/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "core/run/hidden.h"
#include "core/run/log.h"
#include "core/run/run_note.h"
#include "core/run/progress.h"

#ifndef PLUGIN_DIR
#define PLUGIN_DIR "/usr/lib/meterpipe"
#endif

char *
app_plugin_dirs(const char *plugin_dir)
{
  const char *path = getenv("METERPIPE_PLUGIN_PATH");

  return memory_format("%s%s%s%s%s", plugin_dir ? plugin_dir : "",
                       plugin_dir ? ":" : "", path ? path : "", path ? ":" : "",
                       PLUGIN_DIR);
}

/* Prepares everything that needs no pipeline file; false: out of
 * descriptors. */
static bool
prepare_app(struct app *app, const struct arguments *args)
{
  char *dirs = app_plugin_dirs(args->plugin_dir);

  app->args = args;
  app->report = report_new();
  app->loader = loader_new(dirs);
  free(dirs);
  if (run_init(&app->run, app->report) != MP_OK)
    return false;
  return true;
}

int
app_new(const struct arguments *args, struct app **ret)
{
  *ret = memory_get(1, sizeof(**ret));
  if (prepare_app(*ret, args))
    return EX_OK;
  log_line(MP_LOG_ERROR, NULL, NULL, "out of file descriptors");
  return EX_OSERR;
}

/* Returns true, with a message, if there is no -c and the default pipeline file
 * does not exist. */
static bool
has_no_file(const struct arguments *args, struct problems *problems)
{
  if (args->config_given || access(args->config_path, F_OK) == 0 ||
      errno != ENOENT)
    return false;
  problems_add(problems, args->config_path, 0,
               "there is no pipeline file yet: write one (meterpipe.ini(5) "
               "says how), or name one with -c FILE");
  return true;
}

/* The name of the target of line N of app->added, whose device does not exist
 * yet. */
#define PLACEHOLDER "9999999999999999%02zu"

/* Writes a key such as "idx.9...01" to BUF, for the line of a device that does
 * not exist yet.  Returns false if the plugin cannot be loaded. */
static bool
placeholder(struct app *app, const struct config_section *section, size_t n,
            char *buf, size_t size)
{
  const struct config_entry *name = config_find(section, "plugin");
  const struct plugin *plugin =
    name ? loader_get(app->loader, PLUGIN_OUTPUT, name->value) : NULL;

  if (!plugin) /* plan_build reports it */
    return false;
  snprintf(buf, size, "%s." PLACEHOLDER, plugin->output.target_prefix, n);
  return true;
}

/* Adds the lines app->added to section INDEX. */
static void
add_lines_to(struct app *app, size_t index)
{
  const struct config_section *section = &app->config->sections[index];
  struct config_entry entry = { .line = section->line, .in_clear = true };
  char key[64];

  for (size_t i = 0; i < app->n_added; i++) {
    const char *value = app->added[i].value;

    entry.key = app->added[i].key;
    if (!entry.key) {
      if (!placeholder(app, section, i, key, sizeof(key)))
        return;
      entry.key = key;
    }
    config_add_entry_to(app->config, index, &entry, value, strlen(value));
  }
}

const struct target *
app_added_target(const struct stage *output, size_t n)
{
  char name[32];

  snprintf(name, sizeof(name), PLACEHOLDER, n);
  return stage_target(output, name, NULL);
}

static void
add_lines(struct app *app)
{
  for (size_t i = 0; app->added_to && i < app->config->n_sections; i++) {
    const struct config_section *section = &app->config->sections[i];

    if (strcmp(section->kind, "output") == 0 &&
        strcmp(section->name, app->added_to) == 0) {
      add_lines_to(app, i);
      return;
    }
  }
}

/* Hides the values that continue in an indented line from all messages
 * (core/run/hidden.h). */
static void
hide_continued(struct app *app)
{
  app->hidden = config_continued(app->config);
  hidden_set(app->hidden);
}

int
app_make_cycle(struct app *app, struct problems *problems)
{
  int r = MP_OK;

  app->instances = instances_new(app->plan, app->args->config_path, &app->run);
  r = instances_create(app->instances, problems);
  plan_connect(app->plan, app->instances, problems);
  app->cycle = cycle_new(app->plan, app->instances, &app->run);
  app->cycle->dry = app->args->dry;
  app->cycle->d.offline = app->args->offline;
  return r == MP_OK && problems_errors(problems) > 0 ? MP_ECONFIG : r;
}

int
app_read_file(struct app *app, struct problems *problems,
              struct config_file *ret)
{
  int r;

  watched_files_add(&app->files, app->args->config_path);
  if (has_no_file(app->args, problems))
    return MP_ECONFIG;
  r = config_file_read(app->args->config_path, problems, ret);
  if (r != MP_OK)
    return r;
  if (ret->list)
    watched_files_add(&app->files, ret->list);
  r = config_file_expand(ret, problems);
  if (r == MP_OK)
    app->config = config_file_parse(ret, problems);
  else
    config_file_clear(ret);
  return r;
}

static int
read_file(struct app *app, struct problems *problems)
{
  struct config_file file;
  int r = app_read_file(app, problems, &file);

  if (r == MP_OK)
    config_file_clear(&file);
  return r;
}

/* Reports the stages of a repeated section together.  The user of a dry run
 * wants to see all of them. */
static void
use_groups(struct app *app)
{
  if (app->repeated && !app->args->dry)
    report_use_groups(app->report, repeated_find, app->repeated);
}

static int
build_pipeline(struct app *app, struct problems *problems)
{
  struct plan_source source = { .loader = app->loader,
                                .replays = app->args->replays,
                                .n_replays = app->args->n_replays,
                                .dry = app->args->dry,
                                .creating = app->creating };
  int r;

  r = read_file(app, problems);
  if (r == MP_OK) {
    watched_files_add_named(&app->files, app->config);
    hide_continued(app);
    add_lines(app);
    source.config = app->config;
    plan_build(&source, problems, &app->plan);
    app->repeated = repeated_new(app->plan);
    use_groups(app);
    r = app_make_cycle(app, problems);
  }
  if (problems_errors(problems) > 0 && r != MP_EPERM)
    r = MP_ECONFIG;
  return r;
}

int
app_load(struct app *app)
{
  struct problems problems;
  int r;

  problems_init(&problems);
  r = build_pipeline(app, &problems);
  if (problems_errors(&problems) > 0 || log_shows(MP_LOG_WARNING))
    problems_report(&problems);
  problems_free(&problems);
  if (r != MP_OK)
    return report_exit_status(REPORT_OTHER, r);
  app->run.queue_max = options_int(app->plan->options, "queue_max");
  return EX_OK;
}

int
app_open_store(struct app *app, enum store_mode mode)
{
  const char *dir = options_text(app->plan->options, "state_dir");
  char *path = NULL;
  int r = MP_OK;

  if (mode != STORE_MEMORY)
    r = store_locate(app->args->config_path, dir, &path);
  if (r != MP_OK) {
    report_failuref(
      app->report, REPORT_OTHER, NULL, r, path ? path : "the state",
      "cannot be accessed: run as its owner, or give [pipeline] a state_dir");
    free(path);
    return r;
  }
  progress_begin("the state", "open");
  r = store_open(path, app->args->config_path, mode, &app->run.store);
  progress_end();
  free(path);
  if (r != MP_OK)
    report_failure(app->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(app->run.store));
  else if (store_moved_aside(app->run.store))
    report_failuref(app->report, REPORT_OTHER, NULL, MP_EDATA, NULL,
                    "the state was damaged, and a new one was begun: %s",
                    store_moved_aside(app->run.store));
  return r;
}

/* ---- Between two cycles ---- */

int
app_end_cycle(struct app *app)
{
  cycle_close(app->cycle);
  report_end_run(app->report);
  run_note_end(&app->run);
  run_drop_deadline(&app->run);
  report_use_store(app->report, NULL);
  store_close(app->run.store);
  app->run.store = NULL;
  return report_status(app->report);
}

void
app_begin_cycle(struct app *app)
{
  report_free(app->report);
  app->report = report_new();
  app->run.report = app->report;
  use_groups(app);
  cycle_reset(app->cycle);
}

bool
app_is_outdated(const struct app *app)
{
  return watched_files_changed(&app->files);
}

int
app_flush(int status)
{
  if ((fflush(stdout) == 0 && !ferror(stdout)) || status != EX_OK)
    return status;
  log_line(MP_LOG_ERROR, NULL, "standard output", "cannot be written");
  return EX_IOERR;
}

int
app_finish(struct app *app)
{
  int status;

  if (app->run.abandoned) { /* the thread of an input still uses all of this */
    report_end_run(app->report);
    run_note_end(&app->run);
    store_release(app->run.store);
    return report_status(app->report);
  }
  instances_free(app->instances); /* their close may ask for values */
  cycle_free(app->cycle);
  report_groups(app->report);
  report_use_groups(app->report, NULL, NULL);
  repeated_free(app->repeated);
  plan_free(app->plan);
  hidden_set(NULL);
  free(app->hidden);
  watched_files_clear(&app->files);
  config_free(app->config);
  report_end_run(app->report);
  run_note_end(&app->run);
  store_close(app->run.store);
  loader_free(app->loader);
  run_finish(&app->run);
  status = report_status(app->report);
  report_free(app->report);
  free(app);
  return status;
}
