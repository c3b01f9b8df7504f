/*
 * An output of class append that rejects the values of the target named in the
 * file "rejects" (one line; "all": rejects the whole record).  It appends the
 * values it accepts to the file "taken": lines "TARGET NUMBER", and "." at the
 * end of each commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

struct picky {
  const struct mp_host *host;
  FILE *taken;
  char rejects[64];
  uint32_t records;
  unsigned char refused[16];
};

static int
picky_create(const struct mp_host *host, void **ret_self)
{
  struct picky *p = calloc(1, sizeof(*p));

  if (!p)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  p->host = host;
  *ret_self = p;
  return MP_OK;
}

static int
picky_open(void *self)
{
  struct picky *p = self;
  FILE *f = fopen("rejects", "r");

  if (f && fgets(p->rejects, sizeof(p->rejects), f))
    p->rejects[strcspn(p->rejects, "\n")] = '\0';
  if (f)
    fclose(f);
  p->taken = fopen("taken", "a");
  return p->taken ? MP_OK : mp_fail(p->host, MP_EIO, "taken", "no");
}

static void
picky_close(void *self)
{
  fclose(((struct picky *)self)->taken);
}

static int
picky_begin(void *self, const struct mp_record *record)
{
  struct picky *p = self;

  (void)record;
  p->records++;
  memset(p->refused, 0, sizeof(p->refused));
  return MP_OK;
}

static int
picky_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct picky *p = self;
  const char *name = p->host->target(p->host, target)->name;
  char number[128];

  p->refused[target] = strcmp(name, p->rejects) == 0 ? 2 : 1;
  if (p->refused[target] == 2 || strcmp(p->rejects, "all") == 0)
    return MP_OK;
  p->host->decimal_format(value->number, number, sizeof(number));
  fprintf(p->taken, "%s %s\n", name, number);
  return MP_OK;
}

static void
give_same_results(const struct picky *p, const struct mp_output_sink *sink,
                  uint32_t target, uint32_t result)
{
  for (uint32_t i = 0; i < p->records; i++)
    sink->result(sink, i, target, result);
}

/* Reports the same results for all records: in the tests they all have the same
 * targets. */
static int
picky_commit(void *self, const struct mp_output_sink *sink)
{
  struct picky *p = self;

  for (uint32_t i = 0; i < sizeof(p->refused) && p->records > 0; i++) {
    if (p->refused[i] == 2)
      mp_fail(p->host, MP_EREFUSED, p->host->target(p->host, i)->name,
              "does not take it");
    if (p->refused[i] != 0 && strcmp(p->rejects, "all") != 0)
      give_same_results(p, sink, i,
                        p->refused[i] == 2 ? MP_REJECTED : MP_ACCEPTED);
  }
  if (strcmp(p->rejects, "all") == 0) {
    mp_fail(p->host, MP_EREFUSED, NULL, "does not take the record");
    give_same_results(p, sink, MP_ALL_TARGETS, MP_REJECTED);
  } else {
    fprintf(p->taken, ".\n");
  }
  p->records = 0;
  return MP_OK;
}

static int
picky_token(void *self, char *ret_token, size_t size)
{
  (void)self;
  snprintf(ret_token, size, "again");
  return MP_OK;
}

static int
picky_recover(void *self, const char *token, const struct mp_output_sink *sink)
{
  (void)token;
  return picky_commit(self, sink);
}

static const struct mp_append_ops append = {
  .struct_size = sizeof(struct mp_append_ops),
  .token = picky_token,
  .recover = picky_recover,
};

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_APPEND,
  .target_prefix = "place",
  .open = picky_open,
  .close = picky_close,
  .begin = picky_begin,
  .write = picky_write,
  .commit = picky_commit,
  .append = &append,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "picky",
  .version = "1",
  .summary = "rejects single targets",
  .create = picky_create,
  .destroy = free,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
