/*
 * Options as a user writes them: the parsed values, and the exact message for
 * each mistake.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/options.h"
#include "lib/array.h"
#include "tests/support/run_suite.h"

static const struct mp_option table[] = {
  { "device", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL, "a tty" },
  { "label", MP_TYPE_STRING, 0, NULL, NULL, NULL },
  { "baud", MP_TYPE_INT, 0, "1200", "300..115200", NULL },
  { "offset", MP_TYPE_INT, 0, NULL, NULL, NULL },
  { "max", MP_TYPE_DECIMAL, 0, NULL, "-1.5..20.25", NULL },
  { "timeout", MP_TYPE_DURATION, 0, "2s", "1ms..", NULL },
  { "every", MP_TYPE_DURATION, 0, NULL, NULL, NULL },
  { "queue", MP_TYPE_INT, 0, "65536", "..1073741824", NULL },
  { "size", MP_TYPE_INT, 0, NULL, NULL, NULL },
  { "dtr", MP_TYPE_BOOL, 0, "yes", NULL, NULL },
  { "parity", MP_TYPE_CHOICE, 0, "none", "none|even|odd", NULL },
  { "password", MP_TYPE_SECRET, 0, NULL, NULL, NULL },
  { "value", MP_TYPE_VALUE, 0, NULL, NULL, NULL },
  { "minus", MP_TYPE_OPERAND, MP_BASE, NULL, NULL, NULL },
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL, NULL },
  { "header", MP_TYPE_SECRET, MP_NAMED, NULL, NULL, NULL },
  { .key = NULL },
};

/* A checked section, and the objects that its options refer to. */
struct checked {
  struct problems problems;
  struct config *config;
  struct options *options;
  char *said;
};

static void
check_text(struct checked *c, const char *text, const struct mp_option *rows,
           bool world_readable)
{
  size_t len;
  FILE *out;

  memset(c, 0, sizeof(*c));
  problems_init(&c->problems);
  c->config = config_parse("f.ini", text, strlen(text), &c->problems);
  c->config->world_readable = world_readable;
  c->options = options_check(c->config, &c->config->sections[0], rows, "idx",
                             &c->problems);
  out = open_memstream(&c->said, &len);
  problems_print(&c->problems, out);
  fclose(out);
}

static void
drop(struct checked *c)
{
  options_free(c->options);
  config_free(c->config);
  problems_free(&c->problems);
  free(c->said);
}

/* The lines before the option under test. */
#define HEAD "[input meter]\nplugin = kmp\ndevice = x\n"

static const struct {
  const char *line, *key;
  int64_t number;
} numbers[] = {
  { "", "baud", 1200 },
  { "baud = 300", "baud", 300 },
  { "baud = 115200", "baud", 115200 },
  { "baud = 0x4b0", "baud", 1200 },
  { "baud = 0X4B0", "baud", 1200 },
  { "", "offset", 0 },
  { "offset = -12", "offset", -12 },
  { "offset = 9223372036854775807", "offset", INT64_MAX },
  { "offset = -9223372036854775808", "offset", INT64_MIN },
  { "offset = 0x7fffffffffffffff", "offset", INT64_MAX },
  { "offset = 007", "offset", 7 },
  { "", "timeout", 2000 },
  { "timeout = 1ms", "timeout", 1 },
  { "every = 0", "every", 0 },
  { "every = 0s", "every", 0 },
  { "every = 500ms", "every", 500 },
  { "every = 20m", "every", 1200000 },
  { "every = 1h", "every", 3600000 },
  { "every = 1d", "every", 86400000 },
  { "every = 106751991167d", "every", INT64_C(106751991167) * 86400000 },
  { "", "queue", 65536 },
  { "queue = 0", "queue", 0 },
  { "queue = 1073741824", "queue", 1 << 30 },
  { "size = 4096", "size", 4096 },
  { "size = 0x200000", "size", 2 << 20 },
  { "size = -16", "size", -16 },
  { "", "dtr", 1 },
  { "dtr = no", "dtr", 0 },
  { "", "parity", 0 },
  { "parity = odd", "parity", 2 },
  { "", "no_such_option", 0 },
};

