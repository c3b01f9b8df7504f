/*
 * Hides values of the pipeline file in messages: those that continue in an
 * indented line.  Such a line can be an option that was indented by mistake,
 * and hold a password.
 */
#ifndef CORE_RUN_HIDDEN_H
#define CORE_RUN_HIDDEN_H

#include <stdbool.h>
#include <stddef.h>

/* Sets the values to hide.  VALUES ends with NULL and is borrowed for the rest
 * of the program; NULL: none.  Call it before any thread starts. */
void hidden_set(const char *const *values);

/* Replaces each hidden value in TEXT by "***".  Any thread. */
void hidden_make(char *text);

/* Returns TEXT itself if it holds no hidden value, else a copy in BUF with
 * "***" in its place.  Any thread. */
const char *hidden_copy(const char *text, char *buf, size_t size);

/* Returns true if TEXT contains a word of VALUE. */
bool hidden_has_word(const char *value, const char *text);

#endif
