/*
 * The input replay: captures in, cycles out.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <meterpipe/plugin.h>

#include "tests/support/fake_host.h"
#include "tests/support/fake_sink.h"

/* Frames of real meters. */
#define ASK_60 "> 80 3f 10 01 00 3c b2 5f 0d\n"
#define GJ_216 "< 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D\n"
#define MWH_55 "< 40 3F 10 00 3C 03 04 43 00 00 D6 DE 03 22 0D\n"
#define BAD_60 "< 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DE 0D\n"
#define CUT_60 "< 40 3F 10 00 3C 08 04 42 00 00\n"
#define ASK_68 "> 80 3F 10 01 00 44 4D C0 0D\n"
#define M3_1875 "< 40 3F 10 00 44 28 04 42 00 02 DC A4 7C 0A 0D\n"
#define M3_1422 "< 40 3F 10 00 44 28 04 42 00 02 2B AD 67 75 0D\n"
#define ASK_SERIAL "> 80 3F 10 01 03 E9 7C D4 0D\n"
#define SERIAL_757 "< 40 3F 10 03 E9 33 04 00 04 83 DA 69 CC A0 0D\n"
#define SERIAL_807 "< 40 3F 10 03 E9 33 04 00 04 CF 95 76 5A 1B BF 0D\n"
#define GET_SERIAL "> 80 3F 02 35 E9 0D\n"
#define SERIAL_190 "< 40 3F 02 01 23 45 67 E9 56 0D\n"
#define ASK_3 "> 803F1003004A003C007BA19E0D\n" /* 74, 60, 123 */
#define GOT_2OF3                                                               \
  "< 403F10004A290200000500442804420002ED1BF2007B30040000035BD07AC40D\n"
#define CLOCK_601 "403F1003EB300400000224DC03EA2F0400000054C429F30D\n"
#define E216 "heat_energy_e1 216.34 GJ\n"
#define E55 "heat_energy_e1 55.006 MWh\n"
#define V1875 "volume_v1 1875.56 m3\n"
#define V1422 "volume_v1 1422.53 m3\n"

static char path[64];
static struct fake_host *host;
static struct fake_sink *sink;
static const struct mp_plugin *plugin;
static void *self;

static void
set_up(void)
{
  int fd;

  snprintf(path, sizeof(path), "/tmp/test_replay.XXXXXX");
  fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  plugin = meterpipe_plugin();
  host = fake_host_new(plugin, "meter");
  fake_host_set(host, "path", path);
  sink = fake_sink_new(&host->table);
}

static void
tear_down(void)
{
  fake_sink_free(sink);
  fake_host_free(host);
  unlink(path);
}

static void
open_capture(const char *text)
{
  FILE *f = fopen(path, "w");

  ck_assert_ptr_nonnull(f);
  ck_assert_int_ge(fputs(text, f), 0);
  ck_assert_int_eq(fclose(f), 0);
  ck_assert_int_eq(plugin->create(&host->table, &self), MP_OK);
  ck_assert_int_eq(plugin->input->open(self), MP_OK);
}

static void
close_capture(void)
{
  plugin->input->close(self);
  plugin->destroy(self);
}

/* Reads a cycle. */
static int
read_cycle(void)
{
  fake_sink_forget(sink);
  return plugin->input->read(self, &sink->input);
}

/* All cycles as text, each followed by its result: "| " or "failed |". */
static const char *
replay(const char *text)
{
  static char told[4096];
  size_t len = 0;
  int r;

  told[0] = '\0';
  open_capture(text);
  for (r = read_cycle(); r != MP_END; r = read_cycle())
    len += (size_t)snprintf(told + len, sizeof(told) - len, "%s%s",
                            r == MP_OK ? fake_sink_emitted_all(sink) : "failed",
                            "|");
  close_capture();
  return told;
}

/* The log, with FILE for the file's name. */
static const char *
log_text(void)
{
  static char text[4096];
  const char *p = fake_host_log(host), *hit;
  size_t len = 0;

  text[0] = '\0';
  for (hit = strstr(p, path); hit; hit = strstr(p, path)) {
    len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*sFILE",
                            (int)(hit - p), p);
    p = hit + strlen(path);
  }
  snprintf(text + len, sizeof(text) - len, "%s", p);
  return text;
}