START_TEST(numbers_are_read_with_their_units_and_defaults)
{
  char text[256];
  struct checked c;

  snprintf(text, sizeof(text), HEAD "%s\n", numbers[_i].line);
  check_text(&c, text, table, false);
  ck_assert_str_eq(c.said, "");
  ck_assert_int_eq(options_int(c.options, numbers[_i].key), numbers[_i].number);
  ck_assert(options_given(c.options, numbers[_i].key) ==
            (*numbers[_i].line != '\0'));
  drop(&c);
}
END_TEST

static const struct {
  const char *a, *b, *key;
  bool same;
} pairs[] = {
  { "", "", "offset", true },
  { "offset = 0", "", "offset", false },
  { "baud = 1200", "baud = 0x4b0", "baud", true },
  { "baud = 1200", "", "baud", true },
  { "baud = 1200", "baud = 300", "baud", false },
  { "max = 10", "max = 10.00", "max", true },
  { "max = 10", "max = 10.01", "max", false },
  { "max = 0", "", "max", false },
  { "every = 1d", "every = 24h", "every", true },
  { "size = 0x400", "size = 1024", "size", true },
  { "dtr = no", "", "dtr", false },
  { "parity = odd", "parity = even", "parity", false },
  { "parity = none", "", "parity", true },
  { "label = 1.0", "label = 1", "label", false },
};

START_TEST(equal_values_in_other_spellings_are_the_same)
{
  char text[256];
  struct checked a, b;

  snprintf(text, sizeof(text), HEAD "%s\n", pairs[_i].a);
  check_text(&a, text, table, false);
  snprintf(text, sizeof(text), HEAD "%s\n", pairs[_i].b);
  check_text(&b, text, table, false);
  ck_assert(options_same(a.options, b.options, pairs[_i].key) ==
            pairs[_i].same);
  drop(&a);
  drop(&b);
}
END_TEST

/* Each row is one line, number 4, after HEAD; SAID is the message without
 * "f.ini:4: ". */
#define NO_PATH                                                                \
  " (its path is not shown, because it could be the password itself, which "   \
  "belongs in the file)"

/* 600 bytes. */
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X600 X60 X60 X60 X60 X60 X60 X60 X60 X60 X60

