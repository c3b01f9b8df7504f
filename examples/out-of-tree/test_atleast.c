/*
 * A unit test of atleast, with the fake host that meterpipe installs:
 *
 *     cc test_atleast.c transform_atleast.c -o test_atleast \
 *       `pkg-config --cflags --libs meterpipe-test`
 */
#include <stdio.h>
#include <string.h>
#include <meterpipe/test/fake_host.h>

static const struct {
  const char *in, *out;
} rows[] = {
  { "0.05 kW", "0.10 kW" },
  { "0.10 kW", "0.10 kW" },
  { "0.1001 kW", "0.1001 kW" },
};

int
main(void)
{
  const struct mp_plugin *plugin = meterpipe_plugin();
  struct fake_host *h = fake_host_new(plugin, "busy");
  int failed = 0;
  void *self;
  size_t i;

  fake_host_set(h, "bound", "0.10");
  if (plugin->create(&h->table, &self) != MP_OK)
    return 1;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct mp_value value = fake_host_value(h, MP_GAUGE, rows[i].in);
    const char *out;

    plugin->transform->apply(self, &value);
    out = fake_host_show(h, &value);
    if (strcmp(out, rows[i].out) != 0) {
      printf("%s became %s\n", rows[i].in, out);
      failed = 1;
    }
  }
  plugin->destroy(self);
  fake_host_free(h);
  return failed;
}