START_TEST(test_cycles)
{
  static const struct {
    const char *text;
    const char *cycles;
  } rows[] = {
    { "", "" },
    { "# meterpipe capture 1 meter\n\n\n", "" },
    { ASK_60 GJ_216, E216 "|" },
    { GJ_216, E216 "|" },
    { ASK_60 GJ_216 ASK_68 M3_1875, E216 V1875 "|" },
    /* Without blank lines a register that repeats begins a cycle, */
    { GJ_216 MWH_55, E216 "|" E55 "|" },
    { ASK_60 GJ_216 ASK_68 M3_1875 ASK_60 MWH_55 ASK_68 M3_1422,
      E216 V1875 "|" E55 V1422 "|" },
    { GJ_216 GJ_216 GJ_216, E216 "|" E216 "|" E216 "|" },
    { GJ_216 MWH_55 "\n", E216 "|" E55 "|" },
    /* with them only these do, and the last of two counts. */
    { "\n" GJ_216 MWH_55, E55 "|" },
    { GJ_216 MWH_55 "\n" GJ_216, E55 "|" E216 "|" },
    { "# a\n\n" GJ_216 "# b\n \t\n\n" MWH_55 "\n", E216 "|" E55 "|" },
    { GJ_216 "\r\n" MWH_55, E216 "|" E55 "|" },
    /* A cycle in which nothing was answered is one, too. */
    { "\n" ASK_60 "\n" ASK_60 GJ_216, "|" E216 "|" },
    /* A register that is left out is missing. */
    { ASK_3 "< 403F10003C0804420000548204DF0D\n", E216 "|" },
    /* A request and its answer on one line, an echo before the answer. */
    { "80 3f 10 01 00 3c b2 5f 0d 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D",
      E216 "|" },
    { ASK_60 "< 803f1001003cb25f0d403F10003C0804420000548204DF0D\n", E216 "|" },
    /* Dates are texts. */
    { CLOCK_601, "date 2014-05-08\nclock 02:17:00\n|" },
    /* A number without a name is its own. */
    { "403F1000010204000000008BE1900D\n", "active_energy_in 139 kWh\n|" },
    { "< 06\n< 00\n" GJ_216, E216 "|" },
  };
  size_t i;

  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *told = replay(rows[i].text);

    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s", i, told);
    ck_assert_msg(fake_host_failures(host) == 0, "row %zu: %s", i, log_text());
  }
}
END_TEST

START_TEST(test_damage_is_told_with_its_line)
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
      "comment\n" },
    { "11 22 33\n", "|", "FILE:1: left out: no start byte\n" },
    { BAD_60 GJ_216, E216 "|", "FILE:1: left out: wrong checksum\n" },
    /* Not an answer to what was asked. */
    { ASK_68 GJ_216, "|",
      "FILE:2: left out: only registers that were not asked for\n" },
    { GET_SERIAL GJ_216, "|",
      "FILE:2: left out: another command than the request's\n" },
    { "> 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D\n", "|",
      "FILE:1: left out: a frame of the other direction\n" },
    /* A burst made a stop byte, and the checksum right by chance. */
    { "403F10079A0D024214F569DC0D\n", "|",
      "FILE:1: left out: more bytes behind the stop byte\n" },
    /* Of what is wrong with a line the first is told. */
    { "40 3f 10 40 3f 11 0d 99\n", "|",
      "FILE:1: left out: a reserved byte inside the frame\n" },
    { "40 3f 10 40 3F 10 00 3C 08 04 42 00 00 54 82 04 DF 0D\n", E216 "|",
      "FILE:1: left out: a reserved byte inside the frame\n" },
    /* Each cycle for itself. */
    { BAD_60 "\n" CUT_60 "\n" GJ_216, "||" E216 "|",
      "FILE:1: left out: wrong checksum\n"
      "FILE:3: left out: cut off before the stop byte\n" },
    /* A damaged request: what the answer is to is not known. */
    { "> 80 3f 10 01 00 3c b2 5e 0d\n" GJ_216, E216 "|",
      "FILE:1: left out: wrong checksum\n" },
  };
  size_t i;

  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *told, *p;
    char log[1024] = "";

    fake_host_forget(host);
    told = replay(rows[i].text);
    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s", i, told);
    for (p = rows[i].log; *p; p = strchr(p, '\n') + 1)
      snprintf(log + strlen(log), sizeof(log) - strlen(log),
               "error: meter: %.*s\n", (int)strcspn(p, "\n"), p);
    ck_assert_msg(strcmp(log_text(), log) == 0, "row %zu: %s", i, log_text());
    ck_assert_int_eq(fake_host_failure(host, 0), MP_EDATA);
  }
}
END_TEST

