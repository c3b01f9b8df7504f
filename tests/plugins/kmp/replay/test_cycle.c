/* The cycles of a capture, and the handling of damaged frames in it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/replay/replay.h"
#include "tests/plugins/kmp/replay/replaying.h"
#include "tests/support/run_suite.h"

START_TEST(test_capture_is_split_into_cycles)
{
  static const struct {
    const char *text;
    const char *cycles;
  } rows[] = {
    { ASK_60 GJ_216, E216 "|" },
    { GJ_216, E216 "|" },
    { ASK_60 GJ_216 ASK_68 M3_1875, E216 V1875 "|" },
    /* Without blank lines, a repeated register begins a cycle. */
    { GJ_216 MWH_55, E216 "|" E55 "|" },
    { ASK_60 GJ_216 ASK_68 M3_1875 ASK_60 MWH_55 ASK_68 M3_1422,
      E216 V1875 "|" E55 V1422 "|" },
    { GJ_216 GJ_216 GJ_216, E216 "|" E216 "|" E216 "|" },
    { GJ_216 MWH_55 "\n", E216 "|" E55 "|" },
    /* With blank lines, only these begin a cycle, and the last of two values
     * counts. */
    { "\n" GJ_216 MWH_55, E55 "|" },
    { GJ_216 MWH_55 "\n" GJ_216, E55 "|" E216 "|" },
    { "# a\n\n" GJ_216 "# b\n \t\n\n" MWH_55 "\n", E216 "|" E55 "|" },
    { GJ_216 "\r\n" MWH_55, E216 "|" E55 "|" },
    /* A cycle without an answer is a cycle, too. */
    { "\n" ASK_60 "\n" ASK_60 GJ_216, "|" E216 "|" },
    /* A register that the answer leaves out is missing. */
    { ASK_3 "< 403F10003C0804420000548204DF0D\n", E216 "|" },
    /* A request and its answer on one line, an echo before the answer. */
    { "80 3f 10 01 00 3c b2 5f 0d 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D",
      E216 "|" },
    { ASK_60 "< 803f1001003cb25f0d403F10003C0804420000548204DF0D\n", E216 "|" },
    /* A cycle does not extend from one capture into the next. */
    { GJ_216 "# meterpipe capture 1 meter\n" M3_1875, E216 "|" V1875 "|" },
    /* Dates are texts. */
    { CLOCK_601, "date 2014-05-08\nclock 02:17:00\n|" },
    /* Register 1, of an electricity meter. */
    { "403F1000010204000000008BE1900D\n", "active_energy_in 139 kWh\n|" },
    { "< 06\n< 00\n" GJ_216, E216 "|" },
    /* Stray bytes are accepted after an answer with all wanted registers; a few
     * also after an answer that leaves one out, or whose request is unknown. */
    { ASK_60 "< 403F10003C0804420000548204DF0D ff 0a 0d ff 0a 0d\n", E216 "|" },
    { ASK_3 "< 403F10003C0804420000548204DF0D ff 0d\n", E216 "|" },
    { "403F10003C0804420000548204DF0D 0a\n", E216 "|" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const char *told = replaying_all(rows[i].text);

    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s", i, told);
    ck_assert_msg(fake_host_failures(replaying.host) == 0, "row %zu: %s", i,
                  replaying_log());
  }
}
END_TEST

