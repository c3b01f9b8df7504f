/*
 * The rules of the ledger as a table of cases: doc/ledger.md, row by row.
 *
 * A ledger is written as "A=84 B=83@t1 M=85 N=84@t2 D=85 E=0.0004"; entries it
 * does not have are left out.  A displayed value is written "84.2@t3", with
 * "~-1" after it if its last place is 10^-1, and "-@t3" if the target displays
 * no value.  Without "@" it has no time of last update.  A text is written
 * 'hot'.  "m" is the pending value that M was made from.
 *
 * "#7" after a value is the number of its record.  A displayed value with "#"
 * is of an output that gives ids: "85#7" has an id of this state, "85#x-7" an
 * id of another one, "85#" none; "forgotten" is no value.  "T" is the display
 * that was taken last, "L" the highest number that was forgotten.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger/ledger.h"
#include "lib/array.h"
#include "tests/support/run_suite.h"

/* ---- The notation ---- */

static struct mp_decimal
number(const char *text, size_t len)
{
  struct mp_decimal d = { 0, 0 };

  ck_assert_msg(decimal_parse(text, len, &d) == MP_OK, "\"%.*s\"", (int)len,
                text);
  return d;
}

/* Returns the length of the value in TEXT, and what follows "#" in *ret_id;
 * NULL: there is no "#". */
static size_t
split_id(const char *text, size_t len, const char **ret_id)
{
  const char *mark = memchr(text, '#', len);

  *ret_id = mark ? mark + 1 : NULL;
  return mark ? (size_t)(mark - text) : len;
}

static void
read_id(struct ledger_displayed *s, const char *id, const char *end)
{
  if (id == end)
    s->id = LEDGER_NO_ID;
  else if (*id >= '0' && *id <= '9') {
    s->id = LEDGER_OWN_ID;
    s->id_number = atoll(id);
  } else {
    s->id = LEDGER_OTHER_ID;
    s->other_id = strndup(id, (size_t)(end - id));
  }
}

static void
read_value(struct value *v, const char *text, size_t len)
{
  value_clear(v);
  if (*text == '\'') {
    v->kind = MP_TEXT;
    v->text = strndup(text + 1, len - 2);
    return;
  }
  v->kind = MP_COUNTER;
  v->number = number(text, len);
}

static void
read_displayed(struct ledger_displayed *s, const char *text, size_t len)
{
  const char *mark = memchr(text, '@', len), *id;
  size_t n = mark ? (size_t)(mark - text) : len;
  char at[64], *tilde;

  ck_assert(len - n < sizeof(at));
  ledger_displayed_clear(s);
  s->known = true;
  s->place = MP_EXACT;
  if (strcmp(text, "forgotten") == 0) {
    s->id = LEDGER_FORGOTTEN;
    return;
  }
  n = split_id(text, n, &id);
  if (id)
    read_id(s, id, mark ? mark : text + len);
  if (*text != '-' || n > 1)
    read_value(&s->value, text, n);
  if (!mark)
    return;
  snprintf(at, sizeof(at), "%.*s", (int)(len - n - 1), text + n + 1);
  tilde = strchr(at, '~');
  if (tilde) {
    s->place = atoi(tilde + 1);
    *tilde = 0;
  }
  s->updated = strdup(at);
}

static void
read_ledger(struct ledger *t, enum ledger_role role, const char *text)
{
  ledger_init(t, role);
  while (*text) {
    size_t len = strcspn(text, " ");
    char name = text[0];
    const char *rest = text + 2, *id = NULL;
    size_t n = strchr("BNT", name) ? len - 2 : split_id(rest, len - 2, &id);

    if (name == 'A') {
      read_value(&t->acknowledged, rest, n);
      t->acknowledged_record =
        id && *id == '?' ? LEDGER_UNKNOWN_RECORD : (id ? atoll(id) : 0);
    } else if (name == 'M' || name == 'm') {
      read_value(name == 'M' ? &t->sent : &t->sent_from, rest, n);
      t->sent_record = id ? atoll(id) : t->sent_record;
    } else if (name == 'L')
      t->last_record = atoll(rest);
    else if (name == 'T')
      read_displayed(&t->taken, rest, n);
    else if (name == 'D')
      read_value(&t->pending, rest, n);
    else if (name == 'E')
      t->remainder = number(rest, n);
    else if (name == 'B')
      read_displayed(&t->acknowledged_over, rest, n);
    else if (name == 'N')
      read_displayed(&t->sent_over, rest, n);
    else
      ck_abort_msg("%s", text);
    text += len;
    text += strspn(text, " ");
  }
  if (t->sent.kind &&
      !t->sent_from.kind) /* unless "m" is given, M was made from D */
    value_copy(&t->sent_from, t->pending.kind ? &t->pending : &t->sent);
}

static void
put(char *buf, size_t size, char name, const struct value *v)
{
  char text[DECIMAL_TEXT];
  size_t len = strlen(buf);

  if (v->kind == 0)
    return;
  if (v->text) {
    snprintf(buf + len, size - len, "%s%c='%s'", len ? " " : "", name, v->text);
    return;
  }
  decimal_format(v->number, text, sizeof(text));
  snprintf(buf + len, size - len, "%s%c=%s", len ? " " : "", name, text);
}

static void
put_record(char *buf, size_t size, int64_t record)
{
  size_t len = strlen(buf);

  if (record == LEDGER_UNKNOWN_RECORD)
    snprintf(buf + len, size - len, "#?");
  else if (record > 0)
    snprintf(buf + len, size - len, "#%lld", (long long)record);
}

static void
put_displayed(char *buf, size_t size, char name,
              const struct ledger_displayed *s)
{
  size_t len;

  if (!s->known)
    return;
  if (s->value.kind)
    put(buf, size, name, &s->value);
  len = strlen(buf);
  if (!s->value.kind)
    snprintf(buf + len, size - len, "%s%c=-", len ? " " : "", name);
  len = strlen(buf);
  if (s->id != LEDGER_WITHOUT_IDS)
    snprintf(buf + len, size - len, "#%s", s->other_id ? s->other_id : "");
  len = strlen(buf);
  if (s->updated)
    snprintf(buf + len, size - len, "@%s", s->updated);
}

/* Writes M and N only while a value is in flight, m only while none is, and E
 * only if it is not 0. */
static void
write_ledger(const struct ledger *t, char *buf, size_t size)
{
  struct value e = { .kind = MP_DELTA, .number = t->remainder };

  buf[0] = 0;
  put(buf, size, 'A', &t->acknowledged);
  put_record(buf, size, t->acknowledged_record);
  put_displayed(buf, size, 'B', &t->acknowledged_over);
  put(buf, size, 'M', &t->sent);
  if (t->sent.kind)
    put_record(buf, size, t->sent_record);
  if (t->sent.kind)
    put_displayed(buf, size, 'N', &t->sent_over);
  put(buf, size, 'D', &t->pending);
  if (!t->sent.kind && t->sent_record) {
    put(buf, size, 'm', &t->sent_from);
    put_record(buf, size, t->sent_record);
  }
  put_displayed(buf, size, 'T', &t->taken);
  if (t->remainder.coef != 0)
    put(buf, size, 'E', &e);
}

static const char *
role_name(enum ledger_role role)
{
  static const char *const names[] = { "plain", "base", "total", "delta" };

  return names[role];
}

static const char *
outcome_name(enum ledger_outcome outcome)
{
  static const char *const names[] = { "settled",   "first",   "changed",
                                       "went back", "lost",    "other writer",
                                       "adopted",   "put back" };

  return names[outcome];
}

/* ---- Settling ---- */

#define PLAIN LEDGER_PLAIN
#define BASE LEDGER_BASE
#define TOTAL LEDGER_TOTAL
#define DELTA LEDGER_DELTA
#define SETTLED LEDGER_SETTLED
#define FIRST LEDGER_FIRST
#define CHANGED LEDGER_CHANGED
#define WENT_BACK LEDGER_WENT_BACK
#define LOST LEDGER_LOST
#define OTHER LEDGER_OTHER_WRITER
#define ADOPTED LEDGER_ADOPTED
#define PUT_BACK LEDGER_PUT_BACK

