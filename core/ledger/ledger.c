/*
 * The rules of the ledger.  Each function is a rule of doc/ledger.md;
 * tests/core/ledger/test_ledger.c tests them as a table of cases.
 */
#include "core/ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "lib/unit.h"

/* ---- Ownership ---- */

void
ledger_shown_clear(struct ledger_shown *shown)
{
  value_clear(&shown->value);
  free(shown->updated);
  memset(shown, 0, sizeof(*shown));
}

bool
ledger_shown_copy(struct ledger_shown *to, const struct ledger_shown *from)
{
  char *updated = NULL;

  if (from->updated) {
    updated = strdup(from->updated);
    if (!updated)
      return false;
  }
  if (!value_copy(&to->value, &from->value)) {
    free(updated);
    return false;
  }
  free(to->updated);
  to->updated = updated;
  to->known = from->known;
  to->place = from->place;
  return true;
}

static void
shown_move(struct ledger_shown *to, struct ledger_shown *from)
{
  ledger_shown_clear(to);
  *to = *from;
  memset(from, 0, sizeof(*from));
}

void
ledger_init(struct ledger_target *t, enum ledger_role role)
{
  memset(t, 0, sizeof(*t));
  t->role = role;
  t->a_place = MP_EXACT;
}

void
ledger_clear(struct ledger_target *t)
{
  value_clear(&t->a);
  value_clear(&t->m);
  value_clear(&t->md);
  value_clear(&t->d);
  ledger_shown_clear(&t->b);
  ledger_shown_clear(&t->n);
}

bool
ledger_copy(struct ledger_target *to, const struct ledger_target *from)
{
  struct ledger_target got = *from;

  memset(&got.a, 0, sizeof(got.a));
  memset(&got.m, 0, sizeof(got.m));
  memset(&got.md, 0, sizeof(got.md));
  memset(&got.d, 0, sizeof(got.d));
  memset(&got.b, 0, sizeof(got.b));
  memset(&got.n, 0, sizeof(got.n));
  if (!value_copy(&got.a, &from->a) || !value_copy(&got.m, &from->m) ||
      !value_copy(&got.md, &from->md) || !value_copy(&got.d, &from->d) ||
      !ledger_shown_copy(&got.b, &from->b) ||
      !ledger_shown_copy(&got.n, &from->n)) {
    ledger_clear(&got);
    return false;
  }
  ledger_clear(to);
  *to = got;
  return true;
}

/* ---- Displayed values ---- */

/* Returns V rounded to the target's step, as it is sent.  Borrows the text of
 * V. */
static struct value
rounded(const struct ledger_target *t, const struct value *v)
{
  struct value sent = *v;

  if (!sent.text && t->step.coef > 0)
    decimal_round_step(&sent.number, t->step);
  return sent;
}

bool
ledger_rounded(const struct ledger_target *t, const struct value *v,
               struct value *ret)
{
  struct value sent = rounded(t, v);

  return decimal_compare(sent.number, v->number) != 0 && value_copy(ret, &sent);
}

static bool
shows_zero_or_nothing(const struct ledger_shown *shown)
{
  return shown->value.kind == 0 ||
         (!shown->value.text && shown->value.number.coef == 0);
}

/* An output may display zero, or an empty text, as no value. */
static bool
is_zero_or_empty(const struct value *v)
{
  if (v->text)
    return !*v->text;
  return v->kind && v->number.coef == 0;
}

/* A target that holds texts displays a text of digits as a number. */
static bool
text_is_number(const char *text, struct decimal number)
{
  struct decimal d;

  return decimal_parse(text, strlen(text), &d) == MP_OK &&
         decimal_compare(d, number) == 0;
}