START_TEST(test_damage_that_was_made_good_is_a_note)
{
  static const struct {
    const char *text;
    const char *cycles;
  } rows[] = {
    { ASK_60 BAD_60 ASK_60 GJ_216, E216 "|" },
    { ASK_60 BAD_60 GJ_216, E216 "|" },
    { "\n" ASK_60 CUT_60 ASK_60 BAD_60 ASK_60 GJ_216, E216 "|" },
    /* In halves. */
    { ASK_3 "< 40 3f 10 0d\n" ASK_60 GJ_216 "> 803F1002004A007B98F30D\n"
            "< 403F10004A2902000005007B30040000035BD0649A0D\n",
      E216 "flow_v1 5 l/h\nflow_max_year_date 2022-01-12\n|" },
    /* The damaged one belongs to the cycle that its repetition begins. */
    { ASK_60 GJ_216 ASK_60 BAD_60 ASK_60 MWH_55, E216 "|" E55 "|" },
  };
  size_t i;

  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *told;

    fake_host_forget(host);
    told = replay(rows[i].text);
    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s", i, told);
    ck_assert_msg(fake_host_failures(host) == 0, "row %zu: %s", i, log_text());
    ck_assert_ptr_nonnull(strstr(log_text(), "info: meter: FILE:"));
    ck_assert_ptr_nonnull(strstr(log_text(), "asked again and answered"));
  }
}
END_TEST

START_TEST(test_damage_in_the_next_cycle_is_not_made_good_by_this_one)
{
  ck_assert_str_eq(replay("\n" ASK_60 BAD_60 "\n" ASK_60 GJ_216), "|" E216 "|");
  ck_assert_str_eq(log_text(),
                   "error: meter: FILE:3: left out: wrong checksum\n");
}
END_TEST

START_TEST(test_more_damage_than_is_kept_in_mind_is_told_all)
{
  char text[2048] = "";
  size_t i;

  for (i = 0; i < 40; i++)
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", CUT_60);
  ck_assert_str_eq(replay(text), "|");
  ck_assert_uint_eq(fake_host_failures(host), 40);
  fake_host_forget(host);
  fake_host_set(host, "strict", "yes");
  ck_assert_str_eq(replay(text), "failed|");
  ck_assert_uint_eq(fake_host_failures(host), 1);
}
END_TEST

START_TEST(test_strict_stops_at_the_first)
{
  fake_host_set(host, "strict", "yes");
  ck_assert_str_eq(replay(GJ_216 "\n" BAD_60 CUT_60 "\n" MWH_55),
                   E216 "|failed|");
  ck_assert_str_eq(log_text(),
                   "error: meter: FILE:3: left out: wrong checksum\n");
  /* What was made good does not count. */
  fake_host_forget(host);
  ck_assert_str_eq(replay(ASK_60 BAD_60 ASK_60 GJ_216), E216 "|");
}
END_TEST

START_TEST(test_the_old_script_left_logs)
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
    /* The next run; it begins in the same line. */
    "Wr\t 80  3f  10  01  00  3c  b2  5f  0d \n"
    "Rd\t 40  3f  10  00  3c  03  04  43  00  00  d6  de  03  22  0d ";

  ck_assert_str_eq(replay(log), E216 V1875 "|" E55 "|");
  ck_assert_str_eq(log_text(), "");
}
END_TEST

START_TEST(test_a_damaged_repetition_in_an_old_log_begins_no_cycle)
{
  static const char log[] = "Wr 80 3f 10 01 00 3c b2 5f 0d\n"
                            "Rd 40 3f 10 00 3c 08 04 42 00 00 54 82 04 df 0d\n"
                            "Wr 80 3f 10 01 00 3c b2 5f 0d\n"
                            "Rd 40 3f 10 00 3c 08 04 42 00 00 54 82 04 de 0d\n"
                            "Wr 80 3f 10 01 00 3c b2 5f 0d\n"
                            "Rd 40 3f 10 00 3c 08 04 42 00 00 54 82 04 df 0d\n"
                            "Wr 80 3f 10 01 00 44 4d c0 0d\n"
                            "Rd 40 3f 10 00 44 28 04 42 00 02 dc a4 7c 0a 0d\n";

  ck_assert_str_eq(replay(log), E216 V1875 "|");
  ck_assert_uint_eq(fake_host_failures(host), 0);
}
END_TEST