static const struct settling {
  const char *rows; /* of the table in doc/ledger.md */
  enum ledger_role role;
  const char *before, *displayed, *after;
  enum ledger_outcome outcome;
} settlings[] = {
  /* 1: M arrived. */
  { "1", BASE, "A=84 B=83@1 M=85 N=84@2 D=85", "85@3", "A=85 B=84@2", SETTLED },
  { "1", TOTAL, "A=84 B=83@1 M=85 N=84@2 D=85", "85@3", "A=85 B=84@2",
    SETTLED },
  { "1", PLAIN, "M=85 N=-@2 D=85", "85@3", "A=85 B=-@2", SETTLED },
  /* a later cycle has put another value into D: it stays pending */
  { "1", BASE, "A=84 B=83@1 M=85 N=84@2 D=86 m=85", "85@3", "A=85 B=84@2 D=86",
    SETTLED },
  { "1", DELTA, "M=0.2 N=0.1@2 D=0.2", "0.2@3", "A=0.2 B=0.1@2", SETTLED },
  /* of a delta, D - M stays pending */
  { "1", DELTA, "M=0.2 N=0.1@2 D=0.5 m=0.2", "0.2@3", "A=0.2 B=0.1@2 D=0.3",
    SETTLED },
  /* the same value as before, with another time: M arrived */
  { "1", DELTA, "A=0.2 B=0@1 M=0.2 N=0.2@2 D=0.2", "0.2@3", "A=0.2 B=0.2@2",
    SETTLED },
  /* M rounded to the displayed place */
  { "1", BASE, "A=11388.20 B=11388.2@1~-1 M=11388.25 N=11388.2@2~-1 D=11388.25",
    "11388.2@3~-1", "A=11388.25 B=11388.2@2", SETTLED },
  { "1", BASE, "A=11388.20 M=11388.25 N=11388.2@2~-1 D=11388.25",
    "11388.3@3~-1", "A=11388.25 B=11388.2@2", SETTLED },
  /* 2: M did not arrive; D stays pending; the rows below apply. */
  { "2, 4", BASE, "A=84 B=83@1 M=85 N=84@2 D=85", "84@2", "A=84 B=83@1 D=85",
    SETTLED },
  { "2, 4", DELTA, "A=0.1 B=0@1 M=0.2 N=0.1@2 D=0.2", "0.1@2",
    "A=0.1 B=0@1 D=0.2", SETTLED },
  { "2, 5", TOTAL, "M=85 N=-@2 D=85", "-@2", "A=0 D=85", SETTLED },
  /* neither M nor N is displayed: row 8 applies, and D is moved */
  { "2, 8", TOTAL, "A=84 B=83@1 M=85 N=84@2 D=85", "500@9", "A=500 D=501",
    CHANGED },
  /* B is displayed again: the server has lost M and A */
  { "2, 3", TOTAL, "A=84 B=83@1 M=85 N=84@2 D=85", "83@1", "A=84 B=83@1 D=85",
    SETTLED },
  /* 3: the server lost A. */
  { "3", BASE, "A=84 B=83@1", "83@1", "A=84 B=83@1 D=84", SETTLED },
  { "3", BASE, "A=84 B=83@1 D=85", "83@1", "A=84 B=83@1 D=85", SETTLED },
  { "3", TOTAL, "A=84 B=83@1", "83@1", "A=84 B=83@1 D=84", SETTLED },
  { "3", PLAIN, "A=84 B=83@1", "83@1", "A=84 B=83@1 D=84", SETTLED },
  { "3", DELTA, "A=0.2 B=0.1@1", "0.1@1", "B=0.1@1 D=0.2", SETTLED },
  { "3", DELTA, "A=0.2 B=0.1@1 D=0.3", "0.1@1", "B=0.1@1 D=0.5", SETTLED },
  { "2, 3", DELTA, "A=0.2 B=0.1@1 M=0.3 N=0.2@2 D=0.3", "0.1@1",
    "B=0.1@1 D=0.5", SETTLED },
  /* 4: nothing happened. */
  { "4", BASE, "A=84 B=83@1 D=85", "84@2", "A=84 B=83@1 D=85", SETTLED },
  { "4", TOTAL, "A=12345.678 B=0@1", "12345.7@2~-1", "A=12345.678 B=0@1",
    SETTLED },
  { "4", DELTA, "A=0.2 B=0.1@1 D=0.3", "77@9", "A=0.2 B=0.1@1 D=0.3", SETTLED },
  { "4", DELTA, "", "0@9", "", SETTLED },
  /* zero, or an empty text, may be displayed as no value */
  { "4", TOTAL, "A=0", "-@1", "A=0", SETTLED },
  { "4", TOTAL, "A=0 B=-@1", "0@2", "A=0 B=-@1", SETTLED },
  { "4", TOTAL, "A=0.00 D=3", "-@1", "A=0.00 D=3", SETTLED },
  { "2, 4", TOTAL, "A=0 M=3 N=-@1 D=3", "-@1", "A=0 D=3", SETTLED },
  { "4", BASE, "A=0 D=3", "-@1", "A=0 D=3", SETTLED },
  { "4", PLAIN, "A=0 B=7@1", "-@2", "A=0 B=7@1", SETTLED },
  { "4", PLAIN, "A='' B='hot'@1", "-@2", "A='' B='hot'@1", SETTLED },
  { "3", TOTAL, "A=0 B=-@1", "-@1", "A=0 B=-@1 D=0", SETTLED },
  /* 5: never set. */
  { "5", BASE, "", "0@1", "", FIRST },
  { "5", BASE, "", "-@1", "", FIRST },
  { "5", BASE, "D=84", "0@1", "D=84", SETTLED },
  { "5", TOTAL, "", "0@1", "A=0", FIRST },
  { "5", TOTAL, "D=3", "0@1", "A=0 D=3", SETTLED },
  { "5", PLAIN, "", "-@1", "", FIRST },
  /* 6: first value that the target displays. */
  { "6", BASE, "", "84@1", "A=84", SETTLED },
  { "6", TOTAL, "", "512.25@1", "A=512.25", SETTLED },
  { "6", BASE, "D=85", "84@1", "D=85", SETTLED },
  { "6", TOTAL, "D=85", "84@1", "D=85", SETTLED },
  /* 7: an emptied base: the ledger's value counts. */
  { "7", BASE, "A=84 B=83@1", "0@9", "A=84 B=83@1", SETTLED },
  { "7", BASE, "A=84 B=83@1 D=85", "-@9", "A=84 B=83@1 D=85", SETTLED },
  /* 8: a total changed by hand. */
  { "8", TOTAL, "A=84 B=83@1", "0@9", "A=0", CHANGED },
  { "8", TOTAL, "A=84 B=83@1", "500@9", "A=500", CHANGED },
  { "8", TOTAL, "A=84 B=83@1 D=85.5", "500@9", "A=500 D=501.5", CHANGED },
  { "8", TOTAL, "A=84 B=83@1 D=85.5", "0@9", "A=0 D=1.5", CHANGED },
  /* 9: a base changed by hand. */
  { "9", BASE, "A=84 B=83@1", "70@9", "A=70", CHANGED },
  { "9", BASE, "A=84 B=83@1 D=85", "70@9", "A=70", CHANGED },
  /* 10: another program also writes to the target. */
  { "10", PLAIN, "A=84 B=83@1", "70@9", "A=70", CHANGED },
  { "10", PLAIN, "A=84 B=83@1 D=85", "70@9", "A=70 D=85", CHANGED },
  { "10", PLAIN, "A=84 B=83@1 D=85", "0@9", "A=0 D=85", CHANGED },
  /* A text is compared with a text; one of digits may be displayed as a
   * number. */
  { "1", PLAIN, "A='hot' B='warm'@1 M='cold' N='hot'@2 D='cold'", "'cold'@3",
    "A='cold' B='hot'@2", SETTLED },
  { "2, 4", PLAIN, "A='hot' B='warm'@1 M='cold' N='hot'@2 D='cold'", "'hot'@2",
    "A='hot' B='warm'@1 D='cold'", SETTLED },
  { "3", PLAIN, "A='hot' B='warm'@1", "'warm'@1", "A='hot' B='warm'@1 D='hot'",
    SETTLED },
  { "4", PLAIN, "A='hot' B='warm'@1", "'hot'@2", "A='hot' B='warm'@1",
    SETTLED },
  { "10", PLAIN, "A='hot' B='warm'@1", "'cold'@9", "A='cold'", CHANGED },
  { "10", PLAIN, "A='hot' B='warm'@1", "0@9", "A=0", CHANGED },
  { "10", PLAIN, "A='1' B='warm'@1", "0@9", "A=0", CHANGED },
  { "10", PLAIN, "A=0 B=1@1", "'cold'@9", "A='cold'", CHANGED },
  { "4", PLAIN, "A='012' B='warm'@1", "12@9", "A='012' B='warm'@1", SETTLED },
  { "1", PLAIN, "A='hot' B='warm'@1 M='12' N='hot'@2 D='12'", "12@3",
    "A='12' B='hot'@2", SETTLED },
  /* i1: M arrived; whatever value is displayed, its id decides. */
  { "i1", TOTAL, "A=84#4 M=85#5 N=84# D=85", "85#5", "A=85#5 B=84#", SETTLED },
  { "i1", BASE, "A=84#4 M=85#5 D=86 m=85", "85#5", "A=85#5 D=86", SETTLED },
  { "i1", DELTA, "A=0.1#4 M=0.2#5 D=0.5 m=0.2", "0.2#5", "A=0.2#5 D=0.3",
    SETTLED },
  { "i1", TOTAL, "A=84#4 B=85@1 M=85#5 D=85", "85#5@1", "A=85#5", SETTLED },
  /* a value that was taken for lost arrives later */
  { "i1", TOTAL, "A=84#4 D=85 m=85#5", "85#5", "A=85#5", SETTLED },
  { "i1", DELTA, "A=0.1#4 D=0.5 m=0.2#5", "0.2#5", "A=0.2#5 D=0.3", SETTLED },
  /* i2: nothing happened. */
  { "i2", TOTAL, "A=84#4", "84#4", "A=84#4", SETTLED },
  { "i2", BASE, "A=84#4 D=85", "84.0#4@9", "A=84#4 D=85", SETTLED },
  { "i2", DELTA, "A=0.2#4 D=0.3", "0.2#4", "A=0.2#4 D=0.3", SETTLED },
  /* the display that A was taken from is still there */
  { "i2", TOTAL, "A=500 T=500#", "500#", "A=500 T=500#", SETTLED },
  { "i2", TOTAL, "A=500 T=500#x-1", "500#x-1", "A=500 T=500#x-1", SETTLED },
  /* i3: M did not arrive; its record is kept. */
  { "i3", TOTAL, "A=84#4 M=85#5 D=85", "84#4", "A=84#4 D=85 m=85#5", SETTLED },
  { "i3", DELTA, "A=0.2#4 M=0.2#5 D=0.2", "0.2#4", "A=0.2#4 D=0.2 m=0.2#5",
    SETTLED },
  { "i3", PLAIN, "A=500 M=7#5 D=7 T=500#x-1", "500#x-1",
    "A=500 D=7 m=7#5 T=500#x-1", SETTLED },
  /* i4: an older copy: A is pending again in its record, but not an amount. */
  { "i4", TOTAL, "A=84#4", "83#3", "A=84#4 D=84 m=84#4", WENT_BACK },
  { "i4", BASE, "A=84#4", "83#3", "A=84#4 D=84 m=84#4", WENT_BACK },
  { "i4", PLAIN, "A='hot'#4", "'cold'#3", "A='hot'#4 D='hot' m='hot'#4",
    WENT_BACK },
  { "i4", TOTAL, "A=84#4 D=85", "83#3", "A=84#4 D=85", SETTLED },
  { "i4", TOTAL, "A=84#4 M=85#5 D=85", "83#3", "A=84#4 D=85 m=85#5",
    WENT_BACK },
  { "i4", DELTA, "A=0.2#4", "0.1#3", "A=0.2#4", SETTLED },
  { "i4", DELTA, "A=0.2#4 M=0.3#5 D=0.3", "0.1#3", "A=0.2#4 D=0.3 m=0.3#5",
    WENT_BACK },
  /* the value set by hand is lost: it is pending again, in a new record */
  { "i4", TOTAL, "A=500 L=4 T=500#", "84#4", "A=500 D=500 T=500#", WENT_BACK },
  /* back to a display that was taken: by hand, or of another state */
  { "i4", TOTAL, "A=501#5 T=500#", "500#", "A=501#5 D=501 m=501#5 T=500#",
    WENT_BACK },
  { "i4", TOTAL, "A=501#5 T=500#x-1", "500#x-1",
    "A=501#5 D=501 m=501#5 T=500#x-1", WENT_BACK },
  /* i5: forgotten: the ledger counts. */
  { "i5", TOTAL, "A=84#4", "forgotten", "A=84#4 D=84 m=84#4", LOST },
  { "i5", TOTAL, "A=84#4 M=85#5 D=85", "forgotten", "A=84#4 D=85 m=85#5",
    LOST },
  { "i5", BASE, "A=84#4 D=85", "forgotten", "A=84#4 D=85", SETTLED },
  { "i5", DELTA, "A=0.2#4", "forgotten", "A=0.2#4", SETTLED },
  { "i5", DELTA, "A=0.2#4 M=0.3#5 D=0.3", "forgotten", "A=0.2#4 D=0.3 m=0.3#5",
    LOST },
  /* the 0 that a total begins with was never written */
  { "i5", TOTAL, "A=0", "forgotten", "A=0", SETTLED },
  { "i5", TOTAL, "A=0 M=85#5 D=85", "forgotten", "A=0 D=85 m=85#5", LOST },
  { "i5", TOTAL, "A=0#4", "forgotten", "A=0#4 D=0 m=0#4", LOST },
  /* nothing was ever written */
  { "i5", TOTAL, "", "forgotten", "A=0", FIRST },
  { "i5", BASE, "", "forgotten", "", FIRST },
  { "i5", TOTAL, "M=85#5 D=85", "forgotten", "A=0 D=85 m=85#5", SETTLED },
  /* i6: no id: M did not arrive, and the values decide. */
  { "i6, 8", TOTAL, "A=84#4", "500#", "A=500 T=500#", CHANGED },
  { "i6, 8", TOTAL, "A=84#4 D=85", "500#", "A=500 D=501 T=500#", CHANGED },
  { "i6, 2, 8", TOTAL, "A=84#4 M=85#5 D=85", "85#", "A=85 D=86 m=85#5 T=85#",
    CHANGED },
  { "i6, 9", BASE, "A=84#4 D=85", "70#", "A=70 T=70#", CHANGED },
  { "i6, 10", PLAIN, "A=84#4 D=85", "70#", "A=70 D=85 T=70#", CHANGED },
  { "i6, 7", BASE, "A=84#4", "0#", "A=84 T=0#", SETTLED },
  { "i6, 6", TOTAL, "", "512#", "A=512 T=512#", SETTLED },
  { "i6, 6", BASE, "D=85", "84#", "D=85 T=84#", SETTLED },
  { "i6, 5", TOTAL, "", "0#", "A=0 T=0#", FIRST },
  /* a base that is not set is still not set when it is asked again */
  { "i6, 5", BASE, "T=0#", "0#", "T=0#", FIRST },
  { "i6, 4", TOTAL, "A=84#4", "84#", "A=84 T=84#", SETTLED },
  { "i6, 4", DELTA, "A=0.2#4 D=0.3", "7#", "A=0.2 D=0.3 T=7#", SETTLED },
  { "i6, 2, 4", DELTA, "A=0.2#4 M=0.3#5 D=0.3", "0.3#",
    "A=0.2 D=0.3 m=0.3#5 T=0.3#", SETTLED },
  /* another time of last update: set by hand once more */
  { "i6, 8", TOTAL, "A=501#5 T=500#@1", "500#@2", "A=500 T=500#@@2", CHANGED },
  /* ... or by an older id of the state that T came from */
  { "i4", TOTAL, "A=84#4 T=500#x-12", "70#x-9", "A=84#4 D=84 m=84#4 T=500#x-12",
    WENT_BACK },
  { "i4", TOTAL, "A=500 T=500#x-12", "70#x-9", "A=500 D=500 T=500#x-12",
    WENT_BACK },
  { "i4", DELTA, "A=0.2#4 T=7#x-2", "7#x-1", "A=0.2#4 T=7#x-2", SETTLED },
  /* i7: another pipeline writes here. */
  { "i7", TOTAL, "A=500 T=500#x-2", "500#y-1", "A=500 T=500#x-2", OTHER },
  { "i7", TOTAL, "A=84#4 D=85", "70#x-1", "A=84#4 D=85", OTHER },
  { "i7", DELTA, "A=0.2#4 M=0.3#5 D=0.3", "0.3#x-5", "A=0.2#4 M=0.3#5 D=0.3",
    OTHER },
  { "i7", TOTAL, "A=500 T=500#x-1", "500#x-2", "A=500 T=500#x-1", OTHER },
  { "i7", TOTAL, "A=500 T=500#", "500#x-2", "A=500 T=500#", OTHER },
  /* i8: this pipeline's state was lost. */
  { "i8", TOTAL, "", "70#x-1", "A=70 T=70#x-1", ADOPTED },
  { "i8", BASE, "", "70#x-1", "A=70 T=70#x-1", ADOPTED },
  { "i8", DELTA, "D=0.3", "0.2#x-1", "A=0.2 D=0.3 T=0.2#x-1", ADOPTED },
  { "i8", PLAIN, "M=7#5 D=7", "6#x-1", "A=6 D=7 m=7#5 T=6#x-1", ADOPTED },
  /* i9: an older copy of the state was put back. */
  { "i9", TOTAL, "A=84#4", "90#9", "A=90#9", PUT_BACK },
  { "i9", BASE, "A=84#4 M=85#5 D=85", "90#9", "A=90#9", PUT_BACK },
  { "i9", DELTA, "A=0.2#4 D=0.3 E=0.0004", "0.7#9", "A=0.7#9", PUT_BACK },
  { "i9", TOTAL, "", "90#9", "A=90#9", PUT_BACK },
  { "i4", TOTAL, "A=84 L=9", "90#9", "A=84 D=84", WENT_BACK },
  /* A is of a version that did not keep its record: its value decides. */
  { "i2", TOTAL, "A=84#?", "84#4", "A=84#4", SETTLED },
  { "i3", TOTAL, "A=84#? M=85#5 D=85", "84#4", "A=84#4 D=85 m=85#5", SETTLED },
  { "i4", TOTAL, "A=84#? D=85", "90#9", "A=84#? D=85", SETTLED },
  { "i4", TOTAL, "A=84#?", "83#3", "A=84#? D=84", WENT_BACK },
  /* Without a time of last update, only the values are compared. */
  { "1", BASE, "A=84 B=83 M=85 N=84 D=85", "85", "A=85 B=84", SETTLED },
  { "2, 4", BASE, "A=84 B=83 M=85 N=84 D=85", "84", "A=84 B=83 D=85", SETTLED },
  { "3", TOTAL, "A=84 B=83", "83", "A=84 B=83 D=84", SETTLED },
  /* a time that appears or disappears is a different time */
  { "8", TOTAL, "A=84 B=83@1", "83", "A=83", CHANGED },
  { "8", TOTAL, "A=84 B=83", "83@1", "A=83", CHANGED },
};

