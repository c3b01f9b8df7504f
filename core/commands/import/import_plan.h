/*
 * The plan made from an old command line: the value for each device, the
 * transforms, and warnings about probable mistakes.
 */
#ifndef CORE_COMMANDS_IMPORT_IMPORT_PLAN_H
#define CORE_COMMANDS_IMPORT_IMPORT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/commands/import/import.h"
#include "core/commands/import/import_spec.h"
#include "lib/text_buffer.h"

#define IMPORT_FIELD 64

/* A device, and the value written to it. */
struct import_item {
  struct spec_item spec;
  char field[IMPORT_FIELD]; /* canonical name of the register */
  bool left_out;
  size_t usage; /* number of its subtract transform; not with SPEC_OVERWRITE */
};

/* A subtract transform: all items with this register and IDX2 share it. */
struct import_usage {
  const struct import_item *item; /* the first of them */
  char name[sizeof("usage_") + IMPORT_FIELD];
  bool order_matters; /* the warning about it was given */
};

struct import_plan {
  FILE *err;
  struct import_item *items;
  size_t n;
  struct import_usage *usages;
  size_t n_usages, n_adds;
  struct text_buffer notes; /* the warnings, a line each */
};

/* Fills *plan from the items in TEXT, and reports to ERR.  Call
 * import_plan_free in any case.  Returns MP_OK; MP_EDATA: TEXT makes no sense,
 * or nothing is left of it. */
int import_plan_make(struct import_plan *plan, FILE *err, const char *text,
                     import_field_fn field);
void import_plan_free(struct import_plan *plan);

#endif
