/*
 * meterpipe report: the page of a CSV file, and its answers to files that are
 * damaged.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

#define PIPELINE                                                               \
  "[input meter]\nplugin = replay\npath = meter.capture\n"                     \
  "[output log]\nplugin = csv\npath = heat.csv\n"                              \
  "column.energy = meter.heat_energy_e1\ncolumn.volume = meter.volume_v1\n"    \
  "column.t1 = meter.temperature_t1\ncolumn.t2 = meter.temperature_t2\n"       \
  "column.flow = meter.flow_v1\n"
#define COLUMNS                                                                \
  "[report]\ncsv = log\nenergy = energy GJ\nvolume = volume m3\n"              \
  "flow_temperature = t1\nreturn_temperature = t2\nflow = flow l/h\n"
#define PRICES                                                                 \
  "price = 545 DKK/MWh from 2026-01-01\nfixed = 2500 DKK/year from "           \
  "2026-01-01\nreturn_expected = 40.7\nbonus = 2\nmalus = 1\n"

#define HEAD "time,energy,volume,t1,t2,flow\n"

static struct sandbox *s;

static void
setup(void)
{
  s = sandbox_new();
  sandbox_write(s, "house.ini", "%s", PIPELINE COLUMNS PRICES);
}

static void
teardown(void)
{
  sandbox_free(s);
}

static int
report(const char *options)
{
  return sandbox_run(s, "report -c house.ini --zone Europe/Copenhagen %s",
                     options);
}

static void
expect_in_page(const char *text)
{
  ck_assert_msg(strstr(sandbox_out(s), text), "no %s in\n%s", text,
                sandbox_out(s));
}

/* ---- The page ------------------------------------------------------------ */

static void
write_spring(void)
{
  sandbox_write(s, "heat.csv", "%s",
                HEAD "2026-03-28T22:00:00Z,100.00,1000.0,60.00,40.00,0\n"
                     "2026-03-28T23:30:00Z,100.10,1001.0,60.00,40.00,10\n"
                     "2026-03-29T21:30:00Z,101.00,1010.0,62.00,41.00,20\n"
                     "2026-03-29T22:30:00Z,101.20,1012.0,61.00,42.00,5\n"
                     "2026-04-02T10:00:00Z,104.40,1040.0,61.00,43.00,7\n"
                     "2026-04-02T11:00:00Z,0.00,0.0,61.00,43.00,7\n"
                     "2026-04-02T12:00:00Z,0.25,2.0,61.00,43.00,7\n");
}

/* The day has 23 hours: 23:30 UTC is in it, and 22:30 UTC is in the next.  1.20
 * GJ x 545 / 3.6 = 181.667; 41.08 is 0.38 degrees above, so 0.38 %: 0.690.  3
 * of 365 days, with the gap: 20.548.  The total is 202.905 before it is
 * rounded. */
START_TEST(page_adds_up_uses_by_local_day)
{
  write_spring();
  ck_assert_int_eq(report(""), EX_OK);
  ck_assert_str_eq(sandbox_err(s), "");
  expect_in_page("<td>2026-03-29</td><td>1.00</td><td>10.0</td>");
  expect_in_page("<td>2026-03-30</td><td>0.20</td><td>2.0</td>");
  expect_in_page("<td>3.20 GJ in 3 days</td>");
  expect_in_page("exchanged or reset");
  expect_in_page("<td>181.67</td><td>0.69</td><td>20.55</td><td>202.90</td>");
  expect_in_page("<th>Sum</th><td>4.65</td><td>42.0</td>");
}
END_TEST

