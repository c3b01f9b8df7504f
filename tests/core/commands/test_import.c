/*
 * Old command lines: the pipeline file printed for each, which our own reader
 * must accept without a problem, and the messages.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/commands/import/import.h"
#include "core/config/config.h"
#include "lib/array.h"
#include "tests/support/run_suite.h"

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

#define REMINDER                                                               \
  "notice: import: stop the old script's cron line before this pipeline "      \
  "runs, "                                                                     \
  "or both write to the same devices\n"

/* Names three registers; others keep their number, and 9999 fails. */
static int
field_name(const char *number, char *ret, size_t size)
{
  static const char *const names[][2] = {
    { "60", "heat_energy_e1" },
    { "68", "volume_v1" },
    { "80", "a_register_with_a_very_long_name" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    if (strcmp(names[i][0], number) == 0)
      number = names[i][1];
  snprintf(ret, size, "%s", number);
  return strcmp(number, "9999") == 0;
}

/* The output of one import. */
struct printed {
  char *out, *err;
  int status;
};

static void
import(struct printed *p, const char *device, const char *spec, const char *url)
{
  size_t out_len, err_len;
  FILE *out = open_memstream(&p->out, &out_len);
  FILE *err = open_memstream(&p->err, &err_len);

  p->status = import_print(out, err, device, spec, url, field_name);
  fclose(out);
  fclose(err);
}

static void
drop(struct printed *p)
{
  free(p->out);
  free(p->err);
}

/* Parses the printed file; fails the test if there is a problem. */
static struct config *
read_back(const char *text)
{
  struct problems problems;
  struct config *config;

  problems_init(&problems);
  config = config_parse("f.ini", text, strlen(text), &problems);
  problems_print(&problems, stdout);
  ck_assert_uint_eq(problems.n, 0);
  problems_free(&problems);
  return config;
}

/* Formats transforms and targets as "usage=60-323 total=usage+324
 * 324<total". */
static char *
shorten(const struct config *config)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);

  for (size_t i = 0; i < config->n_sections; i++) {
    const struct config_section *s = &config->sections[i];
    const struct config_entry *minus = config_find(s, "minus");
    const struct config_entry *plus = config_find(s, "plus");

    if (strcmp(s->kind, "transform") == 0)
      fprintf(out, "%s=%s%c%s ", s->name, config_find(s, "value")->value,
              minus ? '-' : '+', (minus ? minus : plus)->value);
    for (size_t k = 0; k < s->n_entries; k++)
      if (strncmp(s->entries[k].key, "idx.", 4) == 0)
        fprintf(out, "%s<%s ", s->entries[k].key + 4, s->entries[k].value);
  }
  fclose(out);
  return text;
}

START_TEST(example_of_the_old_script_is_imported)
{
  struct printed p;

  import(&p, "/dev/ttyUSB0",
         "324:60:2:323,325:60:2:323,326:60:2:323,327:60:2:323,322:60:1:323,"
         "323:60:0",
         NULL);
  ck_assert_int_eq(p.status, EX_OK);
  ck_assert_str_eq(p.err, REMINDER);
  ck_assert_str_eq(
    p.out,
    "# The pipeline of this command line of multical402-4-domoticz.py:\n"
    "# 324:60:2:323,325:60:2:323,326:60:2:323,327:60:2:323,322:60:1:323,"
    "323:60:0\n"
    "# Before it runs, stop the old script: take its line out of the crontab.  "
    "Else\n"
    "# both write to the same devices.\n"
    "\n"
    "[input meter]\n"
    "plugin = kmp\n"
    "device = /dev/ttyUSB0\n"
    "\n"
    "[transform usage]\n"
    "plugin = subtract\n"
    "value = meter.heat_energy_e1\n"
    "minus = domoticz.323\n"
    "\n"
    "[transform total_324]\n"
    "plugin = add\n"
    "value = usage\n"
    "plus = domoticz.324\n"
    "\n"
    "[transform total_325]\n"
    "plugin = add\n"
    "value = usage\n"
    "plus = domoticz.325\n"
    "\n"
    "[transform total_326]\n"
    "plugin = add\n"
    "value = usage\n"
    "plus = domoticz.326\n"
    "\n"
    "[transform total_327]\n"
    "plugin = add\n"
    "value = usage\n"
    "plus = domoticz.327\n"
    "\n"
    "[output domoticz]\n"
    "plugin = domoticz\n"
    "url = http://127.0.0.1:8080\n"
    "idx.324 = total_324\n"
    "idx.325 = total_325\n"
    "idx.326 = total_326\n"
    "idx.327 = total_327\n"
    "idx.322 = usage\n"
    "idx.323 = meter.heat_energy_e1\n");
  config_free(read_back(p.out));
  drop(&p);
}
END_TEST

