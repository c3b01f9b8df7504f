/*
 * The large libraries of a plugin are loaded only if the pipeline file has a
 * section of it.
 */
#include <check.h>
#include <string.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

/* No server listens on port 1. */
static const struct {
  const char *output, *loaded; /* NULL: none of the libraries */
} rows[] = {
  { "plugin = csv\npath = log.csv\ncolumn.a = meter.a\n", NULL },
  { "plugin = domoticz\nurl = http://127.0.0.1:1\nidx.1 = meter.a\n",
    "libcurl" },
  { "plugin = mqtt\nurl = mqtt://127.0.0.1:1\nsensor.a = meter.a\n",
    "libmosquitto" },
};

/* The dynamic loader names each library that it loads. */
START_TEST(library_is_loaded_with_its_section_only)
{
  static const char *const libraries[] = { "libcurl", "libmosquitto" };
  const char *loaded = rows[_i].loaded;

  sandbox_write(s, "reading", "{\"field\":\"a\",\"value\":\"1.50\"}\n");
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = exec\ncommand = cat reading\n"
                "[output out]\n%s",
                rows[_i].output);
  sandbox_setenv(s, "LD_DEBUG", "files");
  sandbox_run(s, "run -c p.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "libsqlite3"));
  for (size_t i = 0; i < ARRAY_SIZE(libraries); i++)
    ck_assert_msg(!!strstr(sandbox_err(s), libraries[i]) ==
                    (loaded && strcmp(libraries[i], loaded) == 0),
                  "%s with %s", libraries[i], rows[_i].output);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("libraries");
  TCase *t = tcase_create("libraries");

  tcase_add_checked_fixture(t, build, leave);
  tcase_add_loop_test(t, library_is_loaded_with_its_section_only, 0,
                      (int)ARRAY_SIZE(rows));
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
