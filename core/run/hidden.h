/*
 * Values of the pipeline file that must not be shown: those that continue in
 * an indented line.  Such a line can be an option that was indented by mistake,
 * and hold a password.
 */
#ifndef CORE_RUN_HIDDEN_H
#define CORE_RUN_HIDDEN_H

#include <stdbool.h>
#include <stddef.h>

/* The values to hide from now on: VALUES ends with NULL, and must outlive this;
 * NULL: none.  Before threads begin. */
void hidden_set(const char *const *values);

/* Puts "***" in TEXT for each of those values.  Any thread. */
void hidden_make(char *text);

/* TEXT itself where it holds nothing to hide; else a copy, in BUF, without it.
 * Any thread. */
const char *hidden_copy(const char *text, char *buf, size_t size);

/* Whether TEXT holds a word of VALUE. */
bool hidden_has_word(const char *value, const char *text);

#endif
