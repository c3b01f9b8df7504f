/* Fills in the placeholders of texts. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/webhook/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/decimal.h"
#include "lib/nearest.h"
#include "lib/rfc3339.h"
#include "plugins/http/url.h"

#define OPEN "{{"
#define CLOSE "}}"
/* The longest name of a placeholder; those of targets are shorter. */
#define NAME_SIZE 256

#define VALUE "value."
#define UNIT "unit."

static const char *const facts[] = { "time", "time_s", "time_ms", "id" };

/* ---- Placeholders -------------------------------------------------------- */

/* A piece of a template: text, or a placeholder. */
struct piece {
  const char *text;
  size_t len;
  bool is_name;
};

/* Takes the next piece from *AT.  Returns false at the end. */
static bool
next_piece(const char **at, struct piece *ret)
{
  const char *open = strstr(*at, OPEN);
  const char *close = open ? strstr(open, CLOSE) : NULL;

  if (!**at)
    return false;
  ret->is_name = open == *at && close;
  ret->text = ret->is_name ? open + strlen(OPEN) : *at;
  if (ret->is_name)
    ret->len = (size_t)(close - ret->text);
  else
    ret->len = close ? (size_t)(open - *at) : strlen(*at);
  *at = ret->text + ret->len + (ret->is_name ? strlen(CLOSE) : 0);
  return true;
}

static bool
is_name(const struct piece *piece, const char *name)
{
  return strlen(name) == piece->len &&
         memcmp(piece->text, name, piece->len) == 0;
}

bool
template_has_any(const char *text)
{
  const char *open = strstr(text, OPEN);

  return open && strstr(open, CLOSE);
}

bool
template_has_values(const char *text)
{
  struct piece piece;

  while (next_piece(&text, &piece))
    if (piece.is_name && !is_name(&piece, "token"))
      return true;
  return false;
}

/* Returns the number of the target that PIECE names after PREFIX; -1: it names
 * none. */
static int64_t
find_target(const struct mp_host *host, const struct piece *piece,
            const char *prefix)
{
  const struct mp_target *target;
  size_t len = strlen(prefix);

  if (piece->len <= len || memcmp(piece->text, prefix, len) != 0)
    return -1;
  for (uint32_t i = 0; (target = host->target(host, i)); i++)
    if (strlen(target->name) == piece->len - len &&
        memcmp(target->name, piece->text + len, piece->len - len) == 0)
      return i;
  return -1;
}

/* ---- Checking ------------------------------------------------------------ */

static void
offer_targets(const struct mp_host *host, struct nearest *near,
              const char *prefix)
{
  const struct mp_target *target;
  char name[NAME_SIZE];

  for (uint32_t i = 0; (target = host->target(host, i)); i++)
    if ((size_t)snprintf(name, sizeof(name), "%s%s", prefix, target->name) <=
        NEAREST_MAX)
      nearest_offer(near, name);
}

static int
report_unknown(const struct mp_host *host, const char *option,
               const struct piece *piece, enum template_use use)
{
  char name[NAME_SIZE], hint[NEAREST_HINT];
  struct nearest near;

  snprintf(name, sizeof(name), "%.*s", (int)piece->len, piece->text);
  nearest_start(&near, name);
  nearest_offer(&near, "token");
  for (size_t i = 0; use != TEMPLATE_HEADER && i < ARRAY_SIZE(facts); i++)
    nearest_offer(&near, facts[i]);
  if (use != TEMPLATE_HEADER) {
    offer_targets(host, &near, VALUE);
    offer_targets(host, &near, UNIT);
  }
  return mp_fail(host, MP_ECONFIG, option, "there is no placeholder {{%s}}%s",
                 name,
                 *near.best ? nearest_hint(&near, hint, sizeof(hint))
                 : use == TEMPLATE_HEADER
                   ? "; a header can have {{token}}"
                   : "; there are time, time_s, time_ms, id, token, and "
                     "value.NAME and unit.NAME of each target");
}

static bool
is_known(const struct mp_host *host, const struct piece *piece,
         enum template_use use)
{
  if (is_name(piece, "token") || use == TEMPLATE_HEADER)
    return is_name(piece, "token");
  for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
    if (is_name(piece, facts[i]))
      return true;
  return find_target(host, piece, VALUE) >= 0 ||
         find_target(host, piece, UNIT) >= 0;
}

