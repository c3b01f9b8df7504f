/*
 * The effect of transforms on devices: their options, units that are converted
 * or refused, and steps that are coarser than a usage.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

static struct domoticz_setup house;

static void
set_up(void)
{
  domoticz_setup_build(&house, DOMOTICZ_2025_1);
  meter_set(house.meter, "68=520.41m3");
  meter_set(house.meter, "80=15.5kW");
  domoticz_server_add(house.server, 322, "custom", "GJ");
  domoticz_server_add(house.server, 323, "counter-custom", "GJ");
  domoticz_server_add(house.server, 327, "counter-custom", "GJ");
  domoticz_server_add(house.server, 401, "kwh", NULL);
  domoticz_server_add(house.server, 402, "custom", "kWh");
  domoticz_server_add(house.server, 403, "counter", NULL);
  domoticz_server_add(house.server, 404, "custom", "MJ");
}

static void
tear_down(void)
{
  domoticz_setup_leave(&house);
}

static void
cycle(const char *reading, int status, const char *said)
{
  domoticz_setup_cycle(&house, reading, status, said);
}

static void
quiet_cycle(const char *reading)
{
  cycle(reading, 0, "");
}

static void
expect(const char *devices)
{
  domoticz_setup_check_devices(&house, devices);
}

#define CONVERT(name, from, unit)                                              \
  "[transform " name "]\nplugin = convert\nvalue = " from "\nunit = " unit "\n"
#define SUBTRACT(name, from, base)                                             \
  "[transform " name "]\nplugin = subtract\nvalue = " from "\nminus = " base   \
  "\n"
#define ADD(name, from, total)                                                 \
  "[transform " name "]\nplugin = add\nvalue = " from "\nplus = " total "\n"

/* Writes a pipeline with a reading, its usage and a running total; SUBTRACT and
 * ADD are options of the two transforms. */
static void
write_pipeline(const char *subtract, const char *add)
{
  char sections[512];

  snprintf(sections, sizeof(sections), "%s%s%s%s",
           SUBTRACT("usage", "meter.heat_energy_e1", "domoticz.323"), subtract,
           ADD("total", "usage", "domoticz.327"), add);
  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\nidx.322 = usage\n"
                       "idx.327 = total\n",
                       sections);
}

/* ---- Options ---- */

#define HELD(reading)                                                          \
  "error: usage: meter.heat_energy_e1: " reading                               \
  " GJ is below the last known "                                               \
  "84.308 GJ, held; if it is right: meterpipe rebase usage\n"
#define TOO_MUCH(reading, usage, max)                                          \
  "error: usage: meter.heat_energy_e1: " reading " GJ is " usage " GJ more "   \
  "than the last known value, and max is " max " GJ, held; if it is right: "   \
  "meterpipe rebase usage\n"
#define NOTHING "322=0.100 323=84308 327=100" /* no device has changed */

static const struct {
  const char *options;
  const char *reading; /* after 84.308 */
  int status;
  const char *said;
  const char *devices; /* then */
  const char *next;    /* after a further reading of 99.500 */
} doubtful[] = {
  { "wrap = 100\n", "0.308GJ", 0, "", "322=16.000 323=308 327=16100", NULL },
  /* a rise of half of wrap or more is no overflow */
  { "wrap = 100\n", "34.307GJ", 0, "", "322=49.999 323=34307 327=50099", NULL },
  { "wrap = 100\n", "34.308GJ", 65, HELD("34.308"), NOTHING,
    "322=15.192 323=99500 327=15292" },
  { "max = 1.5\n", "85.808GJ", 0, "", "322=1.500 323=85808 327=1600", NULL },
  { "max = 1.5\n", "85.809GJ", 65, TOO_MUCH("85.809", "1.501", "1.5"), NOTHING,
    NULL },
  { "wrap = 100\nmax = 15\n", "0.308GJ", 65, TOO_MUCH("0.308", "16.000", "15"),
    NOTHING, NULL },
  { "decrease = allow\n", "80.000GJ", 0, "", "322=-4.308 323=80000 327=-4208",
    "322=19.500 323=99500 327=15292" },
  { "decrease = rebase\n", "80.000GJ", 0,
    "notice: usage: domoticz.323: the reading is below it and becomes the new "
    "base\n",
    "322=0.100 323=80000 327=100", "322=19.500 323=99500 327=19600" },
  { "decrease = hold\n", "80.000GJ", 65, HELD("80.000"), NOTHING,
    "322=15.192 323=99500 327=15292" },
};

