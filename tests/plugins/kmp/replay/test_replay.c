/* The replay input: the values of a capture, and the plugin's functions. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/plugins/kmp/replay/replaying.h"
#include "tests/support/run_suite.h"

START_TEST(test_values_have_the_times_of_the_capture)
{
  const struct mp_value *value;

  fake_host_set_now(replaying.host, 4711);
  replaying_open("2026-11-22T09:59:59Z " ASK_60
                 "2026-11-22T10:00:00.345Z " GJ_216 "\n" MWH_55);
  ck_assert_int_eq(replaying_read(), MP_OK);
  value = fake_sink_value(replaying.sink, "heat_energy_e1");
  ck_assert_ptr_nonnull(value);
  ck_assert_int_eq(value->time_ms, INT64_C(1795341600345));
  ck_assert_uint_eq(value->kind, MP_COUNTER);
  ck_assert_int_eq(replaying_read(), MP_OK);
  ck_assert_int_eq(fake_sink_value(replaying.sink, "heat_energy_e1")->time_ms,
                   4711);
  replaying_close();
}
END_TEST

/* Returns the serial number that the sink received, as "757 read". */
static const char *
serial_text(void)
{
  static char text[64];
  const char *serial = fake_sink_serial(replaying.sink);

  if (!serial)
    return "none";
  snprintf(text, sizeof(text), "%s %s", serial,
           fake_sink_serial_how(replaying.sink) == MP_SERIAL_READ ? "read"
                                                                  : "assumed");
  return text;
}

START_TEST(test_serial_number_is_emitted_and_remembered)
{
  static const char *const expected[] = {
    "none",
    "75749993 read",
    "75749993 assumed",
    "80713078 read",
    "none",
    "19088743 read",
    "19088743 assumed",
    /* 0 is not a serial number; the previous one may no longer be right. */
    "none",
    "none",
  };

  fake_host_add_field(replaying.host, "heat_energy_e1");
  replaying_open(GJ_216 "\n" GJ_216 ASK_SERIAL SERIAL_757 "\n" GJ_216
                        "\n" GJ_216 SERIAL_807
                        "\n# meterpipe capture 1 meter\n" GJ_216
                        "\n" GET_SERIAL SERIAL_190 GJ_216 "\n" GJ_216
                        "\n" GJ_216 SERIAL_0 "\n" GJ_216);
  for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
    ck_assert_int_eq(replaying_read(), MP_OK);
    ck_assert_str_eq(serial_text(), expected[i]);
    ck_assert_str_eq(fake_sink_emitted_all(replaying.sink), E216);
  }
  ck_assert_int_eq(replaying_read(), MP_END);
  replaying_close();
}
END_TEST

/* As with a live meter, the previous number may no longer be right.  A serial
 * number that is unreadable and not a wanted field is not a failure. */
START_TEST(test_invalid_serial_number_is_not_emitted)
{
  static const char *const none[] = {
    SERIAL_0,
    "403F1003E9330000CC5A0D\n",                 /* no value */
    "403F1003E9F00100072D6F0D\n",               /* no such unit */
    "403F1003E9360800303030303030303026C30D\n", /* the text 00000000 */
    "403F0200000000AE0C0D\n",                   /* GetSerialNo */
  };
  char text[512];

  fake_host_add_field(replaying.host, "heat_energy_e1");
  snprintf(text, sizeof(text), GJ_216 SERIAL_757 "\n" GJ_216 "%s\n" GJ_216,
           none[_i]);
  replaying_open(text);
  for (size_t i = 0; i < 3; i++) {
    ck_assert_int_eq(replaying_read(), MP_OK);
    ck_assert_str_eq(serial_text(), i == 0 ? "75749993 read" : "none");
    ck_assert_str_eq(fake_sink_emitted_all(replaying.sink), E216);
  }
  ck_assert_int_eq(replaying_read(), MP_END);
  ck_assert_str_eq(replaying_log(), "");
  replaying_close();
}
END_TEST

