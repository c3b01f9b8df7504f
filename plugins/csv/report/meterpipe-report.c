/*
 * meterpipe-report, which "meterpipe report" executes: a page of the usage and
 * the costs in a CSV file.  Its section comes on standard input.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/text_buffer.h"
#include "plugins/csv/report/page.h"

#define TEXT_MAX ((size_t)16 << 20)

struct arguments {
  const char *csv, *output, *zone;
  int64_t from, to; /* days */
  bool suggest;
};

static int
fail(int status, const char *object, const char *what)
{
  fprintf(stderr, "error: %s: %s\n", object, what);
  return status;
}

/* ---- Arguments ----------------------------------------------------------- */

static void
print_help(void)
{
  printf(
    "Usage: meterpipe report [-c FILE] [--from DATE] [--to DATE] "
    "[--output FILE] [--csv FILE] [--zone ZONE] [--suggest]\n\n"
    "Write a page of the usage and the costs in a CSV file.\n\n"
    "Options:\n"
    "  -c, --config FILE       the pipeline file, which has a section "
    "[report]\n"
    "  --from DATE             the first day, as in 2026-01-01\n"
    "  --to DATE               the last day\n"
    "  --output FILE           write the page there (default standard output)\n"
    "  --csv FILE              read this file in place of the section's csv\n"
    "  --zone ZONE             local time, as in Europe/Copenhagen (default "
    "TZ)\n"
    "  --suggest               print a section for the first csv output\n"
    "  -h, --help              print this text\n"
    "  --version               print the version\n");
}

/* Takes an option.  Returns EX_OK, or an exit status after a message. */
static int
take_option(struct arguments *args, int letter)
{
  switch (letter) {
  case 'f':
  case 't':
    return section_parse_date(optarg, letter == 'f' ? &args->from : &args->to)
             ? EX_OK
             : fail(EX_USAGE, optarg, "no date: write it as 2026-01-31");
  case 'o':
    args->output = optarg;
    return EX_OK;
  case 'C':
    args->csv = optarg;
    return EX_OK;
  case 'z':
    args->zone = optarg;
    return EX_OK;
  case 's':
    args->suggest = true;
    return EX_OK;
  default:
    return fail(EX_USAGE, "report",
                "a wrong option (\"meterpipe report --help\" lists them)");
  }
}

static const struct option options[] = {
  { "from", required_argument, NULL, 'f' },
  { "to", required_argument, NULL, 't' },
  { "output", required_argument, NULL, 'o' },
  { "csv", required_argument, NULL, 'C' },
  { "zone", required_argument, NULL, 'z' },
  { "suggest", no_argument, NULL, 's' },
  { "help", no_argument, NULL, 'h' },
  { "version", no_argument, NULL, 'V' },
  { NULL, 0, NULL, 0 },
};

