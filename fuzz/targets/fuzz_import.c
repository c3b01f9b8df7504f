/*
 * Fuzz target: the old script's command line as `meterpipe import` takes it.
 * Also checks that the printed pipeline file is read back without a problem,
 * with the device and the URL unchanged and no target or name twice; that a
 * refused command line is explained and prints nothing; and that no message can
 * send control characters to a terminal.
 *
 * The input is up to three lines: IDX:REGISTER:FUNCTION[:IDX2],..., the device,
 * the URL.
 */
#include "core/config/config.h"
#include "core/commands/import/import.h"
#include "core/config/problems.h"
#include "fuzz/require.h"

#include <meterpipe/plugin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SPEC, DEVICE, URL, LINES };

/* import_field_fn: gives some registers a name; the others keep their
 * number. */
static int
name_field(const char *number, char *ret, size_t size)
{
  int n;

  require(*number != '\0' && strlen(number) <= 5 &&
          strspn(number, "0123456789") == strlen(number));
  n = snprintf(ret, size, strlen(number) == 2 ? "register_%s" : "%s", number);
  return n > 0 && (size_t)n < size ? MP_OK : MP_ERANGE;
}

/* Checks that TEXT is whole lines without control characters. */
static void
check_said(const char *text)
{
  require(*text == '\0' || text[strlen(text) - 1] == '\n');
  for (; *text != '\0'; text++)
    require(*text == '\n' || (unsigned char)*text >= ' ');
}

static void
check_section(const struct config *config, size_t number)
{
  const struct config_section *s = &config->sections[number];

  for (size_t i = 0; i < number; i++)
    require(strcmp(config->sections[i].name, s->name) != 0);
  for (size_t i = 0; i < s->n_entries; i++)
    require(config_find(s, s->entries[i].key) == &s->entries[i]);
}

/* Returns whether the value of KEY in that section is GIVEN. */
static bool
has_value(const struct config_section *s, const char *key, const char *given)
{
  const struct config_entry *entry = config_find(s, key);

  return entry && strcmp(entry->value, given) == 0;
}

static void
check_printed(const char *text, size_t len, char *const *lines)
{
  struct problems problems;
  struct config *config;

  problems_init(&problems);
  config = config_parse("import.ini", text, len, &problems);
  require(problems_errors(&problems) == 0 && config->n_sections >= 2);
  require(has_value(&config->sections[0], "device", lines[DEVICE]));
  require(has_value(&config->sections[config->n_sections - 1], "url",
                    lines[URL] ? lines[URL] : IMPORT_DEFAULT_URL));
  for (size_t i = 0; i < config->n_sections; i++)
    check_section(config, i);
  config_free(config);
  problems_free(&problems);
}

static void
import_lines(char *const *lines)
{
  char *printed, *said;
  size_t printed_len, said_len;
  FILE *out = open_memstream(&printed, &printed_len);
  FILE *err = open_memstream(&said, &said_len);
  int r;

  require(out && err);
  r =
    import_print(out, err, lines[DEVICE], lines[SPEC], lines[URL], name_field);
  require(fclose(out) == 0 && fclose(err) == 0);
  require(said_len > 0);
  check_said(said);
  if (r == EX_OK)
    check_printed(printed, printed_len, lines);
  else
    require(r == EX_USAGE && printed_len == 0);
  free(printed);
  free(said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *lines[LINES] = { NULL }, *text, *rest;

  /* A program's arguments contain no NUL. */
  if (memchr(data, '\0', size))
    return 0;
  text = malloc(size + 1);
  require(text);
  memcpy(text, data, size);
  text[size] = '\0';
  rest = text;
  for (size_t i = 0; i < LINES && rest; i++)
    lines[i] = strsep(&rest, "\n");
  if (lines[DEVICE])
    import_lines(lines);
  free(text);
  return 0;
}
