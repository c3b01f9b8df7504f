/*
 * What the state keeps of readings and ledgers, as text: a line a member, its
 * name, a blank and what is kept.
 */
#ifndef CORE_LEDGER_LINES_H
#define CORE_LEDGER_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/value.h"

/* Writes V as the member NAME; of no value, nothing. */
void lines_put_value(FILE *out, const char *name, const struct value *v);

/* Closes OUT, which open_memstream made for *TEXT.  Returns the text, which the
 * caller frees; NULL: out of memory. */
char *lines_close(FILE *out, char **text);

/* Calls TAKE for each member of TEXT until it returns false.  False also where
 * a line is none, or out of memory. */
bool lines_each(const char *text,
                bool (*take)(void *ctx, const char *name, const char *rest),
                void *ctx);

#endif
