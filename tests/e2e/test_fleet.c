/*
 * Many meters in one file: the expanded pipeline, failures and status of
 * repeated sections, and a list that changes.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/meter_setup.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

static void
check(int status, const char *out, const char *err)
{
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_int_eq(sandbox_status(s), status);
  if (out)
    ck_assert_str_eq(sandbox_out(s), out);
}

/* ---- The expanded file --------------------------------------------------- */

/* The example of the specification. */
#define HOUSES                                                                 \
  "name,device,idx_base,idx_total\n"                                           \
  "h001,tcp://10.0.0.1:4001,323,324\n"                                         \
  "h002,tcp://10.0.0.2:4001,325,326\n"
#define TEMPLATE                                                               \
  "[fleet]\nlist = houses.csv\n\n"                                             \
  "[input {name}]\nplugin = kmp\ndevice = {device}\n"                          \
  "fields = heat_energy_e1, volume_v1\n\n"                                     \
  "[transform {name}_usage]\nplugin = subtract\n"                              \
  "value  = {name}.heat_energy_e1\nminus  = dom.{idx_base}\n\n"                \
  "[transform {name}_total]\nplugin = add\nvalue  = {name}_usage\n"            \
  "plus   = dom.{idx_total}\n\n"                                               \
  "[output dom]\nplugin = domoticz\nurl = http://127.0.0.1:8080\n"             \
  "idx.{idx_base}  = {name}.heat_energy_e1\nidx.{idx_total} = {name}_total\n"  \
  "\n[output log_{name}]\nplugin = csv\npath   = {name}.csv\n"                 \
  "column.energy = {name}.heat_energy_e1\n"

#define INPUT(name, host)                                                      \
  "[input " name "]\nplugin = kmp\ndevice = tcp://10.0.0." host ":4001\n"      \
  "fields = heat_energy_e1, volume_v1\n\n"
#define USAGE(name, idx)                                                       \
  "[transform " name "_usage]\nplugin = subtract\nvalue  = " name              \
  ".heat_energy_e1\nminus  = dom." idx "\n\n"
#define TOTAL(name, idx)                                                       \
  "[transform " name "_total]\nplugin = add\nvalue  = " name "_usage\n"        \
  "plus   = dom." idx "\n\n"
#define LOG(name)                                                              \
  "[output log_" name "]\nplugin = csv\npath   = " name ".csv\n"               \
  "column.energy = " name ".heat_energy_e1\n\n"
#define EXPANDED                                                               \
  INPUT("h001", "1")                                                           \
  INPUT("h002", "2")                                                           \
  USAGE("h001", "323")                                                         \
  USAGE("h002", "325")                                                         \
  TOTAL("h001", "324")                                                         \
  TOTAL("h002", "326")                                                         \
  "[output dom]\nplugin = domoticz\nurl = http://127.0.0.1:8080\n"             \
  "idx.323  = h001.heat_energy_e1\nidx.325  = "                                \
  "h002.heat_energy_e1\n"                                                      \
  "idx.324 = h001_total\nidx.326 = h002_total\n\n" LOG("h001") LOG("h002")

START_TEST(example_is_expanded_to_a_file_with_the_same_pipeline)
{
  char graph[8192];

  sandbox_write(s, "houses.csv", HOUSES);
  sandbox_write(s, "fleet.ini", TEMPLATE);
  sandbox_run(s, "check --expand -c fleet.ini");
  check(EX_OK, EXPANDED, "");
  sandbox_write(s, "expanded.ini", "%s", sandbox_out(s));
  sandbox_run(s, "graph -c fleet.ini");
  check(EX_OK, NULL, "");
  snprintf(graph, sizeof(graph), "%s", sandbox_out(s));
  ck_assert_ptr_nonnull(strstr(graph, "h002_total"));
  sandbox_run(s, "graph -c expanded.ini");
  check(EX_OK, graph, "");
  sandbox_run(s, "check --expand -c expanded.ini");
  check(EX_OK, EXPANDED, "");
  sandbox_run(s, "check --offline -c fleet.ini");
  check(EX_OK, "", "");
}
END_TEST

/* Mistakes that the check of a plugin's options finds. */
START_TEST(mistake_names_the_row)
{
  sandbox_write(s, "houses.csv", HOUSES "h003,,327,328\n");
  sandbox_write(s, "fleet.ini", TEMPLATE "colum.e = {name}.volume_v1\n");
  sandbox_run(s, "check --offline -c fleet.ini");
  check(EX_CONFIG, "",
        "fleet.ini:4 (houses.csv:4): option \"device\" is missing: tty of the "
        "optical head, or tcp://HOST:PORT of a serial server; for example: "
        "device = TEXT\n"
        "fleet.ini:29 (houses.csv:2 and 2 more rows): unknown option "
        "\"colum.e\"; the nearest is \"column.e\"\n");
}
END_TEST