#define E1 "meter.heat_energy_e1"

/* MADE is the result in short; SAID lists the messages, without "warning:
 * import: "; NULL ends it. */
static const struct {
  const char *spec, *made;
  const char *said[4];
} rows[] = {
  { "5:60:0", "5<" E1 " ", { NULL } },
  { "0x5:0x3C:0", "5<" E1 " ", { NULL } },
  { "0X5:0x3c:0", "5<" E1 " ", { NULL } },
  { "4294967295:65535:0", "4294967295<meter.65535 ", { NULL } },
  { "322:60:1:323,323:60:0",
    "usage=" E1 "-domoticz.323 322<usage 323<" E1 " ",
    { NULL } },
  { "324:60:2:323,323:60:0",
    "usage=" E1 "-domoticz.323 total=usage+domoticz.324 324<total 323<" E1 " ",
    { NULL } },
  /* the same idx twice */
  { "325:60:2:323,325:60:2:323,323:60:0",
    "usage=" E1 "-domoticz.323 total=usage+domoticz.325 325<total 323<" E1 " ",
    { "325:60:2:323: idx 325 is given twice: it is written once" } },
  { "5:60:0,5:68:0",
    "5<meter.volume_v1 ",
    { "5:60:0: idx 5 is given twice: only the later 5:68:0 counts" } },
  /* a reference overwritten before its use: one message for each */
  { "323:60:0,322:60:1:323,324:60:2:323",
    "usage=" E1 "-domoticz.323 total=usage+domoticz.324 323<" E1
    " 322<usage 324<total ",
    { "322:60:1:323: 323:60:0 overwrites 323 before it is used, which gave 0 "
      "in the old script; here the order does not matter: the value that 323 "
      "had before counts" } },
  { "322:60:1:323,323:60:0,324:60:2:323",
    "usage=" E1 "-domoticz.323 total=usage+domoticz.324 322<usage 323<" E1
    " 324<total ",
    { "324:60:2:323: 323:60:0 overwrites 323 before it is used, which gave 0 "
      "in the old script; here the order does not matter: the value that 323 "
      "had before counts" } },
  /* functions and their IDX2 */
  { "5:60:1",
    "5<" E1 " ",
    { "5:60:1: function 1 without IDX2: the old script wrote the reading "
      "itself, and so does this pipeline" } },
  { "5:60:2:0",
    "5<" E1 " ",
    { "5:60:2: function 2 without IDX2: the old script wrote the reading "
      "itself, and so does this pipeline" } },
  { "5:60:0:4",
    "5<" E1 " ",
    { "5:60:0:4: function 0 does not use IDX2: ignored" } },
  { "5:60:2:5",
    "5<" E1 " ",
    { "5:60:2:5: adds to a device the difference between the reading and that "
      "device, which gives the reading: written as function 0" } },
  { "5:60:1:5",
    "usage=" E1 "-domoticz.5 5<usage ",
    { "5:60:1:5: subtracts its own last result, which is probably a "
      "mistake" } },
  /* bases that do not follow the reading */
  { "322:60:1:323,324:60:2:323",
    "usage=" E1 "-domoticz.323 total=usage+domoticz.324 322<usage 324<total ",
    { "322:60:1:323: no item writes 323: if no other program does, the result "
      "is a gauge, the rise since 323 was set, and not the usage since the "
      "last run; to write the reading to it, add 323:60:0" } },
  { "322:60:1:323,323:68:0",
    "usage=" E1 "-domoticz.323 322<usage 323<meter.volume_v1 ",
    { "322:60:1:323: 323 gets another value (323:68:0) than the reading of "
      "register 60: the result is a gauge, not a usage" } },
  /* targets that cannot be a base */
  { "322:60:1:324,324:60:2:323,323:60:0",
    "usage=" E1 "-domoticz.323 total=usage+domoticz.324 324<total 323<" E1 " ",
    { "322:60:1:324: 324 is a running total (324:60:2:323), which cannot be a "
      "base: left out" } },
  { "321:60:1:322,322:60:1:323,323:60:0",
    "usage=" E1 "-domoticz.323 322<usage 323<" E1 " ",
    { "321:60:1:322: 322 holds usages (322:60:1:323), which cannot be a base: "
      "left out" } },
  /* names: by field, by base, by both */
  { "1:60:1:2,2:60:0,3:68:1:4,4:68:0",
    "usage_heat_energy_e1=" E1 "-domoticz.2 "
    "usage_volume_v1=meter.volume_v1-domoticz.4 "
    "1<usage_heat_energy_e1 2<" E1 " 3<usage_volume_v1 4<meter.volume_v1 ",
    { NULL } },
  { "1:60:1:2,2:60:0,3:60:1:4,4:60:0",
    "usage_2=" E1 "-domoticz.2 usage_4=" E1 "-domoticz.4 "
    "1<usage_2 2<" E1 " 3<usage_4 4<" E1 " ",
    { NULL } },
  { "1:80:1:2,2:80:0,3:60:1:4,4:60:0",
    "usage_2=meter.a_register_with_a_very_long_name-domoticz.2 "
    "usage_4=" E1 "-domoticz.4 "
    "1<usage_2 2<meter.a_register_with_a_very_long_name 3<usage_4 4<" E1 " ",
    { NULL } },
  { "1:60:1:2,2:60:0,3:68:1:2,5:60:1:6,6:60:0",
    "usage_2_60=" E1 "-domoticz.2 usage_2_68=meter.volume_v1-domoticz.2 "
    "usage_6_60=" E1 "-domoticz.6 "
    "1<usage_2_60 2<" E1 " 3<usage_2_68 5<usage_6_60 6<" E1 " ",
    { "3:68:1:2: 2 gets another value (2:60:0) than the reading of register "
      "68: the result is a gauge, not a usage" } },
};