START_TEST(options_decide_about_a_doubtful_reading)
{
  write_pipeline(doubtful[_i].options, "");
  quiet_cycle("84.208GJ");
  quiet_cycle("84.308GJ");
  expect(NOTHING);
  cycle(doubtful[_i].reading, doubtful[_i].status, doubtful[_i].said);
  expect(doubtful[_i].devices);
  if (!doubtful[_i].next)
    return;
  domoticz_setup_wait(&house, 20);
  domoticz_setup_run(&house, "99.500GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), 0);
  expect(doubtful[_i].next);
}
END_TEST

/* ---- Implausible readings ---- */

#define IMPLAUSIBLE(reading, last, limit)                                      \
  "error: usage: meter.heat_energy_e1: " reading                               \
  " GJ is not plausible after " last " GJ: it rose by more than " limit        \
  " GJ in an hour; held, and the next reading decides; if the meter can rise " \
  "so fast, set max_rate\n"
#define IN_ORDER                                                               \
  "notice: usage: meter.heat_energy_e1: works again after 20 min 20 s\n"

static const struct {
  const char *options;
  const char *reading; /* after 84.308 */
  int status;
  const char *said;
  const char *next; /* reading */
  int next_status;
  const char *next_said;
  const char *devices; /* then */
} rises[] = {
  { "", "9999.999GJ", 65, IMPLAUSIBLE("9999.999", "84.308", "100"), "84.408GJ",
    0, IN_ORDER, "322=0.100 323=84408 327=200" },
  { "", "500.000GJ", 65, IMPLAUSIBLE("500.000", "84.308", "100"), "500.100GJ",
    0, IN_ORDER, "322=415.792 323=500100 327=415892" },
  { "", "500.000GJ", 65, IMPLAUSIBLE("500.000", "84.308", "100"), "700.000GJ",
    65, "", NOTHING },
  { "", "184.308GJ", 0, "", "184.408GJ", 0, "",
    "322=0.100 323=184408 327=100200" },
  { "max_rate = 1.5\n", "85.809GJ", 65, IMPLAUSIBLE("85.809", "84.308", "1.5"),
    "85.909GJ", 0, IN_ORDER, "322=1.601 323=85909 327=1701" },
  { "max_rate = 1.5\n", "85.808GJ", 0, "", "85.908GJ", 0, "",
    "322=0.100 323=85908 327=1700" },
  { "max_rate = 10000\n", "9999.999GJ", 0, "", "9999.999GJ", 0, "",
    "322=0.000 323=9999999 327=9915791" },
  { "plausible = no\n", "9999.999GJ", 0, "", "9999.999GJ", 0, "",
    "322=0.000 323=9999999 327=9915791" },
};

START_TEST(impossible_rise_is_held_until_the_next_reading)
{
  write_pipeline(rises[_i].options, "");
  quiet_cycle("84.208GJ");
  quiet_cycle("84.308GJ");
  cycle(rises[_i].reading, rises[_i].status, rises[_i].said);
  if (rises[_i].status)
    expect(NOTHING);
  cycle(rises[_i].next, rises[_i].next_status, rises[_i].next_said);
  expect(rises[_i].devices);
}
END_TEST

/* The limit of an option is in the unit of `value`, the input's limit in its
 * own. */
START_TEST(rise_of_a_converted_reading_is_judged_in_its_unit)
{
  static const struct {
    const char *option, *said;
  } rows[] = {
    { "max_rate = 20\n", /* kWh */
      "error: usage: kwh: 23418.889 kWh is not plausible after 23391.111 kWh: "
      "it rose by more than 20 kWh in an hour; held, and the next reading "
      "decides; if the meter can rise so fast, set max_rate\n" },
    { "max_rate = 30\n", "" },
    { "", "" },
  };

  char sections[512];

  snprintf(sections, sizeof(sections), "%s%s%s",
           CONVERT("kwh", "meter.heat_energy_e1", "kWh") "decimals = 3\n",
           SUBTRACT("usage", "kwh", "domoticz.401"), rows[_i].option);
  domoticz_setup_write(&house, "",
                       "idx.401 = kwh\nidx.401.power = meter.power_e1\n"
                       "idx.402 = usage\n",
                       sections);
  quiet_cycle("84.208GJ");
  cycle("84.308GJ", *rows[_i].said ? 65 : 0, rows[_i].said);
}
END_TEST

START_TEST(base_set_by_hand_makes_no_reading_implausible)
{
  write_pipeline("", "");
  quiet_cycle("984.208GJ");
  quiet_cycle("984.308GJ");
  domoticz_setup_wait(&house, 300);
  domoticz_server_set(house.server, 323, "1000");
  cycle("984.408GJ", 0,
        "notice: domoticz: idx.323: displays 1 GJ, but 984.308 GJ was written: "
        "the value was changed there; the next values continue from the "
        "displayed one\n");
  expect("322=983.408 323=984408 327=983508");
}
END_TEST

START_TEST(rebase_takes_an_implausible_reading)
{
  write_pipeline("", "");
  quiet_cycle("84.208GJ");
  quiet_cycle("84.308GJ");
  cycle("500.000GJ", 65, IMPLAUSIBLE("500.000", "84.308", "100"));
  sandbox_run(house.sandbox, "rebase -c house.ini");
  domoticz_setup_run(&house, "800.000GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), 0);
  expect("322=0.100 323=800000 327=100");
  quiet_cycle("800.200GJ");
  expect("322=0.200 323=800200 327=300");
}
END_TEST

/* After a state loss the first reading is accepted. */
START_TEST(first_reading_is_never_implausible)
{
  write_pipeline("", "");
  quiet_cycle("84.208GJ");
  sandbox_remove(house.sandbox, "house.db");
  quiet_cycle("500.208GJ");
  expect("322=416.000 323=500208 327=416000");
}
END_TEST

/* ---- Targets that are left alone ---- */

/* With -v each target that is left alone is reported. */
START_TEST(verbose_run_names_the_held_targets)
{
  static const char *const targets[] = {
    "323: gets no value in this cycle: meter.heat_energy_e1",
    "322: gets no value in this cycle: usage",
    "327: gets no value in this cycle: total",
  };
  char line[128];

  write_pipeline("", "");
  quiet_cycle("84.308GJ");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  meter_set(house.meter, "60=80.000GJ");
  sandbox_run(house.sandbox, "run -v -c house.ini");
  ck_assert_int_eq(sandbox_status(house.sandbox), 65);
  for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
    snprintf(line, sizeof(line), "info: domoticz: idx.%s is missing (held)\n",
             targets[i]);
    ck_assert_msg(strstr(sandbox_err(house.sandbox), line), "%s",
                  sandbox_err(house.sandbox));
  }
}
END_TEST

/* A second reading is measured from the same base, and a result that is
 * computed from its difference is delivered, too. */
START_TEST(rebase_applies_to_all_values_that_share_the_base)
{
  domoticz_server_add(house.server, 405, "custom", "GJ");
  domoticz_server_add(house.server, 406, "custom", "GJ");
  domoticz_setup_write(
    &house, "",
    "idx.322 = usage\nidx.323 = meter.heat_energy_e1\n"
    "idx.405 = above\nidx.406 = copy\n",
    SUBTRACT(
      "usage", "meter.heat_energy_e1",
      "domoticz.323") "decrease = rebase\n" SUBTRACT("above",
                                                     "meter.cooling_energy_e3",
                                                     "domoticz.323") "decrease "
                                                                     "= "
                                                                     "rebase\n"
                                                                     "[transfor"
                                                                     "m "
                                                                     "copy]"
                                                                     "\nplugin "
                                                                     "= "
                                                                     "overwrite"
                                                                     "\nvalue "
                                                                     "= "
                                                                     "above\n");
  meter_set(house.meter, "63=90.000GJ");
  quiet_cycle("84.208GJ");
  quiet_cycle("84.308GJ");
  expect("322=0.100 323=84308 405=5.792 406=5.792");
  cycle("80.000GJ", 0,
        "notice: usage: domoticz.323: the reading is below it and becomes the "
        "new base\n");
  expect("322=0.100 323=80000 405=5.792 406=5.792");
  quiet_cycle("80.500GJ");
  expect("322=0.500 323=80500 405=10.000 406=10.000");
}
END_TEST

/* A device that adds up the values it is sent cannot take a total. */
START_TEST(unfit_device_is_reported_and_others_are_updated)
{
  domoticz_server_add(house.server, 407, "incremental", NULL);
  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\n"
                       "idx.407 = meter.heat_energy_e1\n",
                       "");
  domoticz_setup_run(&house, "84.208GJ");
  ck_assert_int_eq(sandbox_status(house.sandbox), 69);
  ck_assert_ptr_nonnull(
    strstr(sandbox_err(house.sandbox), "error: domoticz: idx.407: "));
  expect("323=84208");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 407), 0);
}
END_TEST

