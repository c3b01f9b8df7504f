/*
 * The rules of the ledger.  Each function is a rule of doc/ledger.md;
 * tests/core/ledger/test_ledger.c tests them as a table of cases.
 */
#include "core/ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "core/ledger/record_id.h"
#include "core/memory/memory.h"
#include "lib/unit.h"

/* ---- Ownership ---- */

void
ledger_displayed_clear(struct ledger_displayed *displayed)
{
  value_clear(&displayed->value);
  free(displayed->updated);
  free(displayed->other_id);
  memset(displayed, 0, sizeof(*displayed));
}

/* Returns a copy of V that owns its text. */
static struct value
own_value(const struct value *v)
{
  struct value copy = { 0 };

  memory_copy_value(&copy, v);
  return copy;
}

/* Returns a copy of S that owns its texts. */
static struct ledger_displayed
own_displayed(const struct ledger_displayed *s)
{
  struct ledger_displayed copy = *s;

  copy.value = own_value(&s->value);
  copy.updated = s->updated ? memory_text(s->updated) : NULL;
  copy.other_id = s->other_id ? memory_text(s->other_id) : NULL;
  return copy;
}

void
ledger_displayed_copy(struct ledger_displayed *to,
                      const struct ledger_displayed *from)
{
  struct ledger_displayed copy = own_displayed(from);

  ledger_displayed_clear(to);
  *to = copy;
}

static void
displayed_move(struct ledger_displayed *to, struct ledger_displayed *from)
{
  ledger_displayed_clear(to);
  *to = *from;
  memset(from, 0, sizeof(*from));
}

void
ledger_init(struct ledger *t, enum ledger_role role)
{
  memset(t, 0, sizeof(*t));
  t->role = role;
  t->acknowledged_place = MP_EXACT;
}

void
ledger_clear(struct ledger *t)
{
  value_clear(&t->acknowledged);
  value_clear(&t->sent);
  value_clear(&t->sent_from);
  value_clear(&t->pending);
  ledger_displayed_clear(&t->acknowledged_over);
  ledger_displayed_clear(&t->sent_over);
  ledger_displayed_clear(&t->taken);
}

void
ledger_copy(struct ledger *to, const struct ledger *from)
{
  struct ledger copy = *from;

  copy.acknowledged = own_value(&from->acknowledged);
  copy.sent = own_value(&from->sent);
  copy.sent_from = own_value(&from->sent_from);
  copy.pending = own_value(&from->pending);
  copy.acknowledged_over = own_displayed(&from->acknowledged_over);
  copy.sent_over = own_displayed(&from->sent_over);
  copy.taken = own_displayed(&from->taken);
  ledger_clear(to);
  *to = copy;
}

/* ---- Displayed values ---- */

/* Returns V rounded to the target's step, as it is sent.  Borrows the text of
 * V. */
static struct value
rounded_to_step(const struct ledger *t, const struct value *v)
{
  struct value sent = *v;

  if (!sent.text && t->step.coef > 0)
    decimal_round_step(&sent.number, t->step);
  return sent;
}

bool
ledger_rounded(const struct ledger *t, const struct value *v, struct value *ret)
{
  struct value sent = rounded_to_step(t, v);

  if (decimal_compare(sent.number, v->number) == 0)
    return false;
  memory_copy_value(ret, &sent);
  return true;
}

