/*
 * The section [report] and the csv outputs, as "meterpipe report" hands them
 * over (core/commands/command_report.c).  Pure, except that mistakes are
 * printed on standard error as FILE:LINE.
 */
#ifndef REPORT_SECTION_H
#define REPORT_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/csv/report/rules.h"

#define SECTION_PRICES_MAX 64
#define SECTION_WORD 16 /* size of a unit or currency */

enum section_column {
  COLUMN_ENERGY,
  COLUMN_VOLUME,
  COLUMN_FLOW_T,
  COLUMN_RETURN_T,
  COLUMN_E8, /* registers 97 and 110: volume x temperature */
  COLUMN_E9,
  COLUMN_FLOW,
  SECTION_COLUMNS
};

struct section_price {
  struct mp_decimal amount;
  int64_t from; /* days since 1970-01-01 */
};

struct section_prices {
  struct section_price list[SECTION_PRICES_MAX]; /* by date */
  size_t n;
  char currency[SECTION_WORD], per[SECTION_WORD]; /* "DKK", "MWh" */
};

struct section {
  const char *file;                     /* the pipeline file, for messages */
  const char *csv;                      /* path of the CSV file */
  const char *columns[SECTION_COLUMNS]; /* NULL: not named */
  char units[SECTION_COLUMNS][SECTION_WORD];
  struct section_prices price, fixed;
  struct rules rules; /* n_points 0: no expected return temperature */
};

/* Parses TEXT, which is modified and must outlive *ret.  CSV (NULL: none) takes
 * the place of the section's option csv.  Returns whether it has no mistake;
 * all are printed. */
bool section_parse(char *text, const char *csv, struct section *ret);

/* Prints a section for the first csv output in TEXT, which is modified. Returns
 * false, with a message, if there is none. */
bool section_suggest(char *text);

/* Returns the price of a day; NULL: there is none yet. */
const struct section_price *
section_price_of(const struct section_prices *prices, int64_t day);

/* Parses "2026-11-22" to days since 1970-01-01. */
bool section_parse_date(const char *text, int64_t *ret_day);

#endif
