/* The functions that all checks share, and the checks for plugins of every
 * kind. */
#include "core/conform/conform.h"

#include <dirent.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/option_type.h"
#include "core/run/log.h"
#include "lib/array.h"
#include "lib/clock.h"
#include "lib/utf8.h"
#include "lib/value.h"
#include "testkit/fake_option.h"

#define INSTANCES 1000

void
conform_fail(struct conform *c, const char *fmt, ...)
{
  char text[sizeof(c->said)];
  va_list args;

  va_start(args, fmt);
  vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  if (strcmp(text, c->said) != 0)
    log_line(MP_LOG_ERROR, c->label, c->check, "%s", text);
  memcpy(c->said, text, sizeof(text));
  c->failed = true;
}

/* ---- A host ---- */

/* Returns VALUE of the given word "KEY=VALUE"; NULL: there is none. */
static const char *
given_value(const struct conform *c, const char *key)
{
  size_t len = strlen(key);

  for (int i = 0; i < c->n_given; i++)
    if (strncmp(c->given[i], key, len) == 0 && c->given[i][len] == '=')
      return c->given[i] + len + 1;
  return NULL;
}

/* Returns an example for an option without a value.  For the option url, it is
 * an address without a server. */
static const char *
example_of(const struct mp_option *option, char *buf, size_t size)
{
  if (option->type == MP_TYPE_STRING && strcmp(option->key, "url") == 0)
    return "http://127.0.0.1:9";
  return option_type_example(option, buf, size);
}

static void
set_option(struct conform *c, struct fake_host *h,
           const struct mp_option *option)
{
  const char *value = given_value(c, option->key);
  char buf[512];

  if (!value && option->type == MP_TYPE_OPERAND)
    fake_host_set_operand(h, option->key, MP_OPERAND_FIRST, NULL, MP_EXACT);
  if (!value && !(option->flags & MP_REQUIRED))
    return;
  if (!value && option->type == MP_TYPE_PATH) {
    snprintf(buf, sizeof(buf), "%s/%s", c->dir, option->key);
    value = buf;
  }
  fake_host_set(h, option->key,
                value ? value : example_of(option, buf, sizeof(buf)));
}

struct fake_host *
conform_host(struct conform *c, const char *name)
{
  struct fake_host *h = fake_host_new(&c->plugin->table, name);
  const struct mp_option *option = c->plugin->table.options;

  for (; option && option->key; option++)
    set_option(c, h, option);
  return h;
}

/* Copies the first line of LOG, without its line feed, to BUF, and returns
 * BUF. */
static const char *
trimmed_message(const char *log, char *buf, size_t size)
{
  snprintf(buf, size, "%.*s", (int)strcspn(log, "\n"), log);
  return buf;
}

bool
conform_create(struct conform *c, struct fake_host *h, void **ret_self)
{
  static const int outcomes[] = { MP_OK, -1 };
  uint32_t failures = fake_host_failures(h);
  int r = c->plugin->table.create(&h->table, ret_self);
  char why[160];

  if (r == MP_OK)
    return true;
  conform_result(c, h, "create", r, outcomes, failures);
  if (!c->failed)
    conform_fail(c,
                 "create rejects a value that the option table allows (to give "
                 "another, write OPTION=VALUE after the file name): %s",
                 trimmed_message(fake_host_log(h), why, sizeof(why)));
  return false;
}

void
conform_result(struct conform *c, struct fake_host *h, const char *what, int r,
               const int *outcomes, uint32_t failures)
{
  for (; *outcomes >= 0; outcomes++)
    if (*outcomes == r)
      return;
  if (r >= 0 || r < MP_ECANCELED)
    conform_fail(c, "%s returned %d, which it may not return", what, r);
  else if (r != MP_ECANCELED && fake_host_failures(h) == failures)
    conform_fail(c, "%s returned %d and did not say why: use mp_fail", what, r);
}

const char *
conform_value(const struct mp_value *value)
{
  struct value taken = { 0 };
  const char *wrong = value_import(&taken, value);

  value_clear(&taken);
  return wrong;
}

int64_t
conform_clock(void)
{
  return clock_mono_ms();
}

void
conform_in_time(struct conform *c, const char *what, int64_t begun)
{
  int64_t took = clock_mono_ms() - begun;

  if (took > CONFORM_PATIENCE_MS)
    conform_fail(c, "%s took more than %d ms after its deadline", what,
                 CONFORM_PATIENCE_MS);
}

/* ---- The table ---- */

static bool
is_line(const char *text)
{
  return text && *text && utf8_is_plain(text);
}

static void
check_option(struct conform *c, const struct mp_option *option)
{
  static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
  struct option_number number;
  char why[OPTION_WHY];

  if (option->key[strspn(option->key, small)] ||
      strchr("0123456789_", *option->key) || strcmp(option->key, "plugin") == 0)
    conform_fail(c,
                 "the option \"%s\" has a bad name: use [a-z][a-z0-9_]*, and "
                 "not \"plugin\"",
                 option->key);
  if (!is_line(option->help))
    conform_fail(c, "the option \"%s\" has no help of one line", option->key);
  if (option->def &&
      option_type_parse(option, option->def, &number, why) != MP_OK)
    conform_fail(c, "the default of \"%s\" is wrong: %s", option->key, why);
  for (const struct mp_option *o = c->plugin->table.options; o < option; o++)
    if (strcmp(o->key, option->key) == 0)
      conform_fail(c, "the option \"%s\" is in the table twice", o->key);
}