static bool
shows_zero_or_nothing(const struct ledger_displayed *displayed)
{
  return displayed->value.kind == 0 ||
         (!displayed->value.text && displayed->value.number.coef == 0);
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
text_is_number(const char *text, struct mp_decimal number)
{
  struct mp_decimal d;

  return decimal_parse(text, strlen(text), &d) == MP_OK &&
         decimal_compare(d, number) == 0;
}

bool
ledger_can_show(const struct ledger *t,
                const struct ledger_displayed *displayed, const struct value *v)
{
  struct value sent;

  if (v->kind == 0 || displayed->value.kind == 0)
    return false;
  if (v->text && !displayed->value.text)
    return text_is_number(v->text, displayed->value.number);
  if (displayed->value.text)
    return value_equal(v, &displayed->value);
  sent = rounded_to_step(t, v);
  return decimal_shows(displayed->value.number, displayed->place, sent.number);
}

/* Returns true if both are known, with the same value and the same time of last
 * update. */
static bool
same_display(const struct ledger_displayed *a, const struct ledger_displayed *b)
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

void
ledger_forget_record(struct ledger *t)
{
  if (t->sent_record > t->last_record)
    t->last_record = t->sent_record;
  value_clear(&t->sent_from);
  t->sent_record = 0;
}

/* Acknowledges M: M becomes A and N becomes B.  D is cleared, unless a later
 * cycle has added to it. */
static void
acknowledge_sent(struct ledger *t)
{
  struct mp_decimal rest = { 0, 0 };
  bool grown = false;

  if (t->role == LEDGER_DELTA && t->pending.kind) {
    grown = !value_equal(&t->pending, &t->sent_from);
    /* Cannot overflow: sent is pending rounded, or an earlier and smaller
       pending value. */
    decimal_sub(t->pending.number, t->sent.number, &rest);
  }
  displayed_move(&t->acknowledged_over, &t->sent_over);
  value_move(&t->acknowledged, &t->sent);
  t->acknowledged_record = t->sent_record;
  t->acknowledged_place = MP_EXACT;
  if (t->role != LEDGER_DELTA) {
    if (same_value_and_meter(&t->pending, &t->acknowledged)) {
      t->acknowledged.time_ms = t->pending.time_ms;
      value_clear(&t->pending);
    }
  } else if (grown) {
    t->pending.number = rest;
  } else if (t->pending.kind) {
    decimal_add(t->remainder, rest, &t->remainder);
    value_clear(&t->pending);
  }
  ledger_forget_record(t);
}

/* Forgets the sent value, but keeps the number of its record: an unchanged
 * pending value is sent again as
 * the same record. */
static void
forget_sent(struct ledger *t)
{
  value_clear(&t->sent);
  ledger_displayed_clear(&t->sent_over);
}

/* Sets A to the displayed value s, but keeps the serial number and the time of
 * the A before it. */
static void
adopt_displayed(struct ledger *t, const struct ledger_displayed *displayed)
{
  struct value s = own_value(&displayed->value);

  if (s.kind == 0) {
    s.kind = MP_GAUGE;
    s.unit = t->unit;
  }
  s.serial = t->acknowledged.serial;
  s.time_ms = t->acknowledged.time_ms;
  value_move(&t->acknowledged, &s);
  t->acknowledged_record = 0;
  t->acknowledged_place = displayed->value.kind ? displayed->place : MP_EXACT;
  ledger_displayed_clear(&t->acknowledged_over);
}

/* Row 3: the server lost the acknowledged value, for example in a power cut. */
static void
restore_lost_value(struct ledger *t)
{
  if (t->role == LEDGER_DELTA) {
    if (t->pending.kind)
      decimal_add(t->pending.number, t->acknowledged.number,
                  &t->pending.number);
    else
      memory_copy_value(&t->pending, &t->acknowledged);
    value_clear(&t->acknowledged);
  } else if (!t->pending.kind)
    memory_copy_value(&t->pending, &t->acknowledged);
}

/* Row 5: the target was never set. */
static enum ledger_outcome
never_set(struct ledger *t, const struct ledger_displayed *displayed)
{
  if (t->role == LEDGER_TOTAL) {
    adopt_displayed(t, displayed);
    t->acknowledged_place =
      MP_EXACT; /* never set: its zero is not a rounded value */
  }
  return t->pending.kind ? LEDGER_SETTLED : LEDGER_FIRST;
}

/* Rows 8 to 10: the target was changed by hand, or by another program. */
static enum ledger_outcome
take_manual_change(struct ledger *t, const struct ledger_displayed *displayed)
{
  struct mp_decimal grown;

  if (t->role == LEDGER_TOTAL && t->pending.kind && !displayed->value.text) {
    if (decimal_sub(t->pending.number, t->acknowledged.number, &grown) == MP_OK)
      decimal_add(displayed->value.number, grown, &t->pending.number);
  }
  if (t->role == LEDGER_BASE) {
    if (t->pending.kind) /* that meter was believed, perhaps a new one */
      t->acknowledged.serial = t->pending.serial;
    value_clear(&t->pending);
    ledger_forget_record(t);
  }
  adopt_displayed(t, displayed);
  return LEDGER_CHANGED;
}

static bool
sent_has_arrived(const struct ledger *t,
                 const struct ledger_displayed *displayed)
{
  if (displayed->id != LEDGER_WITHOUT_IDS)
    return displayed->id == LEDGER_OWN_ID && t->sent_record &&
           displayed->id_number == t->sent_record;
  return !same_display(displayed, &t->sent_over) &&
         !same_display(displayed, &t->acknowledged_over) &&
         ledger_can_show(t, displayed, &t->sent);
}

/* Rows 1 and 2.  After row 2 (the sent value is forgotten) the later rows still
 * apply. */
bool
ledger_settle_sent(struct ledger *t, const struct ledger_displayed *displayed)
{
  if (sent_has_arrived(t, displayed)) {
    acknowledge_sent(t);
    return true;
  }
  forget_sent(t);
  return false;
}

/* Row 4, and this pipeline wrote the displayed value. */
bool
ledger_rests(const struct ledger *t, const struct ledger_displayed *displayed,
             int64_t now_ms)
{
  if (displayed->id != LEDGER_WITHOUT_IDS)
    return true;
  return displayed->known && t->acknowledged.kind && !t->sent.kind &&
         t->acknowledged_over.known &&
         !same_display(displayed, &t->acknowledged_over) &&
         ledger_can_show(t, displayed, &t->acknowledged) && t->sent_ms > 0 &&
         now_ms - t->sent_ms >= LEDGER_APART_MS;
}

/* Returns the first of the rows 3 to 10 that fits. */
static enum ledger_row
row_without_sent(const struct ledger *t,
                 const struct ledger_displayed *displayed)
{
  bool has_none = shows_zero_or_nothing(displayed);

  if (t->acknowledged.kind && same_display(displayed, &t->acknowledged_over))
    return LEDGER_ROW_3;
  if (t->role == LEDGER_DELTA ||
      ledger_can_show(t, displayed, &t->acknowledged) ||
      (has_none && is_zero_or_empty(&t->acknowledged)))
    return LEDGER_ROW_4;
  if (!t->acknowledged.kind)
    return has_none ? LEDGER_ROW_5 : LEDGER_ROW_6;
  if (t->role == LEDGER_BASE)
    return has_none ? LEDGER_ROW_7 : LEDGER_ROW_9;
  return t->role == LEDGER_TOTAL ? LEDGER_ROW_8 : LEDGER_ROW_10;
}

static enum ledger_outcome
apply_row(struct ledger *t, const struct ledger_displayed *displayed,
          enum ledger_row row)
{
  switch (row) {
  case LEDGER_ROW_3:
    restore_lost_value(t);
    return LEDGER_SETTLED;
  case LEDGER_ROW_5:
    return never_set(t, displayed);
  case LEDGER_ROW_6:
    if (!t->pending.kind)
      adopt_displayed(t, displayed);
    return LEDGER_SETTLED;
  case LEDGER_ROW_8:
  case LEDGER_ROW_9:
  case LEDGER_ROW_10:
    return take_manual_change(t, displayed);
  default:
    return LEDGER_SETTLED;
  }
}

/* Rows 1 to 10. */
static enum ledger_outcome
settle_by_value(struct ledger *t, const struct ledger_displayed *displayed,
                uint32_t *ret_rows)
{
  bool had_sent = t->sent.kind;
  enum ledger_row row;

  if (had_sent && ledger_settle_sent(t, displayed)) {
    *ret_rows |= 1u << LEDGER_ROW_1;
    return LEDGER_SETTLED;
  }
  row = row_without_sent(t, displayed);
  *ret_rows |= 1u << row;
  if (had_sent)
    *ret_rows |= 1u << LEDGER_ROW_2;
  return apply_row(t, displayed, row);
}

/* ---- Settling by id ---- */

/* Returns true if DISPLAYED is the display that this pipeline took last without
 * having written it. */
static bool
was_taken(const struct ledger *t, const struct ledger_displayed *displayed)
{
  if (!t->taken.known || t->taken.id != displayed->id)
    return false;
  if (displayed->id == LEDGER_OTHER_ID)
    return strcmp(displayed->other_id, t->taken.other_id) == 0;
  return same_display(displayed, &t->taken);
}

/* Returns true if the output went back past the display that was taken: to an
 * older id of the same state. */
static bool
precedes_taken(const struct ledger *t, const struct ledger_displayed *displayed)
{
  return t->taken.id == LEDGER_OTHER_ID &&
         record_id_precedes(displayed->other_id, t->taken.other_id);
}

/* Returns true if DISPLAYED shows the acknowledged value. */
static bool
is_acknowledged(const struct ledger *t,
                const struct ledger_displayed *displayed)
{
  if (displayed->id != LEDGER_OWN_ID)
    return t->acknowledged.kind && t->acknowledged_record == 0;
  if (t->acknowledged_record == LEDGER_UNKNOWN_RECORD)
    return ledger_can_show(t, displayed, &t->acknowledged);
  return displayed->id_number == t->acknowledged_record;
}

/* Returns true if DISPLAYED has a number that this target never had. */
static bool
is_newer(const struct ledger *t, const struct ledger_displayed *displayed)
{
  int64_t n = displayed->id_number;

  return displayed->id == LEDGER_OWN_ID && n > t->acknowledged_record &&
         n > t->sent_record && n > t->last_record &&
         t->acknowledged_record != LEDGER_UNKNOWN_RECORD;
}

static enum ledger_row
row_of_id(const struct ledger *t, const struct ledger_displayed *displayed)
{
  if (displayed->id == LEDGER_FORGOTTEN)
    return LEDGER_ROW_I5;
  /* Without an A, nothing was taken: the target is still to be begun. */
  if (displayed->id != LEDGER_OWN_ID &&
      !(t->acknowledged.kind && was_taken(t, displayed))) {
    if (displayed->id == LEDGER_NO_ID)
      return LEDGER_ROW_I6;
    if (!t->acknowledged.kind)
      return LEDGER_ROW_I8;
    return precedes_taken(t, displayed) ? LEDGER_ROW_I4 : LEDGER_ROW_I7;
  }
  if (sent_has_arrived(t, displayed))
    return LEDGER_ROW_I1;
  if (is_acknowledged(t, displayed))
    return t->sent.kind ? LEDGER_ROW_I3 : LEDGER_ROW_I2;
  return is_newer(t, displayed) ? LEDGER_ROW_I9 : LEDGER_ROW_I4;
}

/* i1.  A value that was taken for lost may have arrived later. */
static void
take_arrived(struct ledger *t)
{
  struct value sent =
    t->role == LEDGER_DELTA ? rounded_to_step(t, &t->sent_from) : t->sent_from;

  if (!t->sent.kind)
    memory_copy_value(&t->sent, &sent);
  acknowledge_sent(t);
}

bool
ledger_has_unwritten_zero(const struct ledger *t)
{
  return is_zero_or_empty(&t->acknowledged) && t->acknowledged_record == 0;
}

/* i4 and i5: the output lost the acknowledged value, which is pending again in
 * the record that it had.  An amount is not: whoever adds amounts up has it. */
static enum ledger_outcome
write_lost_value(struct ledger *t, enum ledger_outcome outcome)
{
  bool had_sent = t->sent.kind, has_lost;

  forget_sent(t);
  has_lost = t->role != LEDGER_DELTA && t->acknowledged.kind &&
             !t->pending.kind &&
             !(outcome == LEDGER_LOST && ledger_has_unwritten_zero(t));
  if (has_lost)
    memory_copy_value(&t->pending, &t->acknowledged);
  if (has_lost && t->acknowledged_record > 0) {
    memory_copy_value(&t->sent_from, &t->acknowledged);
    t->sent_record = t->acknowledged_record;
  }
  return had_sent || has_lost ? outcome : LEDGER_SETTLED;
}

static enum ledger_outcome
lose_target(struct ledger *t, const struct ledger_displayed *displayed)
{
  enum ledger_outcome outcome = write_lost_value(t, LEDGER_LOST);

  return t->acknowledged.kind ? outcome : never_set(t, displayed);
}

/* i6: of the rows 4 to 10, those that compare values. */
static enum ledger_outcome
take_without_id(struct ledger *t, const struct ledger_displayed *displayed,
                uint32_t *ret_rows)
{
  enum ledger_outcome outcome;

  ledger_displayed_clear(&t->acknowledged_over);
  outcome = settle_by_value(t, displayed, ret_rows);
  ledger_displayed_copy(&t->taken, displayed);
  t->acknowledged_record = 0;
  return outcome;
}

/* i8 and i9: the displayed value is newer than this state. */
static void
adopt_newer(struct ledger *t, const struct ledger_displayed *displayed)
{
  forget_sent(t);
  adopt_displayed(t, displayed);
  if (displayed->value.serial)
    t->acknowledged.serial = displayed->value.serial;
}

static enum ledger_outcome
adopt_other_state(struct ledger *t, const struct ledger_displayed *displayed)
{
  adopt_newer(t, displayed);
  ledger_displayed_copy(&t->taken, displayed);
  return LEDGER_ADOPTED;
}

/* i9: the newer state has delivered what is pending here. */
static enum ledger_outcome
continue_newer_state(struct ledger *t, const struct ledger_displayed *displayed)
{
  adopt_newer(t, displayed);
  t->acknowledged_record = displayed->id_number;
  value_clear(&t->pending);
  ledger_forget_record(t);
  t->remainder = (struct mp_decimal){ 0, 0 };
  return LEDGER_PUT_BACK;
}

static enum ledger_outcome
settle_by_id(struct ledger *t, const struct ledger_displayed *displayed,
             uint32_t *ret_rows)
{
  enum ledger_row row = row_of_id(t, displayed);

  *ret_rows = 1u << row;
  switch (row) {
  case LEDGER_ROW_I1:
    take_arrived(t);
    return LEDGER_SETTLED;
  case LEDGER_ROW_I4:
    return write_lost_value(t, LEDGER_WENT_BACK);
  case LEDGER_ROW_I5:
    return lose_target(t, displayed);
  case LEDGER_ROW_I6:
    return take_without_id(t, displayed, ret_rows);
  case LEDGER_ROW_I7:
    return LEDGER_OTHER_WRITER;
  case LEDGER_ROW_I8:
    return adopt_other_state(t, displayed);
  case LEDGER_ROW_I9:
    return continue_newer_state(t, displayed);
  default: /* i2, i3 */
    forget_sent(t);
    if (t->acknowledged_record == LEDGER_UNKNOWN_RECORD)
      t->acknowledged_record = displayed->id_number;
    return LEDGER_SETTLED;
  }
}

enum ledger_outcome
ledger_settle(struct ledger *t, const struct ledger_displayed *displayed,
              uint32_t *ret_rows)
{
  *ret_rows = 0;
  if (!displayed || !displayed->known)
    return LEDGER_SETTLED;
  if (displayed->id == LEDGER_WITHOUT_IDS)
    return settle_by_value(t, displayed, ret_rows);
  return settle_by_id(t, displayed, ret_rows);
}

void
ledger_drop(struct ledger *t, const struct ledger_displayed *displayed)
{
  if (t->role == LEDGER_DELTA)
    value_clear(&t->acknowledged);
  else if (displayed->known && displayed->id == LEDGER_WITHOUT_IDS &&
           !ledger_can_show(t, displayed, &t->acknowledged))
    adopt_displayed(t, displayed);
  value_clear(&t->pending);
  ledger_forget_record(t);
}

/* ---- A cycle ---- */

const struct value *
ledger_last(const struct ledger *t)
{
  if (t->pending.kind)
    return &t->pending;
  return t->acknowledged.kind ? &t->acknowledged : NULL;
}

bool
ledger_takes_kind(const struct ledger *t, uint32_t kind)
{
  if (t->kind)
    return t->kind == kind;
  /* A state of an earlier version has no kinds: D must then be a delta exactly
   * if the new value is.  A total is not checked, because its D has another
   * kind than the values added to it. */
  return t->role == LEDGER_TOTAL || !t->pending.kind ||
         (t->pending.kind == MP_DELTA) == (kind == MP_DELTA);
}

void
ledger_set_kind(struct ledger *t, uint32_t kind)
{
  t->kind = kind;
  if (t->role != LEDGER_PLAIN || kind != MP_DELTA)
    return;
  t->role = LEDGER_DELTA;
  if (t->acknowledged.kind == MP_DELTA)
    return;
  /* A displayed value from before the first amount is no amount. */
  value_clear(&t->acknowledged);
  t->acknowledged_record = 0;
  ledger_displayed_clear(&t->acknowledged_over);
  t->acknowledged_place = MP_EXACT;
}

/* Computes the pending value after V was added: a delta is added to it and the
 * remainder. */
static int
add_pending(const struct ledger *t, const struct value *v,
            struct mp_decimal *ret)
{
  int r = MP_OK;

  *ret = v->number;
  if (t->role != LEDGER_DELTA)
    return MP_OK;
  if (t->pending.kind)
    r = decimal_add(*ret, t->pending.number, ret);
  return r == MP_OK ? decimal_add(*ret, t->remainder, ret) : r;
}

bool
ledger_fits(const struct ledger *t, const struct value *v)
{
  struct mp_decimal pending;

  return add_pending(t, v, &pending) == MP_OK;
}

int
ledger_set_pending(struct ledger *t, const struct value *v)
{
  struct mp_decimal sum;
  int r = add_pending(t, v, &sum);

  if (r != MP_OK)
    return r;
  memory_copy_value(&t->pending, v);
  t->pending.number = sum;
  if (t->role == LEDGER_DELTA)
    t->remainder = (struct mp_decimal){ 0, 0 };
  return MP_OK;
}

int
ledger_carry(struct ledger *t, const struct value *v)
{
  struct mp_decimal amount = v->number;
  int r = MP_OK;

  if (t->unit)
    r = unit_convert(&amount, v->unit, t->unit, MP_EXACT);
  return r == MP_OK ? decimal_add(t->remainder, amount, &t->remainder) : r;
}

int
ledger_column(struct ledger *t, const struct value *v)
{
  int r = ledger_set_pending(t, v);

  if (r == MP_OK) {
    value_move(&t->acknowledged, &t->pending);
    t->acknowledged_record = 0;
    t->acknowledged_place = MP_EXACT;
  }
  return r;
}

void
ledger_adopt_column(struct ledger *t, const struct ledger_displayed *displayed)
{
  adopt_displayed(t, displayed);
  t->acknowledged.time_ms = displayed->value.time_ms;
  t->remainder =
    (struct mp_decimal){ 0, 0 }; /* the remainder went into that row */
}

void
ledger_begin(struct ledger *t)
{
  struct value zero = { .kind = MP_GAUGE, .unit = t->unit };

  if (ledger_last(t))
    return;
  value_move(&t->acknowledged, &zero);
  t->acknowledged_record = 0;
  t->acknowledged_place = MP_EXACT;
}

/* Sets sent_from to the pending value, with the number of its record. */
static void
take_record(struct ledger *t, int64_t id)
{
  if (t->sent_record && same_value_and_meter(&t->pending, &t->sent_from))
    return; /* MD was sent before and is sent again unchanged */
  t->sent_record = id;
  memory_copy_value(&t->sent_from, &t->pending);
}

bool
ledger_prepare(struct ledger *t, const struct ledger_displayed *displayed,
               int64_t id)
{
  struct value m;

  t->sent_earlier = t->sent.kind && t->role == LEDGER_DELTA;
  if (t->sent_earlier) {
    if (!t->sent_record) /* from a state of a version without record numbers */
      t->sent_record = id;
    return true;
  }
  if (!t->pending.kind)
    return false;
  take_record(t, id);
  ledger_displayed_copy(&t->sent_over, displayed);
  m =
    t->role == LEDGER_DELTA ? rounded_to_step(t, &t->sent_from) : t->sent_from;
  memory_copy_value(&t->sent, &m);
  return true;
}

void
ledger_as_sent(const struct ledger *t, struct value *ret)
{
  struct value sent = rounded_to_step(t, &t->sent);

  memory_copy_value(ret, &sent);
}

/* A server that refuses, or a proxy in front of it, may still have carried out
 * the request.  If the target can be asked (sent_over is known), its next
 * displayed value decides.  If not, the refusal is final: there is no other
 * information. */
static bool
did_not_arrive(const struct ledger *t, uint32_t result)
{
  return result == MP_NOT_SENT ||
         ((result == MP_RETRY || result == MP_REJECTED) && !t->sent_over.known);
}

void
ledger_result(struct ledger *t, uint32_t result)
{
  if (result == MP_ACCEPTED && t->sent.kind)
    acknowledge_sent(t);
  else if (did_not_arrive(t, result) && !t->sent_earlier)
    forget_sent(t);
}

void
ledger_refuse(struct ledger *t)
{
  forget_sent(t);
  ledger_forget_record(t);
  t->sent_earlier = false;
}