static const struct {
  const char *line, *said;
} wrong[] = {
  { "baud = 299", "baud: \"299\" is not within 300..115200" },
  { "baud = 115201", "baud: \"115201\" is not within 300..115200" },
  { "baud = fast", "baud: \"fast\" is not a whole number" },
  { "baud = 12 00", "baud: \"12 00\" is not a whole number" },
  { "baud = +1200", "baud: \"+1200\" is not a whole number" },
  { "baud = 0x", "baud: \"0x\" is not a whole number" },
  { "baud = -", "baud: \"-\" is not a whole number" },
  { "baud = 1.5", "baud: \"1.5\" is not a whole number" },
  { "baud = 99999999999999999999",
    "baud: \"99999999999999999999\" is too large "
    "a number" },
  { "offset = -9223372036854775809",
    "offset: \"-9223372036854775809\" is too large a number" },
  { "baud =", "baud: the value is empty: give one, or remove the line" },
  { "max = 20.250001", "max: \"20.250001\" is not within -1.5..20.25" },
  { "max = -1.51", "max: \"-1.51\" is not within -1.5..20.25" },
  { "max = 1,5", "max: \"1,5\" is not a number: write it as 12 or 12.50" },
  { "max = 1e1", "max: \"1e1\" is not a number: write it as 12 or 12.50" },
  { "timeout = 0", "timeout: \"0\" is not within 1ms.." },
  { "timeout = 10", "timeout: \"10\" is not a duration: write it as 500ms, 2s, "
                    "20m, 1h or 1d" },
  { "timeout = 2 s",
    "timeout: \"2 s\" is not a duration: write it as 500ms, 2s, "
    "20m, 1h or 1d" },
  { "timeout = -2s",
    "timeout: \"-2s\" is not a duration: write it as 500ms, 2s, "
    "20m, 1h or 1d" },
  { "timeout = 106751991168d",
    "timeout: \"106751991168d\" is too large a number" },
  { "queue = 1073741825", "queue: \"1073741825\" is not within ..1073741824" },
  { "queue = 64k", "queue: \"64k\" is not a whole number" },
  { "size = 9223372036854775808",
    "size: \"9223372036854775808\" is too large a number" },
  { "dtr = on", "dtr: \"on\" is not yes or no" },
  { "dtr = Yes", "dtr: \"Yes\" is not yes or no" },
  { "dtr = " X600, "dtr: \"" X600 "\" is not yes or no" },
  { "parity = evne",
    "parity: \"evne\" is not one of none|even|odd; the nearest is \"even\"" },
  { "parity = mark", "parity: \"mark\" is not one of none|even|odd" },
  { "parity = none|even", "parity: \"none|even\" is not one of none|even|odd" },
  { "value = a.b c", "value: \"a.b c\" is not the name of a value: write "
                     "INPUT.FIELD or TRANSFORM" },
  { "value = .b", "value: \".b\" is not the name of a value: write INPUT.FIELD "
                  "or TRANSFORM" },
  { "value = a.", "value: \"a.\" is not the name of a value: write INPUT.FIELD "
                  "or TRANSFORM" },
  { "minus = 323", "minus: \"323\" is not the name of a target: write "
                   "OUTPUT.TARGET" },
  { "minus = domoticz.", "minus: \"domoticz.\" is not the name of a target: "
                         "write OUTPUT.TARGET" },
  { "fields = a,,b", "fields: \"a,,b\" is not a list of fields: write NAME, "
                     "NAME" },
  { "fields = a b",
    "fields: \"a b\" is not a list of fields: write NAME, NAME" },
  { "fields = a,", "fields: \"a,\" is not a list of fields: write NAME, NAME" },
  { "devise = y", "unknown option \"devise\"; the nearest is \"device\"" },
  { "Baud = 1200", "unknown option \"Baud\"; the nearest is \"baud\"" },
  { "password_fiel = y", "unknown option \"password_fiel\"; the nearest is "
                         "\"password_file\"" },
  { "index.323 = y",
    "unknown option \"index.323\"; the nearest is \"idx.323\"" },
  { "idx_323 = y", "unknown option \"idx_323\"; the nearest is \"idx.323\"" },
  { "zzzzzzzz = y",
    "unknown option \"zzzzzzzz\"; there are device, label, baud, offset, max, "
    "timeout, every, queue, size, dtr, parity, password, value, minus, fields, "
    "header.NAME, idx.NAME" },
  { "idx. = y",
    "unknown option \"idx.\"; there are device, label, baud, offset, max, "
    "timeout, every, queue, size, dtr, parity, password, value, minus, fields, "
    "header.NAME, idx.NAME" },
  { "password_file = no-such-file",
    "password_file: the file cannot be read: No such file or "
    "directory" NO_PATH },
  { "password_file = /dev/null", "password_file: the file is empty" },
  { "password_file = /dev/zero",
    "password_file: the file cannot be read: File too large" NO_PATH },
  { "password = x\nzzzzzzzz = y",
    "unknown option, whose name is not shown because it may belong to the "
    "value above: if that continues here, indent the line" },
  { "timeout = 2\n  s", "this line is indented, so it continues the value of "
                        "\"timeout\" in line 4, which must be in one line: "
                        "begin an option in the first column" },
  { "idx.1 = meter.\n  60",
    "this line is indented, so it continues the value of \"idx.1\" in line "
    "4, which must be in one line: begin an option in the first column" },
  { "fields = a,\n  b c",
    "fields: the value must have the form energy, flow; its text is "
    "not shown, because it continues in line 5" },
  { "label = ${MP_UNSET}", "the environment variable MP_UNSET is not set" },
  { "label = ${MP_BAD}",
    "the environment variable MP_BAD holds a control character" },
  { "idx.1 = ${MP_UNSET}", "the environment variable MP_UNSET is not set" },
  { "password = ${MP_UNSET}",
    "password: an environment variable in the value is not set (its name is "
    "not shown; to write ${ itself, end the line after the $ and continue in "
    "an indented line)" },
};

