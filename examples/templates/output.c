/*
 * @NAME@: describe the plugin here in a line or two.
 *
 * <meterpipe/plugin.h> says when the host calls each callback, and who owns the
 * data; meterpipe-plugin(3) is the manual.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

/* Longest text of a record; a longer one is a mistake. */
#define TEXT_MAX (16 * 1024 * 1024)

/* One [output NAME] section of a pipeline file. */
struct instance {
  const struct mp_host *host;
  char *text; /* the lines to deliver, from realloc */
  size_t len, room;
};

static const struct mp_option options[] = {
  { "path", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL, "the file to append to" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
instance_create(const struct mp_host *host, void **ret_self)
{
  struct instance *in = calloc(1, sizeof(*in));

  if (!in)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  in->host = host;
  *ret_self = in;
  return MP_OK;
}

static void
instance_destroy(void *self)
{
  struct instance *in = self;

  free(in->text);
  free(in);
}

/* Makes room for MORE bytes of text.  Returns false if that fails. */
static bool
make_room(struct instance *in, size_t more)
{
  size_t room = in->room > 0 ? in->room : 4096;
  char *grown;

  if (more > TEXT_MAX - in->len)
    return false;
  while (room < in->len + more)
    room *= 2;
  grown = room > in->room ? realloc(in->text, room) : in->text;
  if (!grown)
    return false;
  in->text = grown;
  in->room = room;
  return true;
}

/* Appends a line, formatted like printf.  Returns false if memory ran out. */
MP_PRINTF(2, 3)
static bool
add_line(struct instance *in, const char *fmt, ...)
{
  va_list args, again;
  int len;
  bool good;

  va_start(args, fmt);
  va_copy(again, args);
  len = vsnprintf(NULL, 0, fmt, args);
  good = len >= 0 && make_room(in, (size_t)len + 1);
  if (good)
    in->len +=
      (size_t)vsnprintf(in->text + in->len, (size_t)len + 1, fmt, again);
  va_end(again);
  va_end(args);
  return good;
}

/* Drops the lines.  The host calls this after a failed write, too. */
static void
instance_close(void *self)
{
  ((struct instance *)self)->len = 0;
}

/* Begins a record: the values of one cycle follow. */
static int
instance_begin(void *self, const struct mp_record *record)
{
  (void)record;
  ((struct instance *)self)->len = 0;
  return MP_OK;
}

/* Keeps the value for target number TARGET.  MP_EDATA, MP_ERANGE and MP_ECONFIG
 * reject this value alone; after any other reason the record is not sent. */
static int
instance_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct instance *in = self;
  const char *name = in->host->target(in->host, target)->name;
  const char *unit = value->unit ? value->unit : "";
  const char *text = value->text;
  char number[128];

  in->host->decimal_format(value->number, number, sizeof(number));
  if (!text)
    text = number;
  if (!add_line(in, "%s %s %s\n", name, text, unit))
    return mp_fail(in->host, MP_ENOMEM, name, "out of memory");
  return MP_OK;
}

/* Delivers the record, and reports the result. */
static int
instance_commit(void *self, const struct mp_output_sink *sink)
{
  struct instance *in = self;
  const char *path = in->host->option(in->host, "path");
  FILE *f = fopen(path, "a");
  uint32_t failed = f ? MP_PERHAPS : MP_NOT_SENT;
  bool good = f && fwrite(in->text, 1, in->len, f) == in->len;

  if (f && fclose(f) != 0)
    good = false;
  sink->result(sink, 0, MP_ALL_TARGETS, good ? MP_ACCEPTED : failed);
  if (!good)
    return mp_fail(in->host, MP_EIO, path, "%s", strerror(errno));
  return MP_OK;
}

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "line",
  .close = instance_close,
  .begin = instance_begin,
  .write = instance_write,
  .commit = instance_commit,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "@NAME@",
  .version = "0.1",
  .summary = "appends values to a file",
  .options = options,
  .create = instance_create,
  .destroy = instance_destroy,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