START_TEST(test_only_requested_fields_are_emitted)
{
  fake_host_add_field(replaying.host, "volume_v1");
  fake_host_add_field(replaying.host, "60123");
  fake_host_add_field(replaying.host, "power_e1");
  ck_assert_str_eq(replaying_all(GJ_216 M3_1875 "\n" M3_1422),
                   V1875 "|" V1422 "|");
  /* One line for the whole file. */
  ck_assert_str_eq(replaying_log(),
                   "error: meter: FILE: does not contain these registers: "
                   "power_e1, 60123\n");
  ck_assert_int_eq(fake_host_failure(replaying.host, 0), MP_EDATA);
}
END_TEST

/* The list holds as many names as there is room for, each whole. */
START_TEST(test_long_list_of_missing_registers_is_shortened)
{
  char name[16], last[32];
  const char *end;
  unsigned id;

  for (id = 50000; id < 50400; id++) {
    snprintf(name, sizeof(name), "%u", id);
    fake_host_add_field(replaying.host, name);
  }
  ck_assert_str_eq(replaying_all(GJ_216), "|");
  end = strstr(replaying_log(), " ...\n");
  ck_assert_ptr_nonnull(end);
  snprintf(last, sizeof(last), "%.7s", end - 7);
  ck_assert_int_eq(sscanf(last, ", %5u", &id), 1);
  ck_assert_uint_gt(id, 50100);
  ck_assert_uint_eq(fake_host_failures(replaying.host), 1);
}
END_TEST

START_TEST(test_unknown_unit_is_reported_once)
{
  ck_assert_str_eq(replaying_all("403F10003C4B040000000007570C0D\n"
                                 "403F1000444B040000000007F9DA0D\n"),
                   "heat_energy_e1 7\nvolume_v1 7\n|");
  ck_assert_str_eq(replaying_log(),
                   "warning: meter: FILE:1: register 60 has the unknown unit "
                   "code 4b: its value has no unit; this is reported once\n");
  ck_assert_uint_eq(fake_host_failures(replaying.host), 0);
}
END_TEST

/* Register 1180, for which another program asked. */
START_TEST(test_password_register_is_not_emitted)
{
  ck_assert_str_eq(
    replaying_all("403F10049C330400000004D2003C080442000054821D970D\n"),
    E216 "|");
}
END_TEST

START_TEST(test_info_code_is_emitted_in_words)
{
#define TYPE_402 "403F0111011BF901A07A0D\n"
#define INFO_4 "403F1000633304000000000462050D\n"
  fake_host_add_field(replaying.host, "info_text");
  ck_assert_str_eq(replaying_all(INFO_4), "info_text bit 2\n|");
  ck_assert_str_eq(replaying_all(TYPE_402 INFO_4),
                   "info_text t2 outside range\n|");
  /* A 403, or a 603 without its register 369. */
  ck_assert_str_eq(
    replaying_all("403F10003C08044400005482007D30040000018B1BF9010A"
                  "010400000000010063330400000000081FB50D\n"),
    "info_text bit 3\n|");
  ck_assert_uint_eq(fake_host_failures(replaying.host), 0);
  ck_assert_str_eq(replaying_all(GJ_216), "|");
  ck_assert_int_eq(fake_host_failure(replaying.host, 0), MP_EDATA);
}
END_TEST

START_TEST(test_unrequested_registers_are_left_out)
{
  ck_assert_str_eq(replaying_all(ASK_3 GOT_2OF3),
                   "flow_v1 5 l/h\nflow_max_year_date 2022-01-12\n|");
  ck_assert_str_eq(
    replaying_log(),
    "warning: meter: FILE:2: register 68 was not requested; left out\n");
}
END_TEST