START_TEST(reports_each_wrong_option_with_its_line)
{
  const char *line = wrong[_i].line;
  char text[1024], said[1024];
  bool below = strchr(line, '\n') && strncmp(line, "fields", 6) != 0;
  struct checked c;

  unsetenv("CREDENTIALS_DIRECTORY");
  unsetenv("MP_UNSET");
  setenv("MP_BAD", "a\nb", 1);
  snprintf(text, sizeof(text), HEAD "%s\n", line);
  snprintf(said, sizeof(said), "f.ini:%d: %s\n", below ? 5 : 4, wrong[_i].said);
  check_text(&c, text, table, false);
  ck_assert_str_eq(c.said, said);
  ck_assert_uint_eq(problems_errors(&c.problems), 1);
  drop(&c);
}
END_TEST

static const char *const fine[] = {
  "value = meter.heat_energy_e1",
  "value = meter.60",
  "value = meter.0x3c",
  "value = usage",
  "minus = domoticz.323",
  "minus = log.Heat energy (E1)",
  "fields = heat_energy_e1",
  "fields = 60,\t0x44 , flow.x-1",
  "max = -1.5",
  "max = 20.250",
  "idx.323 = anything at all",
  "idx.323.power = meter.power",
};

START_TEST(accepts_valid_options)
{
  char text[256];
  struct checked c;

  snprintf(text, sizeof(text), HEAD "%s\n", fine[_i]);
  check_text(&c, text, table, false);
  ck_assert_str_eq(c.said, "");
  drop(&c);
}
END_TEST

START_TEST(required_option_that_is_missing_is_shown_with_an_example)
{
  static const struct mp_option rows[] = {
    { "device", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL, "a tty" },
    { "eol", MP_TYPE_CHOICE, MP_REQUIRED, NULL, "lf|crlf", NULL },
    { "baud", MP_TYPE_INT, MP_REQUIRED, NULL, "300..9600", NULL },
    { "minus", MP_TYPE_OPERAND, MP_REQUIRED | MP_BASE, NULL, NULL, NULL },
    { .key = NULL },
  };
  struct checked c;

  check_text(&c, "\n[input meter]\nplugin = x\n", rows, false);
  ck_assert_str_eq(c.said,
                   "f.ini:2: option \"device\" is missing: a tty; for example: "
                   "device = /path/to/file\n"
                   "f.ini:2: option \"eol\" is missing; for example: eol = lf\n"
                   "f.ini:2: option \"baud\" is missing; for example: baud = "
                   "300\n"
                   "f.ini:2: option \"minus\" is missing; for example: minus = "
                   "house.323\n");
  drop(&c);
}
END_TEST

START_TEST(wrong_option_is_not_reported_as_missing)
{
  static const struct mp_option rows[] = {
    { "baud", MP_TYPE_INT, MP_REQUIRED, NULL, NULL, NULL },
    { "device", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL, NULL },
    { .key = NULL },
  };
  struct checked c;

  unsetenv("MP_UNSET");
  check_text(&c, "[input meter]\nbaud = x\ndevice = ${MP_UNSET}\n", rows,
             false);
  ck_assert_str_eq(c.said,
                   "f.ini:2: baud: \"x\" is not a whole number\n"
                   "f.ini:3: the environment variable MP_UNSET is not set\n");
  ck_assert_ptr_null(options_text(c.options, "baud"));
  drop(&c);
}
END_TEST

START_TEST(texts_decimals_and_line_numbers_can_be_queried)
{
  struct mp_decimal d = { 7, 7 };
  struct checked c;

  check_text(&c, "\n" HEAD "max = 12.50\n", table, false);
  ck_assert_str_eq(options_text(c.options, "device"), "x");
  ck_assert_str_eq(options_text(c.options, "baud"), "1200");
  ck_assert_ptr_null(options_text(c.options, "label"));
  ck_assert_ptr_null(options_text(c.options, "no_such_option"));
  ck_assert_int_eq(options_decimal(c.options, "max", &d), MP_OK);
  ck_assert_int_eq(d.coef, 1250);
  ck_assert_int_eq(d.exp10, -2);
  d.coef = 7;
  ck_assert_int_eq(options_decimal(c.options, "baud", &d), MP_DROP);
  ck_assert_int_eq(options_decimal(c.options, "nothing", &d), MP_DROP);
  ck_assert_int_eq(d.coef, 7);
  ck_assert_uint_eq(options_line(c.options, "max"), 5);
  ck_assert_uint_eq(options_line(c.options, "baud"), 2);
  drop(&c);
}
END_TEST

