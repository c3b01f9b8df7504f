/*
 * The results of a probe: facts about the meter, and the fields that it has.
 */
#ifndef CORE_COMMANDS_PROBE_FOUND_H
#define CORE_COMMANDS_PROBE_FOUND_H

#include <stdio.h>

#include "core/pipeline/plan.h"

struct found_item {
  char *field, *number, *label, *remark; /* each may be NULL */
  struct value value;                    /* kind 0: none; see remark */
};

/* Initialise it with zeros. */
struct probe_found {
  struct found_item *facts, *fields;
  size_t n_facts, n_fields;
};

void found_add(struct probe_found *found, const struct mp_probe_item *item);
void found_free(struct probe_found *found);

/* Prints for people: the facts, a table of the fields, and a section to
 * copy. */
void found_print(const struct probe_found *found, const struct stage *stage,
                 FILE *out);

/* Prints one JSON object: plugin, answered, facts, fields. */
void found_print_json(const struct probe_found *found,
                      const struct stage *stage, FILE *out);

#endif