bool
ledger_can_show(const struct ledger_target *t, const struct ledger_shown *shown,
                const struct value *v)
{
  struct value sent;

  if (v->kind == 0 || shown->value.kind == 0)
    return false;
  if (v->text && !shown->value.text)
    return text_is_number(v->text, shown->value.number);
  if (shown->value.text)
    return value_equal(v, &shown->value);
  sent = rounded(t, v);
  return decimal_shows(shown->value.number, shown->place, sent.number);
}

/* Returns true if both are known, with the same value and the same time of last
 * update. */
static bool
same_shown(const struct ledger_shown *a, const struct ledger_shown *b)
{
  if (!a->known || !b->known || !value_equal(&a->value, &b->value))
    return false;
  if (!a->updated || !b->updated)
    return a->updated == b->updated;
  return strcmp(a->updated, b->updated) == 0;
}

/* ---- Settling ---- */

static bool
same_value_and_meter(const struct value *a, const struct value *b)
{
  return value_equal(a, b) && a->serial == b->serial;
}

/* Forgets the record of MD, so that the next value gets a new record. */
static void
forget_record(struct ledger_target *t)
{
  value_clear(&t->md);
  t->m_id = 0;
}

/* Acknowledges M: M becomes A and N becomes B.  D is cleared, unless a later
 * cycle has added to it. */
static void
acknowledge(struct ledger_target *t)
{
  struct decimal rest = { 0, 0 };
  bool grown = false;

  if (t->role == LEDGER_DELTA && t->d.kind) {
    grown = !value_equal(&t->d, &t->md);
    /* Cannot overflow: M is D rounded, or an earlier and smaller D. */
    decimal_sub(t->d.number, t->m.number, &rest);
  }
  shown_move(&t->b, &t->n);
  value_move(&t->a, &t->m);
  t->a_place = MP_EXACT;
  if (t->role != LEDGER_DELTA) {
    if (same_value_and_meter(&t->d, &t->a)) {
      t->a.time_ms = t->d.time_ms;
      value_clear(&t->d);
    }
  } else if (grown) {
    t->d.number = rest;
  } else if (t->d.kind) {
    decimal_add(t->e, rest, &t->e);
    value_clear(&t->d);
  }
  forget_record(t);
}

/* Forgets M but keeps the number of its record: an unchanged D is sent again as
 * the same record. */
static void
forget_sent(struct ledger_target *t)
{
  value_clear(&t->m);
  ledger_shown_clear(&t->n);
}

/* Sets A to the displayed value s, but keeps the serial number and the time of
 * the A before it. */
static void
adopt(struct ledger_target *t, const struct ledger_shown *seen)
{
  struct value s = { 0 };

  if (!value_copy(&s, &seen->value))
    return;
  if (s.kind == 0) {
    s.kind = MP_GAUGE;
    s.unit = t->unit;
  }
  s.serial = t->a.serial;
  s.time_ms = t->a.time_ms;
  value_move(&t->a, &s);
  t->a_place = seen->value.kind ? seen->place : MP_EXACT;
  ledger_shown_clear(&t->b);
}

/* Row 3: the server lost A, for example in a power cut. */
static void
lost(struct ledger_target *t)
{
  if (t->role == LEDGER_DELTA) {
    if (t->d.kind)
      decimal_add(t->d.number, t->a.number, &t->d.number);
    else
      value_copy(&t->d, &t->a);
    value_clear(&t->a);
  } else if (!t->d.kind)
    value_copy(&t->d, &t->a);
}

/* Row 5: the target was never set. */
static enum ledger_outcome
never_set(struct ledger_target *t, const struct ledger_shown *seen)
{
  if (t->role == LEDGER_TOTAL) {
    adopt(t, seen);
    t->a_place = MP_EXACT; /* never set: its zero is not a rounded value */
  }
  return t->d.kind ? LEDGER_SETTLED : LEDGER_FIRST;
}

