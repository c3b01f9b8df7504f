/* page: a file with the newest values, a line each; at most 4 KiB.  It
 * also builds as C++: hence the casts. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <meterpipe/plugin.h>

struct page {
  const struct mp_host *host;
  uint32_t records; /* since the last commit; the newest one is in text */
  char text[4096];
};

static int
page_create(const struct mp_host *host, void **ret_self)
{
  struct page *p = (struct page *)calloc(1, sizeof(*p));

  if (!p)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  p->host = host;
  *ret_self = p;
  return MP_OK;
}

static int
page_begin(void *self, const struct mp_record *record)
{
  struct page *p = (struct page *)self;

  (void)record;
  p->records++;
  p->text[0] = '\0';
  return MP_OK;
}

static int
page_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct page *p = (struct page *)self;
  const char *name = p->host->target(p->host, target)->name;
  size_t len = strlen(p->text), room = sizeof(p->text) - len;
  char number[128];
  int n;

  p->host->decimal_format(value->number, number, sizeof(number));
  n = snprintf(p->text + len, room, "%s %s %s\n", name,
               value->text ? value->text : number,
               value->unit ? value->unit : "");
  if (n >= 0 && (size_t)n < room)
    return MP_OK;
  p->text[len] = '\0'; /* leave this value out */
  return mp_fail(p->host, MP_ERANGE, name, "the page is full");
}

static int
page_commit(void *self, const struct mp_output_sink *sink)
{
  struct page *p = (struct page *)self;
  const char *path = p->host->option(p->host, "path");
  FILE *f = fopen(path, "w");
  bool good = f && fputs(p->text, f) >= 0;

  good &= f && fclose(f) == 0;
  for (uint32_t i = 0; i < p->records; i++)
    sink->result(sink, i, MP_ALL_TARGETS, good ? MP_ACCEPTED : MP_NOT_SENT);
  p->records = 0;
  return good ? MP_OK : mp_fail(p->host, MP_EIO, path, "%s", strerror(errno));
}

static const struct mp_option options[] = {
  { "path", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL, "the file" },
  { NULL, 0, 0, NULL, NULL, NULL },
};
static const struct mp_output_ops ops = {
  .struct_size = sizeof(ops), .delivery = MP_LIVE, .target_prefix = "line",
  .begin = page_begin, .write = page_write, .commit = page_commit,
};
static const struct mp_plugin plugin = {
  .struct_size = sizeof(plugin), .abi_version = MP_ABI_VERSION, .name = "page",
  .version = "1", .summary = "a file with the newest values",
  .options = options, .create = page_create, .destroy = free, .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
