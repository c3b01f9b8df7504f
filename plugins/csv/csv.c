/*
 * csv: appends one row per cycle to a file.
 *
 *     time,energy,usage
 *     2026-11-22T10:00:00Z,84.208,0.208
 *
 * csv_rows.c formats the rows of a commit in memory, csv_commit.c writes them
 * to the file, csv_fetch.c reads the last ones.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>

#include "plugins/csv/csv.h"
#include "plugins/csv/csv_open.h"

static const struct mp_option options[] = {
  { "path", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL, "the file to append to" },
  { "eol", MP_TYPE_CHOICE, 0, "lf", "lf|crlf", "how lines end" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

/* ---- Instances ----------------------------------------------------------- */

static int
csv_create(const struct mp_host *host, void **ret_self)
{
  struct csv *csv = calloc(1, sizeof(*csv));

  if (!csv)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  csv->host = host;
  csv->eol = host->option_int(host, "eol") == 0 ? "\n" : "\r\n";
  csv_file_init(&csv->file, host, host->option(host, "path"));
  *ret_self = csv;
  return MP_OK;
}

static void
csv_close(void *self)
{
  struct csv *csv = self;

  csv_file_close(&csv->file);
  csv_rows_forget(csv);
  csv_columns_close(csv);
  csv->distrusted = false; /* the host has given the file up for its run */
}

static void
csv_destroy(void *self)
{
  struct csv *csv = self;

  if (!csv)
    return;
  csv_close(csv);
  csv_rows_free(csv);
  free(csv);
}

static int
csv_open(void *self)
{
  return csv_columns_open(self);
}

/* ---- The plugin ---------------------------------------------------------- */

static int
csv_check(void *self)
{
  struct csv *csv = self;
  struct csv_file file;
  int answer;

  csv_file_init(&file, csv->host, csv->file.path);
  answer = csv_file_open(&file, CSV_FILE_MEND);
  if (answer == MP_DROP)
    return csv_file_check_create(&file);
  if (answer == MP_OK)
    answer = csv_file_skip_nuls(&file);
  if (answer == MP_OK && csv->written > 0)
    answer = csv_file_check_header(&file, csv->header.data, csv->header.len);
  csv_file_close(&file);
  return answer;
}

static const struct mp_append_ops append = {
  .struct_size = sizeof(struct mp_append_ops),
  .token = csv_token,
  .recover = csv_recover,
};

static const struct mp_output_ops ops = {
  .struct_size = sizeof(struct mp_output_ops),
  .flags = MP_OUTPUT_TELLS_TIME,
  .delivery = MP_APPEND,
  .target_prefix = "column",
  .open = csv_open,
  .close = csv_close,
  .fetch = csv_fetch,
  .begin = csv_begin,
  .write = csv_write,
  .commit = csv_commit,
  .append = &append,
  .check = csv_check,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "csv",
  .version = PACKAGE_VERSION,
  .summary = "appends a row to a CSV file for each cycle",
  .options = options,
  .create = csv_create,
  .destroy = csv_destroy,
  .output = &ops,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
