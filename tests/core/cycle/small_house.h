/*
 * A plan of one input field and one latest output, made by hand, for the tests
 * of the pure steps:
 *
 *     house.base   gets the reading; the usage is measured from it
 *     house.usage  gets the usage
 */
#ifndef CORE_CYCLE_SMALL_HOUSE_H
#define CORE_CYCLE_SMALL_HOUSE_H

#include "core/cycle/cycle_data.h"

enum { READING, USAGE, SLOTS };
enum { BASE_TARGET, USAGE_TARGET, TARGETS };

struct small_house {
  struct plugin input_plugin, output_plugin;
  struct stage input, output, transform;
  struct slot slots[SLOTS];
  struct target targets[TARGETS];
  struct base base;
  struct operand operand;
  struct stage *stages[3];
  struct slot *slot_list[SLOTS], *fields[1];
  struct target *target_list[TARGETS];
  struct plan plan;
  struct cycle_data d;
};

/* Makes the plan and an empty cycle. */
void small_house_init(struct small_house *h);
void small_house_clear(struct small_house *h);

/* Sets V to the text "NUMBER UNIT" of KIND; "": no value.  A text that is no
 * number becomes a text. */
void small_house_value(struct value *v, uint32_t kind, const char *text);

#endif
