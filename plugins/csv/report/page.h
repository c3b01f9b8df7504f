/*
 * Writes the page: HTML with inline SVG, without scripts and external files.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stdio.h>

#include "plugins/csv/report/months.h"
#include "plugins/csv/report/rows.h"

struct page {
  const struct section *section;
  const struct rows *rows;
  const struct uses_record *records; /* of the days that are shown */
  size_t n_records;
  const struct months *months;
};

/* Writes to F, whose errors the caller checks.  MP_OK or MP_ERANGE. */
int page_write(FILE *f, const struct page *page);

#endif
