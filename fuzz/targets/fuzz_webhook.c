/*
 * Fuzz target: the templates of the webhook output.  The first line of the
 * input is the use of the template: url, json, text or header; the second is
 * the text of a value; the rest is the template.
 *
 * Checks that a template which is accepted becomes what a simple expansion
 * makes of it, and that a value adds nothing to a URL but itself, and ends no
 * string of JSON.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "lib/array.h"
#include "lib/text_buffer.h"
#include "lib/utf8.h"
#include "plugins/record/record.h"
#include "plugins/webhook/template.h"
#include "testkit/fake_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mp_option options[] = {
  { "token", MP_TYPE_SECRET, 0, NULL, NULL, NULL },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(plugin),
  .abi_version = MP_ABI_VERSION,
  .options = options,
};

static const char *const uses[] = { "url", "json", "text", "header" };

static void
put_escaped(FILE *out, const char *text, enum template_use use)
{
  for (; *text; text++)
    if (use == TEMPLATE_URL && !isalnum((unsigned char)*text) &&
        !strchr("-._~", *text))
      fprintf(out, "%%%02X", (unsigned char)*text);
    else
      fprintf(out, "%s%c",
              use == TEMPLATE_JSON && strchr("\"\\", *text) ? "\\" : "", *text);
}

/* Returns the text of the placeholder that begins at AT; NULL: there is none.
 * *RET_LEN is its length with the braces. */
static const char *
text_at(const char *at, const char *value, size_t *ret_len)
{
  const char *const known[][2] = {
    { "{{token}}", "a/b" },
    { "{{id}}", "u-1" },
    { "{{time}}", "2026-11-22T10:00:00Z" },
    { "{{time_s}}", "1795341600" },
    { "{{time_ms}}", "1795341600007" },
    { "{{value.a}}", value },
    { "{{unit.a}}", "null" },
    { "{{value.b.c}}", "1.50" },
    { "{{unit.b.c}}", "m3" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
    *ret_len = strlen(known[i][0]);
    if (strncmp(at, known[i][0], *ret_len) == 0)
      return known[i][1];
  }
  return NULL;
}

/* Returns the expansion, from malloc. */
static char *
expand(const char *text, const char *value, enum template_use use)
{
  char *result = NULL;
  size_t size = 0, len;
  FILE *out = open_memstream(&result, &size);

  require(out);
  while (*text) {
    const char *known = text_at(text, value, &len);

    if (known)
      put_escaped(out, known, use);
    else
      fputc(*text, out);
    text += known ? len : 1;
  }
  fclose(out);
  return result;
}

static void
try_template(const struct mp_host *host, const struct record *record,
             enum template_use use, const char *value, const char *text)
{
  struct template_found found = { false, false };
  struct text_buffer out = { .max = SIZE_MAX };
  char *want;

  if (template_check(host, "body", text, use) != MP_OK)
    return;
  want = expand(text, value, use);
  require(template_put(host, text, use, record, &out, &found) == MP_OK);
  require(text_buffer_add(&out, "", 1) == MP_OK);
  require(strcmp(out.data, want) == 0);
  require(found.missing == !!strstr(text, "{{unit.a}}"));
  require(template_has_any(text) ||
          (!found.any && !found.missing && strcmp(text, want) == 0));
  free(want);
  text_buffer_free(&out);
}

static void
fill_record(struct record *record, const char *text)
{
  const struct mp_record about = { .struct_size = sizeof(about),
                                   .time_ms = INT64_C(1795341600007),
                                   .id = "u-1" };
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_TEXT,
                            .text = text };

  require(record_open(record, 2) == MP_OK);
  require(record_begin(record, &about) == MP_OK);
  require(record_write(record, 0, &value) == MP_OK);
  value = (struct mp_value){ .struct_size = sizeof(value),
                             .kind = MP_GAUGE,
                             .number = { 150, -2 },
                             .unit = "m3" };
  require(record_write(record, 1, &value) == MP_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fake_host *h = fake_host_new(&plugin, "hook");
  struct record record = { .n = 0 };
  char *copy = malloc(size + 1), *rest = copy, *use, *value;

  require(copy);
  memcpy(copy, data, size);
  copy[size] = '\0';
  use = strsep(&rest, "\n");
  value = rest ? strsep(&rest, "\n") : NULL;
  fake_host_set(h, "token", "a/b");
  fake_host_add_target(h, "a", NULL, "in.a", 0);
  fake_host_add_target(h, "b.c", NULL, "in.b", 0);
  for (unsigned i = 0; rest && i < ARRAY_SIZE(uses); i++)
    if (strcmp(use, uses[i]) == 0 && utf8_is_plain(value)) {
      fill_record(&record, value);
      try_template(&h->table, &record, (enum template_use)i, value, rest);
    }
  record_close(&record);
  free(copy);
  fake_host_free(h);
  return 0;
}
