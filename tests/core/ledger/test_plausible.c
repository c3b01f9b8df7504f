/* Plausible readings: each row is a reading, judged by the previous ones. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger/plausible.h"
#include "lib/array.h"
#include "tests/support/run_suite.h"

#define BELIEVE PLAUSIBLE_BELIEVE
#define FORGET PLAUSIBLE_FORGET
#define HOLD PLAUSIBLE_HOLD

/* Readings are "NUMBER UNIT @MINUTE #SERIAL"; "": no reading. */
static const struct {
  const char *name;
  const char *last, *held, *now;
  const char *limit;
  enum plausible verdict;
} rows[] = {
  { "a small rise", "84.2 GJ @0", "", "84.3 GJ @20", "100", BELIEVE },
  { "a rise of the limit in an hour", "84 GJ @0", "", "184 GJ @60", "100",
    BELIEVE },
  { "a rise beyond the limit", "84 GJ @0", "", "184.001 GJ @60", "100", HOLD },
  { "less than an hour counts as one", "84 GJ @0", "", "184 GJ @1", "100",
    BELIEVE },
  { "two hours allow twice as much", "84 GJ @0", "", "284 GJ @120", "100",
    BELIEVE },
  { "two hours allow no more than twice as much", "84 GJ @0", "", "285 GJ @120",
    "100", HOLD },
  { "a damaged reading", "84.308 GJ @0", "", "9999.999 GJ @20", "100", HOLD },
  { "a return to the earlier readings", "84.308 GJ @0", "9999.999 GJ @20",
    "84.4 GJ @40", "100", FORGET },
  { "a second reading as high as the held one", "84.308 GJ @0", "500 GJ @20",
    "500 GJ @40", "100", BELIEVE },
  { "above the held one, within the limit", "84 GJ @0", "500 GJ @20",
    "600 GJ @40", "100", BELIEVE },
  { "too far above the held one", "84 GJ @0", "500 GJ @20", "601 GJ @40", "100",
    HOLD },
  { "below the held one, and still beyond the limit", "84 GJ @0", "500 GJ @20",
    "499 GJ @40", "100", HOLD },
  { "below the held one, and by now within the limit", "84 GJ @0", "500 GJ @20",
    "499 GJ @300", "100", FORGET },
  { "a fall is not judged here", "84 GJ @0", "", "1 GJ @20", "100", BELIEVE },
  { "a first reading", "", "", "9999 GJ @20", "100", BELIEVE },
  { "no limit", "84 GJ @0", "", "9999 GJ @20", "0", BELIEVE },
  { "no time between the readings", "84 GJ @20", "", "9999 GJ @20", "100",
    BELIEVE },
  { "the clock was set back", "84 GJ @20", "", "9999 GJ @0", "100", BELIEVE },
  { "another serial number", "84 GJ @0 #12", "", "9999 GJ @20 #99", "100",
    BELIEVE },
  { "the same serial number", "84 GJ @0 #12", "", "9999 GJ @20 #12", "100",
    HOLD },
  { "an unknown serial number", "84 GJ @0 #12", "", "9999 GJ @20", "100",
    HOLD },
  { "another unit", "84 MWh @0", "", "310 GJ @20", "100", BELIEVE },
  { "another unit, beyond the limit", "84 MWh @0", "", "403 GJ @20", "100",
    HOLD },
  { "a unit that converts only rounded", "84 GJ @0", "", "24000 kWh @20", "100",
    HOLD },
  { "units that do not convert", "84 m3 @0", "", "9999 GJ @20", "100",
    BELIEVE },
  { "held in a unit that does not convert", "84 GJ @0", "500 m3 @20",
    "501 GJ @40", "100", HOLD },
  { "a difference beyond 64 bits", "-9223372036854775807 GJ @0", "",
    "9223372036854775807 GJ @20", "100", HOLD },
  { "a limit times hours beyond 64 bits", "84 GJ @0", "", "9999 GJ @20",
    "9223372036854775807", BELIEVE },
};

static struct value
reading(const char *text)
{
  char number[64], unit[16], rest[32] = "";
  struct value v = { 0 };
  int minute;

  if (!*text)
    return v;
  ck_assert_int_ge(
    sscanf(text, "%63s %15s @%d #%31s", number, unit, &minute, rest), 3);
  ck_assert_int_eq(decimal_parse(number, strlen(number), &v.number), MP_OK);
  v.kind = MP_COUNTER;
  v.unit = value_intern(unit);
  v.serial = value_intern(rest);
  v.time_ms = (int64_t)minute * 60000;
  return v;
}

START_TEST(plausibility_depends_on_last_and_held_reading)
{
  struct value last = reading(rows[_i].last), held = reading(rows[_i].held);
  struct value now = reading(rows[_i].now);
  struct mp_decimal limit;

  ck_assert_int_eq(
    decimal_parse(rows[_i].limit, strlen(rows[_i].limit), &limit), MP_OK);
  ck_assert_msg(plausible_judge(&last, held.kind ? &held : NULL, &now, limit) ==
                  rows[_i].verdict,
                "%s", rows[_i].name);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("plausible");
  TCase *tc = tcase_create("plausible");

  tcase_add_loop_test(tc, plausibility_depends_on_last_and_held_reading, 0,
                      ARRAY_SIZE(rows));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
