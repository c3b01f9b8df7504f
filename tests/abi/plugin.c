/*
 * An output that uses structs of either side.  abi.sh builds it from headers
 * of other ages than the host's; its log shows whether that went well.  With
 * COPIES_WHOLE it copies a value of the host in the way that the header
 * forbids.
 */
#include <stdlib.h>

#include <meterpipe/plugin.h>

struct instance {
  const struct mp_host *host;
  struct mp_value bound;
};

static int
instance_create(const struct mp_host *host, void **ret_self)
{
  struct instance *in = calloc(1, sizeof(*in));

  if (!in)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  in->host = host;
  in->bound.struct_size = sizeof(in->bound);
  in->bound.kind = MP_GAUGE;
  host->option_decimal(host, "bound", &in->bound.number);
  *ret_self = in;
  return MP_OK;
}

static void
log_age(const struct mp_host *host)
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
instance_fetch(void *self, const struct mp_output_sink *sink)
{
  struct instance *in = self;
  struct mp_shown shown = { .struct_size = sizeof(shown),
                            .answer = MP_SHOWN_VALUE,
                            .place = MP_EXACT,
                            .value = &in->bound };

  log_age(in->host);
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

/* Logs the facts that the host fills in. */
static int
log_facts(const struct instance *in, uint32_t target)
{
  struct {
    struct mp_meter meter;
    uint64_t after; /* the host must not write to it */
  } m = { .meter = { .struct_size = sizeof(m.meter) } };
  const struct mp_value *last = in->host->target_last(in->host, target);

  if (in->host->target_meter(in->host, target, &m.meter) != MP_OK || !last ||
      m.after)
    return mp_fail(in->host, MP_EINTERNAL, NULL, "a fact is missing");
  mp_log(in->host, MP_LOG_NOTICE, m.meter.section, "%s, %s, last in %s",
         m.meter.model, in->host->unit_quantity("m3"), last->unit);
  return MP_OK;
}

static int
instance_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct instance *in = self;
  const struct mp_target *t = in->host->target(in->host, target);
  struct mp_value sum;
  char number[128];

#ifdef COPIES_WHOLE
  sum = *value;
#else
  mp_value_copy(&sum, value);
#endif
  in->host->decimal_add(sum.number, in->bound.number, &sum.number);
  in->host->decimal_format(sum.number, number, sizeof(number));
  mp_log(in->host, MP_LOG_NOTICE, t->name, "%s %s (%s, %s)", number, sum.unit,
         t->label, in->host->target_option(in->host, target, "label"));
  return log_facts(in, target);
}

static int
instance_commit(void *self, const struct mp_output_sink *sink)
{
  (void)self;
  sink->result(sink, 0, MP_ALL_TARGETS, MP_ACCEPTED);
  return MP_OK;
}

static const struct mp_option options[] = {
  { "bound", MP_TYPE_DECIMAL, 0, "0.10", NULL, "what is added" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option target_options[] = {
  { "label", MP_TYPE_STRING, 0, "Heat", NULL, "its name" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "place",
  .target_options = target_options,
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
