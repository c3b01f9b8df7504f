/*
 * An output that uses structs of either side.  abi.sh builds it from headers
 * of other ages than the host's; what it logs says whether that went well.
 */
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#define MARK "behind"

struct instance {
  const struct mp_host *host;
  /* Given to the host to be filled in: what stands behind it stays. */
  struct {
    struct mp_value value;
    char mark[sizeof(MARK)];
  } bound;
};

static int
instance_create(const struct mp_host *host, void **ret_self)
{
  struct instance *in = calloc(1, sizeof(*in));

  if (!in)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  in->host = host;
  in->bound.value.struct_size = sizeof(in->bound.value);
  memcpy(in->bound.mark, MARK, sizeof(MARK));
  host->option_decimal(host, "bound", &in->bound.value);
  *ret_self = in;
  return MP_OK;
}

static void
say_age(const struct mp_host *host)
{
#ifdef MP_LATER
  if (MP_HAS(host, struct mp_host, later))
    mp_log(host, MP_LOG_NOTICE, NULL, "later: %d", host->later(host));
  else
    mp_log(host, MP_LOG_NOTICE, NULL, "later: the host is older");
#else
  mp_log(host, MP_LOG_NOTICE, NULL, "later: the plugin is older");
#endif
}

static int
instance_fetch(void *self, const struct mp_shown_sink *sink)
{
  struct instance *in = self;
  struct mp_shown shown = { .struct_size = sizeof(shown),
                            .answer = MP_SHOWN_VALUE,
                            .place = MP_EXACT,
                            .value = &in->bound.value };

  say_age(in->host);
  sink->shown(sink, &shown);
  return MP_OK;
}

static int
instance_begin(void *self, const struct mp_record *record)
{
  struct instance *in = self;

  mp_log(in->host, MP_LOG_NOTICE, NULL, "record %s", record->id);
  return MP_OK;
}

static int
instance_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct instance *in = self;
  struct mp_value sum = *value;
  char number[64];

  sum.struct_size = sizeof(sum);
  in->host->decimal_add(&sum, &in->bound.value);
  in->host->decimal_format(&sum, number, sizeof(number));
  mp_log(in->host, MP_LOG_NOTICE, in->host->target(in->host, target)->name,
         "%s %s, %s", number, value->unit, in->bound.mark);
  return MP_OK;
}

static int
instance_commit(void *self, const struct mp_result_sink *sink)
{
  (void)self;
  sink->result(sink, 0, MP_ALL_TARGETS, MP_ACCEPTED);
  return MP_OK;
}

static const struct mp_option options[] = {
  { "bound", MP_TYPE_DECIMAL, 0, "0.10", NULL, "what is added" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "place",
  .fetch = instance_fetch,
  .begin = instance_begin,
  .write = instance_write,
  .commit = instance_commit,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "aged",
  .version = "1",
  .summary = "tells how old its host is",
  .options = options,
  .create = instance_create,
  .destroy = free,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