START_TEST(settling_follows_the_table)
{
  const struct settling *c = &settlings[_i];
  struct ledger t;
  struct ledger_displayed displayed = { 0 };
  enum ledger_outcome outcome;
  uint32_t rows;
  char after[512], names[64];

  read_ledger(&t, c->role, c->before);
  read_displayed(&displayed, c->displayed, strlen(c->displayed));
  outcome = ledger_settle(&t, &displayed, &rows);
  write_ledger(&t, after, sizeof(after));
  ck_assert_msg(strcmp(after, c->after) == 0 && outcome == c->outcome,
                "row %s, %s: \"%s\" shows %s: is \"%s\" %s, not \"%s\" %s",
                c->rows, role_name(c->role), c->before, c->displayed, after,
                outcome_name(outcome), c->after, outcome_name(c->outcome));
  ck_assert_str_eq(ledger_describe_rows(rows, names, sizeof(names)), c->rows);
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}
END_TEST

START_TEST(target_without_displayed_value_is_not_settled)
{
  struct ledger t;
  struct ledger_displayed none = { 0 };
  uint32_t rows;
  char after[512];

  read_ledger(&t, LEDGER_TOTAL, "A=84 B=83@1 M=85 N=84@2 D=85");
  ck_assert_int_eq(ledger_settle(&t, NULL, &rows), LEDGER_SETTLED);
  ck_assert_int_eq(ledger_settle(&t, &none, &rows), LEDGER_SETTLED);
  write_ledger(&t, after, sizeof(after));
  ck_assert_str_eq(after, "A=84 B=83@1 M=85 N=84@2 D=85");
  ledger_clear(&t);
}
END_TEST

