/*
 * load: reads the load of this machine from /proc/loadavg of Linux:
 *
 *     0.52 0.58 0.59 1/1024 4711
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <meterpipe/plugin.h>

#define FIELDS 3
static const char *const names[FIELDS] = { "load1", "load5", "load15" };

struct load {
  const struct mp_host *host;
};

static void
tell_field(const struct mp_field_sink *sink, const char *name)
{
  struct mp_field field;

  memset(&field, 0, sizeof(field));
  field.struct_size = sizeof(field);
  field.kind = MP_GAUGE;
  field.name = name;
  sink->field(sink, &field);
}

static int
load_field(const char *name, const struct mp_field_sink *sink)
{
  for (int i = 0; i < FIELDS; i++)
    if (strcmp(name, names[i]) == 0) {
      tell_field(sink, names[i]);
      return MP_OK;
    }
  return MP_ECONFIG;
}

static int
load_list(const struct mp_field_sink *sink)
{
  for (int i = 0; i < FIELDS; i++)
    tell_field(sink, names[i]);
  return MP_OK;
}

static int
load_create(const struct mp_host *host, void **ret_self)
{
  struct load *load = (struct load *)calloc(1, sizeof(*load));

  if (!load)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  load->host = host;
  *ret_self = load;
  return MP_OK;
}

static int
load_read(void *self, const struct mp_sink *sink)
{
  const struct load *load = (const struct load *)self;
  const struct mp_host *host = load->host;
  const char *path = host->option(host, "path");
  FILE *f = fopen(path, "r");
  char words[FIELDS][32];
  struct mp_value value;
  int n;

  if (!f)
    return mp_fail(host, MP_ENOINPUT, path, "%s", strerror(errno));
  n = fscanf(f, "%31s %31s %31s", words[0], words[1], words[2]);
  fclose(f);
  if (n != FIELDS)
    return mp_fail(host, MP_EPROTO, path, "does not contain %d load averages",
                   FIELDS);
  for (int i = 0; i < FIELDS; i++) {
    memset(&value, 0, sizeof(value));
    value.struct_size = sizeof(value);
    value.kind = MP_GAUGE;
    if (host->decimal_parse(words[i], &value.number) != MP_OK)
      return mp_fail(host, MP_EPROTO, path, "\"%s\" is not a load average",
                     words[i]);
    sink->emit(sink, names[i], &value);
  }
  return MP_OK;
}

static const struct mp_option options[] = {
  { "path", MP_TYPE_PATH, 0, "/proc/loadavg", NULL,
    "the file with the load averages" },
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL,
    "fields to read besides those that stages name" },
  { NULL, 0, 0, NULL, NULL, NULL },
};
static const struct mp_input_ops ops = {
  .struct_size = sizeof(ops), .flags = 0, .field = load_field,
  .list_fields = load_list, .default_fields = "load1,load5,load15",
  .read = load_read,
};
static const struct mp_plugin plugin = {
  .struct_size = sizeof(plugin), .abi_version = MP_ABI_VERSION, .name = "load",
  .version = "1", .summary = "the load of this machine", .options = options,
  .create = load_create, .destroy = free, .input = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