/* Rows 8 to 10: the target was changed by hand, or by another program. */
static enum ledger_outcome
changed(struct ledger_target *t, const struct ledger_shown *seen)
{
  struct decimal grown;

  if (t->role == LEDGER_TOTAL && t->d.kind && !seen->value.text) {
    if (decimal_sub(t->d.number, t->a.number, &grown) == MP_OK)
      decimal_add(seen->value.number, grown, &t->d.number);
  }
  if (t->role == LEDGER_BASE) {
    value_clear(&t->d);
    forget_record(t);
  }
  adopt(t, seen);
  return LEDGER_CHANGED;
}

/* Rows 1 and 2.  After row 2 (M forgotten) the later rows still apply. */
bool
ledger_settle_sent(struct ledger_target *t, const struct ledger_shown *seen)
{
  if (!same_shown(seen, &t->n) && !same_shown(seen, &t->b) &&
      ledger_can_show(t, seen, &t->m)) {
    acknowledge(t);
    return true;
  }
  forget_sent(t);
  return false;
}

/* Row 4, and this pipeline wrote the displayed value. */
bool
ledger_rests(const struct ledger_target *t, const struct ledger_shown *seen,
             int64_t now_ms)
{
  return seen->known && t->a.kind && !t->m.kind && t->b.known &&
         !same_shown(seen, &t->b) && ledger_can_show(t, seen, &t->a) &&
         t->sent_ms > 0 && now_ms - t->sent_ms >= LEDGER_APART_MS;
}

enum ledger_outcome
ledger_settle(struct ledger_target *t, const struct ledger_shown *seen)
{
  if (!seen || !seen->known)
    return LEDGER_SETTLED;
  if (t->m.kind && ledger_settle_sent(t, seen))
    return LEDGER_SETTLED;
  if (t->a.kind && same_shown(seen, &t->b)) {
    lost(t);
    return LEDGER_SETTLED;
  }
  if (t->role == LEDGER_DELTA || ledger_can_show(t, seen, &t->a))
    return LEDGER_SETTLED;
  if (is_zero_or_empty(&t->a) && shows_zero_or_nothing(seen))
    return LEDGER_SETTLED;
  if (!t->a.kind && shows_zero_or_nothing(seen))
    return never_set(t, seen);
  if (!t->a.kind) {
    if (!t->d.kind)
      adopt(t, seen);
    return LEDGER_SETTLED;
  }
  if (t->role == LEDGER_BASE && shows_zero_or_nothing(seen))
    return LEDGER_SETTLED;
  return changed(t, seen);
}

void
ledger_drop(struct ledger_target *t, const struct ledger_shown *seen)
{
  if (t->role == LEDGER_DELTA)
    value_clear(&t->a);
  else if (!ledger_can_show(t, seen, &t->a))
    adopt(t, seen);
  value_clear(&t->d);
  forget_record(t);
}

/* ---- A cycle ---- */

const struct value *
ledger_last(const struct ledger_target *t)
{
  if (t->d.kind)
    return &t->d;
  return t->a.kind ? &t->a : NULL;
}

bool
ledger_takes_kind(const struct ledger_target *t, uint32_t kind)
{
  if (t->kind)
    return t->kind == kind;
  /* A state of an earlier version has no kinds: D must then be a delta exactly
   * if the new value is.  A total is not checked, because its D has another
   * kind than the values added to it. */
  return t->role == LEDGER_TOTAL || !t->d.kind ||
         (t->d.kind == MP_DELTA) == (kind == MP_DELTA);
}

void
ledger_set_kind(struct ledger_target *t, uint32_t kind)
{
  t->kind = kind;
  if (t->role != LEDGER_PLAIN || kind != MP_DELTA)
    return;
  t->role = LEDGER_DELTA;
  if (t->a.kind == MP_DELTA)
    return;
  /* A displayed value from before the first amount is no amount. */
  value_clear(&t->a);
  ledger_shown_clear(&t->b);
  t->a_place = MP_EXACT;
}

/* Computes D after V was added: a delta is added to the pending value and the
 * remainder. */
