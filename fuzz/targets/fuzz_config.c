/*
 * Fuzz target: the pipeline file and the check of its options.  A file that is
 * read without an error must satisfy the rest of the core: names are valid,
 * nothing is defined twice, all texts can be printed.
 */
#include "core/config/config.h"
#include "core/config/options.h"
#include "fuzz/require.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An option of every type, with and without limits. */
static const struct mp_option table[] = {
  { "device", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL, "a tty" },
  { "label", MP_TYPE_STRING, 0, "x", NULL, NULL },
  { "baud", MP_TYPE_INT, 0, "1200", "300..115200", NULL },
  { "max", MP_TYPE_DECIMAL, 0, NULL, "-1.5..20.25", NULL },
  { "timeout", MP_TYPE_DURATION, 0, "2s", "1ms..", NULL },
  { "queue", MP_TYPE_INT, 0, "65536", "..1073741824", NULL },
  { "dtr", MP_TYPE_BOOL, 0, "yes", NULL, NULL },
  { "parity", MP_TYPE_CHOICE, 0, "none", "none|even|odd", NULL },
  { "password", MP_TYPE_SECRET, 0, NULL, NULL, NULL },
  { "value", MP_TYPE_VALUE, 0, NULL, NULL, NULL },
  { "minus", MP_TYPE_OPERAND, MP_BASE, NULL, NULL, NULL },
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL, NULL },
  { .key = NULL },
};

static void
require_text(const char *text)
{
  require(!config_text_fault(text));
}

static void
require_section(const struct config *config, size_t number)
{
  const struct config_section *s = &config->sections[number];

  require(s->line > 0);
  require(strcmp(s->kind, "pipeline") == 0
            ? *s->name == '\0'
            : config_is_name(s->name, strlen(s->name)));
  for (size_t i = 0; i < number; i++)
    require(strcmp(config->sections[i].name, s->name) != 0);
  for (size_t i = 0; i < s->n_entries; i++) {
    require(s->entries[i].line > s->line);
    require(*s->entries[i].key != '\0');
    require(config_find(s, s->entries[i].key) == &s->entries[i]);
    require_text(s->entries[i].key);
    require_text(s->entries[i].value);
  }
}

/* A fuzzer must not choose which files are read. */
static bool
names_a_file(const struct config_section *s)
{
  return config_find(s, "password_file");
}

static void
check_options(const struct config *config, const struct config_section *s,
              struct problems *problems)
{
  const struct mp_option *rows =
    strcmp(s->kind, "pipeline") == 0 ? pipeline_options : table;
  struct options *options;
  int64_t baud;

  if (names_a_file(s))
    return;
  options = options_check(config, s, rows, "idx", problems);
  baud = options_int(options, "baud");
  require(rows != table || problems_errors(problems) > 0 ||
          (baud >= 300 && baud <= 115200 && options_text(options, "device")));
  require(options_int(options, "queue") <= 1 << 30);
  options_free(options);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct problems problems;
  struct config *config;

  problems_init(&problems);
  config = config_parse("fuzz.ini", (const char *)data, size, &problems);
  if (problems_errors(&problems) == 0)
    for (size_t i = 0; i < config->n_sections; i++)
      require_section(config, i);
  config->world_readable = true;
  for (size_t i = 0; i < config->n_sections; i++)
    check_options(config, &config->sections[i], &problems);
  config_free(config);
  problems_free(&problems);
  return 0;
}
