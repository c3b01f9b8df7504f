/*
 * Fuzz target: the options a user writes for the exec plugins, and the output
 * of the commands.
 *
 *     i LINES    printed for the input
 *     f LINES    printed for an output that fetches displayed values
 *     w TEXT     a command, to be split into words
 *     t TEXT     a time
 *
 * No command runs: functions here replace those of child.c and return LINES.
 *
 * Also checks that every string passed to the host is clean and every failure
 * is explained; that an accepted line is valid JSON to a second parser, and the
 * same when it is written again; that numbers keep all their digits, including
 * trailing zeros; that words and times survive being written and read again.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "fuzz/require.h"
#include "lib/array.h"
#include "lib/json.h"
#include "lib/rfc3339.h"
#include "lib/utf8.h"
#include "lib/value.h"
#include "plugins/exec/child.h"
#include "plugins/json/json_line.h"
#include "plugins/json/json_record.h"
#include "plugins/exec/command_words.h"
#include "testkit/fake_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct mp_plugin *output_plugin(void);

/* The longest number that cJSON keeps whole. */
#define NUMBER_MAX 60
/* Any number of this many digits fits into a decimal. */
#define DIGITS_MAX 18

/* Fields of the input, and targets of the output. */
static const char *const names[] = { "energy", "note", "flow.1" };

static const char *printed;
static struct fake_host *host;
static unsigned char came[ARRAY_SIZE(names)];

/* ---- Replacement of child.c ---------------------------------------------- */

int
child_run(struct child *c)
{
  c->status = 0;
  c->started = 1;
  require(c->wants_output);
  require(text_buffer_add(&c->out, printed, strlen(printed) + 1) == MP_OK);
  c->out.len--;
  return MP_OK;
}

void
child_clear(struct child *c)
{
  text_buffer_free(&c->out);
}

void
child_log_errors(const struct child *c, int level)
{
  (void)c;
  (void)level;
}

int
child_fail(const struct child *c, int code)
{
  (void)c;
  (void)code;
  abort();
}

/* ---- Values passed to the host ------------------------------------------- */

static size_t
find_name(const char *name)
{
  size_t i = 0;

  while (i < ARRAY_SIZE(names) && strcmp(names[i], name) != 0)
    i++;
  return i;
}

/* Requires that the host accepts VALUE. */
static void
check_value(const struct mp_value *value)
{
  struct value taken = { .text = NULL };

  require(!value_import(&taken, value));
  value_clear(&taken);
  require(value->time_ms >= 0);
}

static int
take_value(const struct mp_sink *sink, const char *field,
           const struct mp_value *value)
{
  size_t i = find_name(field);

  (void)sink;
  check_value(value);
  require(utf8_is_plain(field) && *field != '\0');
  if (i == ARRAY_SIZE(names))
    return MP_DROP;
  came[i] = 1;
  return MP_OK;
}

static int
take_serial(const struct mp_sink *sink, const char *serial, uint32_t how)
{
  (void)sink;
  require(utf8_is_plain(serial) && !strchr(serial, '|'));
  require(how == MP_SERIAL_READ);
  return MP_OK;
}

static int
take_shown(const struct mp_output_sink *sink, const struct mp_shown *shown)
{
  (void)sink;
  require(shown->target < ARRAY_SIZE(names));
  require(shown->answer == (shown->value ? MP_SHOWN_VALUE : MP_SHOWN_EMPTY));
  if (shown->value)
    check_value(shown->value);
  require(!shown->updated || utf8_is_plain(shown->updated));
  return MP_OK;
}

static void
check_said(int answer)
{
  char text[4096];

  require(answer == MP_OK || answer == MP_EPROTO || answer == MP_ECONFIG);
  require(answer == MP_OK || fake_host_failures(host) > 0);
  require(snprintf(text, sizeof(text), "%s", fake_host_log(host)) <
          (int)sizeof(text));
  for (char *p = text; *p != '\0'; p++)
    if (*p == '\n')
      *p = ' ';
  require(utf8_is_plain(text));
}

static void
read_input(void)
{
  const struct mp_sink sink = { .struct_size = sizeof(sink),
                                .emit = take_value,
                                .serial = take_serial };
  const struct mp_plugin *plugin = meterpipe_plugin();
  uint32_t missing = 0;
  void *self;
  int r;

  host = fake_host_new(plugin, "hook");
  fake_host_set(host, "command", "./reader");
  memset(came, 0, sizeof(came));
  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    fake_host_add_field(host, names[i]);
  require(plugin->create(&host->table, &self) == MP_OK);
  r = plugin->input->read(self, &sink);
  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    missing += !came[i];
  require(r != MP_OK || fake_host_failures(host) <= missing);
  check_said(r);
  plugin->destroy(self);
  fake_host_free(host);
}

