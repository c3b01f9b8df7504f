/*
 * Values of the pipeline file that must not be shown: those that continue in
 * an indented line.  Such a line can be an option that was indented by mistake,
 * and hold a password.
 */
#ifndef CORE_HIDDEN_H
#define CORE_HIDDEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config.h"

/* The values to hide from now on are those of CONFIG; NULL: none.  CONFIG must
 * outlive this.  Before threads begin. */
void hidden_set(const struct config *config);

/* Puts "***" in TEXT for each of those values.  Any thread. */
void hidden_make(char *text);

/* TEXT itself where it holds nothing to hide; else a copy, in BUF, without it.
 * Any thread. */
const char *hidden_copy(const char *text, char *buf, size_t size);

/* Whether TEXT holds a word of such a value of SECTION. */
bool hidden_has_word(const struct config_section *section, const char *text);

#endif