static const struct {
  const char *words, *err;
  int status;
} expand_rows[] = {
  { "check --expand -c none.ini",
    "none.ini: cannot be read: No such file or directory\n", EX_CONFIG },
  { "check --expand -c fleet.ini",
    "houses.csv: cannot be read: No such file or directory\n", EX_CONFIG },
  { "check --expand --offline -c fleet.ini",
    "error: --expand contacts nothing: leave out --offline\n"
    "Usage: meterpipe check [-c FILE] [--offline | --expand]\n",
    EX_USAGE },
  { "run --expand -c fleet.ini", "error: \"run\" takes no option --expand\n",
    EX_USAGE },
};

START_TEST(expand_reports_what_it_cannot_read)
{
  sandbox_write(s, "fleet.ini", TEMPLATE);
  sandbox_run(s, "%s", expand_rows[_i].words);
  check(expand_rows[_i].status, "", expand_rows[_i].err);
}
END_TEST

/* ---- Failures ------------------------------------------------------------ */

/* Five meters: the command of h3 prints the file h3.json. */
#define FIVE                                                                   \
  "[pipeline]\nstate_dir = .\n[fleet]\nlist = list.csv\n"                      \
  "[input {name}]\nplugin = exec\ncommand = cat {name}.json\n"                 \
  "[output log]\nplugin = csv\npath = log.csv\ncolumn.{name} = {name}.e\n"

static void
set_meter(int i, bool answers)
{
  char name[16];

  snprintf(name, sizeof(name), "h%d.json", i);
  if (answers)
    sandbox_write(s, name,
                  "{\"field\":\"e\",\"value\":\"1.5\",\"unit\":\"GJ\"}");
  else if (sandbox_exists(s, name))
    sandbox_remove(s, name);
}

static void
build_five(void)
{
  build();
  sandbox_write(s, "fleet.ini", FIVE);
  sandbox_write(s, "list.csv", "name\nh1\nh2\nh3\nh4\nh5\n");
  for (int i = 1; i <= 5; i++)
    set_meter(i, true);
}

static void
run(const char *words)
{
  sandbox_run(s, "run -c fleet.ini %s", words);
  sandbox_advance(s, 1200);
}

START_TEST(failures_of_repeated_sections_are_one_line)
{
  run("");
  check(EX_OK, "", "");
  set_meter(2, false);
  set_meter(5, false);
  run("");
  check(EX_IOERR, "",
        "error: input {name}: 2 of 5 failed: h2 (ended with status 1), h5 "
        "(ended with status 1)\n");
  run("");
  check(EX_IOERR, "", "");
  /* new failures are named first; more than three are counted */
  set_meter(4, false);
  set_meter(3, false);
  run("");
  check(EX_IOERR, "",
        "error: input {name}: 4 of 5 failed: h3 (ended with status 1), h4 "
        "(ended with status 1), h2 (ended with status 1), and 1 more\n");
  run("-v");
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "error: h2: cat: ended with"));
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "error: h5: cat: ended with"));
  ck_assert_ptr_null(strstr(sandbox_err(s), "{name}"));
}
END_TEST

/* Failures that began at different times are repeated in one line a day. */
START_TEST(failures_of_a_group_are_repeated_once_a_day)
{
  int64_t begun = sandbox_now(s);
  int lines = 0;

  for (int i = 1; i <= 4; i++) {
    set_meter(i, false);
    run("");
    ck_assert_ptr_nonnull(strstr(sandbox_err(s), "of 5 failed"));
  }
  while (sandbox_now(s) < begun + 86400 * 2 + 7200) {
    run("");
    lines += *sandbox_err(s) != '\0';
    ck_assert_ptr_nonnull(
      *sandbox_err(s) ? strstr(sandbox_err(s), "4 of 5 failed") : "");
  }
  ck_assert_int_eq(lines, 2);
}
END_TEST

START_TEST(ends_of_failures_are_one_line)
{
  for (int i = 1; i <= 5; i++)
    set_meter(i, false);
  run("");
  for (int i = 1; i <= 4; i++)
    set_meter(i, true);
  run("");
  check(EX_IOERR, "",
        "notice: input {name}: 4 of 5 work again: h1 (after 20 min), h2 (after "
        "20 min), h3 (after 20 min), and 1 more\n");
  set_meter(5, true);
  run("");
  check(EX_OK, "",
        "notice: input {name}: 1 of 5 work again: h5 (after 40 min)\n");
}
END_TEST

