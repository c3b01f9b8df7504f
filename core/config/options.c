/*
 * Checks a section once against its plugin's option table, before anything is
 * opened.  Later look-ups of options cannot fail.
 */
#include "core/config/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/nearest.h"
#include "core/config/fleet.h"
#include "core/config/option_type.h"
#include "core/config/secret.h"
#include "core/memory/memory.h"

#define FILE_SUFFIX "_file"

struct option {
  const struct mp_option *row;
  char *named;      /* KEY.NAME, as given; NULL: this is the row itself */
  const char *text; /* NULL: it has no value */
  char *from_file;  /* the memory of text if it is a secret read from a file */
  struct option_number number;
  bool given;
  unsigned line; /* its line; 0: given on a command line */
};

struct options {
  unsigned line; /* of the section */
  size_t n;
  struct option *list; /* the rows of the table, then KEY.NAME as given */
};

/* Arguments that the functions of a check share. */
struct check {
  const struct config *config;
  const struct config_section *section;
  const char *target_prefix;
  struct problems *problems;
  struct options *options;
};

const struct mp_option pipeline_options[] = {
  { "deadline", MP_TYPE_DURATION, 0, "60s", "1ms..",
    "time limit of one cycle, with connects and retries" },
  { "state_dir", MP_TYPE_PATH, 0, NULL, NULL,
    "directory of the state database" },
  { "queue_max", MP_TYPE_INT, 0, "10000", "1..",
    "most rows that the queue of an output keeps" },
  { .key = NULL },
};

static const char *
key_of(const struct option *option)
{
  return option->named ? option->named : option->row->key;
}

static struct option *
add_option(struct options *options, const struct mp_option *row, char *named)
{
  struct option *option;

  MEMORY_GROW(&options->list, options->n);
  option = &options->list[options->n++];
  *option = (struct option){ .row = row, .named = named };
  return option;
}

/* Adds KEY.NAME if there is such a row with MP_NAMED, else returns NULL. */
static struct option *
add_named(struct options *options, const char *key, size_t key_len)
{
  for (size_t i = 0; i < options->n; i++) {
    const struct mp_option *row = options->list[i].row;
    size_t len = strlen(row->key);

    if ((row->flags & MP_NAMED) && key_len > len + 1 && key[len] == '.' &&
        memcmp(row->key, key, len) == 0)
      return add_option(options, row, memory_text_of(key, key_len));
  }
  return NULL;
}

/* Returns true if OPTION only says that there can be KEY.NAME. */
static bool
is_heading(const struct option *option)
{
  return (option->row->flags & MP_NAMED) && !option->named;
}

/* Returns KEY in the list; NULL: it is not in the list. */
static struct option *
find_option(const struct options *options, const char *key, size_t key_len)
{
  for (size_t i = 0; i < options->n; i++)
    if (strlen(key_of(&options->list[i])) == key_len &&
        memcmp(key_of(&options->list[i]), key, key_len) == 0 &&
        !is_heading(&options->list[i]))
      return &options->list[i];
  return NULL;
}

/* Returns the option that KEY sets, directly or by a file; NULL: there is
 * none. */
static struct option *
find_given(const struct check *c, const char *key, bool *ret_is_file)
{
  struct options *options = c->options;
  size_t len = strlen(key), suffix = strlen(FILE_SUFFIX);
  struct option *option = find_option(options, key, len);

  *ret_is_file = false;
  if (option)
    return option;
  if (len <= suffix || strcmp(key + len - suffix, FILE_SUFFIX) != 0)
    return add_named(options, key, len);
  option = find_option(options, key, len - suffix);
  if (!option)
    option = add_named(options, key, len - suffix);
  if (!option || option->row->type != MP_TYPE_SECRET)
    return NULL;
  *ret_is_file = true;
  return option;
}

/* ---- Unknown names ------------------------------------------------------- */

MP_PRINTF(2, 3)
static void
offer_made(struct nearest *near, const char *fmt, ...)
{
  char name[NEAREST_MAX + 1];
  va_list args;
  int len;

  va_start(args, fmt);
  len = vsnprintf(name, sizeof(name), fmt, args);
  va_end(args);
  if (len >= 0 && (size_t)len < sizeof(name))
    nearest_offer(near, name);
}