/* Only its text is compared; it counts like the request before it. */
START_TEST(test_repeated_request_counts_again)
{
#define FLOW "flow_v1 5 l/h\nflow_max_year_date 2022-01-12\n|"
#define UNREQUESTED(line)                                                      \
  "warning: meter: FILE:" #line ": register 68 was not requested; left out\n"
  static const struct {
    const char *text;
    const char *cycles;
    const char *log;
  } rows[] = {
    { ASK_3 GOT_2OF3 "\n" ASK_3 GOT_2OF3, FLOW FLOW,
      UNREQUESTED(2) UNREQUESTED(5) },
    { ASK_3 GOT_2OF3 "\n" ASK_60 GJ_216 "\n" ASK_3 GOT_2OF3 "\n" ASK_60 GJ_216,
      FLOW E216 "|" FLOW E216 "|", UNREQUESTED(2) UNREQUESTED(8) },
    /* Its echo, too. */
    { ASK_60 GJ_216 "\n" ASK_60 "< 803f1001003cb25f0d\n" GJ_216,
      E216 "|" E216 "|", "" },
    /* After a damaged request, and on a line with other bytes. */
    { ASK_60 GJ_216 "\n> 80 3F 10\n" ASK_60 GJ_216, E216 "|" E216 "|",
      "error: meter: FILE:4: left out: cut off before the stop byte\n" },
    { ASK_60 "> 80 3F 10 01 00 3C B2 5F 0D 80\n" GJ_216, E216 "|", "" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const char *told;

    fake_host_forget(replaying.host);
    told = replaying_all(rows[i].text);
    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s", i, told);
    ck_assert_msg(strcmp(replaying_log(), rows[i].log) == 0, "row %zu: %s", i,
                  replaying_log());
  }
}
END_TEST

/* Frames that none of our meters sent. */
START_TEST(test_odd_register_values_are_emitted_or_reported)
{
  static const struct {
    const char *frame;
    const char *cycles;
    const char *log;
    int code;
  } rows[] = {
    /* No value. */
    { "403F10003C0800437B3D0D\n", "|", "", 0 },
    /* Register 60, with 8 bytes FF. */
    { "403F10003C080800FFFFFFFFFFFFFFFF4B130D\n", "|",
      "error: meter: FILE:1: register 60: left out: a number beyond 64 bits\n",
      MP_ERANGE },
    /* A register without a name. */
    { "403F10EA6108010005F4840D\n", "60001 5 GJ\n|", "", 0 },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    const char *told;

    fake_host_forget(replaying.host);
    told = replaying_all(rows[i].frame);
    ck_assert_msg(strcmp(told, rows[i].cycles) == 0, "row %zu: %s %s", i, told,
                  replaying_log());
    ck_assert_str_eq(replaying_log(), rows[i].log);
    ck_assert_int_eq(fake_host_failure(replaying.host, 0), rows[i].code);
  }
}
END_TEST

/* The pointers by which the sink received the names. */
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

START_TEST(test_field_has_the_same_name_each_time)
{
  struct mp_sink to = replaying.sink->input;

  to.emit = take_name;
  replaying_open("403F10EA6108010005F4840D\n\n" GJ_216 "\n"
                 "403F10EA6108010005F4840D\n\n" MWH_55);
  while (replaying.plugin->input->read(replaying.self, &to) != MP_END)
    continue;
  ck_assert_uint_eq(name_count, 4);
  ck_assert_str_eq(names[0], "60001");
  ck_assert_ptr_eq(names[0], names[2]);
  ck_assert_ptr_eq(names[1], names[3]);
  replaying_close();
}
END_TEST

START_TEST(test_later_version_is_refused)
{
  ck_assert_str_eq(
    replaying_all(GJ_216 "\n# meterpipe capture 2 meter\n" MWH_55),
    E216 "|failed|");
  ck_assert_ptr_nonnull(strstr(replaying_log(), "version 2"));
  ck_assert_int_eq(fake_host_failure(replaying.host, 0), MP_EDATA);
}
END_TEST

START_TEST(test_capture_without_answers_is_a_failure)
{
  ck_assert_str_eq(replaying_all("# nothing\n"), "");
  ck_assert_str_eq(replaying_log(),
                   "error: meter: FILE: contains no reply of a meter; see "
                   "meterpipe-capture(5) for the form of a capture\n");
  ck_assert_int_eq(fake_host_failure(replaying.host, 0), MP_EDATA);
}
END_TEST

START_TEST(test_capture_can_be_opened_again)
{
  replaying_open(GJ_216 MWH_55);
  replaying.plugin->input->close(replaying.self);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(replaying.plugin->input->open(replaying.self), MP_OK);
    ck_assert_int_eq(replaying_read(), MP_OK);
    ck_assert_str_eq(fake_sink_emitted_all(replaying.sink), E216);
    replaying.plugin->input->close(replaying.self);
  }
  ck_assert_int_eq(replaying.plugin->input->check(replaying.self), MP_OK);
  unlink(replaying.path);
  ck_assert_int_eq(replaying.plugin->input->check(replaying.self), MP_ENOINPUT);
  replaying.plugin->destroy(replaying.self);
}
END_TEST