START_TEST(test_damage_is_reported_with_its_line)
{
  static const struct {
    const char *text;
    const char *cycles;
    const char *log;
  } rows[] = {
    { ASK_60 BAD_60, "|", "FILE:2: left out: wrong checksum\n" },
    { ASK_60 CUT_60 ASK_68 M3_1875, V1875 "|",
      "FILE:2: left out: cut off before the stop byte\n" },
    { "hello\n" GJ_216, E216 "|",
      "FILE:1: left out: not a line of a capture: neither hex digits nor a "
      "comment; a line of a capture is \"< 40 3f 10 ... 0d\", see "
      "meterpipe-capture(5)\n" },
    { "11 22 33\n", "|", "FILE:1: left out: no start byte\n" },
    { BAD_60 GJ_216, E216 "|", "FILE:1: left out: wrong checksum\n" },
    /* Not an answer to the request. */
    { ASK_68 GJ_216, "|",
      "FILE:2: left out: only registers that were not requested\n" },
    { GET_SERIAL GJ_216, "|",
      "FILE:2: left out: another command than the request's\n" },
    { "> 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D\n", "|",
      "FILE:1: left out: a request where a reply was expected, or the "
      "reverse\n" },
    { ASK_3 "< 403F10003C0804420000548204DF0D ff 0a 0d ff 0a 0d\n", "|",
      "FILE:2: left out: more bytes after the stop byte\n" },
    /* A burst made a stop byte, and the checksum is right by chance. */
    { "403F10079A0D024214F569DC0D\n", "|",
      "FILE:1: left out: more bytes after the stop byte\n" },
    /* Only the first fault of a line is reported. */
    { "40 3f 10 40 3f 11 0d 99\n", "|",
      "FILE:1: left out: a reserved byte inside the frame\n" },
    { "40 3f 10 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D\n", E216 "|",
      "FILE:1: left out: a reserved byte inside the frame\n" },
    /* Each cycle reports its own damage. */
    { BAD_60 "\n" CUT_60 "\n" GJ_216, "||" E216 "|",
      "FILE:1: left out: wrong checksum\n"
      "FILE:3: left out: cut off before the stop byte\n" },
    /* Requests that we never send, though their checksum is right. */
    { "> 80 3f 10 00 ea e7 0d\n" GJ_216, E216 "|",
      "FILE:1: left out: no register, or more than eight\n" },
    { "> 80 3f 02 00 8f f6 0d\n" GJ_216, E216 "|",
      "FILE:1: left out: data of a wrong length\n" },
    /* After a damaged request it is unknown what the answer belongs to. */
    { "> 80 3f 10 01 00 3c b2 5e 0d\n" GJ_216, E216 "|",
      "FILE:1: left out: wrong checksum\n" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const char *told;
    char log[1024] = "";

    fake_host_forget(replaying.host);
    told = replaying_all(rows[i].text);
    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s", i, told);
    for (const char *p = rows[i].log; *p; p = strchr(p, '\n') + 1)
      snprintf(log + strlen(log), sizeof(log) - strlen(log),
               "error: meter: %.*s\n", (int)strcspn(p, "\n"), p);
    ck_assert_msg(strcmp(replaying_log(), log) == 0, "row %zu: %s", i,
                  replaying_log());
    ck_assert_int_eq(fake_host_failure(replaying.host, 0), MP_EDATA);
  }
}
END_TEST

START_TEST(test_damage_repaired_by_a_repetition_is_no_error)
{
  static const struct {
    const char *text;
    const char *cycles;
  } rows[] = {
    { ASK_60 BAD_60 ASK_60 GJ_216, E216 "|" },
    { ASK_60 BAD_60 GJ_216, E216 "|" },
    { "\n" ASK_60 CUT_60 ASK_60 BAD_60 ASK_60 GJ_216, E216 "|" },
    /* Asked again in halves. */
    { ASK_3 "< 40 3f 10 0d\n" ASK_60 GJ_216 "> 803F1002004A007B98F30D\n"
            "< 403F10004A2902000005007B30040000035BD0649A0D\n",
      E216 "flow_v1 5 l/h\nflow_max_year_date 2022-01-12\n|" },
    /* The damaged answer belongs to the cycle that its repetition begins. */
    { ASK_60 GJ_216 ASK_60 BAD_60 ASK_60 MWH_55, E216 "|" E55 "|" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const char *told;

    fake_host_forget(replaying.host);
    told = replaying_all(rows[i].text);
    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s", i, told);
    ck_assert_msg(fake_host_failures(replaying.host) == 0, "row %zu: %s", i,
                  replaying_log());
    ck_assert_ptr_nonnull(strstr(replaying_log(), "info: meter: FILE:"));
    ck_assert_ptr_nonnull(
      strstr(replaying_log(), "but the repeated request succeeded"));
  }
}
END_TEST

START_TEST(test_damage_is_not_repaired_by_another_cycle)
{
  ck_assert_str_eq(replaying_all("\n" ASK_60 BAD_60 "\n" ASK_60 GJ_216),
                   "|" E216 "|");
  ck_assert_str_eq(replaying_log(),
                   "error: meter: FILE:3: left out: wrong checksum\n");
}
END_TEST

START_TEST(test_damage_beyond_the_list_size_is_reported)
{
  char text[2048] = "";

  for (size_t i = 0; i < 40; i++)
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", CUT_60);
  ck_assert_str_eq(replaying_all(text), "|");
  ck_assert_uint_eq(fake_host_failures(replaying.host), 40);
  fake_host_forget(replaying.host);
  fake_host_set(replaying.host, "strict", "yes");
  ck_assert_str_eq(replaying_all(text), "failed|");
  ck_assert_uint_eq(fake_host_failures(replaying.host), 1);
}
END_TEST

/* The first ten lines are reported as errors, the others only with -v; one line
 * gives their number. */
START_TEST(test_invalid_lines_are_summarised_after_ten)
{
  char text[2048] = "", said[64];

  for (size_t i = 0; i < 40; i++)
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "No capture\n");
  snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", CUT_60);
  ck_assert_str_eq(replaying_all(text), "|");
  ck_assert_uint_eq(fake_host_failures(replaying.host), 11);
  for (size_t i = 1; i <= 41; i++) {
    snprintf(said, sizeof(said), "%s: meter: FILE:%zu: left out: ",
             i > 10 && i < 41 ? "info" : "error", i);
    ck_assert_ptr_nonnull(strstr(replaying_log(), said));
  }
  ck_assert_ptr_nonnull(strstr(replaying_log(),
                               "error: meter: FILE: 30 more such lines left "
                               "out, which -v shows: is this a capture?\n"));
}
END_TEST

START_TEST(test_strict_stops_at_the_first_damage)
{
  fake_host_set(replaying.host, "strict", "yes");
  ck_assert_str_eq(replaying_all(GJ_216 "\n" BAD_60 CUT_60 "\n" MWH_55),
                   E216 "|failed|");
  ck_assert_str_eq(replaying_log(),
                   "error: meter: FILE:3: left out: wrong checksum\n");
  /* Damage that a later answer made good does not count. */
  fake_host_forget(replaying.host);
  ck_assert_str_eq(replaying_all(ASK_60 BAD_60 ASK_60 GJ_216), E216 "|");
}
END_TEST

START_TEST(test_log_of_the_old_script_is_read)
{
  static const char log[] =
    "Wr\t 80  3f  10  01  00  3c  b2  5f  0d \n"
    "Rd\t 40  3f  10  00  3c  08  04  42  00  00  54  82  04  df  0d \n"
    "Wr\t 80  3f  10  01  00  3c  b2  5f  0d \n"
    "Msg\tRx Timeout\n"
    "Wr\t 80  3f  10  01  00  3c  b2  5f  0d \n"
    "Rd\t 40  3f  10  00  3c  08  04  42  00  00  54  82  04  df  0d \n"
    "Wr\t 80  3f  10  01  00  44  4d  c0  0d \n"
    "Rd\t 40  3f  10  00  44  28  04  42  00  02  dc  a4  7c  0a  0d "
    /* The next run begins on the same line. */
    "Wr\t 80  3f  10  01  00  3c  b2  5f  0d \n"
    "Rd\t 40  3f  10  00  3c  03  04  43  00  00  d6  de  03  22  0d ";

  ck_assert_str_eq(replaying_all(log), E216 V1875 "|" E55 "|");
  ck_assert_str_eq(replaying_log(), "");
}
END_TEST

START_TEST(test_damaged_repetition_in_an_old_log_begins_no_cycle)
{
  static const char log[] = "Wr 80 3f 10 01 00 3c b2 5f 0d\n"
                            "Rd 40 3f 10 00 3c 08 04 42 00 00 54 82 04 df 0d\n"
                            "Wr 80 3f 10 01 00 3c b2 5f 0d\n"
                            "Rd 40 3f 10 00 3c 08 04 42 00 00 54 82 04 de 0d\n"
                            "Wr 80 3f 10 01 00 3c b2 5f 0d\n"
                            "Rd 40 3f 10 00 3c 08 04 42 00 00 54 82 04 df 0d\n"
                            "Wr 80 3f 10 01 00 44 4d c0 0d\n"
                            "Rd 40 3f 10 00 44 28 04 42 00 02 dc a4 7c 0a 0d\n";

  ck_assert_str_eq(replaying_all(log), E216 V1875 "|");
  ck_assert_uint_eq(fake_host_failures(replaying.host), 0);
}
END_TEST

/* When the cycle numbers run out, the registers of earlier cycles do not count
 * as repeated. */
START_TEST(test_cycle_numbers_may_wrap_around)
{
  struct replay *r;

  replaying_open(GJ_216 MWH_55 GJ_216);
  r = replaying.self;
  ck_assert_int_eq(replaying_read(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(replaying.sink), E216);
  r->cycle = UINT32_MAX;
  ck_assert_int_eq(replaying_read(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(replaying.sink), E55);
  ck_assert_int_eq(replaying_read(), MP_OK);
  ck_assert_str_eq(fake_sink_emitted_all(replaying.sink), E216);
  ck_assert_int_eq(replaying_read(), MP_END);
  replaying_close();
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("replay_cycle");
  TCase *tc = tcase_create("replay_cycle");

  tcase_add_checked_fixture(tc, replaying_set_up, replaying_tear_down);
  tcase_add_test(tc, test_capture_is_split_into_cycles);
  tcase_add_test(tc, test_damage_is_reported_with_its_line);
  tcase_add_test(tc, test_damage_repaired_by_a_repetition_is_no_error);
  tcase_add_test(tc, test_damage_is_not_repaired_by_another_cycle);
  tcase_add_test(tc, test_damage_beyond_the_list_size_is_reported);
  tcase_add_test(tc, test_invalid_lines_are_summarised_after_ten);
  tcase_add_test(tc, test_strict_stops_at_the_first_damage);
  tcase_add_test(tc, test_cycle_numbers_may_wrap_around);
  tcase_add_test(tc, test_log_of_the_old_script_is_read);
  tcase_add_test(tc, test_damaged_repetition_in_an_old_log_begins_no_cycle);
  suite_add_tcase(s, tc);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