/* Suggests "idx.323" for "index.323" and "idx_323": the user may have meant
 * PREFIX, the target prefix or an option with MP_NAMED. */
static void
offer_prefix(struct nearest *near, const char *prefix)
{
  const char *rest = strchr(near->word, '.');

  if (!rest && strncmp(near->word, prefix, strlen(prefix)) == 0)
    rest = near->word + strlen(prefix);
  if (!rest)
    return;
  rest += strspn(rest, "._-");
  if (*rest)
    offer_made(near, "%s.%s", prefix, rest);
}

/* Lists the known options of the section as "a, b, c", cut to the size of
 * BUF. */
static void
list_known(const struct check *c, char *buf, size_t size)
{
  size_t len = 0;
  const char *comma = "";

  buf[0] = '\0';
  for (size_t i = 0; i < c->options->n && len < size; i++) {
    const struct option *option = &c->options->list[i];

    if (option->named)
      continue;
    len +=
      (size_t)snprintf(buf + len, size - len, "%s%s%s", comma, option->row->key,
                       is_heading(option) ? ".NAME" : "");
    comma = ", ";
  }
  if (c->target_prefix && len < size)
    snprintf(buf + len, size - len, "%s%s.NAME", comma, c->target_prefix);
}

/* Returns true if ENTRY may be the rest of a secret, which must not be shown:
 * it looks like the end of a text in base64, or follows a secret. */
static bool
may_be_a_rest(const struct check *c, const struct config_entry *entry)
{
  const struct option *above = NULL;
  bool is_file;

  if (entry > c->section->entries)
    above = find_given(c, entry[-1].key, &is_file);
  return strspn(entry->value, "=") == strlen(entry->value) ||
         (above && above->row->type == MP_TYPE_SECRET);
}

static void
report_unknown(const struct check *c, const struct config_entry *entry)
{
  struct nearest near;
  char hint[NEAREST_HINT], known[512];

  nearest_start(&near, entry->key);
  for (size_t i = 0; i < c->options->n; i++) {
    const struct mp_option *row = c->options->list[i].row;

    if (is_heading(&c->options->list[i]))
      offer_prefix(&near, row->key);
    else
      nearest_offer(&near, key_of(&c->options->list[i]));
    if (row->type == MP_TYPE_SECRET && !(row->flags & MP_NAMED))
      offer_made(&near, "%s" FILE_SUFFIX, row->key);
  }
  if (c->target_prefix)
    offer_prefix(&near, c->target_prefix);
  if (!*near.best && may_be_a_rest(c, entry)) {
    problems_add(c->problems, c->config->path, entry->line,
                 "unknown option, whose name is not shown because it may "
                 "belong to the value above: if that continues here, indent "
                 "the line");
    return;
  }
  list_known(c, known, sizeof(known));
  problems_add(c->problems, c->config->path, entry->line,
               "unknown option \"%s\"%s%s", entry->key,
               *near.best ? nearest_hint(&near, hint, sizeof(hint))
               : *known   ? "; there are "
                          : "; there are none here",
               *near.best ? "" : known);
}

/* ---- Secrets from files -------------------------------------------------- */

static void
read_secret(const struct check *c, const struct config_entry *entry,
            struct option *option)
{
  struct secret secret;
  int err = secret_read(entry->value, &secret);

  if (err)
    problems_add(
      c->problems, c->config->path, entry->line,
      "%s: the file cannot be read: %s (its path is not shown, because it "
      "could be the %s itself, which belongs in the file)",
      entry->key, strerror(err), option->row->key);
  else if (secret.fault)
    problems_add(c->problems, c->config->path, entry->line, "%s: the file %s",
                 entry->key, secret.fault);
  else if (secret.world_readable)
    problems_warn(c->problems, c->config->path, entry->line,
                  "%s: everybody can read the file: chmod o-r it", entry->key);
  option->from_file = secret.text;
  option->text = secret.text;
}

