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
#include "core/commands/one_stage.h"
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

/* Returns true if SECTION has OPTION or, for a secret, OPTION_file. */
static bool
is_given(const struct config_section *section, const struct mp_option *option)
{
  size_t len = strlen(option->key);

  for (size_t i = 0; i < section->n_entries; i++) {
    const char *key = section->entries[i].key;

    if (strncmp(key, option->key, len) == 0 &&
        (!key[len] || strcmp(key + len, "_file") == 0))
      return true;
  }
  return false;
}

/* Returns an example for OPTION, in BUF if necessary.  A path is in the folder
 * DIR, and at the address in `url` there is no server. */
static const char *
example_of(const struct mp_option *option, const char *dir, char *buf,
           size_t size)
{
  if (option->type == MP_TYPE_PATH) {
    snprintf(buf, size, "%s/%s", dir, option->key);
    return buf;
  }
  if (option->type == MP_TYPE_STRING && strcmp(option->key, "url") == 0)
    return "http://127.0.0.1:9";
  return option_type_example(option, buf, size);
}

static void
add_examples(struct config *config, const struct mp_option *option,
             const char *dir)
{
  char buf[512];

  for (; option && option->key; option++) {
    const struct config_entry entry = { .key = option->key, .in_clear = true };
    const char *text;

    if (!(option->flags & MP_REQUIRED) ||
        is_given(&config->sections[0], option))
      continue;
    text = example_of(option, dir, buf, sizeof(buf));
    config_add_entry(config, &entry, text, strlen(text));
  }
}

/* ---- The command ---- */

static int
run_checks(struct conform *c)
{
  static const struct conform_check *const by_kind[PLUGIN_KINDS] = {
    conform_input, conform_transform, conform_output
  };
  int status = conform_run(c, conform_common);

  if (status == EX_OK)
    status = conform_run(c, by_kind[c->plugin->kind]);
  if (status == EX_OK && log_shows(MP_LOG_NOTICE))
    printf("%s: keeps the contract: %d checks\n", c->label, c->n_checks);
  return status;
}

/* Makes the config from the words of the command line, and examples in the
 * folder DIR.  Overwrites secrets in the words.  The plugin may crash, so with
 * secrets there must be no core file. */
static struct config *
make_config(const struct conform *c, const struct arguments *args,
            const char *dir, struct problems *problems)
{
  const struct mp_option *table = c->plugin->table.options;
  char **words = args->operands + 1;
  int n = args->n_operands - 1;
  struct config *config =
    one_stage_config(c->plugin, c->plugin->path, words, n, problems);

  if (secret_hide_words(table, words, n))
    secret_forbid_cores();
  add_examples(config, table, dir);
  return config;
}

static int
check_with_options(struct conform *c, struct loader *loader,
                   const struct arguments *args, const char *dir)
{
  struct problems problems;
  struct config *config;
  struct plan *plan;
  int status = EX_USAGE;

  problems_init(&problems);
  config = make_config(c, args, dir, &problems);
  plan_build(
    &(struct plan_source){ .config = config, .loader = loader, .alone = true },
    &problems, &plan);
  c->stage = plan->stages[0];
  problems_report(&problems);
  if (problems_errors(&problems) == 0)
    status = run_checks(c);
  problems_free(&problems);
  plan_free(plan);
  config_free(config);
  return status;
}

static int
check_plugin(struct conform *c, struct loader *loader,
             const struct arguments *args)
{
  char dir[] = "/tmp/meterpipe-conform-XXXXXX";
  int status = conform_run(c, conform_table);

  if (status != EX_OK)
    return status;
  if (!mkdtemp(dir)) {
    log_line(MP_LOG_ERROR, NULL, "/tmp", "cannot create a directory there");
    return EX_CANTCREAT;
  }
  status = check_with_options(c, loader, args, dir);
  remove_tree(dir);
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
    status = c.plugin ? check_plugin(&c, loader, args) : EX_CONFIG;
  }
  loader_free(loader);
  free(full);
  return status;
}