static int
add_due(const struct ledger_target *t, const struct value *v,
        struct decimal *ret)
{
  int r = MP_OK;

  *ret = v->number;
  if (t->role != LEDGER_DELTA)
    return MP_OK;
  if (t->d.kind)
    r = decimal_add(*ret, t->d.number, ret);
  return r == MP_OK ? decimal_add(*ret, t->e, ret) : r;
}

bool
ledger_fits(const struct ledger_target *t, const struct value *v)
{
  struct decimal due;

  return add_due(t, v, &due) == MP_OK;
}

int
ledger_due(struct ledger_target *t, const struct value *v)
{
  struct value due = { 0 };
  struct decimal sum;
  int r = add_due(t, v, &sum);

  if (r != MP_OK)
    return r;
  if (!value_copy(&due, v))
    return MP_ENOMEM;
  due.number = sum;
  if (t->role == LEDGER_DELTA)
    t->e = (struct decimal){ 0, 0 };
  value_move(&t->d, &due);
  return MP_OK;
}

int
ledger_carry(struct ledger_target *t, const struct value *v)
{
  struct decimal amount = v->number;
  int r = MP_OK;

  if (t->unit)
    r = unit_convert(&amount, v->unit, t->unit, MP_EXACT);
  return r == MP_OK ? decimal_add(t->e, amount, &t->e) : r;
}

int
ledger_column(struct ledger_target *t, const struct value *v)
{
  int r = ledger_due(t, v);

  if (r == MP_OK) {
    value_move(&t->a, &t->d);
    t->a_place = MP_EXACT;
  }
  return r;
}

void
ledger_adopt_column(struct ledger_target *t, const struct ledger_shown *seen)
{
  adopt(t, seen);
  t->a.time_ms = seen->value.time_ms;
  t->e = (struct decimal){ 0, 0 }; /* the remainder went into that row */
}

void
ledger_begin(struct ledger_target *t)
{
  struct value zero = { .kind = MP_GAUGE, .unit = t->unit };

  if (ledger_last(t))
    return;
  value_move(&t->a, &zero);
  t->a_place = MP_EXACT;
}

/* Sets MD to D, with the number of its record. */
static bool
take_record(struct ledger_target *t, int64_t id)
{
  if (t->m_id && same_value_and_meter(&t->d, &t->md))
    return true; /* MD was sent before and is sent again unchanged */
  t->m_id = id;
  return value_copy(&t->md, &t->d);
}

bool
ledger_prepare(struct ledger_target *t, const struct ledger_shown *seen,
               int64_t id)
{
  struct value m;

  t->again = t->m.kind && t->role == LEDGER_DELTA;
  if (t->again) {
    if (!t->m_id) /* from a state of a version without record numbers */
      t->m_id = id;
    return true;
  }
  if (!t->d.kind)
    return false;
  if (!take_record(t, id) || !ledger_shown_copy(&t->n, seen)) {
    forget_sent(t);
    forget_record(t);
    return false;
  }
  m = t->role == LEDGER_DELTA ? rounded(t, &t->md) : t->md;
  return value_copy(&t->m, &m);
}

bool
ledger_as_sent(const struct ledger_target *t, struct value *ret)
{
  struct value sent = rounded(t, &t->m);

  return value_copy(ret, &sent);
}

/* A server that refuses, or a proxy in front of it, may still have carried out
 * the request.  If the target can be asked (N is known), its next displayed
 * value decides.  If not, the refusal is final: there is no other
 * information. */
static bool
did_not_arrive(const struct ledger_target *t, uint32_t result)
{
  return result == MP_NOT_SENT ||
         ((result == MP_RETRY || result == MP_REJECTED) && !t->n.known);
}

void
ledger_result(struct ledger_target *t, uint32_t result)
{
  if (result == MP_ACCEPTED && t->m.kind)
    acknowledge(t);
  else if (did_not_arrive(t, result) && !t->again)
    forget_sent(t);
}
