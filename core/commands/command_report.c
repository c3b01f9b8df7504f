/*
 * meterpipe report: reads the pipeline file, and executes another program,
 * which makes the page.  The program gets on its standard input, a pipe, its
 * section and the csv outputs; it has no parser of pipeline files:
 *
 *     file TAB PATH
 *     section TAB LINE TAB KIND TAB NAME
 *     entry TAB LINE TAB KEY TAB VALUE
 *
 * Other sections stay here: they may hold passwords.
 */
#include "core/commands/app.h"
#include "core/commands/commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/commands/execute.h"
#include "core/memory/memory.h"
#include "core/run/log.h"

#define PROGRAM "report"
#define REMEDY "install the csv plugin, which contains it"

/* ---- The text for the program -------------------------------------------- */

static bool
is_handed_over(const struct config_section *section)
{
  const struct config_entry *plugin;

  if (strcmp(section->kind, PROGRAM) == 0)
    return true;
  plugin = config_find(section, "plugin");
  return strcmp(section->kind, "output") == 0 && plugin &&
         strcmp(plugin->value, "csv") == 0;
}

static void
write_section(FILE *f, const struct config_section *section)
{
  fprintf(f, "section\t%u\t%s\t%s\n", section->line, section->kind,
          section->name);
  for (size_t i = 0; i < section->n_entries; i++)
    fprintf(f, "entry\t%u\t%s\t%s\n", section->entries[i].line,
            section->entries[i].key, section->entries[i].value);
}

static void
write_sections(FILE *f, const struct config *config)
{
  fprintf(f, "file\t%s\n", config->path);
  for (size_t i = 0; i < config->n_sections; i++)
    if (is_handed_over(&config->sections[i]))
      write_section(f, &config->sections[i]);
}

static void
report_variables(const struct config *config, struct problems *problems)
{
  for (size_t i = 0; i < config->n_sections; i++)
    if (is_handed_over(&config->sections[i]))
      config_report_variables(config, &config->sections[i], NULL, NULL,
                              problems);
}

/* Makes a pipe the standard input.  A child process writes to it: the text may
 * be longer than a pipe holds, and this process becomes the reader. */
static int
hand_over(const struct config *config)
{
  int ends[2];
  pid_t child;
  FILE *f;

  if (pipe(ends) != 0)
    return EX_OSERR;
  child = fork();
  if (child < 0)
    return EX_OSERR;
  if (child == 0) {
    close(ends[0]);
    f = fdopen(ends[1], "w");
    if (f) {
      write_sections(f, config);
      fflush(f);
    }
    _exit(0);
  }
  close(ends[1]);
  if (dup2(ends[0], STDIN_FILENO) < 0)
    return EX_OSERR;
  close(ends[0]);
  return EX_OK;
}

static int
read_and_hand_over(const struct arguments *args)
{
  struct problems problems;
  struct config_file file;
  struct app *app;
  int status = app_new(args, &app), r;

  if (status != EX_OK)
    return status;
  problems_init(&problems);
  r = app_read_file(app, &problems, &file);
  if (r == MP_OK) {
    config_file_clear(&file);
    report_variables(app->config, &problems);
  }
  if (problems_errors(&problems) > 0)
    problems_report(&problems);
  if (r != MP_OK)
    status = report_exit_status(REPORT_OTHER, r);
  else if (problems_errors(&problems) > 0)
    status = EX_CONFIG;
  problems_free(&problems);
  if (status == EX_OK) {
    status = hand_over(app->config);
    if (status != EX_OK)
      log_line(MP_LOG_ERROR, NULL, NULL, "out of processes or descriptors");
  }
  app_finish(app);
  return status;
}

/* ---- The words ----------------------------------------------------------- */

/* Takes -c FILE, -cFILE, --config FILE or --config=FILE at WORD into ARGS.
 * Returns the number of words taken: 0 to 2. */
static int
take_config(struct arguments *args, char **word, int left)
{
  static const char name[] = "--config";
  size_t len = sizeof(name) - 1;
  const char *value = NULL;

  if (strcmp(*word, "-c") == 0 || strcmp(*word, name) == 0)
    value = left > 1 ? word[1] : "";
  else if (strncmp(*word, name, len) == 0 && (*word)[len] == '=')
    value = *word + len + 1;
  else if (strncmp(*word, "-c", 2) == 0)
    value = *word + 2;
  if (!value)
    return 0;
  args->config_path = value;
  args->config_given = true;
  return value == word[0] + 2 || value == word[0] + len + 1 ? 1 : 2;
}

/* Returns whether the program only prints a text, and needs no file. */
static bool
only_prints(const char *word)
{
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
         strcmp(word, "--version") == 0;
}

int
command_report(const struct arguments *given)
{
  struct arguments args = *given;
  char **words = memory_get((size_t)args.n_operands + 1, sizeof(*words));
  bool prints = false;
  int n = 0, status = EX_OK;

  for (int i = 0; i < args.n_operands;) {
    int taken = take_config(&args, &args.operands[i], args.n_operands - i);

    prints = prints || only_prints(args.operands[i]);
    if (taken == 0)
      words[n++] = args.operands[i++];
    i += taken;
  }
  if (args.config_given && !*args.config_path) {
    log_line(MP_LOG_ERROR, NULL, NULL, "-c needs the name of a file");
    status = EX_USAGE;
  } else if (!prints) {
    status = read_and_hand_over(&args);
  }
  if (status == EX_OK)
    status = execute_program(PROGRAM, words, n, REMEDY);
  free(words);
  return status;
}