START_TEST(test_times_are_those_of_the_capture)
{
  const struct mp_value *value;

  fake_host_set_now(host, 4711);
  open_capture("2026-11-22T09:59:59Z " ASK_60 "2026-11-22T10:00:00.345Z " GJ_216
               "\n" MWH_55);
  ck_assert_int_eq(read_cycle(), MP_OK);
  value = fake_sink_value(sink, "heat_energy_e1");
  ck_assert_ptr_nonnull(value);
  ck_assert_int_eq(value->time_ms, INT64_C(1795341600345));
  ck_assert_uint_eq(value->kind, MP_COUNTER);
  ck_assert_int_eq(read_cycle(), MP_OK);
  ck_assert_int_eq(fake_sink_value(sink, "heat_energy_e1")->time_ms, 4711);
  close_capture();
}
END_TEST

/* What the sink was told of the serial number, as "757 read". */
static const char *
serial_text(void)
{
  static char text[64];
  const char *serial = fake_sink_serial(sink);

  if (!serial)
    return "none";
  snprintf(text, sizeof(text), "%s %s", serial,
           fake_sink_serial_how(sink) == MP_SERIAL_READ ? "read" : "assumed");
  return text;
}

START_TEST(test_the_serial_number_is_told_and_remembered)
{
  static const char *const expected[] = {
    "none", "75749993 read", "75749993 assumed", "80713078 read",
    "none", "19088743 read", "19088743 assumed",
  };
  size_t i;

  fake_host_add_field(host, "heat_energy_e1");
  open_capture(GJ_216 "\n" GJ_216 ASK_SERIAL SERIAL_757 "\n" GJ_216
                      "\n" GJ_216 SERIAL_807
                      "\n# meterpipe capture 1 meter\n" GJ_216
                      "\n" GET_SERIAL SERIAL_190 GJ_216 "\n" GJ_216);
  for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
    /* The header stands in the cycle that it is in front of. */
    ck_assert_int_eq(read_cycle(), MP_OK);
    if (i != 4)
      ck_assert_str_eq(serial_text(), expected[i]);
    ck_assert_str_eq(fake_sink_emitted_all(sink), E216);
  }
  ck_assert_int_eq(read_cycle(), MP_END);
  close_capture();
}
END_TEST

START_TEST(test_only_what_is_wanted_is_given)
{
  fake_host_add_field(host, "volume_v1");
  fake_host_add_field(host, "60123");
  fake_host_add_field(host, "power_e1");
  ck_assert_str_eq(replay(GJ_216 M3_1875 "\n" M3_1422), V1875 "|" V1422 "|");
  /* Once for the file, in one line. */
  ck_assert_str_eq(log_text(),
                   "error: meter: FILE: registers that it does not hold: "
                   "power_e1, 60123\n");
  ck_assert_int_eq(fake_host_failure(host, 0), MP_EDATA);
}
END_TEST

START_TEST(test_what_was_not_asked_for_is_left_out)
{
  ck_assert_str_eq(replay(ASK_3 GOT_2OF3),
                   "flow_v1 5 l/h\nflow_max_year_date 2022-01-12\n|");
  ck_assert_str_eq(log_text(), "warning: meter: FILE:2: register 68 was not "
                               "asked for, left out\n");
}
END_TEST

/* Frames that no meter of ours sent. */
START_TEST(test_values_that_are_none)
{
  static const struct {
    const char *frame;
    const char *cycles;
    const char *log;
    int code;
  } rows[] = {
    /* No value, no date yet. */
    { "403F10003C0800437B3D0D\n", "|", "", 0 },
    /* 60 has 8 bytes of FF. */
    { "403F10003C080800FFFFFFFFFFFFFFFF4B130D\n", "|",
      "error: meter: FILE:1: register 60 left out: a number beyond 64 bits\n",
      MP_ERANGE },
    /* A register without a name. */
    { "403F10EA6108010005F4840D\n", "60001 5 GJ\n|", "", 0 },
  };
  size_t i;

  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *told;

    fake_host_forget(host);
    told = replay(rows[i].frame);
    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s %s", i, told,
                  log_text());
    ck_assert_str_eq(log_text(), rows[i].log);
    ck_assert_int_eq(fake_host_failure(host, 0), rows[i].code);
  }
}
END_TEST

/* Keeps the pointers that names came by. */
static const char *names[4];
static size_t name_count;

