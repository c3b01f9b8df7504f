/*
 * Text format of readings and ledgers in the state: one line for each member,
 * with its name, a blank and its value.
 */
#ifndef CORE_LEDGER_MEMBER_LINES_H
#define CORE_LEDGER_MEMBER_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/value.h"

/* Writes V as the member NAME; writes nothing if V has no value. */
void member_lines_put_value(FILE *out, const char *name, const struct value *v);

/* Calls TAKE for each member of TEXT until it returns false.  Returns false if
 * TAKE did, or if a line is malformed. */
bool member_lines_each(const char *text,
                       bool (*take)(void *ctx, const char *name,
                                    const char *rest),
                       void *ctx);

#endif
