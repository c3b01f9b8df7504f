/* Test scenes for the exec plugins; see exec_sandbox.h. */
#include "tests/e2e/exec_sandbox.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds from one run to the next. */
#define INTERVAL 1200

void
exec_write(struct sandbox *s, const char *options)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[output hook]\nplugin = exec\n%s"
                           "value.energy = meter.energy\n",
                options);
}

void
exec_write_usage(struct sandbox *s)
{
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[transform usage]\nplugin = subtract\n"
                           "value = meter.energy\nminus = hook.energy\n"
                           "[output hook]\nplugin = exec\nclass = latest\n"
                           "command = sh take.sh\n"
                           "value.energy = meter.energy\nvalue.usage = usage\n"
                           "[output log]\nplugin = csv\npath = log.csv\n"
                           "column.energy = meter.energy\n"
                           "[output screen]\nplugin = stdout\nformat = line\n"
                           "field.energy = meter.energy\n");
}

void
exec_set_reading(struct sandbox *s, const char *energy)
{
  time_t now = (time_t)sandbox_now(s);
  struct tm tm;
  char text[32];

  ck_assert_ptr_nonnull(gmtime_r(&now, &tm));
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
  sandbox_write(s, "reading",
                "{\"field\":\"energy\",\"value\":\"%s\",\"unit\":\"GJ\","
                "\"kind\":\"counter\",\"time\":\"%s\",\"serial\":\"6789\"}\n",
                energy, text);
}

void
exec_run(struct sandbox *s, const char *energy)
{
  sandbox_advance(s, INTERVAL);
  exec_set_reading(s, energy);
  sandbox_run(s, "run -c p.ini");
}

/* Copies TEXT, and replaces "20 min N s" by "20 min": a slow machine adds
 * seconds to the 20 minutes between two runs. */
static void
copy_without_seconds(char *copy, size_t size, const char *text)
{
  static const char span[] = "20 min ";
  size_t n = 0;

  while (*text && n + 1 < size) {
    const char *digits = text + sizeof(span) - 1;

    copy[n++] = *text;
    if (strncmp(text, span, sizeof(span) - 1) == 0 &&
        strspn(digits, "0123456789") > 0) {
      n += (size_t)snprintf(copy + n, size - n, "0 min");
      text = digits + strspn(digits, "0123456789") + 2; /* " s" */
      continue;
    }
    text++;
  }
  copy[n] = '\0';
}

void
exec_check(struct sandbox *s, int status, const char *err)
{
  char said[8192];

  copy_without_seconds(said, sizeof(said), sandbox_err(s));
  ck_assert_str_eq(said, err);
  ck_assert_int_eq(sandbox_status(s), status);
}

/* Returns true if TEXT begins with a UUID: digits, and four dashes. */
static bool
is_uuid(const char *text)
{
  static const char form[] = "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx";

  for (size_t i = 0; i < sizeof(form) - 1; i++)
    if (form[i] == 'x' ? !text[i] || !strchr("0123456789abcdef", text[i])
                       : text[i] != form[i])
      return false;
  return true;
}

const char *
exec_without_uuids(const char *text)
{
  static char copy[65536];
  size_t n = 0;

  while (*text && n + 5 < sizeof(copy)) {
    if (is_uuid(text)) {
      n += (size_t)snprintf(copy + n, sizeof(copy) - n, "UUID");
      text += 36;
    } else
      copy[n++] = *text++;
  }
  copy[n] = '\0';
  return copy;
}

void
exec_check_file(struct sandbox *s, const char *file, const char *text)
{
  const char *have = sandbox_read(s, file);
  char *want = strdup(exec_without_uuids(text));

  ck_assert_msg(have, "%s does not exist", file);
  ck_assert_str_eq(exec_without_uuids(have), want);
  free(want);
}

void
exec_wait_for_file(struct sandbox *s, const char *file)
{
  for (int i = 0; i < 2000 && !sandbox_exists(s, file); i++)
    usleep(5000);
  ck_assert(sandbox_exists(s, file));
}

void
exec_spoil(struct sandbox *s, const char *text, int error)
{
  char number[16], preload[1024];

  ck_assert_ptr_nonnull(getenv("FAULT_PRELOAD"));
  snprintf(preload, sizeof(preload), "%s:%s", getenv("CLOCK_PRELOAD"),
           getenv("FAULT_PRELOAD"));
  snprintf(number, sizeof(number), "%d", error);
  sandbox_setenv(s, "LD_PRELOAD", preload);
  sandbox_setenv(s, "FAULT_TEXT", text);
  sandbox_setenv(s, "FAULT_ERRNO", number);
  sandbox_setenv(s, "FAULT_KILL", text ? NULL : "yes");
}

void
exec_heal(struct sandbox *s)
{
  sandbox_setenv(s, "LD_PRELOAD", getenv("CLOCK_PRELOAD"));
  sandbox_setenv(s, "FAULT_TEXT", NULL);
  sandbox_setenv(s, "FAULT_KILL", NULL);
  sandbox_setenv(s, "FAULT_CALL", NULL);
}

bool
exec_has_program(const char *name)
{
  char command[64];

  snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
  return system(command) == 0;
}