/* ---- The log ---- */

static const struct {
  enum ledger_role role;
  const char *ledger, *unit, *text;
} descriptions[] = {
  { BASE, "", NULL, "A - M - D - E 0" },
  { BASE, "A=84.20", "GJ", "A 84.20 GJ M - D - E 0" },
  { TOTAL, "A=12.345 B=12.3@1 D=12.9", "m3",
    "A 12.345 m\xC2\xB3 (B 12.3) M - D 12.9 E 0" },
  { DELTA, "A=0.2 B=-@1 M=0.3 N=0.2@2 D=0.5 E=-0.0004", NULL,
    "A 0.2 (B -) M 0.3 (N 0.2) D 0.5 E -0.0004" },
  { PLAIN, "A='hot' D='cold'", "GJ", "A \"hot\" M - D \"cold\" E 0" },
};

START_TEST(ledger_is_described_in_the_letters_of_the_specification)
{
  struct ledger t;
  char text[256], tight[8];

  read_ledger(&t, descriptions[_i].role, descriptions[_i].ledger);
  t.unit = descriptions[_i].unit ? value_intern(descriptions[_i].unit) : NULL;
  ck_assert_str_eq(ledger_describe(&t, text, sizeof(text)),
                   descriptions[_i].text);
  ledger_describe(&t, tight, sizeof(tight));
  ck_assert_int_eq(strncmp(tight, descriptions[_i].text, 7), 0);
  ck_assert_uint_eq(strlen(tight), 7);
  ledger_clear(&t);
}
END_TEST

/* ---- Waiting before a send is needless if only we write to the target ---- */

static const struct {
  enum ledger_role role;
  const char *ledger, *displayed;
  int64_t sent_ago_ms; /* 0: never sent */
  bool rests;
} rests[] = {
  { PLAIN, "A=84 B=83@1", "84@2", 2000, true },
  { DELTA, "A=0.2 B=0.1@1 D=0.3", "0.2@2", 900000, true },
  { BASE, "A=84.25 B=83@1", "84.2@2~-1", 900000, true },
  /* we sent a moment ago, or the clock has been set back since */
  { PLAIN, "A=84 B=83@1", "84@2", 1999, false },
  { PLAIN, "A=84 B=83@1", "84@2", -1000, false },
  /* another program wrote there, perhaps just now */
  { PLAIN, "A=84 B=83@1", "85@2", 900000, false },
  { DELTA, "A=0.2 B=0.1@1", "0.3@2", 900000, false },
  /* A is another program's value: we did not send it */
  { TOTAL, "A=84", "84@2", 900000, false },
  { PLAIN, "A=84 B=83@1", "84@2", 0, false },
  /* the server lost A; the outcome of M is unknown */
  { PLAIN, "A=84 B=84@1", "84@1", 900000, false },
  { PLAIN, "A=84 B=83@1 M=85 N=84@2", "84@2", 900000, false },
  { PLAIN, "", "0@2", 900000, false },
  /* ids tell two values apart */
  { PLAIN, "A=84#4 M=85#5", "84#4", 1, true },
  { PLAIN, "A=84#4", "85#", 1, true },
  { TOTAL, "", "forgotten", 0, true },
};

