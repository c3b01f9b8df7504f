/* What the tests of the exec plugins do in their scenes. */
#include "tests/e2e/exec_scene.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* From one run to the next. */
#define INTERVAL 1200

void
exec_write(struct scene *s, const char *options)
{
  scene_write(s, "p.ini",
              EXEC_INPUT "[output hook]\nplugin = exec\n%s"
                         "value.energy = meter.energy\n",
              options);
}

void
exec_set_reading(struct scene *s, const char *energy)
{
  time_t now = (time_t)scene_now(s);
  struct tm tm;
  char text[32];

  ck_assert_ptr_nonnull(gmtime_r(&now, &tm));
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
  scene_write(s, "reading",
              "{\"field\":\"energy\",\"value\":\"%s\",\"unit\":\"GJ\","
              "\"kind\":\"counter\",\"time\":\"%s\",\"serial\":\"6789\"}\n",
              energy, text);
}

void
exec_run(struct scene *s, const char *energy)
{
  scene_advance(s, INTERVAL);
  exec_set_reading(s, energy);
  scene_run(s, "run -c p.ini");
}

void
exec_check(struct scene *s, int status, const char *err)
{
  ck_assert_str_eq(scene_err(s), err);
  ck_assert_int_eq(scene_status(s), status);
}

void
exec_check_file(struct scene *s, const char *file, const char *text)
{
  const char *have = scene_read(s, file);

  ck_assert_msg(have != NULL, "there is no %s", file);
  ck_assert_str_eq(have, text);
}

void
exec_spoil(struct scene *s, const char *text, int error)
{
  char number[16], preload[1024];

  ck_assert_ptr_nonnull(getenv("FAULT_PRELOAD"));
  snprintf(preload, sizeof(preload), "%s:%s", getenv("CLOCK_PRELOAD"),
           getenv("FAULT_PRELOAD"));
  snprintf(number, sizeof(number), "%d", error);
  scene_setenv(s, "LD_PRELOAD", preload);
  scene_setenv(s, "FAULT_TEXT", text);
  scene_setenv(s, "FAULT_ERRNO", number);
  scene_setenv(s, "FAULT_KILL", text ? NULL : "yes");
}

void
exec_heal(struct scene *s)
{
  scene_setenv(s, "LD_PRELOAD", getenv("CLOCK_PRELOAD"));
  scene_setenv(s, "FAULT_TEXT", NULL);
  scene_setenv(s, "FAULT_KILL", NULL);
  scene_setenv(s, "FAULT_CALL", NULL);
}

bool
exec_has_program(const char *name)
{
  char command[64];

  snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
  return system(command) == 0;
}
