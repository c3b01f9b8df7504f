/*
 * Fuzz target: the texts of the state (a ledger's and a row's); inside the
 * database their checksums hide them from a fuzzer.  Also checks that an
 * accepted text is written back as the same text, and that the rules of the
 * ledger end, whatever numbers it holds.
 *
 *     RR TEXT     RR  bits 0..1 the role, bit 2 the display, bit 3 a step,
 *                     bits 4..6 the id of the display
 */
#include "core/ledger/ledger.h"
#include "core/cycle/queue_row.h"
#include "fuzz/require.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checks that encoding is stable from the second time on: the first text may
 * have had blanks, or a member twice. */
static void
check_text(const struct ledger *t)
{
  char *text = ledger_encode(t), *again;
  struct ledger copy;

  ledger_init(&copy, t->role);
  require(ledger_decode(&copy, text));
  again = ledger_encode(&copy);
  require(strcmp(again, text) == 0);
  free(again);
  free(text);
  ledger_clear(&copy);
}

/* Makes a run: settles with the displayed value, takes a cycle's value, sends
 * it. */
static void
run_once(struct ledger *t, const struct ledger_displayed *displayed)
{
  const struct value *last;
  struct value v = { 0 };
  uint32_t rows;

  ledger_settle(t, displayed, &rows);
  last = ledger_last(t);
  if (!last)
    return;
  require(value_copy(&v, last));
  if (ledger_set_pending(t, &v) == MP_OK && ledger_prepare(t, displayed, 1)) {
    value_clear(&v);
    ledger_as_sent(t, &v);
    ledger_result(t, MP_ACCEPTED);
  }
  value_clear(&v);
  check_text(t);
}

/* Gives the display one of the ids that the rules tell apart. */
static void
choose_id(struct ledger_displayed *displayed, const struct ledger *t,
          uint8_t choice)
{
  static const enum ledger_id ids[] = {
    LEDGER_WITHOUT_IDS, LEDGER_NO_ID,  LEDGER_OWN_ID,   LEDGER_OWN_ID,
    LEDGER_OWN_ID,      LEDGER_OWN_ID, LEDGER_OTHER_ID, LEDGER_FORGOTTEN,
  };
  const int64_t numbers[] = {
    0, 0, t->sent_record, t->acknowledged_record, INT64_MAX, 1, 0, 0,
  };

  displayed->id = ids[choice >> 4 & 7];
  displayed->id_number = numbers[choice >> 4 & 7];
  free(displayed->other_id);
  displayed->other_id = NULL;
  if (displayed->id == LEDGER_OTHER_ID)
    displayed->other_id =
      strdup(t->taken.other_id && choice & 4 ? t->taken.other_id : "x-1");
}

static void
check_ledger(const char *text, uint8_t choice)
{
  struct ledger_displayed displayed = { 0 };
  struct ledger t;

  ledger_init(&t, (enum ledger_role)(choice & 3));
  if (ledger_decode(&t, text)) {
    check_text(&t);
    if (choice & 8)
      t.step = (struct mp_decimal){ 1, -1 };
    ledger_displayed_copy(&displayed,
                          choice & 4 ? &t.sent_over : &t.acknowledged_over);
    choose_id(&displayed, &t, choice);
    run_once(&t, &displayed);
    ledger_set_unit(&t, "kWh");
    run_once(&t, &displayed);
    ledger_drop(&t, &displayed);
  }
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct queue_row row;
  char *text;

  if (size < 1)
    return 0;
  text = strndup((const char *)data + 1, size - 1);
  require(text);
  check_ledger(text, data[0]);
  if (queue_row_decode(&row, text))
    queue_row_clear(&row);
  free(text);
  return 0;
}