START_TEST(target_rests_only_after_our_own_write)
{
  const int64_t now = 1795342800000;
  struct ledger t;
  struct ledger_displayed displayed = { 0 };

  read_ledger(&t, rests[_i].role, rests[_i].ledger);
  read_displayed(&displayed, rests[_i].displayed, strlen(rests[_i].displayed));
  t.sent_ms = rests[_i].sent_ago_ms ? now - rests[_i].sent_ago_ms : 0;
  ck_assert_int_eq(ledger_rests(&t, &displayed, now), rests[_i].rests);
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}
END_TEST

/* ---- A changed base drops the pending values that depend on it ---- */

static const struct {
  enum ledger_role role;
  const char *before, *displayed, *after;
} drops[] = {
  { DELTA, "A=0.2 B=0.1@1 D=0.3", "0.2@2", "B=0.1@1" },
  { TOTAL, "A=84 B=83@1 D=85", "84@2", "A=84 B=83@1" },
  { TOTAL, "A=84 B=83@1 D=85", "70@9", "A=70" },
  { PLAIN, "A=84 B=83@1 D=85", "84@2", "A=84 B=83@1" },
  /* an older copy is displayed: the ledger counts */
  { TOTAL, "A=84#4 D=85 m=85#5", "83#3", "A=84#4" },
};

START_TEST(changed_base_drops_the_pending_value)
{
  struct ledger t;
  struct ledger_displayed displayed = { 0 };
  char after[512];

  read_ledger(&t, drops[_i].role, drops[_i].before);
  read_displayed(&displayed, drops[_i].displayed, strlen(drops[_i].displayed));
  ledger_drop(&t, &displayed);
  write_ledger(&t, after, sizeof(after));
  ck_assert_str_eq(after, drops[_i].after);
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}
END_TEST

/* ---- A cycle, sending, and the results ---- */

static const struct {
  enum ledger_role role;
  const char *step; /* "": any */
  const char *before;
  const char *due; /* "": none in this cycle */
  const char *prepared;
  uint32_t result;
  const char *after;
} sendings[] = {
  { BASE, "", "A=84 B=83@1", "85", "A=84 B=83@1 M=85#1 N=84@2 D=85",
    MP_ACCEPTED, "A=85#1 B=84@2" },
  { BASE, "", "A=84 B=83@1", "85", "A=84 B=83@1 M=85#1 N=84@2 D=85", MP_PERHAPS,
    "A=84 B=83@1 M=85#1 N=84@2 D=85" },
  { BASE, "", "A=84 B=83@1", "85", "A=84 B=83@1 M=85#1 N=84@2 D=85",
    MP_NOT_SENT, "A=84 B=83@1 D=85 m=85#1" },
  /* a rejected value may have been stored nevertheless */
  { BASE, "", "A=84 B=83@1", "85", "A=84 B=83@1 M=85#1 N=84@2 D=85", MP_RETRY,
    "A=84 B=83@1 M=85#1 N=84@2 D=85" },
  { BASE, "", "A=84 B=83@1", "85", "A=84 B=83@1 M=85#1 N=84@2 D=85",
    MP_REJECTED, "A=84 B=83@1 M=85#1 N=84@2 D=85" },
  /* a new cycle replaces D; a delta is added to it */
  { TOTAL, "", "A=84 D=85", "86", "A=84 M=86#1 N=84@2 D=86", MP_ACCEPTED,
    "A=86#1 B=84@2" },
  { DELTA, "", "A=0.1 D=0.3", "0.2", "A=0.1 M=0.5#1 N=84@2 D=0.5", MP_ACCEPTED,
    "A=0.5#1 B=84@2" },
  /* a pending value is sent even without a new cycle */
  { DELTA, "", "D=0.3", "", "M=0.3#1 N=84@2 D=0.3", MP_ACCEPTED,
    "A=0.3#1 B=84@2" },
  /* a delta is sent as a whole number of steps; the remainder is kept in E */
  { DELTA, "0.001", "", "0.2005", "M=0.200#1 N=84@2 D=0.2005", MP_ACCEPTED,
    "A=0.200#1 B=84@2 E=0.0005" },
  { DELTA, "0.001", "", "0.2015", "M=0.202#1 N=84@2 D=0.2015", MP_ACCEPTED,
    "A=0.202#1 B=84@2 E=-0.0005" },
  { DELTA, "0.001", "E=0.0005", "0.0005", "M=0.0010#1 N=84@2 D=0.0010",
    MP_ACCEPTED, "A=0.0010#1 B=84@2" },
  { DELTA, "0.001", "E=0.0004", "0", "M=0.000#1 N=84@2 D=0.0004", MP_PERHAPS,
    "M=0.000#1 N=84@2 D=0.0004" },
  /* other values are kept exactly; only the device rounds them */
  { BASE, "0.001", "", "84.2085", "M=84.2085#1 N=84@2 D=84.2085", MP_ACCEPTED,
    "A=84.2085#1 B=84@2" },
};

START_TEST(sending_follows_the_rules)
{
  struct ledger t;
  struct ledger_displayed displayed = { 0 };
  struct value due = { 0 };
  char text[512];

  read_ledger(&t, sendings[_i].role, sendings[_i].before);
  if (*sendings[_i].step)
    t.step = number(sendings[_i].step, strlen(sendings[_i].step));
  read_displayed(&displayed, "84@2", 4);
  if (*sendings[_i].due) {
    read_value(&due, sendings[_i].due, strlen(sendings[_i].due));
    ck_assert_int_eq(ledger_set_pending(&t, &due), MP_OK);
  }
  ck_assert(ledger_prepare(&t, &displayed, 1));
  write_ledger(&t, text, sizeof(text));
  ck_assert_str_eq(text, sendings[_i].prepared);
  ledger_result(&t, sendings[_i].result);
  write_ledger(&t, text, sizeof(text));
  ck_assert_str_eq(text, sendings[_i].after);
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}
END_TEST

/*
 * An output without fetch.  In each run a cycle gives the value DUE, the ledger
 * is prepared for record 1, 2, ..., and the output returns RESULT.  "M=0.2 in
 * 1" is the value sent, and the record it belongs to.
 */
static const struct {
  enum ledger_role role;
  struct {
    const char *due, *sent;
    uint32_t result;
  } runs[5];
} records[] = {
  /* an amount in flight is not changed until it is acknowledged; the rest
   * follows */
  { DELTA,
    { { "0.2", "M=0.2 in 1", MP_PERHAPS },
      { "0.5", "M=0.2 in 1", MP_RETRY },
      { "", "M=0.2 in 1", MP_REJECTED },
      { "0.1", "M=0.2 in 1", MP_ACCEPTED },
      { "", "M=0.6 in 5", MP_ACCEPTED } } },
  { DELTA,
    { { "0.2", "M=0.2 in 1", MP_PERHAPS },
      { "0", "M=0.2 in 1", MP_ACCEPTED },
      { "", "-", 0 } } },
  /* an amount sent by an earlier run may have arrived, whatever this run's
   * result */
  { DELTA,
    { { "0.2", "M=0.2 in 1", MP_PERHAPS },
      { "0.5", "M=0.2 in 1", MP_NOT_SENT },
      { "", "M=0.2 in 1", MP_ACCEPTED },
      { "", "M=0.5 in 4", MP_ACCEPTED } } },
  /* an amount certainly not sent, or rejected, is added to the next amount */
  { DELTA,
    { { "0.2", "M=0.2 in 1", MP_NOT_SENT },
      { "0.5", "M=0.7 in 2", MP_RETRY },
      { "0.1", "M=0.8 in 3", MP_REJECTED },
      { "0.1", "M=0.9 in 4", MP_ACCEPTED } } },
  { DELTA,
    { { "0.2", "M=0.2 in 1", MP_NOT_SENT },
      { "", "M=0.2 in 1", MP_ACCEPTED },
      { "0.2", "M=0.2 in 3", MP_ACCEPTED } } },
  /* other values are replaced; an equal value keeps its record */
  { BASE,
    { { "84", "M=84 in 1", MP_PERHAPS },
      { "84.0", "M=84 in 1", MP_RETRY },
      { "85", "M=85 in 3", MP_NOT_SENT },
      { "85", "M=85 in 3", MP_ACCEPTED },
      { "85", "M=85 in 5", MP_ACCEPTED } } },
  { PLAIN,
    { { "'hot'", "M='hot' in 1", MP_REJECTED },
      { "'cold'", "M='cold' in 2", MP_REJECTED },
      { "'cold'", "M='cold' in 2", MP_ACCEPTED } } },
};