static int
take_name(const struct mp_sink *to, const char *field,
          const struct mp_value *value)
{
  (void)to;
  ck_assert_uint_eq(value->struct_size, sizeof(*value));
  ck_assert_uint_lt(name_count, 4);
  names[name_count++] = field;
  return MP_OK;
}

START_TEST(test_a_field_has_the_same_name_each_time)
{
  struct mp_sink to = sink->input;

  to.emit = take_name;
  open_capture("403F10EA6108010005F4840D\n\n" GJ_216 "\n"
               "403F10EA6108010005F4840D\n\n" MWH_55);
  while (plugin->input->read(self, &to) != MP_END)
    continue;
  ck_assert_uint_eq(name_count, 4);
  ck_assert_str_eq(names[0], "60001");
  ck_assert_ptr_eq(names[0], names[2]);
  ck_assert_ptr_eq(names[1], names[3]);
  close_capture();
}
END_TEST

START_TEST(test_a_later_version_is_refused)
{
  ck_assert_str_eq(replay(GJ_216 "\n# meterpipe capture 2 meter\n" MWH_55),
                   E216 "|failed|");
  ck_assert_ptr_nonnull(strstr(log_text(), "version 2"));
  ck_assert_int_eq(fake_host_failure(host, 0), MP_EDATA);
}
END_TEST

START_TEST(test_a_file_without_answers_is_noticed)
{
  ck_assert_str_eq(replay("# nothing\n"), "");
  ck_assert_str_eq(log_text(),
                   "notice: meter: FILE: no answer of a meter in it\n");
  ck_assert_uint_eq(fake_host_failures(host), 0);
}
END_TEST

START_TEST(test_a_recording_can_be_opened_again)
{
  int i;

  open_capture(GJ_216 MWH_55);
  plugin->input->close(self);
  for (i = 0; i < 2; i++) {
    ck_assert_int_eq(plugin->input->open(self), MP_OK);
    ck_assert_int_eq(read_cycle(), MP_OK);
    ck_assert_str_eq(fake_sink_emitted_all(sink), E216);
    plugin->input->close(self);
  }
  ck_assert_int_eq(plugin->input->check(self), MP_OK);
  unlink(path);
  ck_assert_int_eq(plugin->input->check(self), MP_ENOINPUT);
  plugin->destroy(self);
}
END_TEST

START_TEST(test_the_table_of_the_plugin)
{
  ck_assert_uint_eq(plugin->abi_version, MP_ABI_VERSION);
  ck_assert_str_eq(plugin->name, "replay");
  ck_assert_uint_eq(plugin->input->flags,
                    MP_INPUT_RECORDING | MP_INPUT_ALL_FIELDS);
  ck_assert_int_eq(plugin->input->field("0x3c", &sink->field), MP_OK);
  ck_assert_str_eq(fake_sink_field(sink, 0)->name, "heat_energy_e1");
  plugin->destroy(NULL);
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("replay");
  TCase *tc = tcase_create("replay");

  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, test_cycles);
  tcase_add_test(tc, test_damage_is_told_with_its_line);
  tcase_add_test(tc, test_damage_that_was_made_good_is_a_note);
  tcase_add_test(tc,
                 test_damage_in_the_next_cycle_is_not_made_good_by_this_one);
  tcase_add_test(tc, test_more_damage_than_is_kept_in_mind_is_told_all);
  tcase_add_test(tc, test_strict_stops_at_the_first);
  tcase_add_test(tc, test_the_old_script_left_logs);
  tcase_add_test(tc, test_a_damaged_repetition_in_an_old_log_begins_no_cycle);
  tcase_add_test(tc, test_times_are_those_of_the_capture);
  tcase_add_test(tc, test_the_serial_number_is_told_and_remembered);
  tcase_add_test(tc, test_only_what_is_wanted_is_given);
  tcase_add_test(tc, test_what_was_not_asked_for_is_left_out);
  tcase_add_test(tc, test_values_that_are_none);
  tcase_add_test(tc, test_a_field_has_the_same_name_each_time);
  tcase_add_test(tc, test_a_later_version_is_refused);
  tcase_add_test(tc, test_a_file_without_answers_is_noticed);
  tcase_add_test(tc, test_a_recording_can_be_opened_again);
  tcase_add_test(tc, test_the_table_of_the_plugin);
  suite_add_tcase(s, tc);
  return s;
}

int
main(void)
{
  SRunner *runner = srunner_create(make_suite());
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
