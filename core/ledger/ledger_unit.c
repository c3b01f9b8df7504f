/*
 * Converts a ledger after the unit or the step of its target was changed: see
 * "Another unit, another step" in doc/ledger.md.
 */
#include "core/ledger/ledger.h"

#include "lib/unit.h"

/* ---- Conversion ---- */

static int
convert_value(struct value *v, const char *from, const char *to)
{
  if (v->kind == 0 || v->text)
    return MP_OK;
  v->unit = to;
  return unit_convert(&v->number, from, to, MP_EXACT);
}

/* Converts a displayed value exactly.  Its place is not converted:
 * acknowledged_over and sent_over are compared only by value and time. */
static int
convert_displayed(struct ledger_displayed *s, const char *from, const char *to)
{
  return s->known ? convert_value(&s->value, from, to) : MP_OK;
}

int
ledger_set_unit(struct ledger *t, const char *unit)
{
  struct ledger was;
  int r;

  if (!t->unit || unit_same(t->unit, unit)) {
    t->unit = unit;
    return MP_OK;
  }
  ledger_init(&was, t->role);
  ledger_copy(&was, t);
  if (!t->sent.kind) /* another unit: no longer the record that was sent */
    ledger_forget_record(t);
  r = convert_value(&t->acknowledged, was.unit, unit);
  if (r == MP_OK)
    r = convert_value(&t->sent, was.unit, unit);
  if (r == MP_OK)
    r = convert_value(&t->sent_from, was.unit, unit);
  if (r == MP_OK)
    r = convert_value(&t->pending, was.unit, unit);
  if (r == MP_OK)
    r = unit_convert(&t->remainder, was.unit, unit, MP_EXACT);
  if (r == MP_OK)
    r = convert_displayed(&t->acknowledged_over, was.unit, unit);
  if (r == MP_OK)
    r = convert_displayed(&t->sent_over, was.unit, unit);
  if (r == MP_OK)
    r = convert_displayed(&t->taken, was.unit, unit);
  if (r != MP_OK) {
    ledger_clear(t);
    *t = was;
    return r;
  }
  t->unit = unit;
  ledger_clear(&was);
  return MP_OK;
}

/* ---- Changes ---- */

/* Empties the ledger.  A plain target can do that: its next reading replaces
 * all that was kept. */
static void
empty_ledger(struct ledger *t, const char *unit)
{
  ledger_forget_record(t);
  ledger_clear(t);
  t->acknowledged_record = 0;
  t->remainder = (struct mp_decimal){ 0, 0 };
  t->acknowledged_place = MP_EXACT;
  t->unit = unit;
}

/* Only steps that differ by a power of ten are handled: dividers do. */
#define MAX_SHIFT 30
#define MAX_PLACE 1000

/* Returns DISPLAYED as the target would display it with its old step.  A device
 * stores a number of steps, so another step scales its display.  Borrows from
 * DISPLAYED. */
static struct ledger_displayed
in_old_step(const struct ledger *t, const struct ledger_displayed *displayed,
            struct mp_decimal step)
{
  struct ledger_displayed view = *displayed;
  int64_t shift = (int64_t)t->step.exp10 - step.exp10;

  if (t->step.coef <= 0 || t->step.coef != step.coef || shift > MAX_SHIFT ||
      shift < -MAX_SHIFT)
    return view;
  view.value.number.exp10 += (int32_t)shift;
  if (view.place > -MAX_PLACE && view.place < MAX_PLACE) /* MP_EXACT stays */
    view.place += (int32_t)shift;
  return view;
}

static bool
is_changed(const struct ledger *t, const char *unit, struct mp_decimal step)
{
  if (unit && t->unit && !unit_same(t->unit, unit))
    return true;
  return t->step.coef > 0 && step.coef > 0 && decimal_valid(step) &&
         decimal_compare(t->step, step) != 0;
}

/* Sets acknowledged_over to the displayed value if the target no longer
 * displays the acknowledged one, so that settling sends A again (row 3).  An id
 * no longer proves that A is displayed (row i4). */
static void
write_again(struct ledger *t, const struct ledger_displayed *displayed,
            bool *ret_again)
{
  if (t->role == LEDGER_DELTA ||
      ledger_can_show(t, displayed, &t->acknowledged))
    return;
  *ret_again = true;
  if (displayed->id != LEDGER_WITHOUT_IDS)
    t->acknowledged_record = LEDGER_UNKNOWN_RECORD;
  ledger_displayed_copy(&t->acknowledged_over, displayed);
}

int
ledger_follow(struct ledger *t, const struct ledger_displayed *displayed,
              struct mp_decimal step, bool *ret_again)
{
  const char *unit = displayed->value.unit;
  bool changed = is_changed(t, unit, step), ours = false;
  int r = MP_OK;

  *ret_again = false;
  if (changed) {
    /* Compare the numbers as if unit and step had not changed. */
    struct ledger_displayed view = in_old_step(t, displayed, step);

    ours = ledger_can_show(t, &view, &t->acknowledged);
    if (ledger_can_show(t, &view, &t->sent) && ledger_settle_sent(t, &view))
      ours = true;
  }
  if (unit)
    r = ledger_set_unit(t, unit);
  else if (t->role == LEDGER_PLAIN && !t->sent.kind && !ledger_last(t))
    t->unit = NULL; /* no value is left in it, and the target takes any unit */
  if ((r == MP_ECONFIG || r == MP_ERANGE) && t->role == LEDGER_PLAIN) {
    empty_ledger(t, unit);
    ours = false;
    r = MP_OK;
  }
  if (r != MP_OK)
    return r;
  t->step = step;
  if (ours)
    write_again(t, displayed, ret_again);
  return MP_OK;
}
