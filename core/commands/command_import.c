/* meterpipe import: prints an old script's command line as a pipeline file. */
#include "core/commands/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/commands/import/import.h"
#include "core/commands/import_words.h"
#include "core/run/log.h"

/* The old script read meters of one kind, for which this is the plugin. */
#define METER_PLUGIN "kmp"

/* A global, because import_field_fn has no context argument. */
static const struct plugin *meter;

struct field_name {
  char *name;
  size_t size;
  bool fits;
};

static void
take_name(const struct mp_field_sink *sink, const struct mp_field *field)
{
  struct field_name *to = sink->ctx;
  int n = snprintf(to->name, to->size, "%s", field->name);

  to->fits = n >= 0 && (size_t)n < to->size;
}

static int
field_of_register(const char *number, char *ret, size_t size)
{
  struct field_name name = { .name = ret, .size = size };
  struct mp_field_sink sink = { .struct_size = sizeof(sink),
                                .ctx = &name,
                                .field = take_name };
  int r = plugin_field(meter, number, &sink);

  return r == MP_OK && !name.fits ? MP_ERANGE : r;
}

/* Returns true if TEXT is an HTTP URL.  For another one, `check` would report
 * an error in the printed file.  A URL with a login is not passed to this
 * function: import_print refuses it and does not print it. */
static bool
is_url(const char *text)
{
  return strncasecmp(text, "http://", 7) == 0 ||
         strncasecmp(text, "https://", 8) == 0;
}

static int
print_pipeline_file(const struct arguments *args, const char *url)
{
  char **items = args->operands + !args->device;
  size_t n = (size_t)args->n_operands - !args->device;
  const char *device = args->device ? args->device : args->operands[0];
  char *spec = import_join(items, n);
  int r;

  r = import_print(stdout, stderr, device, spec, url, field_of_register);
  free(spec);
  return r;
}

/* --url overrides --ip and --port. */
static int
print_with_url(const struct arguments *args)
{
  char *url;
  int status;

  if (args->url || !(args->ip || args->port))
    return print_pipeline_file(args, args->url);
  url = import_url(args);
  status = print_pipeline_file(args, url);
  free(url);
  return status;
}

int
command_import(const struct arguments *args)
{
  struct loader *loader;
  char *dirs;
  int status;

  if (args->url && !strchr(args->url, '@') && !is_url(args->url)) {
    log_line(MP_LOG_ERROR, NULL, "--url",
             "\"%s\" does not begin with http:// or https://", args->url);
    return EX_USAGE;
  }
  dirs = app_plugin_dirs(args->plugin_dir);
  loader = loader_new(dirs);
  free(dirs);
  meter = loader_get(loader, PLUGIN_INPUT, METER_PLUGIN);
  if (!meter) {
    log_line(MP_LOG_ERROR, NULL, NULL, "%s", loader_error(loader));
    status = EX_CONFIG;
  } else
    status = print_with_url(args);
  loader_free(loader);
  return status;
}
