/*
 * Units: which symbols there are, what they measure, and which convert exactly.
 */
#ifndef LIB_UNIT_H
#define LIB_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decimal.h"

/* The spelling used inside for SYMBOL ("m³" and "m3" are "m3", "°C" and "C"
 * are "C"); SYMBOL itself when it is not in the table. */
const char *unit_canonical(const char *symbol);

/* The spelling for people, in UTF-8: "m³", "°C". */
const char *unit_display(const char *symbol);

/* Whether SYMBOL, in either spelling, is a unit of the table. */
int unit_known(const char *symbol);
/* Whether it is no unit, but a form of text, such as "yy:mm:dd". */
int unit_is_text(const char *symbol);

/* Whether two symbols (NULL and "": none) mean the same unit. */
int unit_same(const char *a, const char *b);

/* Converts D from one unit to another.  MP_OK exact; MP_DROP: rounded half to
 * even at 10^place, as no exact conversion exists (never with MP_EXACT);
 * MP_ECONFIG: no exact conversion exists, or they measure different things;
 * MP_ERANGE.  1 Gcal is 4.1868 GJ (the International Table calorie). */
int unit_convert(struct decimal *d, const char *from, const char *to,
                 int32_t place);

#endif