static const struct {
  const char *subtract, *add; /* options */
  const char *first;          /* after a first reading of 84.208 */
  unsigned usages, totals;    /* given by then */
  const char *second;         /* after 84.308 */
} firsts[] = {
  { "", "", "323=84208", 0, 0, "322=0.100 323=84308 327=100" },
  { "first = skip\n", "first = skip\n", "323=84208", 0, 0,
    "322=0.100 323=84308 327=100" },
  { "first = zero\n", "", "322=84.208 323=84208 327=84208", 1, 1,
    "322=0.100 323=84308 327=84308" },
  { "first = zero\n", "first = skip\n", "322=84.208 323=84208", 1, 0,
    "322=0.100 323=84308 327=100" },
};

START_TEST(option_first_decides_about_the_first_value)
{
  write_pipeline(firsts[_i].subtract, firsts[_i].add);
  quiet_cycle("84.208GJ");
  expect(firsts[_i].first);
  ck_assert_uint_eq(domoticz_server_writes(house.server, 322),
                    firsts[_i].usages);
  ck_assert_uint_eq(domoticz_server_writes(house.server, 327),
                    firsts[_i].totals);
  quiet_cycle("84.308GJ");
  expect(firsts[_i].second);
}
END_TEST

/* Adds to a total in a file, which is an output without displayed values. */
START_TEST(total_with_first_skip_starts_in_a_csv_file)
{
  domoticz_setup_write(
    &house, "", "idx.323 = meter.heat_energy_e1\n",
    SUBTRACT("usage", "meter.heat_energy_e1", "domoticz.323")
      ADD("total", "usage",
          "log.total") "first = skip\n"
                       "[output log]\nplugin = csv\npath = heat.csv\n"
                       "column.total = total\n");
  for (int i = 0; i < 4; i++) {
    static const char *const readings[] = { "84.208GJ", "84.308GJ", "84.408GJ",
                                            "84.608GJ" };

    quiet_cycle(readings[i]);
  }
  ck_assert_str_eq(sandbox_read(house.sandbox, "heat.csv"),
                   "time,total\n"
                   "2026-11-22T10:20:20Z,\n"
                   "2026-11-22T10:40:40Z,\n"
                   "2026-11-22T11:01:00Z,0.100\n"
                   "2026-11-22T11:21:20Z,0.300\n");
}
END_TEST

