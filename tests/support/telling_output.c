/*
 * An output that can take every value, and logs all that the host tells about
 * each target; its values go nowhere.
 */
#include <stdlib.h>

#include <meterpipe/plugin.h>

struct telling {
  const struct mp_host *host;
};

static int
telling_create(const struct mp_host *host, void **ret_self)
{
  struct telling *t = calloc(1, sizeof(*t));

  if (!t)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  t->host = host;
  *ret_self = t;
  return MP_OK;
}

static const char *
word(const char *text)
{
  return text ? text : "-";
}

static void
tell_meter(const struct mp_host *host, uint32_t target)
{
  struct mp_meter meter = { .struct_size = sizeof(meter) };
  const struct mp_value *last = host->target_last(host, target);
  char number[128] = "-";

  if (last)
    host->decimal_format(last->number, number, sizeof(number));
  if (host->target_meter(host, target, &meter) != MP_OK)
    mp_log(host, MP_LOG_NOTICE, "meter", "none, last %s", number);
  else
    mp_log(host, MP_LOG_NOTICE, "meter", "%s %s %s %s %s, last %s",
           word(meter.section), word(meter.serial), word(meter.manufacturer),
           word(meter.model), word(meter.software), number);
}

static int
telling_commit(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = ((struct telling *)self)->host;
  const struct mp_target *t;

  mp_log(host, MP_LOG_NOTICE, host->pipeline, "%s, debug %d", host->name,
         host->log_enabled(host, MP_LOG_DEBUG));
  for (uint32_t i = 0; (t = host->target(host, i)); i++) {
    mp_log(host, MP_LOG_NOTICE, t->name,
           "%s of %s: kind %u, %s, %s, %s; label %s, digits %d", word(t->part),
           t->source, (unsigned)t->kind, word(t->label), word(t->number),
           word(t->unit), word(host->target_option(host, i, "label")),
           (int)host->target_option_int(host, i, "digits"));
    tell_meter(host, i);
  }
  sink->result(sink, 0, MP_ALL_TARGETS, MP_ACCEPTED);
  return MP_OK;
}

static int
telling_write(void *self, uint32_t target, const struct mp_value *value)
{
  const struct mp_host *host = ((struct telling *)self)->host;

  if (value->time_ms == 0)
    return mp_fail(host, MP_EINTERNAL, host->target(host, target)->name,
                   "has no time");
  return MP_OK;
}

/* The last known values must be known until here. */
static void
telling_close(void *self)
{
  const struct mp_host *host = ((struct telling *)self)->host;
  const struct mp_value *last = host->target_last(host, 0);
  char number[128] = "-";

  if (last)
    host->decimal_format(last->number, number, sizeof(number));
  mp_log(host, MP_LOG_NOTICE, "close", "last %s", number);
}

static const struct mp_option target_options[] = {
  { "label", MP_TYPE_STRING, 0, NULL, NULL, "its name" },
  { "digits", MP_TYPE_INT, 0, "3", "0..9", "decimals to show" },
  { "low", MP_TYPE_VALUE, 0, NULL, NULL, "its lower limit" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .flags = MP_OUTPUT_TAKES_ALL,
  .delivery = MP_LATEST,
  .target_prefix = "sensor",
  .target_options = target_options,
  .write = telling_write,
  .commit = telling_commit,
  .close = telling_close,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "telling",
  .version = "1",
  .summary = "logs what it is told",
  .create = telling_create,
  .destroy = free,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
