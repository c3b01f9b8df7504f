/* The functions that all checks share, and the checks for plugins of every
 * kind. */
#include "core/conform/conform.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/option_type.h"
#include "core/memory/memory.h"
#include "lib/array.h"
#include "lib/utf8.h"

void
conform_fail(struct conform *c, const char *fmt, ...)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  struct conform_report *report = c->report;
  char text[CONFORM_TEXT];
  unsigned n;
  va_list args;

  va_start(args, fmt);
  vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  pthread_mutex_lock(&lock);
  n = report->n_findings;
  if (n < CONFORM_FINDINGS &&
      (n == 0 || strcmp(text, report->findings[n - 1]) != 0))
    memcpy(report->findings[report->n_findings++], text, sizeof(text));
  pthread_mutex_unlock(&lock);
}

bool
conform_failed(const struct conform *c)
{
  return c->report->n_findings > 0;
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

static bool
create_and_destroy(struct conform *c, void *ctx)
{
  struct conform_host *h = ctx;
  void *self = NULL;

  if (!conform_create(c, h, &self))
    return false;
  conform_destroy(c, h, self);
  return true;
}

static void
check_leaks(struct conform *c)
{
  struct conform_host *h = conform_host(c, "one");

  conform_leaks(c, "20 instances", 20, create_and_destroy, h);
  if (!conform_failed(c))
    conform_leaks(c, "1000 instances", 1000, create_and_destroy, h);
  conform_host_free(h);
}

static void
check_create(struct conform *c)
{
  struct conform_host *h = conform_host(c, "one");
  struct conform_use before, after;
  void *self = NULL;

  conform_measure(&before);
  if (conform_create(c, h, &self)) {
    conform_measure(&after);
    if (after.descriptors > before.descriptors)
      conform_fail(c, "create opened a file descriptor: only open may do that");
    conform_destroy(c, h, self);
  }
  conform_host_free(h);
}

/* Makes two instances, then destroys one while the other one still exists. */
static void
check_two(struct conform *c)
{
  struct conform_host *h[2] = { conform_host(c, "one"),
                                conform_host(c, "two") };
  void *self[2] = { NULL, NULL };
  bool made[2] = { false, false };

  made[0] = conform_create(c, h[0], &self[0]);
  made[1] = made[0] && conform_create(c, h[1], &self[1]);
  if (made[1] && self[0] && self[0] == self[1])
    conform_fail(c, "create returned the same instance twice");
  for (int i = 0; i < 2; i++) {
    if (made[i])
      conform_destroy(c, h[i], self[i]);
    conform_host_free(h[i]);
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
  struct conform_host *h = conform_host(c, "odd");
  char key[256];
  void *self = NULL;
  int r;

  snprintf(key, sizeof(key), "%s%s", option->key,
           option->flags & MP_NAMED ? ".odd" : "");
  fake_host_set(h->fake, key, text);
  r = conform_try_create(c, h, &self);
  if (r == MP_OK)
    conform_destroy(c, h, self);
  else if (r != MP_ECONFIG)
    conform_fail(c,
                 "create returned %d for a value of the option \"%s\": to "
                 "reject it, return MP_ECONFIG",
                 r, option->key);
  conform_host_free(h);
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
      char *word = memory_text_of(p, len);

      try_text(c, option, word);
      free(word);
      p += len + (p[len] == '|');
    }
  }
}

const struct conform_check conform_table[] = {
  { "table", check_table },
  { "symbols", conform_symbols },
  { NULL, NULL },
};

const struct conform_check conform_common[] = {
  { "create", check_create },
  { "a thousand instances", check_leaks },
  { "two instances", check_two },
  { "odd values of options", check_odd_values },
  { "all choices", check_choices },
  { NULL, NULL },
};