/* ---- Units ---- */

START_TEST(gigajoules_become_kilowatt_hours_through_convert)
{
  domoticz_setup_write(
    &house, "",
    "idx.401 = kwh\nidx.401.power = meter.power_e1\n"
    "idx.402 = usage\nidx.403 = total\n",
    CONVERT("kwh", "meter.heat_energy_e1", "kWh") "decimals = 3\n" SUBTRACT(
      "usage", "kwh", "domoticz.401") ADD("total", "usage", "domoticz.403"));
  quiet_cycle("84.208GJ"); /* 23391.1111... kWh */
  expect("401=15500;23391111");
  quiet_cycle("84.308GJ");
  expect("401=15500;23418889 402=27.778 403=27778");
  quiet_cycle("84.408GJ");
  expect("401=15500;23446667 402=27.778 403=55556");
}
END_TEST

static const struct {
  const char *targets, *transforms, *said;
} units[] = {
  /* not exactly convertible, or unrelated */
  { "idx.401 = meter.heat_energy_e1\n", "",
    "error: domoticz: idx.401: takes kWh, and meter.heat_energy_e1 is in GJ: "
    "put a transform \"convert\" with unit = kWh and decimals = 3 between them "
    "(house.ini:8)\n" },
  { "idx.401 = meter.volume_v1\n", "",
    "error: domoticz: idx.401: takes kWh, and meter.volume_v1 is in m³: these "
    "units do not convert; name another target (house.ini:8)\n" },
  { "idx.322 = usage\n", SUBTRACT("usage", "meter.volume_v1", "domoticz.401"),
    "error: usage: meter.volume_v1: is in m3, but the operand is in kWh, and "
    "these units do not convert; name another operand\n" },
  { "idx.401 = kwh\n", CONVERT("kwh", "meter.volume_v1", "kWh"),
    "error: kwh: meter.volume_v1: is in m3, which cannot be converted to "
    "kWh\n" },
  { "idx.401 = kwh\n", CONVERT("kwh", "meter.heat_energy_e1", "kWh"),
    "error: kwh: meter.heat_energy_e1: 84.208 GJ cannot be converted exactly "
    "to kWh; give the number of `decimals` to round to\n" },
};

