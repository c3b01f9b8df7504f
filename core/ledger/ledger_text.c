/*
 * A ledger as text for the state, one line for each member: "a VALUE",
 * "b PLACE", "b.at TIME".
 */
#include "core/ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger/member_lines.h"
#include "core/memory/memory.h"
#include "lib/array.h"
#include "lib/storable.h"

static void
put_displayed(FILE *out, const char *name, const struct ledger_displayed *s)
{
  if (!s->known)
    return;
  fprintf(out, "%s %d\n", name, (int)s->place);
  if (s->updated)
    fprintf(out, "%s.at %s\n", name, s->updated);
  if (s->value.kind)
    fputs(name, out);
  member_lines_put_value(out, ".value", &s->value);
}

static void
put_decimal(FILE *out, const char *name, struct mp_decimal d)
{
  fprintf(out, "%s %lld %d\n", name, (long long)d.coef, (int)d.exp10);
}

char *
ledger_encode(const struct ledger *t)
{
  char *text;
  size_t size;
  FILE *out = memory_open_text(&text, &size);

  if (t->unit)
    fprintf(out, "unit %s\n", t->unit);
  fprintf(out, "kind %u\n", (unsigned)t->kind);
  member_lines_put_value(out, "a", &t->acknowledged);
  if (t->acknowledged.kind && t->acknowledged_record != LEDGER_UNKNOWN_RECORD)
    fprintf(out, "a.id %lld\n", (long long)t->acknowledged_record);
  put_displayed(out, "b", &t->acknowledged_over);
  member_lines_put_value(out, "m", &t->sent);
  member_lines_put_value(out, "md", &t->sent_from);
  if (t->sent_record)
    fprintf(out, "m.id %lld\n", (long long)t->sent_record);
  if (t->last_record)
    fprintf(out, "last.id %lld\n", (long long)t->last_record);
  put_displayed(out, "n", &t->sent_over);
  put_displayed(out, "t", &t->taken);
  if (t->taken.other_id)
    fprintf(out, "t.id %s\n", t->taken.other_id);
  member_lines_put_value(out, "d", &t->pending);
  put_decimal(out, "e", t->remainder);
  if (t->step.coef > 0)
    put_decimal(out, "step", t->step);
  fprintf(out, "place %d\n", (int)t->acknowledged_place);
  fprintf(out, "sent %lld\n", (long long)t->sent_ms);
  fprintf(out, "rebase %d\n", t->rebase);
  memory_close_text(out, &text);
  return text;
}

static bool
get_displayed(struct ledger_displayed *s, const char *rest)
{
  int place;

  if (sscanf(rest, "%d", &place) != 1 || !storable_place(place))
    return false;
  s->known = true;
  s->place = place;
  return true;
}

static bool
get_updated(char **to, const char *rest)
{
  if (!storable_updated(rest))
    return false;
  free(*to);
  *to = memory_text(rest);
  return true;
}

static bool
get_unit(const char **to, const char *rest)
{
  *to = storable_unit(rest) ? memory_intern(rest) : NULL;
  return *to;
}

static bool
get_number(int64_t *to, const char *rest)
{
  long long n;

  if (sscanf(rest, "%lld", &n) != 1)
    return false;
  *to = n;
  return true;
}

static bool
get_decimal(struct mp_decimal *to, const char *rest)
{
  long long coef;
  int exp10;

  if (sscanf(rest, "%lld %d", &coef, &exp10) != 2)
    return false;
  *to = (struct mp_decimal){ .coef = coef, .exp10 = exp10 };
  return decimal_valid(*to);
}

/* Takes a line of the last display that this pipeline did not write. */
static bool
take_taken(struct ledger_displayed *taken, const char *name, const char *rest)
{
  if (strcmp(name, "t.at") == 0)
    return get_updated(&taken->updated, rest);
  if (strcmp(name, "t.id") == 0) {
    taken->id = LEDGER_OTHER_ID;
    return get_updated(&taken->other_id, rest);
  }
  if (taken->id == LEDGER_WITHOUT_IDS)
    taken->id = LEDGER_NO_ID;
  return strcmp(name, "t") == 0 && get_displayed(taken, rest);
}

static bool
take_ledger_member(void *ctx, const char *name, const char *rest)
{
  struct ledger *t = ctx;
  const struct {
    const char *name;
    struct value *value;
  } values[] = {
    { "a", &t->acknowledged },
    { "m", &t->sent },
    { "md", &t->sent_from },
    { "d", &t->pending },
    { "b.value", &t->acknowledged_over.value },
    { "n.value", &t->sent_over.value },
    { "t.value", &t->taken.value },
  };
  int64_t n = 0;
  bool good;

  for (size_t i = 0; i < ARRAY_SIZE(values); i++)
    if (strcmp(name, values[i].name) == 0)
      return memory_decode_value(values[i].value, rest);
  if (strcmp(name, "b") == 0)
    return get_displayed(&t->acknowledged_over, rest);
  if (strcmp(name, "n") == 0)
    return get_displayed(&t->sent_over, rest);
  if (strcmp(name, "b.at") == 0)
    return get_updated(&t->acknowledged_over.updated, rest);
  if (strcmp(name, "n.at") == 0)
    return get_updated(&t->sent_over.updated, rest);
  if (name[0] == 't')
    return take_taken(&t->taken, name, rest);
  if (strcmp(name, "unit") == 0)
    return get_unit(&t->unit, rest);
  if (strcmp(name, "e") == 0)
    return get_decimal(&t->remainder, rest);
  if (strcmp(name, "step") == 0)
    return get_decimal(&t->step, rest) && t->step.coef > 0;
  good = get_number(&n, rest);
  if (strcmp(name, "place") == 0) {
    t->acknowledged_place = (int32_t)n;
    good = good && n == t->acknowledged_place &&
           storable_place(t->acknowledged_place);
  } else if (strcmp(name, "sent") == 0) {
    t->sent_ms = n;
    good = good && storable_time(n);
  } else if (strcmp(name, "kind") == 0) {
    t->kind = (uint32_t)n;
    good = good && n >= 0 && n <= MP_TEXT;
  } else if (strcmp(name, "rebase") == 0)
    t->rebase = n != 0;
  else if (strcmp(name, "m.id") == 0)
    t->sent_record = n > 0 ? n : 0;
  else if (strcmp(name, "a.id") == 0) {
    t->acknowledged_record = n;
    good = good && n >= 0;
  } else if (strcmp(name, "last.id") == 0) {
    t->last_record = n;
    good = good && n > 0;
  } else
    return false;
  return good;
}

/* A state of an earlier version has no kinds.  There, every result was a gauge
 * whatever it was computed from, so a gauge leaves the kind unknown. */
static void
infer_kind(struct ledger *t)
{
  const struct value *v = t->pending.kind ? &t->pending
                          : t->sent.kind  ? &t->sent
                                          : &t->acknowledged;

  if (t->role != LEDGER_TOTAL && v->kind != MP_GAUGE)
    t->kind = v->kind;
}

bool
ledger_decode(struct ledger *t, const char *text)
{
  bool good;

  t->acknowledged_record = LEDGER_UNKNOWN_RECORD;
  good = member_lines_each(text, take_ledger_member, t);
  if (!t->acknowledged.kind)
    t->acknowledged_record = 0;
  if (good && strncmp(text, "kind ", 5) != 0 && !strstr(text, "\nkind "))
    infer_kind(t);
  return good;
}
