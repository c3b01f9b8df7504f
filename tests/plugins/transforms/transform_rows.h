/* Tests of transforms as rows: options, operand and value, and the result. */
#ifndef TRANSFORM_ROWS_H
#define TRANSFORM_ROWS_H

#include <meterpipe/plugin.h>

/* What the host knows about the operand. */
enum row_operand {
  ROW_EXACT,
  ROW_ROUNDED,
  ROW_FIRST,   /* the target was never set */
  ROW_MISSING, /* no last known value */
};

struct transform_row {
  const char *title;
  const char *options; /* "first=zero max=5"; NULL: none */
  enum row_operand known;
  const char
    *operand;    /* "84.000 GJ"; NULL with MISSING, FIRST, or no operand */
  int32_t place; /* with ROUNDED */
  uint32_t kind; /* of the value */
  const char *value;
  int expect; /* the return value of apply */
  /* With MP_OK the result; otherwise the parts, separated by '|', that the
   * message must contain; NULL: no message. */
  const char *result;
  uint32_t result_kind;
};

/* Applies ROW to the plugin that the test is linked with.  OPERAND is the key
 * of its operand option; NULL: it has none. */
void transform_check_row(const struct transform_row *row, const char *operand);

#endif