START_TEST(mismatched_units_are_refused_with_a_remedy)
{
  domoticz_server_set(house.server, 401, "0;5000");
  domoticz_setup_write(&house, "", units[_i].targets, units[_i].transforms);
  cycle("84.208GJ", 78, units[_i].said);
  expect("401=0;5000");
}
END_TEST

#define RECONFIGURED                                                           \
  "error: domoticz: idx.410: takes MWh, and meter.heat_energy_e1 is in GJ: "   \
  "put a transform \"convert\" with unit = MWh and decimals = 3 between them " \
  "(house.ini:8)\n"
#define NO_BASE_YET                                                            \
  "error: usage: domoticz.410: the next reading cannot be its base yet: its "  \
  "value is in MWh, and meter.heat_energy_e1 is in GJ, which does not "        \
  "convert exactly: add the section and change the lines below, and the next " \
  "run takes its reading\n"
#define TO_PASTE                                                               \
  "\n[transform heat_energy_e1_mwh]\nplugin = convert\n"                       \
  "value = meter.heat_energy_e1\nunit = MWh\ndecimals = 3\n\n"                 \
  "[transform usage]\nvalue = heat_energy_e1_mwh\n\n"                          \
  "[output domoticz]\nidx.410 = heat_energy_e1_mwh\n"

/* The meter was reconfigured: rebase reports why it has to wait, and the
 * remedy; no run announces a base that it does not book. */
START_TEST(rebase_of_a_reconfigured_meter_names_the_remedy)
{
  domoticz_server_add(house.server, 410, "counter-custom", "MWh");
  domoticz_server_add(house.server, 411, "custom", "MWh");
  domoticz_setup_write(
    &house, "", "idx.410 = meter.heat_energy_e1\nidx.411 = usage\n",
    SUBTRACT("usage", "meter.heat_energy_e1", "domoticz.410"));
  quiet_cycle("55.000MWh");
  quiet_cycle("55.006MWh");
  expect("410=55006 411=0.006");
  cycle("198.040GJ", 78, RECONFIGURED);
  sandbox_run(house.sandbox, "rebase -c house.ini");
  domoticz_setup_check(&house, 78, NO_BASE_YET);
  ck_assert_str_eq(sandbox_out(house.sandbox), TO_PASTE);
  cycle("198.040GJ", 78, ""); /* reported already, and no new base */
  expect("410=55006 411=0.006");

  domoticz_setup_write(
    &house, "", "idx.410 = heat_energy_e1_mwh\nidx.411 = usage\n",
    CONVERT("heat_energy_e1_mwh", "meter.heat_energy_e1",
            "MWh") "decimals = 3\n" SUBTRACT("usage", "heat_energy_e1_mwh",
                                             "domoticz.410"));
  sandbox_run(house.sandbox, "rebase -c house.ini");
  domoticz_setup_check(&house, 0, "");
  cycle("198.040GJ", 0,
        "notice: usage: domoticz.410: the reading is the new base, as "
        "\"meterpipe rebase\" asked for\n"
        "notice: domoticz: idx.410: works again after 40 min 40 s\n");
  expect("410=55011 411=0.006");
  quiet_cycle("198.076GJ");
  expect("410=55021 411=0.010");
}
END_TEST

/* With -n the new base is not kept, and the message says so. */
START_TEST(dry_run_announces_a_base_as_not_kept)
{
  write_pipeline("decrease = rebase\n", "");
  quiet_cycle("84.208GJ");
  meter_set(house.meter, "60=80.000GJ");
  domoticz_setup_wait(&house, DOMOTICZ_SETUP_INTERVAL);
  sandbox_run(house.sandbox, "run -n -c house.ini");
  domoticz_setup_check(
    &house, 0,
    "notice: usage: domoticz.323: the reading is below it and becomes "
    "the new base (-n: this is not kept)\n");
}
END_TEST

