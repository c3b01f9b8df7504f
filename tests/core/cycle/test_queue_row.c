/* Rows of a queue as text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/cycle/book.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/queue_row.h"
#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

static const char ini[] =
  "[input meter]\nplugin = /meter\n"
  "[output house]\nplugin = /file\nidx.energy = meter.energy\n"
  "idx.flow = meter.flow\nidx.note = meter.note\n";

static struct table_house house;

/* ---- Encoding ---- */

static const struct {
  const char *name, *readings;
  bool refuses_flow;
  const char *cells; /* of the decoded row */
} cycles[] = {
  { "every value that counts has a cell",
    "meter.energy=84.2GJ#7 meter.flow=120l/h meter.note='off'", false,
    "energy=84.2 GJ#7 flow=120 l/h note=off " },
  { "a missing value has no cell", "meter.energy=84.2GJ", false,
    "energy=84.2 GJ " },
  { "a value that was left out has no cell",
    "meter.energy=84.2GJ meter.flow=120l/h", true, "energy=84.2 GJ " },
  { "a cycle without values", "", false, "" },
};

static void
write_cells(const struct queue_row *row, char *buf)
{
  buf[0] = '\0';
  for (size_t i = 0; i < row->n_values; i++) {
    char text[128];

    sprintf(buf + strlen(buf), "%s=%s%s%s ", row->values[i].target,
            value_describe(&row->values[i].value, text, sizeof(text)),
            row->values[i].value.serial ? "#" : "",
            row->values[i].value.serial ? row->values[i].value.serial : "");
  }
}

START_TEST(a_row_is_read_as_it_was_written)
{
  const struct stage *output;
  struct queue_row row;
  char buf[HOUSE_TEXT], *text;

  house_init(&house, ini);
  output = plan_stage(house.plan, "house");
  house_set_readings(&house, cycles[_i].readings);
  evaluate(&house.d, house.instances);
  if (cycles[_i].refuses_flow)
    house.d.evaluation.refusals[house_target(&house, "flow")->index] =
      REFUSAL_UNFIT;
  book(&house.d);
  ck_assert_msg(book_has_row(&house.d, output) == (*cycles[_i].cells != '\0'),
                "%s", cycles[_i].name);
  text = queue_row_encode(&house.d, output, HOUSE_NOW_MS);
  ck_assert(queue_row_decode(&row, text));
  ck_assert_int_eq(row.time_ms, HOUSE_NOW_MS);
  write_cells(&row, buf);
  house_check_text(cycles[_i].name, "the cells", buf, cycles[_i].cells);
  queue_row_clear(&row);
  free(text);
  house_clear(&house);
}
END_TEST

/* ---- Rows that are not good ---- */

static const struct {
  const char *name, *text;
} bad[] = {
  { "nothing", "" },
  { "no time", "energy\tc 84.2 GJ\n" },
  { "a time that is no number", "time x\n" },
  { "the time 0", "time 0\n" },
  { "a time before 1970", "time -1\n" },
  { "a time after the year 9999", "time 999999999999999\n" },
  { "a line without a tab", "time 1000\nenergy\n" },
  { "a value that cannot be read", "time 1000\nenergy\tnothing\n" },
};

START_TEST(a_row_that_cannot_be_read)
{
  struct queue_row row;

  ck_assert_msg(!queue_row_decode(&row, bad[_i].text), "%s", bad[_i].name);
  ck_assert_uint_eq(row.n_values, 0);
  ck_assert_ptr_null(row.values);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("rows of a queue");
  TCase *tc = tcase_create("rows");

  tcase_add_loop_test(tc, a_row_is_read_as_it_was_written, 0,
                      ARRAY_SIZE(cycles));
  tcase_add_loop_test(tc, a_row_that_cannot_be_read, 0, ARRAY_SIZE(bad));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