START_TEST(every_old_command_line_becomes_a_pipeline)
{
  struct printed p;
  struct config *config;
  char said[2048] = "", *made;
  size_t len = 0;

  for (size_t i = 0; rows[_i].said[i]; i++)
    len += (size_t)snprintf(said + len, sizeof(said) - len,
                            "warning: import: %s\n", rows[_i].said[i]);
  snprintf(said + len, sizeof(said) - len, "%s", REMINDER);
  import(&p, "/dev/ttyUSB0", rows[_i].spec, "http://h:1/p");
  ck_assert_int_eq(p.status, EX_OK);
  ck_assert_str_eq(p.err, said);
  config = read_back(p.out);
  made = shorten(config);
  ck_assert_str_eq(made, rows[_i].made);
  free(made);
  config_free(config);
  drop(&p);
}
END_TEST

START_TEST(warnings_are_comments_in_the_file)
{
  struct printed p;

  import(&p, "/dev/ttyUSB0", "5:60:0,5:68:0", NULL);
  ck_assert_ptr_nonnull(strstr(
    p.out,
    "\n#\n# 5:60:0: idx 5 is given twice: only the later 5:68:0 counts\n"));
  drop(&p);
}
END_TEST

#define PLACE(item, column) "error: import: item " item " (column " column "): "

static const struct {
  const char *spec, *said;
} malformed[] = {
  { "", PLACE("1", "1") "\"\": IDX is not a number from 1 to 4294967295\n" },
  { "1:60", PLACE("1", "1") "\"1:60\": not IDX:REGISTER:FUNCTION or "
                            "IDX:REGISTER:FUNCTION:IDX2\n" },
  { "1:60:0:2:3",
    PLACE("1", "1") "\"1:60:0:2:3\": not IDX:REGISTER:FUNCTION or "
                    "IDX:REGISTER:FUNCTION:IDX2\n" },
  { "1:60:0,", PLACE("2", "8") "\"\": IDX is not a number from 1 to "
                               "4294967295\n" },
  { "1:60:0,0:60:0,2:65536:0,3:60:3,4:60:1:x",
    PLACE("2", "8") "\"0:60:0\": IDX is not a number from 1 to "
                    "4294967295\n" PLACE(
                      "3",
                      "15") "\"2:65536:0\": REGISTER is not a number from 0 to "
                            "65535\n" PLACE(
                              "4", "25") "\"3:60:3\": FUNCTION is not "
                                         "a number from 0 to "
                                         "2\n" PLACE("5", "32") "\"4:60:1:"
                                                                "x\": "
                                                                "IDX2 is "
                                                                "not a "
                                                                "number "
                                                                "from 0 "
                                                                "to "
                                                                "42949672"
                                                                "95\n" },
  { "-1:60:0", PLACE("1", "1") "\"-1:60:0\": IDX is not a number from 1 to "
                               "4294967295\n" },
  { " 1:60:0", PLACE("1", "1") "\" 1:60:0\": IDX is not a number from 1 to "
                               "4294967295\n" },
  { "18446744073709551617:60:0",
    PLACE("1", "1") "\"18446744073709551617:60:0\": IDX is not a number from 1 "
                    "to 4294967295\n" },
  { "0x:60:0", PLACE("1", "1") "\"0x:60:0\": IDX is not a number from 1 to "
                               "4294967295\n" },
  { "\x1b[31m", PLACE("1", "1") "\"?[31m\": IDX is not a number from 1 to "
                                "4294967295\n" },
  { "1:9999:0,2:60:0", "error: import: 1:9999:0: there is no register 9999\n" },
};