START_TEST(usage_is_not_rounded_by_convert)
{
  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\nidx.402 = kwh\n",
                       SUBTRACT("usage", "meter.heat_energy_e1", "domoticz.323")
                         CONVERT("kwh", "usage", "kWh") "decimals = 3\n");
  quiet_cycle("84.208GJ");
  cycle("84.308GJ", 78,
        "error: kwh: usage: 0.100 GJ is an amount since the last reading, and "
        "not exact in kWh with these decimals; convert the reading, then "
        "subtract\n");
  expect("323=84208");       /* the base waits with its results */
  cycle("84.568GJ", 78, ""); /* even if the result is exact */
  expect("323=84208");

  domoticz_setup_write(&house, "",
                       "idx.323 = meter.heat_energy_e1\nidx.404 = mj\n",
                       SUBTRACT("usage", "meter.heat_energy_e1", "domoticz.323")
                         CONVERT("mj", "usage", "MJ"));
  quiet_cycle("84.668GJ");
  expect("323=84668 404=460");
}
END_TEST

START_TEST(exactly_convertible_reading_needs_no_convert)
{
  domoticz_setup_write(&house, "", "idx.404 = meter.heat_energy_e1\n", "");
  quiet_cycle("84.208GJ");
  expect("404=84208"); /* MJ */
}
END_TEST

/* The base in kWh is exact in GJ, so a usage could be measured from it; but the
 * reading is not exact in kWh, and a base that is not updated gives no
 * usage. */
START_TEST(inconvertible_base_gives_no_usage)
{
  domoticz_server_set(house.server, 401, "0;5000");
  domoticz_setup_write(
    &house, "", "idx.322 = usage\nidx.401 = meter.heat_energy_e1\n",
    SUBTRACT("usage", "meter.heat_energy_e1", "domoticz.401"));
  cycle("84.208GJ", 78,
        "error: domoticz: idx.401: takes kWh, and meter.heat_energy_e1 is in "
        "GJ: put a transform \"convert\" with unit = kWh and decimals = 3 "
        "between them "
        "(house.ini:9)\n");
  cycle("84.308GJ", 78, "");
  expect("401=0;5000");
  ck_assert_uint_eq(domoticz_server_writes(house.server, 322), 0);
}
END_TEST

START_TEST(decimals_alone_round_to_even)
{
  static const struct {
    const char *reading, *device;
  } rows[] = { { "84.250GJ", "322=84.2" }, { "84.350GJ", "322=84.4" } };

  domoticz_setup_write(
    &house, "", "idx.322 = rough\n",
    "[transform rough]\nplugin = convert\n"
    "value = meter.heat_energy_e1\nunit = GJ\ndecimals = 1\n");
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    quiet_cycle(rows[i].reading);
    expect(rows[i].device);
  }
}
END_TEST

/* ---- Steps ---- */

START_TEST(remainder_of_a_rounded_usage_is_delivered_later)
{
  static const struct {
    const char *reading, *devices;
  } cycles[] = {
    { "84.208GJ", "323=84208" },
    { "84.248GJ", "322=0 323=84248" }, /* 0.04 left */
    { "84.288GJ", "322=1 323=84288" }, /* of 0.08: -0.02 left */
    { "84.328GJ", "322=0 323=84328" }, /* of 0.02 */
    { "84.368GJ", "322=1 323=84368" }, /* of 0.06: -0.04 left */
    { "84.408GJ", "322=0 323=84408" }, /* of 0: as much as was used */
    { "84.708GJ", "322=3 323=84708" },
  };

  domoticz_server_delete(house.server, 322);
  domoticz_server_add(house.server, 322, "counter-custom", "GJ");
  domoticz_server_set_divider(house.server, 322, 10); /* it counts tenths */
  write_pipeline("", "");
  for (size_t i = 0; i < ARRAY_SIZE(cycles); i++) {
    quiet_cycle(cycles[i].reading);
    expect(cycles[i].devices);
  }
  expect("327=500"); /* the step of 322 does not affect the total */
}
END_TEST