/* Makes one run, then writes the ledger to the state's text and reads it
 * back. */
static void
check_record(struct ledger *t, const char *due, const char *sent, int64_t id,
             uint32_t result)
{
  struct ledger_displayed none = { 0 };
  struct value v = { 0 };
  char text[128] = "-", *body;

  if (*due) {
    read_value(&v, due, strlen(due));
    ck_assert_int_eq(ledger_set_pending(t, &v), MP_OK);
  }
  if (ledger_prepare(t, &none, id)) {
    text[0] = 0;
    put(text, sizeof(text), 'M', &t->sent);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), " in %d",
             (int)t->sent_record);
    ledger_result(t, result);
  }
  ck_assert_str_eq(text, sent);
  body = ledger_encode(t);
  ledger_clear(t);
  ledger_init(t, t->role);
  ck_assert(ledger_decode(t, body));
  free(body);
  value_clear(&v);
}

START_TEST(sent_value_keeps_its_record_id)
{
  struct ledger t;

  ledger_init(&t, records[_i].role);
  for (int i = 0; i < 5 && records[_i].runs[i].due; i++)
    check_record(&t, records[_i].runs[i].due, records[_i].runs[i].sent, i + 1,
                 records[_i].runs[i].result);
  ledger_clear(&t);
}
END_TEST

/* After a base was changed by hand, the next pending value is another amount,
 * even if it is equal: it gets a new record. */
START_TEST(amount_after_a_drop_gets_a_new_record_id)
{
  struct ledger_displayed displayed = { .known = true };
  struct ledger t;
  struct value v = { .kind = MP_DELTA, .number = { 2, -1 } };
  uint32_t rows;

  ledger_init(&t, LEDGER_DELTA);
  ck_assert_int_eq(ledger_set_pending(&t, &v), MP_OK);
  ck_assert(ledger_prepare(&t, &displayed, 1));
  ledger_settle(&t, &displayed, &rows);
  ck_assert_int_eq(t.sent_record, 1);
  ledger_drop(&t, &displayed);
  ck_assert_int_eq(ledger_set_pending(&t, &v), MP_OK);
  ck_assert(ledger_prepare(&t, &displayed, 2));
  ck_assert_int_eq(t.sent_record, 2);
  ledger_clear(&t);
}
END_TEST

/* A delta whose sum cannot be held exactly is refused; the pending value is
 * unchanged. */
START_TEST(sum_that_cannot_be_held_exactly_is_refused)
{
  static const struct {
    const char *before, *due;
  } rows[] = {
    { "A=1 D=9000000000000000001", "9000000000000000001" },
    { "A=1 D=9000000000000000000", "0.5" },
    { "A=1 E=0.5", "9000000000000000000" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct ledger t;
    struct value due = { 0 };
    char after[512];

    read_ledger(&t, LEDGER_DELTA, rows[i].before);
    read_value(&due, rows[i].due, strlen(rows[i].due));
    ck_assert(!ledger_fits(&t, &due));
    ck_assert_int_eq(ledger_set_pending(&t, &due), MP_ERANGE);
    write_ledger(&t, after, sizeof(after));
    ck_assert_str_eq(after, rows[i].before);
    t.role = LEDGER_TOTAL; /* keeps only the newest value */
    ck_assert(ledger_fits(&t, &due));
    ledger_clear(&t);
  }
}
END_TEST

START_TEST(target_without_pending_value_sends_nothing)
{
  struct ledger t;
  struct ledger_displayed displayed = { .known = true };

  read_ledger(&t, LEDGER_BASE, "A=84 B=83@1");
  ck_assert(!ledger_prepare(&t, &displayed, 1));
  ledger_clear(&t);
}
END_TEST

START_TEST(last_known_value_is_the_pending_or_acknowledged_one)
{
  struct ledger t;

  read_ledger(&t, LEDGER_BASE, "");
  ck_assert_ptr_null(ledger_last(&t));
  read_ledger(&t, LEDGER_BASE, "A=84");
  ck_assert_ptr_eq(ledger_last(&t), &t.acknowledged);
  read_ledger(&t, LEDGER_BASE, "A=84 D=85");
  ck_assert_ptr_eq(ledger_last(&t), &t.pending);
}
END_TEST

/* An adopted displayed value keeps the serial number of the A that it replaces,
 * and is exact only to the displayed place. */
START_TEST(adopted_value_keeps_serial_number_and_displayed_place)
{
  struct ledger t;
  struct ledger_displayed displayed = { 0 };
  uint32_t rows;

  read_ledger(&t, LEDGER_BASE, "A=84 B=83@1");
  t.acknowledged.serial = value_intern("4711");
  read_displayed(&displayed, "11388.2@9~-1", 12);
  ck_assert_int_eq(ledger_settle(&t, &displayed, &rows), LEDGER_CHANGED);
  ck_assert_str_eq(t.acknowledged.serial, "4711");
  ck_assert_int_eq(t.acknowledged_place, -1);
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}
END_TEST

/* The dropped value may have been the first one of a new meter, which then was
 * believed: it is not exchanged once more. */
START_TEST(base_changed_by_hand_has_the_serial_number_of_the_dropped_value)
{
  struct ledger t;
  struct ledger_displayed displayed = { 0 };
  uint32_t rows;

  read_ledger(&t, LEDGER_BASE, "A=84 B=83@1 D=2");
  t.acknowledged.serial = value_intern("4711");
  t.pending.serial = value_intern("4712");
  read_displayed(&displayed, "1@9", 3);
  ck_assert_int_eq(ledger_settle(&t, &displayed, &rows), LEDGER_CHANGED);
  ck_assert_int_eq(t.pending.kind, 0);
  ck_assert_str_eq(t.acknowledged.serial, "4712");
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}
END_TEST

/* An adopted value of another state has the serial number that the output
 * displays with it. */
START_TEST(value_of_another_state_brings_its_serial_number)
{
  static const char *const shown[] = { "90#x-1", "90#9" };

  for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
    struct ledger t;
    struct ledger_displayed displayed = { 0 };
    uint32_t rows;

    read_ledger(&t, LEDGER_BASE, i == 0 ? "" : "A=84#4");
    t.acknowledged.serial = value_intern("4711");
    read_displayed(&displayed, shown[i], strlen(shown[i]));
    displayed.value.serial = value_intern("4712");
    ledger_settle(&t, &displayed, &rows);
    ck_assert_str_eq(t.acknowledged.serial, "4712");
    ledger_displayed_clear(&displayed);
    ledger_clear(&t);
  }
}
END_TEST

/* ---- Units and the state ---- */

START_TEST(ledger_converts_its_values_to_a_new_unit)
{
  struct ledger t;
  char text[512];

  read_ledger(&t, LEDGER_DELTA, "A=1.5 D=0.25 E=0.0001");
  t.unit = value_intern("MWh");
  ck_assert_int_eq(ledger_set_unit(&t, value_intern("GJ")), MP_OK);
  write_ledger(&t, text, sizeof(text));
  ck_assert_str_eq(text, "A=5.40 D=0.900 E=0.00036");
  ck_assert_int_eq(ledger_set_unit(&t, value_intern("MWh")), MP_ECONFIG);
  write_ledger(&t, text, sizeof(text));
  ck_assert_str_eq(text, "A=5.40 D=0.900 E=0.00036");
  ck_assert_str_eq(t.unit, "GJ");
  ledger_clear(&t);
}
END_TEST