/* Of options KEY.NAME, some may be no secrets, so nothing is said of them. */
static void
note_secret(const struct check *c, const struct config_entry *entry,
            const struct mp_option *row)
{
  if (entry->in_clear && !(row->flags & MP_NAMED) &&
      (c->config->world_readable ||
       fleet_is_readable(c->config->fleet, entry->line)))
    problems_warn(c->problems, c->config->path, entry->line,
                  "\"%s\" is in a file that everybody can read: chmod o-r it, "
                  "or use %s" FILE_SUFFIX,
                  entry->key, entry->key);
}

/* ---- Checking ------------------------------------------------------------ */

/* Values of these types can be longer than a line. */
static bool
can_continue(uint32_t type)
{
  return type == MP_TYPE_STRING || type == MP_TYPE_PATH ||
         type == MP_TYPE_SECRET || type == MP_TYPE_FIELDS;
}

/* Reports an invalid value that continues in an indented line, without its
 * text. */
static void
report_not_shown(const struct check *c, const struct config_entry *entry,
                 const struct mp_option *row)
{
  char example[64], line[FLEET_LINE_TEXT];

  problems_add(c->problems, c->config->path, entry->line,
               "%s: the value must have the form %s; its text is not shown, "
               "because it continues in line %s",
               entry->key, option_type_example(row, example, sizeof(example)),
               fleet_line_text(c->config->fleet, entry->continued, line));
}

static void
set_value(const struct check *c, const struct config_entry *entry,
          struct option *option)
{
  char why[OPTION_WHY];

  if (option->row->type == MP_TYPE_SECRET)
    note_secret(c, entry, option->row);
  if (entry->continued && !can_continue(option->row->type))
    config_refuse_continued(c->config, entry, c->problems);
  else if (option_type_parse(option->row, entry->value, &option->number, why) ==
           MP_OK)
    option->text = entry->value;
  else if (entry->continued)
    report_not_shown(c, entry, option->row);
  else
    problems_add(c->problems, c->config->path, entry->line, "%s: %s",
                 entry->key, why);
}

/* Reports that an option and its file are both given. */
static void
report_twice(const struct check *c, const struct config_entry *entry,
             struct option *option)
{
  const char *key = key_of(option);
  unsigned before = option->line;
  char line[FLEET_LINE_TEXT];

  option->line = entry->line;
  if (before == 0)
    problems_add(c->problems, c->config->path, 0,
                 "\"%s\" and \"%s" FILE_SUFFIX "\" are both given", key, key);
  else
    problems_add(c->problems, c->config->path, entry->line,
                 "\"%s\" and \"%s" FILE_SUFFIX
                 "\" are both given; the other one is in line %s",
                 key, key, fleet_line_text(c->config->fleet, before, line));
}

static void
check_entry(const struct check *c, const struct config_entry *entry)
{
  bool is_file;
  struct option *option = find_given(c, entry->key, &is_file);

  if (!option) {
    report_unknown(c, entry);
    return;
  }
  if (option->given) {
    report_twice(c, entry, option);
    return;
  }
  option->given = true;
  option->line = entry->line;
  if (option->row->type == MP_TYPE_SECRET)
    secret_forbid_cores();
  if (entry->broken)
    return;
  if (!*entry->value)
    problems_add(c->problems, c->config->path, entry->line,
                 "%s: the value is empty: give one, or remove the line",
                 entry->key);
  else if (is_file)
    read_secret(c, entry, option);
  else
    set_value(c, entry, option);
}

/* Returns true if KEY is not in the table: `plugin`, or a target. */
static bool
passes_over(const struct check *c, const struct config_entry *entry)
{
  size_t len;

  if (strcmp(entry->key, "plugin") == 0)
    return strcmp(c->section->kind, "pipeline") != 0;
  if (!c->target_prefix)
    return false;
  len = strlen(c->target_prefix);
  return strncmp(entry->key, c->target_prefix, len) == 0 &&
         entry->key[len] == '.' && entry->key[len + 1] != '\0';
}