START_TEST(plugin_without_options_accepts_only_targets)
{
  struct checked c;

  check_text(&c, "[output o]\nplugin = x\nidx.1 = a\nb = 1\n", NULL, false);
  ck_assert_str_eq(c.said,
                   "f.ini:4: unknown option \"b\"; there are idx.NAME\n");
  drop(&c);
}
END_TEST

START_TEST(pipeline_section_has_defaults_and_limits)
{
  struct checked c;

  check_text(&c, "[pipeline]\n", pipeline_options, false);
  ck_assert_str_eq(c.said, "");
  ck_assert_int_eq(options_int(c.options, "deadline"), 60000);
  ck_assert_int_eq(options_int(c.options, "queue_max"), 10000);
  ck_assert_ptr_null(options_text(c.options, "state_dir"));
  drop(&c);
  check_text(&c, "[pipeline]\ndeadline = 0\nqueue_max = 0\nplugin = x\n",
             pipeline_options, false);
  ck_assert_ptr_nonnull(
    strstr(c.said, "f.ini:2: deadline: \"0\" is not within"));
  ck_assert_ptr_nonnull(strstr(c.said, "f.ini:3: queue_max: \"0\" is not "));
  ck_assert_ptr_nonnull(strstr(c.said, "f.ini:4: unknown option \"plugin\""));
  drop(&c);
}
END_TEST

START_TEST(faulty_option_table_of_a_plugin_is_reported)
{
  static const struct mp_option rows[] = {
    { "baud", MP_TYPE_INT, 0, "fast", NULL, NULL },
    { "later", 99, 0, NULL, NULL, NULL },
    { .key = NULL },
  };
  struct checked c;

  check_text(&c, "[input a]\nlater = 1\n", rows, false);
  ck_assert_str_eq(c.said,
                   "f.ini:1: the plugin's own default of \"baud\" is wrong: "
                   "\"fast\" is not a whole number\n"
                   "f.ini:2: later: has a type (99) that this meterpipe does "
                   "not know: install a newer meterpipe\n");
  drop(&c);
}
END_TEST

/* ---- Secrets ------------------------------------------------------------- */

static char directory[] = "test_options.XXXXXX";

static void
make_directory(void)
{
  memcpy(directory + strlen(directory) - 6, "XXXXXX", 6);
  ck_assert_ptr_nonnull(mkdtemp(directory));
  setenv("CREDENTIALS_DIRECTORY", directory, 1);
}

static void
remove_directory(void)
{
  char path[64];

  snprintf(path, sizeof(path), "%s/pw", directory);
  unlink(path);
  rmdir(directory);
}

static void
write_secret(const char *bytes, size_t len, mode_t mode)
{
  char path[64];
  FILE *f;

  snprintf(path, sizeof(path), "%s/pw", directory);
  f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  fwrite(bytes, 1, len, f);
  fclose(f);
  ck_assert_int_eq(chmod(path, mode), 0);
}

static const struct {
  const char *bytes;
  size_t len;
  const char *secret, *fault;
} secrets[] = {
  { "hunter2", 7, "hunter2", "" },
  { "hunter2\n", 8, "hunter2", "" },
  { "hunter2\r\n", 9, "hunter2", "" },
  { " hunter2 \n", 10, " hunter2 ", "" },
  { "\n", 1, NULL, "f.ini:4: password_file: the file is empty\n" },
  { "hunter2\n\n", 9, NULL,
    "f.ini:4: password_file: the file holds more than one line\n" },
  { "hun\0ter2\n", 9, NULL,
    "f.ini:4: password_file: the file holds a NUL byte\n" },
};