static void
fetch_output(void)
{
  const struct mp_output_sink sink = { .struct_size = sizeof(sink),
                                       .shown = take_shown };
  const struct mp_plugin *plugin = output_plugin();
  void *self;
  int r;

  host = fake_host_new(plugin, "hook");
  fake_host_set(host, "class", "latest");
  fake_host_set(host, "command", "./writer");
  fake_host_set(host, "fetch", "./shows");
  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    fake_host_add_target(host, names[i], NULL, "meter.x", 0);
  require(plugin->create(&host->table, &self) == MP_OK);
  r = plugin->output->fetch(self, &sink);
  require(r != MP_OK || fake_host_failures(host) == 0);
  check_said(r);
  plugin->destroy(self);
  fake_host_free(host);
}

/* ---- Lines --------------------------------------------------------------- */

/* Writes the digits of TEXT as they must be kept: without leading zeros, and
 * without the sign of zero. */
static void
normalise(const char *text, char *out)
{
  bool negative = *text == '-' && text[strspn(text, "-0.")] != '\0';

  text += *text == '-';
  while (text[0] == '0' && text[1] != '.' && text[1] != '\0')
    text++;
  snprintf(out, NUMBER_MAX + 1, "%s%s", negative ? "-" : "", text);
}

static void
check_number(const char *text)
{
  struct mp_decimal number;
  char kept[NUMBER_MAX + 1], again[256];
  size_t first = text[0] == '-';

  /* Stricter than cJSON, which accepts leading zeros. */
  require(text[first] != '0' || strspn(text + first, "0123456789") == 1);
  if (strlen(text) > DIGITS_MAX ||
      host->table.decimal_parse(text, &number) != MP_OK)
    return;
  normalise(text, kept);
  require(host->table.decimal_format(number, again, sizeof(again)) > 0);
  require(strcmp(kept, again) == 0);
}

/* Requires that ITEM, parsed by cJSON, is the same member. */
static void
check_member(const struct json_member *m, const cJSON *item)
{
  require(item);
  require(item->string && strcmp(item->string, m->name) == 0);
  switch (m->type) {
  case JSON_TEXT:
    require(cJSON_IsString(item) && item->valuestring &&
            strcmp(item->valuestring, m->text) == 0);
    break;
  case JSON_NUMBER:
    require(cJSON_IsNumber(item) && item->valuedouble == strtod(m->text, NULL));
    break;
  case JSON_BOOL:
    require(cJSON_IsBool(item) &&
            cJSON_IsTrue(item) == (strcmp(m->text, "true") == 0));
    break;
  default:
    require(cJSON_IsNull(item) && strcmp(m->text, "null") == 0);
  }
}

static void
compare_with_cjson(const struct json_line *line, const char *text)
{
  cJSON *object = cJSON_ParseWithOpts(text, NULL, 1);
  const cJSON *item;

  require(cJSON_IsObject(object));
  item = object->child;
  for (size_t i = 0; i < line->n; i++, item = item->next)
    check_member(&line->members[i], item);
  require(!item);
  cJSON_Delete(object);
}

static void
write_again(const struct json_line *line, struct text_buffer *out)
{
  struct json json = { .text = out };

  require(text_buffer_add_text(out, "{") == MP_OK);
  for (size_t i = 0; i < line->n; i++) {
    const struct json_member *m = &line->members[i];

    json_string(&json, m->name);
    require(text_buffer_add_text(out, ":") == MP_OK);
    if (m->type == JSON_TEXT)
      json_string(&json, m->text);
    else
      require(text_buffer_add_text(out, m->text) == MP_OK);
    require(text_buffer_add_text(out, i + 1 < line->n ? "," : "") == MP_OK);
  }
  require(text_buffer_add(out, "}", 2) == MP_OK && !json.failed);
}

static void
check_again(const struct json_line *line)
{
  struct text_buffer text = { 0 };
  struct json_line again;

  write_again(line, &text);
  require(!json_line_parse(text.data, &again) && again.n == line->n);
  for (size_t i = 0; i < line->n; i++) {
    const struct json_member *a = &line->members[i], *b = &again.members[i];

    require(a->type == b->type && strcmp(a->name, b->name) == 0 &&
            strcmp(a->text, b->text) == 0);
  }
  text_buffer_free(&text);
}

static bool
is_utf8(const char *text)
{
  while (utf8_length(text) > 0)
    text += utf8_length(text);
  return *text == '\0';
}

static void
check_line(const char *text)
{
  char *copy = strdup(text);
  struct json_line line;
  bool comparable = true;
  const char *wrong;

  require(copy);
  wrong = json_line_parse(copy, &line);
  if (wrong) {
    require(*wrong != '\0');
    free(copy);
    return;
  }
  for (size_t i = 0; i < line.n; i++) {
    if (line.members[i].type != JSON_NUMBER)
      continue;
    require(strstr(text, line.members[i].text));
    comparable &= strlen(line.members[i].text) <= NUMBER_MAX;
    check_number(line.members[i].text);
  }
  if (comparable)
    compare_with_cjson(&line, text);
  if (is_utf8(text))
    check_again(&line);
  free(copy);
}

