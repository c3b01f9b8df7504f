/*
 * The options of single targets: PREFIX.NAME.KEY = TEXT in the section of an
 * output, and PREFIX.NAME = none, which leaves a value out of an output that
 * takes every value.
 */
#ifndef CORE_PIPELINE_TARGET_OPTIONS_H
#define CORE_PIPELINE_TARGET_OPTIONS_H

#include <stdbool.h>

#include "core/pipeline/plan_build.h"

/* What an entry PREFIX.... of the section of an output says. */
enum target_entry {
  TARGET_ENTRY_NONE,   /* it does not begin with PREFIX. */
  TARGET_ENTRY_TARGET, /* PREFIX.NAME = VALUE */
  TARGET_ENTRY_PART,   /* PREFIX.NAME.PART = VALUE */
  TARGET_ENTRY_OPTION, /* PREFIX.NAME.KEY = TEXT */
  TARGET_ENTRY_OMITS,  /* PREFIX.NAME = none */
};

/* Returns what ENTRY says.  *ret_name is the text after PREFIX. and *ret_len
 * the length of NAME in it; not set for TARGET_ENTRY_NONE. */
enum target_entry target_entry_of(const struct stage *output,
                                  const struct config_entry *entry,
                                  const char **ret_name, size_t *ret_len);

/* Reads the options of OUTPUT's targets from its section; call it before
 * targets are added. */
void target_options_read(struct builder *b, struct stage *output);

/* Returns true if PREFIX.NAME = none is in the section of OUTPUT. */
bool target_options_omit(const struct stage *output, const char *name);

/* Checks the options, and that their targets exist; call it when all targets
 * are known. */
void target_options_check(struct builder *b, const struct stage *output);

/* Reports that the last word of PREFIX.NAME.WORD, which is no option, is nearly
 * the name of one. */
void target_options_hint(struct builder *b, const struct stage *output,
                         const struct config_entry *entry);

/* Returns the options of TARGET; never NULL if its plugin has a table of target
 * options. */
const struct options *target_options_of(const struct target *target);

/* NULL is allowed. */
void target_options_free(struct target_options *all);

#endif