/* Sets an option that was not given to its default.  Reports a required one. */
static void
set_default(const struct check *c, struct option *option)
{
  const struct mp_option *row = option->row;
  char why[OPTION_WHY], example[64];

  if (row->flags & MP_REQUIRED) {
    problems_add(c->problems, c->config->path, c->section->line,
                 "option \"%s\" is missing%s%s; for example: %s = %s", row->key,
                 row->help ? ": " : "", row->help ? row->help : "", row->key,
                 option_type_example(row, example, sizeof(example)));
    return;
  }
  if (!row->def)
    return;
  if (option_type_parse(row, row->def, &option->number, why) == MP_OK)
    option->text = row->def;
  else
    problems_add(c->problems, c->config->path, c->section->line,
                 "the plugin's own default of \"%s\" is wrong: %s", row->key,
                 why);
}

static struct options *
make_options(const struct mp_option *table, unsigned line)
{
  struct options *options = memory_get(1, sizeof(*options));

  options->line = line;
  for (; table && table->key; table++)
    add_option(options, table, NULL);
  return options;
}

struct options *
options_check(const struct config *config, const struct config_section *section,
              const struct mp_option *table, const char *target_prefix,
              struct problems *problems)
{
  struct check c = { config, section, target_prefix, problems,
                     make_options(table, section->line) };

  for (size_t i = 0; i < section->n_entries; i++)
    if (!passes_over(&c, &section->entries[i]))
      check_entry(&c, &section->entries[i]);
    else if (section->entries[i].continued)
      config_refuse_continued(config, &section->entries[i], problems);
  config_report_variables(config, section, table, target_prefix, problems);
  for (size_t i = 0; i < c.options->n; i++)
    if (!c.options->list[i].given)
      set_default(&c, &c.options->list[i]);
  return c.options;
}

void
options_free(struct options *options)
{
  if (!options)
    return;
  for (size_t i = 0; i < options->n; i++) {
    secret_free(options->list[i].from_file);
    free(options->list[i].named);
  }
  free(options->list);
  free(options);
}

/* ---- Looking up ---------------------------------------------------------- */

/* Returns the option KEY; NULL: it has no value. */
static const struct option *
look_up(const struct options *options, const char *key)
{
  const struct option *option = find_option(options, key, strlen(key));

  return option && option->text ? option : NULL;
}

const char *
options_text(const struct options *options, const char *key)
{
  const struct option *option = look_up(options, key);

  return option ? option->text : NULL;
}

const char *
options_named(const struct options *options, const char *key, size_t index,
              const char **ret_name)
{
  for (size_t i = 0; i < options->n; i++) {
    const struct option *option = &options->list[i];

    if (!option->named || !option->text || strcmp(option->row->key, key) != 0 ||
        index-- > 0)
      continue;
    *ret_name = option->named + strlen(key) + 1;
    return option->text;
  }
  return NULL;
}

int64_t
options_int(const struct options *options, const char *key)
{
  const struct option *option = look_up(options, key);

  return option ? option->number.number : 0;
}

int
options_decimal(const struct options *options, const char *key,
                struct mp_decimal *ret)
{
  const struct option *option = look_up(options, key);

  if (!option || option->row->type != MP_TYPE_DECIMAL)
    return MP_DROP;
  *ret = option->number.decimal;
  return MP_OK;
}

bool
options_same(const struct options *a, const struct options *b, const char *key)
{
  const struct option *x = look_up(a, key), *y = look_up(b, key);

  if (!x || !y)
    return x == y;
  switch (x->row->type) {
  case MP_TYPE_INT:
  case MP_TYPE_DURATION:
  case MP_TYPE_BOOL:
    return x->number.number == y->number.number;
  case MP_TYPE_DECIMAL:
    return decimal_compare(x->number.decimal, y->number.decimal) == 0;
  default:
    return strcmp(x->text, y->text) == 0;
  }
}

unsigned
options_line(const struct options *options, const char *key)
{
  const struct option *option = find_option(options, key, strlen(key));

  return option && option->given ? option->line : options->line;
}

bool
options_given(const struct options *options, const char *key)
{
  const struct option *option = find_option(options, key, strlen(key));

  return option && option->given;
}