int
template_check(const struct mp_host *host, const char *option, const char *text,
               enum template_use use)
{
  struct piece piece;

  while (next_piece(&text, &piece)) {
    if (!piece.is_name && memmem(piece.text, piece.len, OPEN, strlen(OPEN)))
      return mp_fail(host, MP_ECONFIG, option, "has {{ without }} after it");
    if (!piece.is_name)
      continue;
    if (!is_known(host, &piece, use))
      return report_unknown(host, option, &piece, use);
    if (is_name(&piece, "token") && !host->option(host, "token"))
      return mp_fail(host, MP_ECONFIG, option,
                     "has {{token}}, but there is no option `token`");
  }
  return MP_OK;
}

/* ---- Filling in ---------------------------------------------------------- */

static int
put_escaped(struct text_buffer *out, const char *text, enum template_use use)
{
  char *escaped;
  int r = MP_OK;

  if (use == TEMPLATE_URL) {
    escaped = url_escape(text);
    r = escaped ? text_buffer_add_text(out, escaped) : MP_ENOMEM;
    free(escaped);
    return r;
  }
  for (; r == MP_OK && *text; text++) {
    /* Values have no control characters. */
    if (use == TEMPLATE_JSON && strchr("\"\\", *text))
      r = text_buffer_add(out, "\\", 1);
    if (r == MP_OK)
      r = text_buffer_add(out, text, 1);
  }
  return r;
}

/* Returns the value, or its unit, as a text; NULL: it is missing. */
static const char *
text_of(const struct mp_host *host, const struct piece *piece,
        const struct record *record, char number[DECIMAL_TEXT])
{
  int64_t target = find_target(host, piece, VALUE);
  const struct mp_value *value;

  if (target < 0) {
    target = find_target(host, piece, UNIT);
    value =
      record && target >= 0 ? record_value(record, (uint32_t)target) : NULL;
    return value ? value->unit : NULL;
  }
  value = record ? record_value(record, (uint32_t)target) : NULL;
  if (!value || value->kind == MP_TEXT)
    return value ? value->text : NULL;
  host->decimal_format(value->number, number, DECIMAL_TEXT);
  return number;
}

static int
put_value(const struct mp_host *host, const struct piece *piece,
          enum template_use use, const struct record *record,
          struct text_buffer *out, struct template_found *found)
{
  char number[DECIMAL_TEXT];
  const char *text = text_of(host, piece, record, number);

  found->any |= !!text;
  found->missing |= !text;
  if (!record)
    return text_buffer_add_text(out, "0");
  return text ? put_escaped(out, text, use) : text_buffer_add_text(out, "null");
}

static int
put_fact(const struct mp_host *host, const struct piece *piece,
         enum template_use use, const struct record *record,
         struct text_buffer *out, struct template_found *found)
{
  int64_t ms = record ? record->time_ms : 0;
  char text[RFC3339_SIZE > 24 ? RFC3339_SIZE : 24];

  if (is_name(piece, "token"))
    return put_escaped(out, host->option(host, "token"), use);
  if (is_name(piece, "id"))
    return put_escaped(out, record ? record->id : "0", use);
  if (is_name(piece, "time"))
    return put_escaped(out, rfc3339_format(NULL, ms, text), use);
  if (!is_name(piece, "time_s") && !is_name(piece, "time_ms"))
    return put_value(host, piece, use, record, out, found);
  snprintf(text, sizeof(text), "%" PRId64,
           is_name(piece, "time_s") ? ms / 1000 : ms);
  return text_buffer_add_text(out, text);
}

int
template_put(const struct mp_host *host, const char *text,
             enum template_use use, const struct record *record,
             struct text_buffer *out, struct template_found *found)
{
  struct piece piece;
  int r = MP_OK;

  while (r == MP_OK && next_piece(&text, &piece))
    r = piece.is_name ? put_fact(host, &piece, use, record, out, found)
                      : text_buffer_add(out, piece.text, piece.len);
  return r;
}