START_TEST(message_quotes_the_malformed_item)
{
  struct printed p;

  import(&p, "/dev/ttyUSB0", malformed[_i].spec, NULL);
  ck_assert_int_eq(p.status, EX_USAGE);
  ck_assert_str_eq(p.err, malformed[_i].said);
  ck_assert_str_eq(p.out, "");
  drop(&p);
}
END_TEST

START_TEST(command_line_without_usable_items_is_refused)
{
  struct printed p;

  import(&p, "/dev/ttyUSB0", "1:60:2:2,2:60:2:1", NULL);
  ck_assert_int_eq(p.status, EX_USAGE);
  ck_assert_str_eq(p.out, "");
  ck_assert_ptr_nonnull(
    strstr(p.err, "error: import: no item is left to write\n"));
  drop(&p);
}
END_TEST

static const char *const devices[] = {
  "/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_D307PBVY-if00-port0",
  "tcp://192.168.1.5:2000",
  " outer blanks ",
  "\"quoted\"",
  "\"half",
  "semi ; colon;\\;\\ ;",
  "${HOME} and $HOME and ${",
  "# no comment",
  "m\xc2\xb3",
  "\\",
  X100 X100 X100,
  X100 "\" ; ${HOME} \xe2\x82\xac" X100 " #;" X100 " a = b " X100,
  /* a semicolon and a euro sign at every place where a line may end */
  ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;"
  ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;",
  "a\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac" X100 "\xe2\x82\xac"
  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
};

START_TEST(device_and_url_are_read_back_unchanged)
{
  struct printed p;
  struct config *config;

  import(&p, devices[_i], "5:60:0", devices[_i]);
  ck_assert_int_eq(p.status, EX_OK);
  config = read_back(p.out);
  ck_assert_str_eq(config_find(&config->sections[0], "device")->value,
                   devices[_i]);
  ck_assert_str_eq(config_find(&config->sections[1], "url")->value,
                   devices[_i]);
  config_free(config);
  drop(&p);
}
END_TEST

START_TEST(unwritable_device_name_is_refused)
{
  static const struct {
    const char *device, *said;
  } refused[] = {
    { "", "error: import: DEVICE: is empty\n" },
    { "a\nb", "error: import: DEVICE: holds a control character\n" },
    { "\xff", "error: import: DEVICE: holds bytes that are not UTF-8\n" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
    struct printed p;

    import(&p, refused[i].device, "5:60:0", NULL);
    ck_assert_int_eq(p.status, EX_USAGE);
    ck_assert_str_eq(p.err, refused[i].said);
    ck_assert_str_eq(p.out, "");
    drop(&p);
  }
}
END_TEST

START_TEST(full_disk_is_an_error)
{
  FILE *out = fopen("/dev/full", "w"), *err = tmpfile();

  if (!out)
    return; /* not every system has one */
  ck_assert_int_eq(
    import_print(out, err, "/dev/ttyUSB0", "5:60:0", NULL, field_name),
    EX_IOERR);
  fclose(out);
  fclose(err);
}
END_TEST

START_TEST(hundreds_of_devices_are_imported)
{
  char spec[16384];
  size_t len = 0;
  struct printed p;
  struct config *config;

  for (int i = 1; i <= 500; i++)
    len += (size_t)snprintf(spec + len, sizeof(spec) - len, "%d:60:2:9000,", i);
  snprintf(spec + len, sizeof(spec) - len, "9000:60:0");
  import(&p, "/dev/ttyUSB0", spec, NULL);
  ck_assert_int_eq(p.status, EX_OK);
  config = read_back(p.out);
  ck_assert_uint_eq(config->n_sections, 503);
  config_free(config);
  drop(&p);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("import");
  TCase *t = tcase_create("import");

  tcase_add_test(t, example_of_the_old_script_is_imported);
  tcase_add_loop_test(t, every_old_command_line_becomes_a_pipeline, 0,
                      (int)ARRAY_SIZE(rows));
  tcase_add_test(t, warnings_are_comments_in_the_file);
  tcase_add_loop_test(t, message_quotes_the_malformed_item, 0,
                      (int)ARRAY_SIZE(malformed));
  tcase_add_test(t, command_line_without_usable_items_is_refused);
  tcase_add_loop_test(t, device_and_url_are_read_back_unchanged, 0,
                      (int)ARRAY_SIZE(devices));
  tcase_add_test(t, unwritable_device_name_is_refused);
  tcase_add_test(t, full_disk_is_an_error);
  tcase_add_test(t, hundreds_of_devices_are_imported);
  suite_add_tcase(s, t);
  return run_suite(s);
}