static void
check_lines(void)
{
  char *copy = strdup(printed), *rest = copy;

  require(copy);
  host = fake_host_new(NULL, "hook");
  while (rest)
    check_line(strsep(&rest, "\n"));
  fake_host_free(host);
  free(copy);
}

/* ---- Words --------------------------------------------------------------- */

/* Writes the words, each in quotes. */
static void
quote(char **words, struct text_buffer *out)
{
  for (; *words; words++) {
    require(text_buffer_add_text(out, "'") == MP_OK);
    for (const char *p = *words; *p != '\0'; p++)
      require((*p == '\'' ? text_buffer_add_text(out, "'\\''")
                          : text_buffer_add(out, p, 1)) == MP_OK);
    require(text_buffer_add_text(out, "' ") == MP_OK);
  }
  require(text_buffer_add(out, "", 1) == MP_OK);
}

/* Checks the words of TEXT.  Without quotes, only blanks separate words; with
 * quotes, at least each word's characters occur in TEXT in the same order. */
static void
check_characters(char **words, const char *text)
{
  bool plain = !strpbrk(text, "'\"\\");

  for (; *words; words++) {
    text += strspn(text, " \t");
    require(!plain || strcspn(text, " \t") == strlen(*words));
    for (const char *p = *words; *p != '\0'; p++, text++) {
      text = strchr(text, *p);
      require(text);
    }
  }
  require(!plain || text[strspn(text, " \t")] == '\0');
}

static void
cut_words(const char *text)
{
  struct text_buffer quoted = { 0 };
  char **words, **again;
  size_t i;
  int r;

  host = fake_host_new(meterpipe_plugin(), "hook");
  fake_host_set(host, "command", text);
  r = command_words_of_option(&host->table, "command", &words);
  check_said(r);
  if (r == MP_OK) {
    require(words[0] && words[0][0] != '\0');
    check_characters(words, text);
    quote(words, &quoted);
    fake_host_set(host, "command", quoted.data);
    require(command_words_of_option(&host->table, "command", &again) == MP_OK);
    for (i = 0; words[i]; i++)
      require(again[i] && strcmp(words[i], again[i]) == 0);
    require(!again[i]);
    command_words_free(again);
  } else
    require(!words);
  command_words_free(words);
  text_buffer_free(&quoted);
  fake_host_free(host);
}

/* ---- Times --------------------------------------------------------------- */

/* Parses up to three digits at P as milliseconds. */
static int
take_digits(const char *p)
{
  int ms = 0;

  for (int i = 0; i < 3; i++)
    ms = ms * 10 + (*p >= '0' && *p <= '9' ? *p++ - '0' : 0);
  return ms;
}

/* Parses the time TEXT with the C library; its form has been checked. */
static int64_t
ask_library(const char *text)
{
  struct tm tm = { .tm_isdst = 0 };
  int hours = 0, minutes = 0, used = 0, sign;
  const char *zone;

  require(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
                 &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) == 6);
  zone = text + used + strcspn(text + used, "Zz+-");
  sign = *zone == '-' ? -1 : 1;
  if (*zone == '+' || *zone == '-')
    require(sscanf(zone + 1, "%2d:%2d", &hours, &minutes) == 2);
  tm.tm_year -= 1900;
  tm.tm_mon--;
  return ((int64_t)timegm(&tm) - sign * (hours * 60 + minutes) * 60) * 1000 +
         (text[used] == '.' ? take_digits(text + used + 1) : 0);
}

static void
read_time(const char *text)
{
  struct rfc3339_day utc = { .day = 0 };
  char written[RFC3339_SIZE];
  int64_t ms = -1, again, second;

  if (!rfc3339_parse(text, &ms)) {
    require(ms == -1);
    return;
  }
  require(ms == ask_library(text));
  rfc3339_format(&utc, ms, written);
  require(rfc3339_parse(written, &again));
  second = ms - (ms % 1000 + 1000) % 1000;
  /* A UTC offset can lead out of the years that can be written. */
  if (strncmp(text, "0000", 4) != 0 && strncmp(text, "9999", 4) != 0)
    require(again == second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text;

  /* child.c rejects NUL bytes, and text files have none. */
  if (size < 1 || memchr(data, '\0', size))
    return 0;
  text = strndup((const char *)data + 1, size - 1);
  require(text);
  printed = text;
  switch (data[0]) {
  case 'i':
    check_lines();
    read_input();
    break;
  case 'f':
    check_lines();
    fetch_output();
    break;
  case 'w':
    cut_words(text);
    break;
  default:
    read_time(text);
  }
  free(text);
  return 0;
}