START_TEST(secret_comes_from_its_file)
{
  struct checked c;

  write_secret(secrets[_i].bytes, secrets[_i].len, 0600);
  check_text(&c, HEAD "password_file = pw\n", table, true);
  ck_assert_str_eq(c.said, secrets[_i].fault);
  if (secrets[_i].secret)
    ck_assert_str_eq(options_text(c.options, "password"), secrets[_i].secret);
  else
    ck_assert_ptr_null(options_text(c.options, "password"));
  ck_assert(options_given(c.options, "password"));
  drop(&c);
}
END_TEST

START_TEST(secret_file_with_an_absolute_path_is_read)
{
  char text[256];
  struct checked c;

  write_secret("s", 1, 0640);
  snprintf(text, sizeof(text), HEAD "password_file = %s/pw\n", directory);
  check_text(&c, text, table, false);
  ck_assert_str_eq(c.said, "");
  ck_assert_str_eq(options_text(c.options, "password"), "s");
  drop(&c);
}
END_TEST

START_TEST(secret_and_secret_file_exclude_each_other)
{
  struct checked c;

  write_secret("s", 1, 0600);
  check_text(&c, HEAD "password_file = pw\npassword = hunter2\n", table, false);
  ck_assert_str_eq(
    c.said, "f.ini:5: \"password\" and \"password_file\" are both given; "
            "the other one is in line 4\n");
  drop(&c);
}
END_TEST

START_TEST(world_readable_secret_file_causes_a_warning)
{
  struct checked c;

  write_secret("s", 1, 0604);
  check_text(&c, HEAD "password_file = pw\n", table, true);
  ck_assert_str_eq(
    c.said, "f.ini:4: warning: password_file: everybody can read the file: "
            "chmod o-r it\n");
  ck_assert_uint_eq(problems_errors(&c.problems), 0);
  ck_assert_str_eq(options_text(c.options, "password"), "s");
  drop(&c);
}
END_TEST

START_TEST(secret_in_a_world_readable_file_causes_a_warning)
{
  struct checked c;

  check_text(&c, HEAD "password = hunter2\n", table, true);
  ck_assert_str_eq(c.said,
                   "f.ini:4: warning: \"password\" is in a file that everybody "
                   "can read: chmod o-r it, or use password_file\n");
  ck_assert_uint_eq(problems_errors(&c.problems), 0);
  ck_assert_str_eq(options_text(c.options, "password"), "hunter2");
  drop(&c);
  check_text(&c, HEAD "password = hunter2\n", table, false);
  ck_assert_str_eq(c.said, "");
  drop(&c);
  setenv("MP_T", "hunter2", 1);
  check_text(&c, HEAD "password = ${MP_T}\n", table, true);
  ck_assert_str_eq(c.said, "");
  drop(&c);
}
END_TEST

START_TEST(named_options_are_kept_in_their_order)
{
  struct checked c;
  const char *name;

  write_secret("s", 1, 0640);
  check_text(&c,
             HEAD "header.Title = Heat\nheader.X_file = pw\nbaud = 300\n"
                  "header.b.c = d\n",
             table, false);
  ck_assert_str_eq(c.said, "");
  ck_assert_str_eq(options_named(c.options, "header", 0, &name), "Heat");
  ck_assert_str_eq(name, "Title");
  ck_assert_str_eq(options_named(c.options, "header", 1, &name), "s");
  ck_assert_str_eq(name, "X");
  ck_assert_str_eq(options_named(c.options, "header", 2, &name), "d");
  ck_assert_str_eq(name, "b.c");
  ck_assert_ptr_null(options_named(c.options, "header", 3, &name));
  ck_assert_ptr_null(options_named(c.options, "baud", 0, &name));
  ck_assert_ptr_null(options_text(c.options, "header"));
  ck_assert_str_eq(options_text(c.options, "header.Title"), "Heat");
  ck_assert_uint_eq(options_line(c.options, "header.b.c"), 7);
  drop(&c);
}
END_TEST