/* The unit of the target becomes MJ, or kWh, to which GJ has no exact
 * conversion. */
static const struct {
  enum ledger_role role;
  const char *before, *displayed, *unit, *step;
  int result;
  bool again;
  const char *after;
} unit_changes[] = {
  { BASE, "A=84 B=83@1", "84@2", "MJ", "0.01", MP_OK, true, "A=84000 B=84@2" },
  { BASE, "A=84 B=83@1 D=85", "84@2", "MJ", "0.01", MP_OK, true,
    "A=84000 B=84@2 D=85000" },
  { TOTAL, "A=84 B=83@1 D=85", "84@2", "MJ", "0.01", MP_OK, true,
    "A=84000 B=84@2 D=85000" },
  { PLAIN, "A=84 B=83@1", "84@2", "MJ", "0.01", MP_OK, true, "A=84000 B=84@2" },
  /* a plain conversion if another number is displayed, or none was sent */
  { BASE, "A=84 B=83@1", "84000@2", "MJ", "0.01", MP_OK, false,
    "A=84000 B=83000@1" },
  { TOTAL, "D=85", "0@2", "MJ", "0.01", MP_OK, false, "D=85000" },
  /* the value in flight had arrived before the change, or had not */
  { TOTAL, "A=84 B=83@1 M=85 N=84@2 D=85", "85@3", "MJ", "0.01", MP_OK, true,
    "A=85000 B=85@3" },
  { TOTAL, "A=84 B=83@1 M=85 N=84@2 D=85", "84@2", "MJ", "0.01", MP_OK, true,
    "A=84000 B=84@2 M=85000 N=84000@2 D=85000" },
  /* with ids: the id proves that M arrived, and A is written again (row i4) */
  { TOTAL, "A=84#4 M=85#5 N=84# D=85", "85#5", "MJ", "0.01", MP_OK, true,
    "A=85000#? B=85#" },
  { BASE, "A=84#4 T=83#", "84#4", "MJ", "0.01", MP_OK, true,
    "A=84000#? B=84# T=83000#" },
  { DELTA, "A=0.1 M=0.2 N=0.1@2 D=0.2", "0.2@3", "MJ", "0.01", MP_OK, false,
    "A=200 B=100@2" },
  /* an acknowledged delta is not sent again */
  { DELTA, "A=0.1 B=0.3@1", "0.1@2", "MJ", "0.01", MP_OK, false,
    "A=100 B=300@1" },
  /* another step, with the same number of steps displayed or not */
  { BASE, "A=84.20 B=83@1", "8.42@2", "GJ", "0.001", MP_OK, true,
    "A=84.20 B=8.42@2" },
  { BASE, "A=84.20 B=83@1", "842@2~-3", "GJ", "0.1", MP_OK, true,
    "A=84.20 B=842@2" },
  { TOTAL, "A=84.20 B=83@1 M=85 N=84.20@2 D=85", "8.5@3", "GJ", "0.001", MP_OK,
    true, "A=85 B=8.5@3" },
  { BASE, "A=84.20 B=83@1", "84.20@2", "GJ", "0.001", MP_OK, false,
    "A=84.20 B=83@1" },
  { BASE, "A=84.20 B=83@1", "70@2", "GJ", "0.001", MP_OK, false,
    "A=84.20 B=83@1" },
  { BASE, "A=84 B=83@1", "84000@2", "MJ", "10", MP_OK, false,
    "A=84000 B=83000@1" },
  /* no exact conversion */
  { PLAIN, "A=84 B=83@1 D=85", "84@2", "kWh", "0.01", MP_OK, false, "" },
  { BASE, "A=84 B=83@1 D=85", "84@2", "kWh", "0.01", MP_ECONFIG, false,
    "A=84 B=83@1 D=85" },
};

START_TEST(ledger_follows_its_target_to_another_unit)
{
  struct ledger t;
  struct ledger_displayed displayed = { 0 };
  struct mp_decimal step =
    number(unit_changes[_i].step, strlen(unit_changes[_i].step));
  bool again;
  char text[512];

  read_ledger(&t, unit_changes[_i].role, unit_changes[_i].before);
  t.unit = value_intern("GJ");
  t.step = number("0.01", 4);
  read_displayed(&displayed, unit_changes[_i].displayed,
                 strlen(unit_changes[_i].displayed));
  displayed.value.unit = value_intern(unit_changes[_i].unit);
  ck_assert_int_eq(ledger_follow(&t, &displayed, step, &again),
                   unit_changes[_i].result);
  ck_assert_int_eq(again, unit_changes[_i].again);
  write_ledger(&t, text, sizeof(text));
  ck_assert_str_eq(text, unit_changes[_i].after);
  if (unit_changes[_i].result == MP_OK)
    ck_assert_str_eq(t.unit, unit_changes[_i].unit);
  ledger_displayed_clear(&displayed);
  ledger_clear(&t);
}
END_TEST

static const struct {
  enum ledger_role role;
  const char *before;
  bool keeps_unit;
} without_unit[] = {
  { PLAIN, "", false },         { PLAIN, "A=84", true },
  { PLAIN, "M=84 D=84", true }, { PLAIN, "D=84", true },
  { BASE, "", true },
};

/* A device that displays no unit takes any; values keep theirs. */
START_TEST(empty_ledger_forgets_its_unit)
{
  struct ledger t;
  const struct ledger_displayed displayed = { .known = true };
  const struct mp_decimal step = { 0, 0 };
  bool again;

  read_ledger(&t, without_unit[_i].role, without_unit[_i].before);
  t.unit = value_intern("GJ");
  ck_assert_int_eq(ledger_follow(&t, &displayed, step, &again), MP_OK);
  ck_assert_int_eq(!!t.unit, without_unit[_i].keeps_unit);
  ledger_clear(&t);
}
END_TEST

START_TEST(ledger_is_decoded_as_it_was_encoded)
{
  struct ledger t, back;
  char one[512], two[512];
  char *body;

  read_ledger(&t, LEDGER_DELTA,
              "A=84.20 B=83@2026-11-22_10:00:00 M=0.5 N=-@later D=7 E=-0.0004");
  t.unit = value_intern("GJ");
  t.acknowledged.serial = value_intern("84968362");
  t.acknowledged_place = -2;
  t.step = (struct mp_decimal){ .coef = 4, .exp10 = -3 };
  t.sent_ms = 1795327476000;
  t.sent_record = 1795327476001;
  t.acknowledged_record = 1795327475000;
  t.last_record = 1795327476000;
  read_displayed(&t.taken, "84.2#x-17@yesterday~-1", 22);
  t.sent_over.id = LEDGER_OTHER_ID; /* is not kept */
  t.sent_over.other_id = strdup("x-17");
  t.rebase = true;
  t.kind = MP_DELTA;
  body = ledger_encode(&t);
  ck_assert_ptr_nonnull(body);
  ledger_init(&back, LEDGER_DELTA);
  ck_assert(ledger_decode(&back, body));
  ck_assert_ptr_null(back.sent_over.other_id);
  t.sent_over.id = LEDGER_WITHOUT_IDS;
  write_ledger(&t, one, sizeof(one));
  write_ledger(&back, two, sizeof(two));
  ck_assert_str_eq(one, two);
  ck_assert_str_eq(back.unit, "GJ");
  ck_assert_str_eq(back.acknowledged.serial, "84968362");
  ck_assert_int_eq(back.acknowledged_place, -2);
  ck_assert_int_eq(back.step.coef, 4);
  ck_assert_int_eq(back.step.exp10, -3);
  ck_assert_int_eq(back.sent_ms, 1795327476000);
  ck_assert_int_eq(back.sent_record, 1795327476001);
  ck_assert_int_eq(back.last_record, 1795327476000);
  ck_assert_int_eq(back.taken.place, -1);
  ck_assert(back.rebase);
  ck_assert_uint_eq(back.kind, MP_DELTA);
  ck_assert(value_equal(&back.sent_from, &t.sent_from));
  free(body);
  ledger_clear(&t);
  ledger_clear(&back);
}
END_TEST

