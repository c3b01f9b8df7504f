/*
 * A small host: the loader of meterpipe, and the services of the test kit.
 * abi.sh builds it from headers of several ages, and runs plugins of other ages
 * in it.
 */
#include <stdio.h>

#include "core/plugin/loader.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

#ifdef MP_LATER
static int
later(const struct mp_host *host)
{
  (void)host;
  return 42;
}
#endif

/* A cycle, from fetch to commit, of a value for the one target. */
static void
deliver(const struct mp_output_ops *ops, void *self, struct fake_host *h,
        struct fake_sink *sink)
{
  struct mp_record record = { .struct_size = sizeof(record), .id = "one-1" };
  struct mp_value value = fake_host_value(h, MP_COUNTER, "84.208 GJ");
  int r = ops->fetch(self, &sink->output);

  r = r == MP_OK ? ops->begin(self, &record) : r;
  r = r == MP_OK ? ops->write(self, 0, &value) : r;
  r = r == MP_OK ? ops->commit(self, &sink->output) : r;
  printf("%sshown: %s\nended with %d, result %u\n", fake_host_log(h),
         fake_sink_shown_text(sink, 0), r,
         (unsigned)fake_sink_result(sink, 0, 0));
}

static void
add_target(struct fake_host *h)
{
  const struct mp_meter meter = { .struct_size = sizeof(meter),
                                  .model = "MULTICAL 403",
                                  .section = "meter" };
  uint32_t target = fake_host_add_target(h, "t", NULL, "meter.a", 0);

  fake_host_set_target_source(h, target, MP_COUNTER, "E1", "60", "GJ");
  fake_host_set_target_meter(h, target, &meter);
  fake_host_set_target_last(h, target, MP_COUNTER, "84.000 GJ");
}

static int
run(const struct plugin *plugin)
{
  struct fake_host *h = fake_host_new(&plugin->table, "one");
  struct fake_sink *sink = fake_sink_new(&h->table);
  void *self = NULL;
  int r;

#ifdef MP_LATER
  h->table.later = later;
#endif
  add_target(h);
  r = plugin->table.create(&h->table, &self);
  if (r == MP_OK) {
    deliver(&plugin->output, self, h, sink);
    plugin->table.destroy(self);
  }
  fake_sink_free(sink);
  fake_host_free(h);
  return r == MP_OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
  struct loader *loader = loader_new("");
  const struct plugin *plugin =
    argc > 1 ? loader_get(loader, PLUGIN_OUTPUT, argv[1]) : NULL;
  int r = plugin ? run(plugin) : 1;

  if (!plugin)
    printf("%s\n", loader_error(loader));
  loader_free(loader);
  return r;
}