START_TEST(failures_of_dry_runs_and_single_rows_are_not_grouped)
{
  set_meter(1, false);
  run("-n");
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "error: h1: cat: ended with"));
  /* a section that is repeated for one row is no group */
  sandbox_write(s, "list.csv", "name\nh1\n");
  run("");
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), "error: h1: cat: ended with"));
}
END_TEST

/* ---- Status -------------------------------------------------------------- */

/* A column and a file for each meter; h3 and h5 have no directory. */
#define FILES                                                                  \
  FIVE "column.first = h1_use\n[transform {name}_use]\nplugin = subtract\n"    \
       "value = {name}.e\nminus = log.{name}\n"                                \
       "[output log_{name}]\nplugin = csv\npath = {dir}/{name}.csv\n"          \
       "column.e = {name}.e\ncolumn.u = {name}_use\n"

#define LAST                                                                   \
  "fleet.ini: last run 2026-11-22T10:20:00Z, 20 min ago: 74, input/output "    \
  "error\nstate: ./fleet.db\n\n"

/* Runs twice; at 10:20, h2 and h3 fail. */
static void
run_files(void)
{
  sandbox_write(s, "fleet.ini", FILES);
  sandbox_write(s, "list.csv", "name,dir\nh1,.\nh2,.\nh3,no\nh4,.\nh5,no\n");
  run("");
  set_meter(2, false);
  set_meter(3, false);
  run("");
}

START_TEST(status_sums_up_repeated_sections)
{
  run_files();
  sandbox_run(s, "status -c fleet.ini");
  check(EX_OK,
        LAST
        "TARGET        LAST VALUE  AGE           PENDING  FOR\n"
        "log.{name}    5 of 5 set  up to 40 min\n"
        "log.first     0.0 GJ      20 min\n"
        "log_{name}.e  5 of 5 set  up to 40 min\n"
        "log_{name}.u  3 of 5 set  up to 20 min\n"
        "log_{name}                              4 rows   up to 40 min\n"
        "\n"
        "FAILING            OBJECT  FOR     WHAT\n"
        "output log_{name}          40 min  2 of 5 failed: log_h3 (its "
        "directory does not exist), log_h5 (its directory does not exist)\n"
        "input {name}               20 min  2 of 5 failed: h2 (ended with "
        "status 1), h3 (ended with status 1)\n",
        "");
}
END_TEST

static const struct {
  const char *name, *out;
} one_rows[] = {
  /* a row of the list */
  { "h3", LAST "TARGET    LAST VALUE  AGE     PENDING  FOR\n"
               "log.h3    1.5 GJ      40 min\n"
               "log_h3.e  1.5 GJ      40 min\n"
               "log_h3.u  -\n"
               "log_h3                        2 rows   40 min\n"
               "\n"
               "FAILING  OBJECT     FOR     WHAT\n"
               "log_h3   no/h3.csv  40 min  its directory does not exist; "
               "create it, or change `path`\n"
               "h3       cat        20 min  ended with status 1: cat: h3.json: "
               "No such file or directory\n" },
  /* a section, with the targets that its values feed */
  { "h1_use", LAST "TARGET     LAST VALUE  AGE     PENDING  FOR\n"
                   "log.first  0.0 GJ      20 min\n"
                   "log_h1.u   0.0 GJ      20 min\n" },
};

START_TEST(status_of_a_name_shows_one_row_or_section)
{
  run_files();
  sandbox_run(s, "status -c fleet.ini %s", one_rows[_i].name);
  check(EX_OK, one_rows[_i].out, "");
}
END_TEST

START_TEST(status_of_an_unknown_name_is_an_error)
{
  sandbox_run(s, "status -c fleet.ini h33");
  check(EX_USAGE, "",
        "error: there is no row or section \"h33\" in fleet.ini; the nearest "
        "is \"h3\"\n");
}
END_TEST

static size_t
count(const char *text, const char *word)
{
  size_t n = 0;

  while ((text = strstr(text, word))) {
    text += strlen(word);
    n++;
  }
  return n;
}

START_TEST(status_for_programs_is_complete)
{
  run_files();
  sandbox_run(s, "status --json -c fleet.ini");
  check(EX_OK, NULL, "");
  ck_assert_uint_eq(count(sandbox_out(s), "{\"target\":"), 5 + 1 + 2 * 5);
  ck_assert_uint_eq(count(sandbox_out(s), "{\"output\":"), 1 + 5);
  ck_assert_uint_eq(count(sandbox_out(s), "{\"stage\":"), 4);
  sandbox_run(s, "status --json -c fleet.ini h3");
  check(EX_OK, NULL, "");
  ck_assert_uint_eq(count(sandbox_out(s), "{\"target\":"), 3);
  ck_assert_uint_eq(count(sandbox_out(s), "{\"output\":"), 1);
  ck_assert_uint_eq(count(sandbox_out(s), "{\"stage\":"), 2);
}
END_TEST

