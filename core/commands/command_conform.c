/* meterpipe conform: checks that a plugin keeps the contract of plugin.h. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "core/commands/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/commands/commands.h"
#include "core/config/option_type.h"
#include "core/config/secret.h"
#include "core/conform/conform.h"
#include "core/memory/memory.h"
#include "core/run/log.h"
#include "lib/remove_tree.h"

/* ---- Loading ---- */

/* Loads the plugin PATH, whatever its kind.  Returns NULL and writes the reason
 * to WHY on failure.  The loader's message about a wrong kind is not used if
 * there is another one. */
static const struct plugin *
load_any(struct loader *loader, const char *path, char *why, size_t size)
{
  for (int kind = 0; kind < PLUGIN_KINDS; kind++) {
    const struct plugin *plugin =
      loader_get(loader, (enum plugin_kind)kind, path);

    if (plugin)
      return plugin;
    if (kind == 0 || !strstr(loader_error(loader), "is for a section"))
      snprintf(why, size, "%s", loader_error(loader));
  }
  return NULL;
}

/* Loads the plugin CTX in the process of a check, in case it ends the process
 * or hangs. */
static void
try_load(struct conform *c, void *ctx)
{
  struct loader *loader = loader_new("");
  char why[1024];

  if (!loader)
    return;
  conform_begin(c, "meterpipe_plugin");
  (void)load_any(loader, ctx, why, sizeof(why));
  conform_end(c, MP_OK, conform_ok);
  loader_free(loader);
}

/* ---- Options of the plugin ---- */

static const struct mp_option *
find_option(const struct plugin *plugin, const char *word)
{
  const struct mp_option *row = plugin->table.options;
  size_t len = strcspn(word, "=");

  for (; row && row->key; row++)
    if (strlen(row->key) == len && strncmp(row->key, word, len) == 0)
      return row;
  return NULL;
}

/* Checks word I, and reports a mistake.  A word without "=" may be the end of a
 * secret that blanks cut off, so only the first word is printed.  Text after a
 * colon is not printed, for the same reason. */
static bool
word_is_good(const struct conform *c, int i)
{
  const char *word = c->given[i];
  const struct mp_option *row = find_option(c->plugin, word);
  const char *value = strchr(word, '=');
  struct option_number number;
  int key = (int)strcspn(word, "=:");
  char why[OPTION_WHY];

  if (!value && i > 0)
    log_line(MP_LOG_ERROR, c->label, NULL,
             "text after a blank is not part of an option: write OPTION=VALUE, "
             "without blanks");
  else if (!value)
    log_line(MP_LOG_ERROR, c->label, NULL,
             "\"%.*s\" is not an option: write OPTION=VALUE, without blanks",
             key, word);
  else if (!row)
    log_line(MP_LOG_ERROR, c->label, NULL,
             "%.*s: the plugin has no such option", key, word);
  else if (option_type_parse(row, value + 1, &number, why) != MP_OK)
    log_line(MP_LOG_ERROR, c->label, NULL, "%s: %s", row->key, why);
  else
    return true;
  return false;
}

/* Checks all words here, because the plugin never sees a value that is not of
 * its option's type. */
static bool
words_are_good(const struct conform *c)
{
  bool good = true;

  for (int i = 0; i < c->n_given; i++)
    good &= word_is_good(c, i);
  return good;
}

/* ---- The command ---- */

static int
run_all(struct conform *c)
{
  static const struct conform_check *const by_kind[PLUGIN_KINDS] = {
    conform_input, conform_transform, conform_output
  };
  char dir[] = "/tmp/meterpipe-conform-XXXXXX";
  int status, n = 1; /* loading was the first */

  if (!mkdtemp(dir)) {
    log_line(MP_LOG_ERROR, NULL, "/tmp", "cannot create a directory there");
    return EX_CANTCREAT;
  }
  c->dir = dir;
  status = conform_run(c, conform_common, &n);
  if (status == EX_OK)
    status = conform_run(c, by_kind[c->plugin->kind], &n);
  remove_tree(dir);
  c->dir = NULL;
  if (status == EX_OK && log_shows(MP_LOG_NOTICE))
    printf("%s: keeps the contract: %d checks\n", c->label, n);
  return status;
}

/* Checks the plugin with copies of the words, and overwrites the secrets in the
 * originals.  The plugin may crash, so with secrets there must be no core
 * file. */
static int
conform_plugin(struct conform *c, const struct arguments *args)
{
  int n = args->n_operands - 1, status;
  char **given = memory_get((size_t)n + 1, sizeof(*given));

  for (int i = 0; i < n; i++)
    given[i] = memory_text(args->operands[i + 1]);
  if (secret_hide_words(c->plugin->table.options, args->operands + 1, n))
    secret_forbid_cores();
  c->given = given;
  c->n_given = n;
  status = words_are_good(c) ? run_all(c) : EX_USAGE;
  for (int i = 0; i < n; i++)
    secret_free(given[i]);
  free(given);
  return status;
}

int
command_conform(const struct arguments *args)
{
  char *path = args->operands[0];
  const char *slash = strrchr(path, '/');
  struct conform c = { .label = slash ? slash + 1 : path };
  char *full = slash ? memory_text(path) : memory_format("./%s", path);
  struct loader *loader = loader_new("");
  char why[1024];
  int status = conform_process(&c, "load", try_load, full);

  if (status == EX_OK) {
    c.plugin = load_any(loader, full, why, sizeof(why));
    if (!c.plugin)
      log_line(MP_LOG_ERROR, NULL, NULL, "%s", why);
    status = c.plugin ? conform_plugin(&c, args) : EX_CONFIG;
  }
  loader_free(loader);
  free(full);
  return status;
}
