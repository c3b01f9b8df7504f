/* Readings that the state keeps for a field. */
#include "core/ledger/reading.h"

#include <stdio.h>
#include <string.h>

#include "core/ledger/member_lines.h"
#include "core/memory/memory.h"

void
reading_clear(struct reading *r)
{
  value_clear(&r->believed);
  value_clear(&r->unconfirmed);
  memset(r, 0, sizeof(*r));
}

const struct value *
reading_candidate(const struct reading *r)
{
  return r->unconfirmed.kind && r->is_candidate ? &r->unconfirmed : NULL;
}

const struct value *
reading_held(const struct reading *r)
{
  return r->unconfirmed.kind && !r->is_candidate ? &r->unconfirmed : NULL;
}

/* Serial numbers are interned, so pointers can be compared. */
static bool
other_number(const struct value *a, const struct value *b)
{
  return a->serial && b->serial && a->serial != b->serial;
}

enum reading_meter
reading_meter(const struct value *candidate, const struct value *base,
              const struct value *now, bool is_read)
{
  bool differs = other_number(base, now);

  if (!candidate && !differs)
    return READING_SAME;
  if (!is_read)
    return READING_UNKNOWN;
  if (!differs)
    return READING_SAME;
  return candidate && candidate->serial == now->serial ? READING_EXCHANGED
                                                       : READING_CANDIDATE;
}

/* ---- State format: one line for each member, "believed VALUE" ---- */

char *
reading_encode(const struct reading *r)
{
  char *text;
  size_t size;
  FILE *out = memory_open_text(&text, &size);

  member_lines_put_value(out, "believed", &r->believed);
  member_lines_put_value(out, r->is_candidate ? "candidate" : "held",
                         &r->unconfirmed);
  if (r->reported)
    fputs("told 1\n", out);
  memory_close_text(out, &text);
  return text;
}

static bool
take_reading_member(void *ctx, const char *name, const char *rest)
{
  struct reading *r = ctx;

  if (strcmp(name, "believed") == 0)
    return memory_decode_value(&r->believed, rest);
  if (strcmp(name, "told") == 0) {
    r->reported = true;
    return true;
  }
  r->is_candidate = strcmp(name, "candidate") == 0;
  return (r->is_candidate || strcmp(name, "held") == 0) &&
         memory_decode_value(&r->unconfirmed, rest);
}

bool
reading_decode(struct reading *r, const char *text)
{
  bool good = member_lines_each(text, take_reading_member, r);

  if (!good)
    reading_clear(r);
  return good;
}