START_TEST(status_sums_up_the_use_of_meters)
{
  struct meter_setup house = meter_setup_new("60=84.208GJ");
  struct meter *second = meter_setup_add_meter(&house, "60=1.5GJ");
  struct sandbox *five = s;

  s = house.s;
  sandbox_write(s, "fleet.ini",
                "[pipeline]\nstate_dir = .\n[fleet]\nlist = list.csv\n"
                "[input {name}]\nplugin = kmp\ndevice = {device}\n"
                "[output log]\nplugin = csv\npath = log.csv\n"
                "column.{name} = {name}.heat_energy_e1\n");
  sandbox_write(s, "list.csv", "name,device\nh1,%s\nh2,%s\n",
                meter_path(house.m), meter_path(second));
  run("");
  check(EX_OK, "", "");
  sandbox_run(s, "status -c fleet.ini");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(s), "\ninput {name}: 2 of 2 devices: h1 (1 attempt in "
                           "the last 24 hours, 0 failed), h2 (1 attempt in the "
                           "last 24 hours, 0 failed)\n"));
  sandbox_run(s, "status -c fleet.ini h2");
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(s), "\nh2: 1 attempt in the last 24 hours, 0 failed\n"));
  ck_assert_ptr_null(strstr(sandbox_out(s), "h1"));
  meter_stop(second);
  meter_setup_free(&house);
  s = five;
}
END_TEST

/* ---- A list that changes ------------------------------------------------- */

/* Replaces the list in one step, as an editor does. */
static void
replace_list(const char *text)
{
  char from[256], to[256];

  sandbox_write(s, "new.csv", "%s", text);
  snprintf(from, sizeof(from), "%s/new.csv", sandbox_dir(s));
  snprintf(to, sizeof(to), "%s/list.csv", sandbox_dir(s));
  ck_assert_int_eq(rename(from, to), 0);
}

/* Waits until FILE has a row; fails the test after 60 s. */
static void
wait_for_row(const char *file)
{
  const char *text = NULL;

  for (int i = 0; i < 1200; i++) {
    text = sandbox_exists(s, file) ? sandbox_read(s, file) : NULL;
    if (text && strstr(text, "Z,1.5"))
      return;
    usleep(50000);
  }
  ck_abort_msg("%s gets no row", file);
}

START_TEST(every_reads_a_changed_list)
{
  sandbox_write(s, "fleet.ini",
                FIVE "[output log_{name}]\nplugin = csv\npath = {name}.csv\n"
                     "column.e = {name}.e\n");
  sandbox_write(s, "list.csv", "name\nh1\n");
  sandbox_start(s, "run --every 100ms -c fleet.ini");
  wait_for_row("h1.csv");
  replace_list("name\nh4\n");
  wait_for_row("h4.csv");
  replace_list("name\nh1\nh1\n");
  sandbox_wait(s);
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
  ck_assert_ptr_nonnull(strstr(
    sandbox_err(s), "list.csv:3: the name \"h1\" is already used in line 2\n"));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("fleet");
  TCase *tc = tcase_create("file");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_test(tc, example_is_expanded_to_a_file_with_the_same_pipeline);
  tcase_add_test(tc, mistake_names_the_row);
  tcase_add_loop_test(tc, expand_reports_what_it_cannot_read, 0,
                      (int)ARRAY_SIZE(expand_rows));
  suite_add_tcase(suite, tc);
  tc = tcase_create("five meters");
  tcase_add_checked_fixture(tc, build_five, leave);
  tcase_add_test(tc, failures_of_repeated_sections_are_one_line);
  tcase_add_test(tc, failures_of_a_group_are_repeated_once_a_day);
  tcase_add_test(tc, ends_of_failures_are_one_line);
  tcase_add_test(tc, failures_of_dry_runs_and_single_rows_are_not_grouped);
  tcase_add_test(tc, status_sums_up_repeated_sections);
  tcase_add_loop_test(tc, status_of_a_name_shows_one_row_or_section, 0,
                      (int)ARRAY_SIZE(one_rows));
  tcase_add_test(tc, status_of_an_unknown_name_is_an_error);
  tcase_add_test(tc, status_for_programs_is_complete);
  tcase_add_test(tc, status_sums_up_the_use_of_meters);
  tcase_add_test(tc, every_reads_a_changed_list);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