/* A read of such a socket returns one piece, as of a pipe to which a slow
 * program writes. */
START_TEST(test_log_of_another_program_comes_in_pieces)
{
  static const char *const pieces[] = {
    "Start\n", "Rd:b'403f10003c0804420000548204df0d'\n"
  };
  int fds[2];

  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
  ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
    ck_assert_int_gt(write(fds[1], pieces[i], strlen(pieces[i])), 0);
  close(fds[1]);
  fake_host_set(replaying.host, "path", "-");
  ck_assert_str_eq(replaying_all(""), E216 "|");
  ck_assert_str_eq(replaying_log(),
                   "notice: meter: standard input: read as the log of a Python "
                   "script (Rd:b'...'); its other lines are left out\n");
}
END_TEST

START_TEST(test_plugin_table_is_complete)
{
  ck_assert_uint_eq(replaying.plugin->abi_version, MP_ABI_VERSION);
  ck_assert_str_eq(replaying.plugin->name, "replay");
  ck_assert_uint_eq(replaying.plugin->input->flags, MP_INPUT_RECORDING);
  ck_assert_str_eq(replaying.plugin->input->default_fields, "*");
  ck_assert_int_eq(
    replaying.plugin->input->field("0x3c", &replaying.sink->field), MP_OK);
  ck_assert_str_eq(fake_sink_field(replaying.sink, 0)->name, "heat_energy_e1");
  replaying.plugin->destroy(NULL);
}
END_TEST

static Suite *
make_suite(void)
{
  Suite *s = suite_create("replay");
  TCase *tc = tcase_create("replay");

  tcase_add_checked_fixture(tc, replaying_set_up, replaying_tear_down);
  tcase_add_test(tc, test_values_have_the_times_of_the_capture);
  tcase_add_test(tc, test_serial_number_is_emitted_and_remembered);
  tcase_add_loop_test(tc, test_invalid_serial_number_is_not_emitted, 0, 5);
  tcase_add_test(tc, test_only_requested_fields_are_emitted);
  tcase_add_test(tc, test_long_list_of_missing_registers_is_shortened);
  tcase_add_test(tc, test_unknown_unit_is_reported_once);
  tcase_add_test(tc, test_password_register_is_not_emitted);
  tcase_add_test(tc, test_info_code_is_emitted_in_words);
  tcase_add_test(tc, test_unrequested_registers_are_left_out);
  tcase_add_test(tc, test_repeated_request_counts_again);
  tcase_add_test(tc, test_odd_register_values_are_emitted_or_reported);
  tcase_add_test(tc, test_field_has_the_same_name_each_time);
  tcase_add_test(tc, test_later_version_is_refused);
  tcase_add_test(tc, test_capture_without_answers_is_a_failure);
  tcase_add_test(tc, test_capture_can_be_opened_again);
  tcase_add_test(tc, test_log_of_another_program_comes_in_pieces);
  tcase_add_test(tc, test_plugin_table_is_complete);
  suite_add_tcase(s, tc);
  return s;
}

int
main(void)
{
  return run_suite(make_suite());
}