/* The model compares each table with the file. */
START_TEST(sums_are_those_of_the_file)
{
  const char *srcdir = getenv("srcdir");
  char model[1024], command[4096];

  snprintf(model, sizeof(model), "python3 '%s/tests/e2e/report_model.py'",
           srcdir ? srcdir : ".");
  snprintf(command, sizeof(command), "%s make %d '%s/heat.csv'", model, _i,
           sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
  ck_assert_int_eq(report("--output page.html"), EX_OK);
  ck_assert_str_eq(sandbox_err(s), "");
  snprintf(command, sizeof(command), "%s check '%s/heat.csv' '%s/page.html'",
           model, sandbox_dir(s), sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(day_of_25_hours_is_one_day)
{
  sandbox_write(s, "heat.csv", "%s",
                HEAD "2026-10-24T21:59:00Z,1.0,1.0,,,\n"
                     "2026-10-24T22:00:00Z,1.1,1.0,,,\n"
                     "2026-10-25T22:59:00Z,3.0,1.0,,,\n"
                     "2026-10-25T23:00:00Z,3.5,1.0,,,\n");
  ck_assert_int_eq(report(""), EX_OK);
  expect_in_page("<td>2026-10-25</td><td>2.0</td>");
  expect_in_page("<td>2026-10-26</td><td>0.5</td>");
}
END_TEST

/* Register 97 rises by 10 m3 x 65 degrees, and t1 says 60. */
START_TEST(means_come_from_the_registers)
{
  sandbox_write(s, "house.ini", "%s",
                PIPELINE COLUMNS "energy_e8 = e8 m3xC\nenergy_e9 = e9 m3xC\n");
  sandbox_write(s, "heat.csv", "%s",
                "time,energy,volume,t1,t2,flow,e8,e9\n"
                "2026-03-01T10:00:00Z,1.0,100,60,40,0,5000,3000\n"
                "2026-03-01T11:00:00Z,2.0,104,60,40,0,,\n"
                "2026-03-01T12:00:00Z,3.0,110,60,40,0,5650,3333\n");
  ck_assert_int_eq(report(""), EX_OK);
  expect_in_page("<td>2026-03-01</td><td>65.00</td><td>33.30</td>"
                 "<td>31.70</td>");
}
END_TEST

/* February has no row, but its days cost the fixed price. */
START_TEST(fixed_price_covers_a_gap)
{
  sandbox_write(s, "heat.csv", "%s",
                HEAD "2026-01-31T10:00:00Z,1.0,100,60,40,0\n"
                     "2026-03-01T11:00:00Z,2.0,104,60,40,0\n");
  ck_assert_int_eq(report(""), EX_OK);
  expect_in_page("<td>2026-02</td><td>0.00</td><td></td><td>191.78</td>"
                 "<td>191.78</td>");
}
END_TEST

START_TEST(page_is_self_contained)
{
  write_spring();
  ck_assert_int_eq(report("--output page.html"), EX_OK);
  ck_assert_str_eq(sandbox_out(s), "");
  ck_assert_ptr_nonnull(sandbox_read(s, "page.html"));
  ck_assert_ptr_null(strstr(sandbox_read(s, "page.html"), "<script"));
  ck_assert_ptr_null(strstr(sandbox_read(s, "page.html"), "http"));
  ck_assert_ptr_nonnull(strstr(sandbox_read(s, "page.html"), "<svg"));
}
END_TEST

START_TEST(dates_select_days)
{
  write_spring();
  ck_assert_int_eq(report("--from 2026-03-30 --to 2026-03-31"), EX_OK);
  expect_in_page("<th>Sum</th><td>0.20</td><td>2.0</td>");
  ck_assert_int_eq(report("--from 2026-3-30"), EX_USAGE);
}
END_TEST

/* The golden file has the whole page of write_spring(). */
START_TEST(page_is_the_golden_file)
{
  const char *srcdir = getenv("srcdir");
  char command[1024];

  write_spring();
  ck_assert_int_eq(report("--output page.html"), EX_OK);
  snprintf(command, sizeof(command),
           "diff '%s/tests/data/report/spring.html' '%s/page.html'",
           srcdir ? srcdir : ".", sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
}
END_TEST

/* ---- The section --------------------------------------------------------- */

START_TEST(suggestion_is_a_section_that_works)
{
  write_spring();
  sandbox_write(s, "house.ini", "%s", PIPELINE);
  ck_assert_int_eq(sandbox_run(s, "report -c house.ini --suggest"), EX_OK);
  ck_assert_str_eq(sandbox_err(s), "");
  sandbox_write(s, "house.ini", "%s%s", PIPELINE, sandbox_out(s));
  ck_assert_int_eq(report(""), EX_OK);
  expect_in_page("<th>Sum</th><td>4.65</td><td>42.0</td>");
}
END_TEST

START_TEST(graph_leaves_the_section_alone)
{
  sandbox_write(s, "meter.capture", "%s", "");
  ck_assert_int_eq(sandbox_run(s, "graph -c house.ini"), EX_OK);
  ck_assert_str_eq(sandbox_err(s), "");
}
END_TEST

static const struct {
  const char *section, *err;
} wrong_sections[] = {
  { "", "house.ini: there is no section [report]: add the one that \"meterpipe "
        "report --suggest\" prints" },
  { COLUMNS "bonnus = 2\n",
    "house.ini:19: [report] has no option \"bonnus\"; the nearest is "
    "\"bonus\"" },
  { COLUMNS "price = 545\n", "house.ini:19: price: write amounts by date" },
  { COLUMNS "malus_counts = some\n",
    "house.ini:19: malus_counts: write all or excess" },
  { "[report]\ncsv = log\nenergy = heat GJ\n",
    "there is no column \"heat\", which [report] of house.ini names" },
  { "[report]\ncsv = log\n", "house.ini:12: [report] has no energy" },
};

START_TEST(wrong_section_is_named_with_its_line)
{
  write_spring();
  sandbox_write(s, "house.ini", "%s%s", PIPELINE, wrong_sections[_i].section);
  ck_assert_int_ne(report(""), EX_OK);
  ck_assert_msg(strstr(sandbox_err(s), wrong_sections[_i].err), "%s",
                sandbox_err(s));
}
END_TEST

/* ---- Damaged files ------------------------------------------------------- */

#define ROW_1 "2026-03-01T10:00:00Z,1.0,1.0,,,\n"
#define ROW_2 "2026-03-01T11:00:00Z,2.5,2.0,,,\n"

/* SUM: NULL if there must be no page. */
static const struct {
  const char *csv, *err, *sum;
} damaged[] = {
  { HEAD ROW_1 ROW_2 "2026-03-01T12:00:00Z,9",
    "heat.csv:4: left out: 1 rows that have no line end", "1.5" },
  { HEAD ROW_1 "2026-03-01T10:30:00Z,9\n" ROW_2,
    "heat.csv:3: left out: 1 rows that do not have the cells", "1.5" },
  { HEAD ROW_1 "2026-03-01T10:30:00Z,\"2,0\",2,,,\n" ROW_2,
    "heat.csv:3: left out: 1 rows that have a cell that is not a number",
    "1.5" },
  { HEAD ROW_1 "yesterday,2,2,,,\n" ROW_2,
    "heat.csv:3: left out: 1 rows that have no time", "1.5" },
  { HEAD ROW_1 ROW_2 ROW_1 ROW_2,
    "heat.csv:4: left out: 2 rows that have a time that does not fit", "1.5" },
  { HEAD ROW_1 "2037-03-01T10:20:00Z,2.0,1.0,,,\n" ROW_2,
    "heat.csv:3: left out: 1 rows that have a time that does not fit", "1.5" },
  { HEAD ROW_1 "2037-03-01T10:20:00Z,1.2,1.0,,,\n"
               "2037-03-01T10:40:00Z,1.4,1.0,,,\n" ROW_2
               "2026-03-01T12:00:00Z,3.5,2.0,,,\n",
    "heat.csv:3: left out: 2 rows that have a time that does not fit", "2.5" },
  { HEAD ROW_1 "1970-01-01T00:00:09Z,1.2,1.0,,,\n" ROW_2,
    "heat.csv:3: left out: 1 rows that have a time that does not fit", "1.5" },
  { HEAD ROW_1 "2026-03-01T11:10:00Z,1.2,1.0,,,\n" ROW_2
               "2026-03-01T12:00:00Z,3.5,2.0,,,\n",
    "heat.csv:4: left out: 1 rows that are not later", "2.5" },
  { HEAD "2026-03-01T09:00:00Z,50,1,,,\n" ROW_1
         "2026-03-01T11:00:00Z,50.5,1,,,\n",
    "heat.csv:4: a counter fell and is back", NULL },
  { "time,other\n2026-03-01T10:00:00Z,1\n", "there is no column \"energy\"",
    NULL },
  { "", "there is no row that can be used", NULL },
  { HEAD, "there is no row that can be used", NULL },
  { HEAD ROW_1, "two rows are needed", NULL },
};

START_TEST(damaged_file_never_gives_a_wrong_sum)
{
  char sum[64];

  sandbox_write(s, "heat.csv", "%s", damaged[_i].csv);
  ck_assert_int_eq(report(""), damaged[_i].sum ? EX_OK : EX_DATAERR);
  ck_assert_msg(strstr(sandbox_err(s), damaged[_i].err), "%s", sandbox_err(s));
  if (!damaged[_i].sum) {
    ck_assert_str_eq(sandbox_out(s), "");
    return;
  }
  snprintf(sum, sizeof(sum), "<th>Sum</th><td>%s</td>", damaged[_i].sum);
  expect_in_page(sum);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("report");
  TCase *tc = tcase_create("report");

  tcase_set_timeout(tc, 60);
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, page_adds_up_uses_by_local_day);
  tcase_add_loop_test(tc, sums_are_those_of_the_file, 0, 20);
  tcase_add_test(tc, day_of_25_hours_is_one_day);
  tcase_add_test(tc, means_come_from_the_registers);
  tcase_add_test(tc, fixed_price_covers_a_gap);
  tcase_add_test(tc, page_is_self_contained);
  tcase_add_test(tc, page_is_the_golden_file);
  tcase_add_test(tc, dates_select_days);
  tcase_add_test(tc, suggestion_is_a_section_that_works);
  tcase_add_test(tc, graph_leaves_the_section_alone);
  tcase_add_loop_test(tc, wrong_section_is_named_with_its_line, 0,
                      ARRAY_SIZE(wrong_sections));
  tcase_add_loop_test(tc, damaged_file_never_gives_a_wrong_sum, 0,
                      ARRAY_SIZE(damaged));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