static void
check_table(struct conform *c)
{
  const struct mp_plugin *table = &c->plugin->table;
  char file[256];

  snprintf(file, sizeof(file), "%s_%s.so", plugin_kind_names[c->plugin->kind],
           table->name);
  if (strcmp(file, c->label) != 0)
    conform_fail(c, "its name is \"%s\": the file should be called %s",
                 table->name, file);
  if (!is_line(table->version))
    conform_fail(c, "it has no version");
  if (!is_line(table->summary))
    conform_fail(c, "it has no summary of one line");
  for (const struct mp_option *o = table->options; o && o->key; o++)
    check_option(c, o);
}

/* ---- Instances ---- */

static size_t
bytes_in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  return mallinfo2().uordblks;
#else
  return 0;
#endif
}

static int
open_descriptors(void)
{
  DIR *dir = opendir("/proc/self/fd");
  int n = 0;

  while (dir && readdir(dir))
    n++;
  if (dir)
    closedir(dir);
  return n;
}

static bool
create_and_destroy(struct conform *c, struct fake_host *h)
{
  void *self = NULL;

  if (!conform_create(c, h, &self))
    return false;
  c->plugin->table.destroy(self);
  return true;
}

static void
check_leaks(struct conform *c)
{
  struct fake_host *h = conform_host(c, "one");
  size_t before, after;
  int fds = open_descriptors();

  /* The first instances may fill caches of libraries. */
  for (int i = 0; i < 10; i++)
    if (!create_and_destroy(c, h)) {
      fake_host_free(h);
      return;
    }
  before = bytes_in_use();
  for (int i = 0; i < INSTANCES; i++)
    create_and_destroy(c, h);
  after = bytes_in_use();
  if (after >= before + INSTANCES)
    conform_fail(c, "%d instances leaked %zu bytes", INSTANCES, after - before);
  if (open_descriptors() > fds)
    conform_fail(c, "%d instances left %d descriptors open", INSTANCES,
                 open_descriptors() - fds);
  fake_host_free(h);
}

static void
check_create(struct conform *c)
{
  struct fake_host *h = conform_host(c, "one");
  int fds = open_descriptors();
  void *self = NULL;

  if (conform_create(c, h, &self)) {
    if (open_descriptors() > fds)
      conform_fail(c, "create opened a file descriptor: only open may do that");
    c->plugin->table.destroy(self);
  }
  fake_host_free(h);
}

/* Makes two instances, then destroys one while the other one still exists. */
static void
check_two(struct conform *c)
{
  struct fake_host *h[2] = { conform_host(c, "one"), conform_host(c, "two") };
  void *self[2] = { NULL, NULL };
  bool made[2] = { false, false };

  made[0] = conform_create(c, h[0], &self[0]);
  made[1] = made[0] && conform_create(c, h[1], &self[1]);
  if (made[1] && self[0] && self[0] == self[1])
    conform_fail(c, "create returned the same instance twice");
  for (int i = 0; i < 2; i++) {
    if (made[i])
      c->plugin->table.destroy(self[i]);
    fake_host_free(h[i]);
  }
}

/* ---- Values of options ---- */

/* Odd texts that a pipeline file may give to any option. */
static const char *const odd_texts[] = {
  "%s%n%d", "'", "\"", "../../..", "\303\204 \342\202\254", "-", " ", "\\",
};

static void
try_text(struct conform *c, const struct mp_option *option, const char *text)
{
  static const int outcomes[] = { MP_OK, -1 };
  struct fake_host *h = conform_host(c, "odd");
  void *self = NULL;
  int r;

  fake_host_set(h, option->key, text);
  r = c->plugin->table.create(&h->table, &self);
  conform_result(c, h, "create", r, outcomes, 0);
  if (r == MP_OK)
    c->plugin->table.destroy(self);
  else if (r != MP_ECONFIG)
    conform_fail(c,
                 "create returned %d for a value of the option \"%s\": to "
                 "reject it, return MP_ECONFIG",
                 r, option->key);
  fake_host_free(h);
}

static void
check_odd_values(struct conform *c)
{
  const struct mp_option *option = c->plugin->table.options;
  char longest[8192];

  memset(longest, 'x', sizeof(longest) - 1);
  longest[sizeof(longest) - 1] = 0;
  for (; option && option->key; option++) {
    if (option->type != MP_TYPE_STRING && option->type != MP_TYPE_PATH &&
        option->type != MP_TYPE_SECRET)
      continue;
    for (size_t i = 0; i < ARRAY_SIZE(odd_texts); i++)
      try_text(c, option, odd_texts[i]);
    try_text(c, option, longest);
  }
}

/* Tries all values of each choice and boolean. */
static void
check_choices(struct conform *c)
{
  const struct mp_option *option = c->plugin->table.options;

  for (; option && option->key; option++) {
    const char *p = option->type == MP_TYPE_CHOICE ? option->allowed
                    : option->type == MP_TYPE_BOOL ? "no|yes"
                                                   : "";

    while (*p) {
      size_t len = strcspn(p, "|");
      char *word = strndup(p, len);

      if (word)
        try_text(c, option, word);
      free(word);
      p += len + (p[len] == '|');
    }
  }
}

const struct conform_check conform_common[] = {
  { "table", check_table, true },
  { "symbols", conform_symbols, true },
  { "create", check_create, false },
  { "a thousand instances", check_leaks, false },
  { "two instances", check_two, false },
  { "odd values of options", check_odd_values, false },
  { "all choices", check_choices, false },
  { NULL, NULL, false },
};
