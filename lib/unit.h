/*
 * Units: their symbols, their quantities, and exact conversions between them.
 */
#ifndef LIB_UNIT_H
#define LIB_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/decimal.h"
#include "meterpipe/plugin.h"

/* Returns the internal spelling of SYMBOL: "m3" for "m³" and "m3", "C" for "°C"
 * and "C".  Returns SYMBOL itself if it is not in the table. */
const char *unit_canonical(const char *symbol);

/* Returns the spelling for people, in UTF-8: "m³", "°C". */
const char *unit_display(const char *symbol);

/* Returns the symbol of a unit of numbers that TEXT names, even in another
 * case: "GJ" for "gj".  "mw" is MW, not mW.  Returns TEXT itself if no unit has
 * this name. */
const char *unit_in_any_case(const char *text);

/* Returns whether SYMBOL, in either spelling, is in the table. */
bool unit_known(const char *symbol);
/* Returns whether SYMBOL is not a unit but a form of text, such as
 * "yy:mm:dd". */
bool unit_is_text(const char *symbol);

/* Returns the quantity of SYMBOL (NULL and "": none), in any spelling:
 * "energy". NULL: it is not in the table, or it is a form of text. */
const char *unit_quantity(const char *symbol);

/* Returns whether two symbols (NULL and "": none) mean the same unit. */
bool unit_same(const char *a, const char *b);

/* Returns whether values convert from one unit to the other, exactly or
 * rounded. */
bool unit_converts(const char *from, const char *to);

/* Converts D from one unit to another.  MP_OK: exact; MP_DROP: rounded
 * half to even at 10^place, because no exact conversion exists (never
 * with MP_EXACT); MP_ECONFIG: no exact conversion exists, or the units
 * measure different quantities; MP_ERANGE.  1 Gcal is 4.1868 GJ (the
 * International Table calorie). */
int unit_convert(struct mp_decimal *d, const char *from, const char *to,
                 int32_t place);

#endif