START_TEST(invalid_ledger_text_is_refused)
{
  static const char *const texts[] = {
    "a",
    "a 1\n",
    "x 1\n",
    "sent\n",
    "b x\n",
    "a 9 1 0 0 ||\n",
    "e 1\n",
    "unit kWh|\n",
    "step 1\n",
    "step 0 1\n",
    /* Values out of range, which we never write. */
    "step 1 100\n",
    "e 1 -100\n",
    "b 100\n",
    "place 100\n",
    "place 4294967296\n",
    "sent -1\n",
    "sent 253402300800000\n",
    "kind 5\n",
    "kind -1\n",
    "a 1 7 0 -1 ||\n",
    "a 1 7 0 253402300800000 ||\n",
    "unit GJ \n",
    "unit  GJ\n",
    "a 1 7 0 0 GJ ||\n",
    "b.at \001\n",
    "a.id -1\n",
    "last.id 0\n",
    "t x\n",
    "t.id \001\n",
    "t.other 1\n",
  };

  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    struct ledger t;

    ledger_init(&t, LEDGER_PLAIN);
    ck_assert_msg(!ledger_decode(&t, texts[i]), "\"%s\"", texts[i]);
    ledger_clear(&t);
  }
}
END_TEST

/* A state of an earlier version has no record of its acknowledged value. */
START_TEST(record_of_an_earlier_version_is_unknown)
{
  static const struct {
    const char *text;
    int64_t record;
  } rows[] = {
    { "a 1 7 0 0 ||\n", LEDGER_UNKNOWN_RECORD },
    { "a 1 7 0 0 ||\na.id 5\n", 5 },
    { "a 1 7 0 0 ||\na.id 0\n", 0 },
    { "d 1 7 0 0 ||\n", 0 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct ledger t, again;
    char *text;

    ledger_init(&t, LEDGER_PLAIN);
    ck_assert(ledger_decode(&t, rows[i].text));
    ck_assert_int_eq(t.acknowledged_record, rows[i].record);
    text = ledger_encode(&t);
    ledger_init(&again, LEDGER_PLAIN);
    ck_assert(ledger_decode(&again, text));
    ck_assert_int_eq(again.acknowledged_record, rows[i].record);
    free(text);
    ledger_clear(&t);
    ledger_clear(&again);
  }
}
END_TEST

/* Texts of the state, and the kind of each target.  Earlier versions kept no
 * kind.  Their totals had one kind, whatever was added, so the kind of the
 * added values is unknown (0). */
static const struct {
  const char *text;
  enum ledger_role role;
  uint32_t kind;
} kinds[] = {
  { "kind 3\n", LEDGER_PLAIN, MP_DELTA },
  { "kind 0\na 1 7 0 0 ||\n", LEDGER_PLAIN, 0 },
  { "kind 1\na 2 7 0 0 ||\n", LEDGER_PLAIN, MP_COUNTER },
  /* of an earlier version */
  { "a 1 7 0 0 ||\n", LEDGER_PLAIN, MP_COUNTER },
  { "a 3 7 0 0 ||\n", LEDGER_PLAIN, MP_DELTA },
  { "a 2 7 0 0 ||\n", LEDGER_PLAIN, 0 },
  { "a 1 7 0 0 ||\nd 3 7 0 0 ||\n", LEDGER_PLAIN, MP_DELTA },
  { "a 1 7 0 0 ||\nm 4 0 0 0 ||x\n", LEDGER_PLAIN, MP_TEXT },
  { "a 1 7 0 0 ||\n", LEDGER_TOTAL, 0 },
  { "e 0 0\n", LEDGER_PLAIN, 0 },
};

START_TEST(ledger_knows_the_kind_of_its_values)
{
  struct ledger t;

  ledger_init(&t, kinds[_i].role);
  ck_assert(ledger_decode(&t, kinds[_i].text));
  ck_assert_uint_eq(t.kind, kinds[_i].kind);
  for (uint32_t kind = MP_COUNTER; kind <= MP_TEXT; kind++)
    if (t.kind)
      ck_assert_int_eq(ledger_takes_kind(&t, kind), kind == t.kind);
  ledger_clear(&t);
}
END_TEST

/* A pending value stored by an earlier version refuses deltas; otherwise they
 * would be added to it. */
START_TEST(pending_reading_refuses_amounts)
{
  struct ledger t;

  read_ledger(&t, LEDGER_PLAIN, "D=84");
  ck_assert(!ledger_takes_kind(&t, MP_DELTA));
  ck_assert(ledger_takes_kind(&t, MP_COUNTER));
  ck_assert(ledger_takes_kind(&t, MP_GAUGE));
  t.role = LEDGER_TOTAL;
  ck_assert(ledger_takes_kind(&t, MP_DELTA));
  ledger_clear(&t);
}
END_TEST

START_TEST(first_amount_turns_a_plain_target_into_a_delta_target)
{
  struct ledger t;
  char text[256];

  read_ledger(&t, LEDGER_PLAIN, "A=84 B=83@t1");
  ledger_set_kind(&t, MP_DELTA);
  ck_assert_int_eq(t.role, LEDGER_DELTA);
  write_ledger(&t, text, sizeof(text));
  ck_assert_str_eq(text, "");
  ledger_clear(&t);
  for (int role = LEDGER_BASE; role <= LEDGER_TOTAL; role++) {
    ledger_init(&t, (enum ledger_role)role);
    ledger_set_kind(&t, MP_DELTA);
    ck_assert_int_eq(t.role, role);
  }
}
END_TEST

static Suite *
ledger_suite(void)
{
  Suite *suite = suite_create("ledger");
  TCase *tc = tcase_create("ledger");

  tcase_add_loop_test(tc, settling_follows_the_table, 0, ARRAY_SIZE(settlings));
  tcase_add_test(tc, target_without_displayed_value_is_not_settled);
  tcase_add_loop_test(tc,
                      ledger_is_described_in_the_letters_of_the_specification,
                      0, ARRAY_SIZE(descriptions));
  tcase_add_loop_test(tc, target_rests_only_after_our_own_write, 0,
                      ARRAY_SIZE(rests));
  tcase_add_loop_test(tc, changed_base_drops_the_pending_value, 0,
                      ARRAY_SIZE(drops));
  tcase_add_loop_test(tc, sending_follows_the_rules, 0, ARRAY_SIZE(sendings));
  tcase_add_loop_test(tc, sent_value_keeps_its_record_id, 0,
                      ARRAY_SIZE(records));
  tcase_add_test(tc, amount_after_a_drop_gets_a_new_record_id);
  tcase_add_test(tc, sum_that_cannot_be_held_exactly_is_refused);
  tcase_add_test(tc, target_without_pending_value_sends_nothing);
  tcase_add_test(tc, last_known_value_is_the_pending_or_acknowledged_one);
  tcase_add_test(tc, adopted_value_keeps_serial_number_and_displayed_place);
  tcase_add_test(
    tc, base_changed_by_hand_has_the_serial_number_of_the_dropped_value);
  tcase_add_test(tc, value_of_another_state_brings_its_serial_number);
  tcase_add_test(tc, ledger_converts_its_values_to_a_new_unit);
  tcase_add_loop_test(tc, empty_ledger_forgets_its_unit, 0,
                      ARRAY_SIZE(without_unit));
  tcase_add_loop_test(tc, ledger_follows_its_target_to_another_unit, 0,
                      ARRAY_SIZE(unit_changes));
  tcase_add_test(tc, ledger_is_decoded_as_it_was_encoded);
  tcase_add_test(tc, invalid_ledger_text_is_refused);
  tcase_add_test(tc, record_of_an_earlier_version_is_unknown);
  tcase_add_loop_test(tc, ledger_knows_the_kind_of_its_values, 0,
                      ARRAY_SIZE(kinds));
  tcase_add_test(tc, pending_reading_refuses_amounts);
  tcase_add_test(tc, first_amount_turns_a_plain_target_into_a_delta_target);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(ledger_suite());
}
