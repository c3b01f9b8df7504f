/*
 * Fuzz target: the section [report], as "meterpipe report" hands it over, and a
 * CSV file.  A line "---" separates them.
 *
 * Also checks that the months add up exactly to the records, and that no text
 * of the input becomes markup.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "fuzz/require.h"
#include "plugins/csv/report/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char separator[] = "\n---\n";

static void
check_sums(const struct uses *uses, const struct months *months)
{
  struct uses_record records = { .day = 0 }, sums = { .day = 0 };

  for (size_t i = 0; i < uses->n; i++) {
    require(i == 0 || uses->records[i].day >= uses->records[i - 1].day);
    if (uses_sum(&records, &uses->records[i]) != MP_OK)
      return;
  }
  for (size_t i = 0; i < months->n; i++)
    if (uses_sum(&sums, &months->list[i].sum) != MP_OK)
      return;
  for (int i = 0; i < USES_COUNTERS; i++)
    require(decimal_compare(records.used[i], sums.used[i]) == 0);
}

static void
write_page(const struct section *section, const struct rows *rows)
{
  const struct uses *uses = &rows->uses;
  struct months months;
  struct page page = { section, rows, uses->records, uses->n, &months };
  char *text = NULL;
  size_t size;
  FILE *f;

  /* A longer time is only slow. */
  if (uses->n == 0 ||
      uses->records[uses->n - 1].day - uses->records[0].day > 100000 ||
      months_new(uses->records, uses->n, uses->records[0].day,
                 uses->records[uses->n - 1].day, section, &months) != MP_OK)
    return;
  check_sums(uses, &months);
  f = open_memstream(&text, &size);
  require(f);
  page_write(f, &page);
  require(fclose(f) == 0);
  require(!strstr(text, "<b>")); /* the page has none itself */
  free(text);
  free(months.list);
}

static void
make_page(char *text, char *csv, size_t csv_size)
{
  struct section section;
  struct rows rows;
  FILE *f;

  if (csv_size == 0 || !section_parse(text, NULL, &section))
    return;
  f = fmemopen(csv, csv_size, "r");
  require(f);
  if (rows_read(f, "heat.csv", &section, &rows) == EX_OK)
    write_page(&section, &rows);
  rows_free(&rows);
  fclose(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FILE *messages = stderr;
  char *text = malloc(size + 1), *csv;

  require(text);
  memcpy(text, data, size);
  text[size] = '\0';
  csv = memmem(text, size, separator, sizeof(separator) - 1);
  if (csv) {
    csv[1] = '\0';
    csv += sizeof(separator) - 1;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    stderr = fopen("/dev/null", "w");
    require(stderr);
    make_page(text, csv, size - (size_t)(csv - text));
    fclose(stderr);
    stderr = messages;
  }
  free(text);
  return 0;
}
