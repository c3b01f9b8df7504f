/*
 * Fuzz target: what the influxdb output writes, and the answers that it gets.
 * The first line of the input selects one:
 *
 * - line: the measurement, a tag, its value, a field, a text, a line each;
 * - answers: for each request the status, the seconds of Retry-After and the
 *   body, a line each.
 *
 * Checks that a line that was accepted has these parts when it is read as the
 * documentation of the line protocol says; that each of 40 records gets one
 * result, and that none counts as delivered without status 204.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "lib/text_buffer.h"
#include "lib/utf8.h"
#include "plugins/http/batch.h"
#include "plugins/influxdb/line.h"
#include "testkit/fake_host.h"
#include "testkit/fake_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS 40

static const struct mp_plugin no_plugin = {
  .abi_version = MP_ABI_VERSION,
  .struct_size = sizeof(no_plugin),
};

/* Returns the next line of *REST, "" at the end. */
static char *
next_line(char **rest)
{
  static char empty[] = "";
  char *line = *rest ? strsep(rest, "\n") : NULL;

  return line ? line : empty;
}

/* ---- Lines --------------------------------------------------------------- */

/* Reads one part of a line at *AT, up to one of ENDS that has no backslash
 * before it, and compares it with WANT. */
static void
require_part(const char **at, const char *ends, const char *want)
{
  const char *p = *at;

  for (; *p && !strchr(ends, *p); p++, want++) {
    if (*p == '\\' && p[1] && strchr(", =", p[1]))
      p++;
    require(*p == *want);
  }
  require(*want == '\0');
  *at = p;
}

static void
require_byte(const char **at, char c)
{
  require(**at == c);
  ++*at;
}

static void
require_text(const char **at, const char *want)
{
  require_byte(at, '"');
  for (; *want; ++*at, want++) {
    if (**at == '\\')
      ++*at;
    require(**at == *want);
  }
  require_byte(at, '"');
}

static void
require_line(struct text_buffer *out, char *const *parts)
{
  const char *at;

  require(text_buffer_add(out, "", 1) == MP_OK);
  at = out->data;
  require_part(&at, ", ", parts[0]);
  require_byte(&at, ',');
  require_part(&at, "=", parts[1]);
  require_byte(&at, '=');
  require_part(&at, ", ", parts[2]);
  require_byte(&at, ' ');
  require_part(&at, "=", parts[3]);
  require_byte(&at, '=');
  require_text(&at, parts[4]);
  require(strcmp(at, " 1795341600000\n") == 0);
}

static void
try_line(struct fake_host *host, char *rest)
{
  struct text_buffer out = { .max = SIZE_MAX };
  struct mp_value value;
  char *parts[5];

  for (size_t i = 0; i < 5; i++)
    parts[i] = next_line(&rest);
  for (size_t i = 0; i < 4; i++)
    if (line_name_problem(parts[i]))
      return;
  if (!utf8_is_plain(parts[4]))
    return;
  value = fake_host_value(host, MP_TEXT, parts[4]);
  require(line_begin(&out, parts[0]) == MP_OK);
  require(line_tag(&out, parts[1], parts[2]) == MP_OK);
  require(line_field(&out, &host->table, parts[3], &value, 1) == MP_OK);
  require(line_end(&out, INT64_C(1795341600000)) == MP_OK);
  require_line(&out, parts);
  text_buffer_free(&out);
}

/* ---- Answers ------------------------------------------------------------- */

struct site {
  char *rest;
  bool delivered[RECORDS];
};

static void
answer(void *ctx, uint32_t first, uint32_t n, struct http_answer *ret)
{
  struct site *site = ctx;
  long status = strtol(next_line(&site->rest), NULL, 10);
  int64_t wait = strtoll(next_line(&site->rest), NULL, 10);
  char *body = next_line(&site->rest);

  require(n > 0 && first + n <= RECORDS);
  *ret = (struct http_answer){
    .status = status, .retry_after_s = wait, .body = body, .len = strlen(body)
  };
  if (status < 100 || status > 599)
    *ret = (struct http_answer){ .code = MP_EIO, .sent = wait != 0 };
  for (uint32_t i = first; ret->status == 204 && i < first + n; i++)
    site->delivered[i] = true;
}

static void
try_answers(struct fake_host *host, char *rest)
{
  struct fake_sink *sink = fake_sink_new(&host->table);
  struct site site = { .rest = rest };
  const struct batch batch = { .host = &host->table,
                               .url = "http://site",
                               .send = answer,
                               .ctx = &site,
                               .success = 204 };
  int r = batch_send(&batch, RECORDS, &sink->output);

  require(r <= 0);
  require(fake_sink_result_count(sink) == RECORDS);
  for (uint32_t i = 0; i < RECORDS; i++) {
    uint32_t result = fake_sink_result(sink, i, 0);

    require(result >= MP_ACCEPTED);
    require((result == MP_ACCEPTED) == site.delivered[i]);
  }
  fake_sink_free(sink);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fake_host *host = fake_host_new(&no_plugin, "out");
  char *text = malloc(size + 1), *rest = text;
  const char *what;

  require(text);
  memcpy(text, data, size);
  text[size] = '\0';
  what = next_line(&rest);
  if (strcmp(what, "line") == 0)
    try_line(host, rest);
  else if (strcmp(what, "answers") == 0)
    try_answers(host, rest);
  free(text);
  fake_host_free(host);
  return 0;
}
