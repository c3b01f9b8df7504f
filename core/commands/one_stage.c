/* Builds a pipeline of one stage from the words of a command line, with the
 * same checks as for a section of a pipeline file. */
#include "core/commands/one_stage.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/config/config_print.h"
#include "core/config/secret.h"
#include "core/run/log.h"

/* Printed in place of FILE:LINE in messages about the command line. */
static const char where[] = "command line";

/* ---- The section --------------------------------------------------------- */

/* Reports WORD, which is not OPTION=VALUE.  BEFORE is the word before it, or
 * NULL if WORD is the first.  A later word is not printed: it may be the end of
 * a secret that blanks cut into several words, as in "password = x".  Only the
 * first of several such words is reported. */
static void
refuse_word(const char *before, const char *word, struct problems *problems)
{
  const char *equals = before ? strchr(before, '=') : NULL;

  if (!before)
    problems_add(
      problems, where, 0,
      "\"%.*s\" is not an option: write OPTION=VALUE, without blanks",
      (int)strcspn(word, "=:"), word);
  else if (equals && equals > before && equals[1])
    problems_add(problems, where, 0,
                 "%.*s: text after a blank is not part of it: write "
                 "OPTION=VALUE, without blanks",
                 (int)(equals - before), before);
}

/* Adds OPTION=VALUE to the section, or reports the fault of the word to
 * PROBLEMS. */
static void
add_word(struct config *config, const char *before, const char *word,
         struct problems *problems)
{
  const char *equals = strchr(word, '=');
  size_t len = equals ? (size_t)(equals - word) : 0;
  const char *key = config_keep_text(config, word, len);
  struct config_entry entry = { .key = key, .in_clear = true };
  const char *fault = equals ? config_text_fault(equals + 1) : NULL;

  if (len == 0)
    refuse_word(before, word, problems);
  else if (fault)
    problems_add(problems, where, 0, "%s: holds %s", key, fault);
  else if (config_find(&config->sections[0], key))
    problems_add(problems, where, 0, "%s: is given twice", key);
  else
    config_add_entry(config, &entry, equals + 1, strlen(equals + 1));
}

struct config *
one_stage_config(const struct plugin *plugin, const char *name, char **words,
                 int n, struct problems *problems)
{
  const struct config_entry entry = { .key = "plugin", .in_clear = true };
  struct config *config = config_new(where);

  config_add_section(config, plugin_kind_names[plugin->kind],
                     plugin->table.name, 0);
  config_add_entry(config, &entry, name, strlen(name));
  for (int i = 0; i < n; i++)
    add_word(config, i > 0 ? words[i - 1] : NULL, words[i], problems);
  return config;
}

/* ---- The stage ----------------------------------------------------------- */

static int
make_stage(struct app *app, const struct plugin *plugin,
           struct problems *problems)
{
  struct plan_source source = { .loader = app->loader, .alone = true };
  char **words = app->args->operands + 1;
  int n = app->args->n_operands - 1;

  app->config =
    one_stage_config(plugin, app->args->operands[0], words, n, problems);
  source.config = app->config;
  plan_build(&source, problems, &app->plan); /* app_finish frees it */
  secret_hide_words(plugin->table.options, words, n);
  return app_make_cycle(app, problems);
}

/* Returns true if WORD is not the name of a plugin, but an option:
 * OPTION=VALUE, or only a value, such as the path of a device. */
static bool
is_no_plugin(const char *word)
{
  const char *dot = strrchr(word, '.');

  return strchr(word, '=') ||
         (strchr(word, '/') && (!dot || strcmp(dot, ".so") != 0));
}

int
one_stage_load(struct app *app, enum plugin_kind kind)
{
  const char *name = app->args->operands[0];
  const struct plugin *plugin;
  struct problems problems;
  bool wrong;
  int r;

  if (is_no_plugin(name)) {
    log_line(MP_LOG_ERROR, NULL, NULL,
             "\"%.*s\" is not the name of a plugin: give the name first, then "
             "OPTION=VALUE (\"meterpipe plugins\" lists the names)",
             (int)strcspn(name, "="), name);
    return EX_USAGE;
  }
  plugin = loader_get(app->loader, kind, name);
  if (!plugin) {
    log_line(MP_LOG_ERROR, NULL, NULL, "%s", loader_error(app->loader));
    return EX_USAGE;
  }
  problems_init(&problems);
  r = make_stage(app, plugin, &problems);
  wrong = problems_errors(&problems) > 0;
  problems_report(&problems);
  problems_free(&problems);
  if (wrong)
    return EX_USAGE;
  return r == MP_OK ? EX_OK
                    : report_exit_status(
                        kind == PLUGIN_INPUT ? REPORT_INPUT : REPORT_OTHER, r);
}

/* ---- Printing ------------------------------------------------------------ */

void
one_stage_print_section(const struct stage *stage, const char *name, FILE *out)
{
  const struct config_section *section = stage->section;

  fprintf(out, "[%s %s]\n", section->kind, name);
  for (size_t i = 0; i < section->n_entries; i++) {
    const struct config_entry *entry = &section->entries[i];

    if (secret_is(stage->plugin->table.options, entry->key))
      fprintf(out, "%s_file = FILE\n", entry->key);
    else
      config_print_option(out, entry->key, entry->value);
  }
}