/* Returns EX_OK, an exit status after a message, or -1 after the help. */
static int
parse_arguments(int argc, char **argv, struct arguments *args)
{
  int letter, status = EX_OK;

  opterr = 0;
  while (status == EX_OK &&
         (letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
    if (letter == 'h') {
      print_help();
      return -1;
    }
    if (letter == 'V') {
      printf("meterpipe-report %s\n", PACKAGE_VERSION);
      return -1;
    }
    status = take_option(args, letter);
  }
  if (status == EX_OK && optind < argc)
    return fail(EX_USAGE, argv[optind], "not an option");
  return status;
}

/* ---- The page ------------------------------------------------------------ */

static int
read_text(struct text_buffer *text)
{
  char part[4096];
  size_t n;

  if (isatty(STDIN_FILENO))
    return fail(EX_USAGE, "meterpipe-report",
                "no section on standard input: use \"meterpipe report\"");
  while ((n = fread(part, 1, sizeof(part), stdin)) > 0)
    if (text_buffer_add(text, part, n) != MP_OK)
      return fail(EX_OSERR, "meterpipe-report", "out of memory");
  if (text_buffer_add(text, "", 1) != MP_OK)
    return fail(EX_OSERR, "meterpipe-report", "out of memory");
  return EX_OK;
}

/* Writes the page whole, or leaves the file of an earlier run as it was. */
static int
write_file(const struct page *page, const char *path)
{
  size_t size = strlen(path) + sizeof(".new");
  char *temporary = malloc(size);
  FILE *f = NULL;
  int r = MP_EIO;

  if (temporary) {
    snprintf(temporary, size, "%s.new", path);
    f = fopen(temporary, "w");
  }
  if (f) {
    r = page_write(f, page);
    if (ferror(f) | (fclose(f) != 0) && r == MP_OK)
      r = MP_EIO;
    if (r == MP_OK && rename(temporary, path) != 0)
      r = MP_EIO;
    if (r != MP_OK)
      unlink(temporary);
  }
  free(temporary);
  if (r == MP_ERANGE)
    return fail(EX_DATAERR, path, "a sum has too many digits");
  return r == MP_OK ? EX_OK : fail(EX_CANTCREAT, path, "cannot be written");
}

static int
write_page(const struct page *page, const char *path)
{
  if (path)
    return write_file(page, path);
  if (page_write(stdout, page) != MP_OK)
    return fail(EX_DATAERR, "report", "a sum has too many digits");
  return fflush(stdout) == 0 && !ferror(stdout)
           ? EX_OK
           : fail(EX_IOERR, "standard output", "cannot be written");
}

/* Makes the page of the days that ARGS selects. */
static int
make_page(const struct arguments *args, const struct section *section,
          const struct rows *rows)
{
  struct page page = { .section = section, .rows = rows };
  const struct uses *uses = &rows->uses;
  size_t first = 0, end = uses->n;
  struct months months;
  int64_t from, to;
  int status;

  while (first < end && uses->records[first].day < args->from)
    first++;
  while (end > first && uses->records[end - 1].day > args->to)
    end--;
  if (first == end)
    return fail(EX_DATAERR, section->csv,
                "there is no use in these days: two rows are needed");
  page.records = uses->records + first;
  page.n_records = end - first;
  /* The days of a gap are shown, too. */
  from = page.records[0].day - page.records[0].span + 1;
  to = page.records[page.n_records - 1].day;
  if (months_new(page.records, page.n_records,
                 from > args->from ? from : args->from, to, section,
                 &months) != MP_OK)
    return fail(EX_DATAERR, section->csv, "a sum has too many digits");
  page.months = &months;
  status = write_page(&page, args->output);
  free(months.list);
  return status;
}

static void
report_left_out(const struct section *section, const struct rows *rows)
{
  for (int i = 0; i < ROWS_FAULTS; i++)
    if (rows->left_out[i].count > 0)
      fprintf(stderr, "warning: %s:%lu: left out: %lu rows that %s\n",
              section->csv, rows->left_out[i].first_line,
              rows->left_out[i].count, rows_fault_texts[i]);
}

static int
report_csv(const struct arguments *args, const struct section *section)
{
  FILE *f = fopen(section->csv, "r");
  struct rows rows;
  int status;

  if (!f)
    return fail(EX_NOINPUT, section->csv, strerror(errno));
  status = rows_read(f, section->csv, section, &rows);
  fclose(f);
  report_left_out(section, &rows);
  if (status == EX_OK)
    status = make_page(args, section, &rows);
  rows_free(&rows);
  return status;
}

int
main(int argc, char **argv)
{
  struct arguments args = { .from = INT64_MIN, .to = INT64_MAX };
  struct text_buffer text = { .max = TEXT_MAX };
  struct section section;
  int status = parse_arguments(argc, argv, &args);

  if (status != EX_OK)
    return status < 0 ? EX_OK : status;
  if (args.zone)
    setenv("TZ", args.zone, 1);
  tzset();
  status = read_text(&text);
  if (status == EX_OK && args.suggest)
    status = section_suggest(text.data) ? EX_OK : EX_CONFIG;
  else if (status == EX_OK && !section_parse(text.data, args.csv, &section))
    status = EX_CONFIG;
  else if (status == EX_OK)
    status = report_csv(&args, &section);
  text_buffer_free(&text);
  return status;
}
