/*
 * A house for tables of tests: a plan from the text of a pipeline file, with
 * the real transforms, and with a meter and outputs that do nothing.  All that
 * a cycle works on is written and read as text, so that a row of a table is a
 * few short texts.
 *
 * The meter (plugin = /meter) has these fields:
 *
 *     energy  a counter     speed  a counter with a limit of 1 GJ per hour
 *     flow    a gauge       usage  a delta       note  a text
 *     heat    a counter, usually in MWh
 *     any     of a kind that is not known beforehand
 *     when    the same, usually a date
 *
 * The outputs are /server (latest, can be asked), /blind (latest, cannot be
 * asked), /page (live), /file (append) and /log (history).  The prefix of their
 * targets is "idx".
 *
 * The transforms /hold, /drop and /rebase give no value, and do not say why.
 *
 * A value is "84.2GJ", or 'hot' for a text; "#123" after it is its serial
 * number.  A list has items "NAME=...", separated by blanks.
 */
#ifndef CORE_CYCLE_TABLE_HOUSE_H
#define CORE_CYCLE_TABLE_HOUSE_H

#include "core/config/problems.h"
#include "core/cycle/cycle_data.h"
#include "core/pipeline/instance.h"

#define HOUSE_TEXT 4096

struct table_house {
  struct config *config;
  struct loader *loader;
  struct plan *plan;
  struct instances *instances;
  struct problems problems;
  struct run run;
  struct cycle_data d;
};

/* What the outputs do when they are called, and what they were called with. */
struct house_script {
  int writes[8];       /* per target: what write returns */
  uint32_t results[8]; /* per target: result of commit; 0: none is given */
  uint32_t whole;      /* result of the whole record; 0: none is given */
  int commit;          /* what commit returns */
  bool explains;       /* commit says why */
  char calls[512];     /* "base=84 GJ usage=1 GJ commit" */
};

extern struct house_script house_script;

/* The time of the cycle: that of all readings. */
#define HOUSE_NOW_MS INT64_C(1795000000000)
#define HOUSE_HOUR_MS INT64_C(3600000)

/* Builds the plan of INI and an empty cycle.  Problems stay in h->problems;
 * then h->d is empty. */
void house_build(struct table_house *h, const char *ini);
/* The same for a pipeline file without problems: else the test fails. */
void house_init(struct table_house *h, const char *ini);
void house_clear(struct table_house *h);

/* Returns the problems of the pipeline file: "3: TEXT" of line 3; a line each,
 * without the last line break. */
const char *house_problems(const struct table_house *h, char *buf);

const struct target *house_target(const struct table_house *h,
                                  const char *name);
const struct slot *house_slot(const struct table_house *h, const char *name);

/* Sets what was read: "meter.energy=84.2GJ#123".  "~" at the
 * end marks a serial number that was assumed, "~9" that of the input, which is
 * another one; ":counter", ":gauge" or ":delta"
 * is the kind, of a field whose kind is not known. */
void house_set_readings(struct table_house *h, const char *list);

/* Sets the readings that the state keeps: "meter.energy=84GJ#123" is the last
 * believed one, an hour ago; "?" before the value marks a held reading, "!" a
 * candidate, both half an hour ago; "." alone says that the unknown meter was
 * reported. */
void house_set_kept(struct table_house *h, const char *list);

/* Sets ledgers, and returns them as text: "base.A=84GJ#123 base.D=85GJ".  The
 * letters are those of doc/ledger.md; "r" is the number of the record of M or
 * of a D that was sent before; "rebase" a requested rebase; "kind" a kind.  An
 * entry of a ledger that is empty is not shown. */
void house_set_ledgers(struct table_house *h, const char *list);
const char *house_ledgers(const struct table_house *h, char *buf);

/* Sets what outputs display: "base=84GJ", "base=empty", "base=absent",
 * "base=unfit", "base=forgotten"; "~-1" after a value is its last place, "@t1"
 * its time of last update, "$7" the number of its record, "$x" a record of
 * another state, "$" no record of an output that gives ids.  Targets that are
 * not in the list were not reached. */
void house_set_answers(struct table_house *h, const char *list);

/* Returns the results of the evaluation: "meter.energy=84.2GJ usage=held". */
const char *house_slots(const struct table_house *h, char *buf);

/* Returns the readings that are kept, as house_set_kept takes them. */
const char *house_kept(const struct table_house *h, char *buf);

/* Fails the test unless M has exactly the messages of LIST, each of which is
 * given by a part of its text; separated by "|".  NAME is the row. */
void house_check_messages(const char *name, const struct messages *m,
                          const char *list);

/* Fails the test NAME unless the texts are the same. */
void house_check_text(const char *name, const char *what, const char *have,
                      const char *want);

#endif
