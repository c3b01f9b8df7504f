/*
 * A state of an earlier version opens and continues: its pending values are
 * delivered once, and nothing is counted twice.
 *
 * tests/data/state/ has such states, as SQL.  Each was written by the pipeline
 * below: two good runs, then one in which neither output could be served.
 * heat.csv beside it is the file after these runs.
 */
#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

/* 2026-11-30T14:00:00Z, some hours after the states were written. */
#define LATER 1796047200

static const char pipeline[] =
  "[pipeline]\nstate_dir = .\n"
  "[input meter]\nplugin = exec\ncommand = cat reading\n"
  "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"
  "minus = log.reading\n"
  "[transform total]\nplugin = add\nvalue = usage\nplus = log.total\n"
  "[output log]\nplugin = csv\npath = heat.csv\n"
  "column.reading = meter.energy\ncolumn.usage = usage\n"
  "column.total = total\n"
  "[output hook]\nplugin = exec\nclass = latest\ncommand = sh take.sh\n"
  "value.usage = usage\n";

/* The usages that the hook gets afterwards.  All of them add up to 0.201. */
static const struct version {
  const char *name;
  const char *usages[4]; /* up to NULL */
} versions[] = {
  /* Before the ledger kept kinds, record numbers and readings.  It does not say
   * whether the hook refused the value, so that comes again by itself. */
  { "first", { "0.100", "0.100", "0.001" } },
  { "second", { "0.200", "0.001" } },
};

static struct sandbox *sandbox;

/* Returns the whole file NAME of tests/data/state; the caller frees it. */
static char *
load(const char *version, const char *suffix)
{
  const char *srcdir = getenv("srcdir");
  char path[4096], *text = NULL;
  size_t size = 0;
  FILE *f;

  snprintf(path, sizeof(path), "%s/tests/data/state/%s.%s",
           srcdir ? srcdir : ".", version, suffix);
  f = fopen(path, "r");
  ck_assert_msg(f, "%s", path);
  ck_assert_int_ge(getdelim(&text, &size, 0, f), 0);
  fclose(f);
  return text;
}

static void
write_state(const char *version)
{
  char *sql = load(version, "sql"), path[4096];
  sqlite3 *db;

  snprintf(path, sizeof(path), "%s/p.db", sandbox_dir(sandbox));
  ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
  ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
  free(sql);
}

/* Runs with READING; the lines on standard error begin with SAID. */
static void
run_with(const char *reading, const char *said)
{
  sandbox_write(sandbox, "reading",
                "{\"field\":\"energy\",\"value\":\"%s\",\"unit\":\"GJ\","
                "\"kind\":\"counter\",\"serial\":\"68500001\"}\n",
                reading);
  sandbox_run(sandbox, "run -c p.ini");
  ck_assert_int_eq(sandbox_status(sandbox), EX_OK);
  if (*said)
    ck_assert_ptr_eq(strstr(sandbox_err(sandbox), said), sandbox_err(sandbox));
  else
    ck_assert_str_eq(sandbox_err(sandbox), "");
}

/* Checks that FILE has TEXT N times. */
static void
check_count(const char *file, const char *text, unsigned n)
{
  const char *all = sandbox_read(sandbox, file);
  unsigned found = 0;

  ck_assert_ptr_nonnull(all);
  for (const char *p = strstr(all, text); p; p = strstr(p + 1, text))
    found++;
  ck_assert_msg(found == n, "%s: \"%s\" %u times, not %u:\n%s", file, text,
                found, n, all);
}

/* Checks that the hook got the USAGES in this order, up to NULL. */
static void
check_usages(const char *const usages[])
{
  const char *line = sandbox_read(sandbox, "got");

  ck_assert_ptr_nonnull(line);
  for (; *usages; usages++) {
    char value[32];

    snprintf(value, sizeof(value), "\"value\":\"%s\"", *usages);
    line = strstr(line, value);
    ck_assert_msg(line, "no %s in:\n%s", value, sandbox_read(sandbox, "got"));
    line = strchr(line, '\n') + 1;
  }
  ck_assert_str_eq(line, "");
}

static void
leave(void)
{
  sandbox_free(sandbox);
  sandbox = NULL;
}

START_TEST(state_of_an_earlier_version_continues)
{
  const struct version *version = &versions[_i];
  char *rows;

  sandbox = sandbox_new();
  sandbox_set_clock(sandbox, LATER);
  sandbox_write(sandbox, "p.ini", "%s", pipeline);
  sandbox_write(sandbox, "take.sh", "cat >>got\n");
  rows = load(version->name, "csv");
  sandbox_write(sandbox, "heat.csv", "%s", rows);
  free(rows);
  write_state(version->name);
  run_with("84.508", "notice: hook: sh: works again after ");
  sandbox_advance(sandbox, 1200);
  run_with("84.509", "");

  check_count("heat.csv", "\n", 6); /* with the heading */
  check_count("heat.csv", ",84.308,0.100,0.100\n", 1);
  check_count("heat.csv", ",84.408,0.100,0.200\n", 1);
  check_count("heat.csv", ",84.508,0.100,0.300\n", 1);
  check_count("heat.csv", ",84.509,0.001,0.301\n", 1);
  check_usages(version->usages);
}
END_TEST

/* The meter is silent, so the usage of the earlier version is sent again
 * unchanged: as the same record, whose receiver knows it by its id.  A new
 * record has the UUID of the state. */
START_TEST(record_of_an_earlier_version_keeps_its_id)
{
  sandbox = sandbox_new();
  sandbox_set_clock(sandbox, LATER);
  sandbox_write(sandbox, "p.ini", "%s", pipeline);
  sandbox_write(sandbox, "take.sh", "cat >>got\n");
  write_state("second");
  sandbox_run(sandbox, "run -c p.ini");
  check_count("got", "{\"id\":\"hook-1796044739218\"", 1);
  sandbox_advance(sandbox, 1200);
  run_with("84.508", "notice: ");
  check_count("got", "{\"id\":\"", 2);
  check_count("got", "{\"id\":\"hook-", 1);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("upgrade");
  TCase *t = tcase_create("upgrade");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, state_of_an_earlier_version_continues, 0,
                      (int)ARRAY_SIZE(versions));
  tcase_add_test(t, record_of_an_earlier_version_keeps_its_id);
  suite_add_tcase(s, t);
  return run_suite(s);
}