static const struct {
  const char *lines, *said;
} bad_names[] = {
  { "header = a\n", "f.ini:4: unknown option \"header\"; there are device, "
                    "label, baud, offset, max, timeout, every, queue, size, "
                    "dtr, parity, password, value, minus, fields, header.NAME, "
                    "idx.NAME\n" },
  { "headers.X = a\n",
    "f.ini:4: unknown option \"headers.X\"; the nearest is \"header.X\"\n" },
  { "header.X =\n", "f.ini:4: header.X: the value is empty: give one, or "
                    "remove the line\n" },
  { "header.X_file = pw\nheader.X = b\n",
    "f.ini:5: \"header.X\" and \"header.X_file\" are both given; the other one "
    "is in line 4\n" },
};

START_TEST(mistake_in_a_named_option_is_reported)
{
  struct checked c;
  char text[256];

  write_secret("s", 1, 0640);
  snprintf(text, sizeof(text), HEAD "%s", bad_names[_i].lines);
  check_text(&c, text, table, false);
  ck_assert_str_eq(c.said, bad_names[_i].said);
  drop(&c);
}
END_TEST

START_TEST(no_message_shows_a_secret)
{
  static const char *const texts[] = {
    HEAD "password = \"hunter2\n",
    HEAD "password hunter2\n",
    HEAD "pasword = hunter2\n",
    HEAD "password = a\n  hunter2\n  b = c\n",
    HEAD "password = hunter2\nhunter2\n",
    HEAD "password = hunter2\npassword = hunter2\n",
    HEAD "password: hunter2\n",
    HEAD "password = hunter2${MP_UNSET}\n",
    HEAD "password = a${hunter2}b\n",
    HEAD "pasword = a${hunter2}b\n",
    HEAD "password_file = hunter2\n",
    HEAD "password = a\nhunter2=b\n",
    HEAD "timeout = 2s\n  password = hunter2\n",
    HEAD "idx.1 = a.b\n  password: hunter2\n",
    HEAD "fields = a\n  hunter2 x\n",
    HEAD "header.X = \"hunter2\n",
    HEAD "header.X = a${hunter2}b\n",
    HEAD "header.X = a\nhunter2=b\n",
  };

  unsetenv("MP_UNSET");
  for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
    struct checked c;

    check_text(&c, texts[i], table, true);
    ck_assert_str_ne(c.said, "");
    ck_assert_msg(!strstr(c.said, "hunter2"), "%s", c.said);
    drop(&c);
  }
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("options");
  TCase *t = tcase_create("options"), *files = tcase_create("secrets");

  tcase_add_loop_test(t, numbers_are_read_with_their_units_and_defaults, 0,
                      (int)ARRAY_SIZE(numbers));
  tcase_add_loop_test(t, equal_values_in_other_spellings_are_the_same, 0,
                      ARRAY_SIZE(pairs));
  tcase_add_loop_test(t, reports_each_wrong_option_with_its_line, 0,
                      (int)ARRAY_SIZE(wrong));
  tcase_add_loop_test(t, accepts_valid_options, 0, (int)ARRAY_SIZE(fine));
  tcase_add_test(t, required_option_that_is_missing_is_shown_with_an_example);
  tcase_add_test(t, wrong_option_is_not_reported_as_missing);
  tcase_add_test(t, texts_decimals_and_line_numbers_can_be_queried);
  tcase_add_test(t, plugin_without_options_accepts_only_targets);
  tcase_add_test(t, pipeline_section_has_defaults_and_limits);
  tcase_add_test(t, faulty_option_table_of_a_plugin_is_reported);
  suite_add_tcase(s, t);
  tcase_add_checked_fixture(files, make_directory, remove_directory);
  tcase_add_loop_test(files, secret_comes_from_its_file, 0,
                      (int)ARRAY_SIZE(secrets));
  tcase_add_test(files, secret_file_with_an_absolute_path_is_read);
  tcase_add_test(files, secret_and_secret_file_exclude_each_other);
  tcase_add_test(files, world_readable_secret_file_causes_a_warning);
  tcase_add_test(files, secret_in_a_world_readable_file_causes_a_warning);
  tcase_add_test(files, named_options_are_kept_in_their_order);
  tcase_add_loop_test(files, mistake_in_a_named_option_is_reported, 0,
                      (int)ARRAY_SIZE(bad_names));
  tcase_add_test(files, no_message_shows_a_secret);
  suite_add_tcase(s, files);
  return run_suite(s);
}
