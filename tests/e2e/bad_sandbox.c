/* A sandbox with plugins that break the contract; see bad_sandbox.h. */
#include "tests/e2e/bad_sandbox.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

const char *
bad_module(const char *name, char *tmp, size_t size)
{
  const char *dir = getenv("METERPIPE_PLUGIN_PATH");

  ck_assert_ptr_nonnull(dir);
  ck_assert_int_lt(snprintf(tmp, size, "%s/%s.so", dir, name), (int)size);
  return tmp;
}

static void
copy_module(struct sandbox *s, const char *name, const char *as)
{
  char from[1024], command[2200];

  snprintf(command, sizeof(command), "cp %s %s/%s.so",
           bad_module(name, from, sizeof(from)), sandbox_dir(s), as);
  ck_assert_int_eq(system(command), 0);
}

struct sandbox *
bad_sandbox_new(void)
{
  struct sandbox *s = sandbox_new();

  copy_module(s, "bad_input", "input_bad");
  copy_module(s, "bad_transform", "transform_bad");
  copy_module(s, "bad_plugin", "output_bad");
  return s;
}

void
bad_check(struct sandbox *s, int status, const char *out, const char *err)
{
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_str_eq(sandbox_out(s), out);
  ck_assert_int_eq(sandbox_status(s), status);
}