/* ---- Bases that others write ---- */

START_TEST(difference_to_a_foreign_base_is_not_accumulated)
{
  domoticz_server_set(house.server, 402, "23000"); /* exactly 82.8 GJ */
  domoticz_setup_write(
    &house, "", "idx.322 = above\n",
    SUBTRACT("above", "meter.heat_energy_e1", "domoticz.402"));
  quiet_cycle("84.208GJ");
  expect("322=1.4080 402=23000");
  domoticz_server_down(house.server);
  cycle("84.308GJ", 75,
        "error: domoticz: {url}: cannot connect: Connection refused\n");
  domoticz_server_up(house.server);
  domoticz_setup_wait(&house, 3600);
  cycle("84.408GJ", 0,
        "notice: domoticz: {url}: works again after 1 h 20 min\n");
  expect("322=1.6080 402=23000"); /* not added up, as usages are */
}
END_TEST

START_TEST(text_in_a_base_is_not_taken_as_zero)
{
  domoticz_server_add(house.server, 405, "text", NULL);
  domoticz_setup_write(
    &house, "", "idx.405 = meter.heat_energy_e1\nidx.322 = usage\n",
    SUBTRACT("usage", "meter.heat_energy_e1", "domoticz.405"));
  quiet_cycle("84.208GJ");
  quiet_cycle("84.308GJ");
  expect("322=0.100 405=84.308");
  domoticz_server_set(house.server, 405, "hello");
  cycle("84.408GJ", 78,
        "error: usage: meter.heat_energy_e1: domoticz.405 holds the text "
        "\"hello\"; this transform needs a number: set the target to one\n"
        "notice: domoticz: idx.405: displays hello, but 84.308 GJ was written: "
        "the value was changed there; the next values continue from the "
        "displayed one\n");
  expect("322=0.100 405=hello");
  domoticz_server_set(house.server, 405, "84.350");
  cycle(
    "84.508GJ", 0,
    "notice: domoticz: idx.405: displays 84.350, but hello was written: the "
    "value was changed there; the next values continue from the displayed one\n"
    "notice: usage: meter.heat_energy_e1: works again after 20 min 20 s\n");
  expect("322=0.158 405=84.508");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("transforms");
  TCase *t = tcase_create("transforms");

  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_loop_test(t, options_decide_about_a_doubtful_reading, 0,
                      ARRAY_SIZE(doubtful));
  tcase_add_loop_test(t, option_first_decides_about_the_first_value, 0,
                      ARRAY_SIZE(firsts));
  tcase_add_test(t, total_with_first_skip_starts_in_a_csv_file);
  tcase_add_test(t, gigajoules_become_kilowatt_hours_through_convert);
  tcase_add_loop_test(t, mismatched_units_are_refused_with_a_remedy, 0,
                      ARRAY_SIZE(units));
  tcase_add_test(t, rebase_of_a_reconfigured_meter_names_the_remedy);
  tcase_add_test(t, dry_run_announces_a_base_as_not_kept);
  tcase_add_test(t, usage_is_not_rounded_by_convert);
  tcase_add_test(t, exactly_convertible_reading_needs_no_convert);
  tcase_add_test(t, inconvertible_base_gives_no_usage);
  tcase_add_test(t, decimals_alone_round_to_even);
  tcase_add_loop_test(t, impossible_rise_is_held_until_the_next_reading, 0,
                      ARRAY_SIZE(rises));
  tcase_add_loop_test(t, rise_of_a_converted_reading_is_judged_in_its_unit, 0,
                      3);
  tcase_add_test(t, base_set_by_hand_makes_no_reading_implausible);
  tcase_add_test(t, rebase_takes_an_implausible_reading);
  tcase_add_test(t, first_reading_is_never_implausible);
  tcase_add_test(t, verbose_run_names_the_held_targets);
  tcase_add_test(t, rebase_applies_to_all_values_that_share_the_base);
  tcase_add_test(t, unfit_device_is_reported_and_others_are_updated);
  tcase_add_test(t, remainder_of_a_rounded_usage_is_delivered_later);
  tcase_add_test(t, difference_to_a_foreign_base_is_not_accumulated);
  tcase_add_test(t, text_in_a_base_is_not_taken_as_zero);
  suite_add_tcase(suite, t);

  return run_suite(suite);
}
