/*
 * Mistakes that people make in a pipeline file, and the exact messages.  Each
 * message should name the place, the mistake and the remedy.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

/* Sections without a mistake; their devices and servers are never opened. */
#define METER "[input meter]\nplugin = kmp\ndevice = nowhere\n"
#define SCREEN "[output screen]\nplugin = stdout\n"
#define HOUSE "[output house]\nplugin = domoticz\nurl = http://127.0.0.1:1\n"
#define ENERGY "idx.323 = meter.heat_energy_e1\n"

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100

static struct sandbox *sandbox;

static void
set_up(void)
{
  umask(022); /* what the program says depends on who can read a file */
  sandbox = sandbox_new();
  sandbox_setenv(sandbox, "METERPIPE_UNSET", NULL);
  sandbox_setenv(sandbox, "CREDENTIALS_DIRECTORY", NULL);
}

static void
tear_down(void)
{
  sandbox_free(sandbox);
}

/* ---- Pipeline files ---- */

struct file_row {
  const char *text, *said;
};

static const struct file_row files[] = {
  /* sections */
  { "[inptu meter]\nplugin = kmp\ndevice = d\n" SCREEN
    "field.a = meter.volume_v1\n",
    "p.ini:1: unknown section \"inptu\"; the nearest is \"input\"\n" },
  { "[meters]\nplugin = kmp\n" METER SCREEN,
    "p.ini:1: unknown section \"meters\": there are [pipeline], [fleet], "
    "[input NAME], "
    "[transform NAME] and [output NAME]\n" },
  { "[input]\nplugin = kmp\n" SCREEN,
    "p.ini:1: the section has no name: write [input NAME]\n" },
  { "[pipeline house]\n" METER SCREEN,
    "p.ini:1: [pipeline] takes no name, but has \"house\"\n" },
  { "[pipeline]\n[pipeline]\n" METER SCREEN,
    "p.ini:2: [pipeline] is given twice; first in line 1\n" },
  { "[input my.meter]\nplugin = kmp\ndevice = d\n" SCREEN
    "field.a = my.volume_v1\n",
    "p.ini:1: \"my.meter\" cannot be a name: use 1 to 32 of the characters A-Z "
    "a-z 0-9 _ -\n" },
  { METER SCREEN "[output abcdefghij-abcdefghij_ABCDEFGHIJ012]\n",
    "p.ini:6: \"abcdefghij-abcdefghij_ABCDEFGHIJ012\" cannot be a name: use 1 "
    "to 32 of the characters A-Z a-z 0-9 _ -\n" },
  { METER "[output meter]\nplugin = stdout\n",
    "p.ini:4: the name \"meter\" is already used by [input meter] in line "
    "1\n" },
  { "[input meter\nplugin = kmp\n" SCREEN,
    "p.ini:1: a heading that does not end with \"]\"\n" },
  { "", "p.ini: there is no [input NAME]: nothing would be read\n"
        "p.ini: there is no [output NAME]: nothing would be delivered\n" },
  { SCREEN, "p.ini: there is no [input NAME]: nothing would be read\n" },
  { METER, "p.ini: there is no [output NAME]: nothing would be delivered\n" },

  /* plugins */
  { "[input meter]\nplugin = kpm\n" SCREEN,
    "p.ini:2: there is no input plugin \"kpm\"; the nearest is \"kmp\"\n" },
  { METER "[transform t]\nplugin = substract\n" SCREEN,
    "p.ini:5: there is no transform plugin \"substract\"; the nearest is "
    "\"subtract\"\n" },
  { "[input meter]\nplugin = csv\n" SCREEN,
    "p.ini:2: the plugin \"csv\" is for a section [output NAME], not for "
    "[input NAME]\n" },
  { "[input meter]\nplugin = ./mine.so\n" SCREEN,
    "p.ini:2: the plugin ./mine.so cannot be read: No such file or "
    "directory\n" },
  { "[input meter]\ndevice = d\n[transform t]\n[output o]\nplugin =\n",
    "p.ini:1: [input meter] names no plugin: write plugin = NAME "
    "(\"meterpipe plugins\" lists them)\n"
    "p.ini:3: [transform t] names no plugin: write plugin = NAME "
    "(\"meterpipe plugins\" lists them)\n"
    "p.ini:5: [output o] names no plugin: write plugin = NAME "
    "(\"meterpipe plugins\" lists them)\n" },

  /* options: names */
  { METER "retires = 2\n" SCREEN,
    "p.ini:4: unknown option \"retires\"; the nearest is \"retries\"\n" },
  { METER SCREEN "colour = red\n",
    "p.ini:6: unknown option \"colour\"; there are format, field.NAME\n" },
  { "[pipeline]\nstatedir = /tmp\n" METER SCREEN,
    "p.ini:2: unknown option \"statedir\"; the nearest is \"state_dir\"\n" },
  { METER HOUSE "index.323 = meter.heat_energy_e1\n" ENERGY,
    "p.ini:7: unknown option \"index.323\"; the nearest is \"idx.323\"\n" },
  { METER HOUSE "idx. = meter.heat_energy_e1\n" ENERGY,
    "p.ini:7: unknown option \"idx.\"; there are url, username, password, "
    "token, timeout, tls_verify, ca_file, idx.NAME\n" },
  { "[input meter]\nplugin = kmp\n" SCREEN,
    "p.ini:1: option \"device\" is missing: tty of the optical head, or "
    "tcp://HOST:PORT of a serial server; for example: device = TEXT\n" },
  { METER "device = /dev/ttyUSB1\n" SCREEN,
    "p.ini:4: option \"device\" is given twice; first in line 3\n" },
  { METER HOUSE ENERGY "idx.323 = meter.volume_v1\n",
    "p.ini:8: option \"idx.323\" is given twice; first in line 7\n" },
  { "[input meter]\nplugin = kmp\ndevice =\n" SCREEN,
    "p.ini:3: device: the value is empty: give one, or remove the line\n" },

  /* options: one of each type */
  { METER "retries = two\n" SCREEN,
    "p.ini:4: retries: \"two\" is not a whole number\n" },
  { METER "stop_bits = 3\n" SCREEN,
    "p.ini:4: stop_bits: \"3\" is not within 1..2\n" },
  { METER "address = 99999999999999999999\n" SCREEN,
    "p.ini:4: address: \"99999999999999999999\" is too large a number\n" },
  { METER "timeout = 2\n" SCREEN,
    "p.ini:4: timeout: \"2\" is not a duration: write it as 500ms, 2s, 20m, "
    "1h or 1d\n" },
  { METER "dtr = on\n" SCREEN, "p.ini:4: dtr: \"on\" is not yes or no\n" },
  { METER "parity = evn\n" SCREEN, "p.ini:4: parity: \"evn\" is not one of "
                                   "none|even|odd; the nearest is \"even\"\n" },
  { METER "fields = heat_energy_e1 volume_v1\n" SCREEN,
    "p.ini:4: fields: \"heat_energy_e1 volume_v1\" is not a list of fields: "
    "write NAME, NAME\n" },
  { METER "[transform t]\nplugin = overwrite\nvalue = meter volume\n" SCREEN,
    "p.ini:6: value: \"meter volume\" is not the name of a value: write "
    "INPUT.FIELD or TRANSFORM\n" },
  { METER "[transform t]\nplugin = subtract\nvalue = meter.volume_v1\n"
          "minus = house.5\nmax = 1e3\nwrap = -1\n" HOUSE
          "idx.5 = meter.volume_v1\n",
    "p.ini:8: max: \"1e3\" is not a number: write it as 12 or 12.50\n"
    "p.ini:9: wrap: \"-1\" is not within 0..\n" },

  /* names of values */
  { METER SCREEN "field.a = metre.volume_v1\n",
    "p.ini:6: field.a: there is no stage \"metre\"; the nearest is "
    "\"meter\"\n" },
  { METER SCREEN "field.a = meter.heat_energy_e99\n",
    "p.ini:6: field.a: the input \"meter\" has no field \"heat_energy_e99\"; "
    "the nearest is \"heat_energy_e1\"\n" },
  { METER "fields = volume_v1, warmth\n" SCREEN,
    "p.ini:4: fields: the input \"meter\" has no field \"warmth\" (\"meterpipe "
    "plugins kmp\" lists them)\n" },
  { METER SCREEN "field.a = meter\n",
    "p.ini:6: field.a: \"meter\" is an input: name one of its fields, as in "
    "meter.FIELD\n" },
  { METER "[transform t]\nplugin = overwrite\nvalue = meter.volume_v1\n" SCREEN
          "field.a = t.volume_v1\n",
    "p.ini:9: field.a: the transform \"t\" makes one value, which is named "
    "\"t\" alone, without \".volume_v1\"\n" },
  { METER HOUSE ENERGY "idx.4 = house.323\n",
    "p.ini:8: idx.4: \"house.323\" is the last known value of an output: only "
    "an operand of a transform (minus, plus) can name it\n" },

  /* operands */
  { METER "[transform t]\nplugin = subtract\nvalue = meter.volume_v1\n"
          "minus = 323\n" HOUSE ENERGY,
    "p.ini:7: minus: \"323\" is not the name of a target: write "
    "OUTPUT.TARGET\n" },
  { METER "[transform t]\nplugin = subtract\nvalue = meter.volume_v1\n"
          "minus = meter.volume_v1\n" HOUSE ENERGY,
    "p.ini:7: minus: \"meter\" is not an output: an operand is the last known "
    "value of OUTPUT.TARGET\n" },
  { METER "[transform t]\nplugin = subtract\nvalue = meter.volume_v1\n"
          "minus = hous.323\n" HOUSE ENERGY,
    "p.ini:7: minus: there is no stage \"hous\"; the nearest is \"house\"\n" },
  { METER "[transform t]\nplugin = subtract\nvalue = meter.volume_v1\n"
          "minus = screen.volume\n" SCREEN "field.volume = meter.volume_v1\n",
    "p.ini:7: minus: \"screen\" is a live output, which has no last known "
    "values: name another output\n" },
  { METER
    "[transform t]\nplugin = subtract\nvalue = meter.heat_energy_e1\n"
    "minus = house.323\n"
    "[transform u]\nplugin = add\nvalue = t\nplus = house.323\n" HOUSE ENERGY,
    "p.ini:7: minus: house.323 is both a base (minus) and a running total "
    "(plus); a target can be only one of them\n"
    "p.ini:11: plus: house.323 is both a base (minus) and a running total "
    "(plus); a target can be only one of them\n" },
  { METER
    "[transform t]\nplugin = subtract\nvalue = meter.heat_energy_e1\n"
    "minus = house.323\n"
    "[transform u]\nplugin = add\nvalue = t\nplus = house.4\n" HOUSE ENERGY
    "idx.4 = t\n",
    "p.ini:11: plus: house.4 holds a usage (from \"t\"), which cannot be an "
    "operand: name a target that holds a reading or a total\n" },
  { METER "[transform t]\nplugin = subtract\nvalue = meter.heat_energy_e1\n"
          "minus = house.323\nmax = 3\n"
          "[transform u]\nplugin = subtract\nvalue = meter.heat_energy_e1\n"
          "minus = house.323\ndecrease = allow\n" HOUSE ENERGY,
    "p.ini:9: max: \"t\" and \"u\" measure from the same base (house.323) and "
    "must have the same \"max\"\n"
    "p.ini:13: decrease: \"t\" and \"u\" measure from the same base "
    "(house.323) and must have the same \"decrease\"\n" },

  /* circles */
  { METER "[transform a]\nplugin = overwrite\nvalue = b\n"
          "[transform b]\nplugin = overwrite\nvalue = c\n"
          "[transform c]\nplugin = overwrite\nvalue = a\n"
          "[transform d]\nplugin = overwrite\nvalue = a\n" SCREEN,
    "p.ini:6: the transforms depend on each other in a circle: a <- b <- c <- "
    "a\n" },
  { METER "[transform a]\nplugin = overwrite\nvalue = a\n"
          "[transform c]\nplugin = overwrite\nvalue = b\n"
          "[transform b]\nplugin = overwrite\nvalue = c\n" SCREEN,
    "p.ini:6: the transforms depend on each other in a circle: a <- a\n"
    "p.ini:9: the transforms depend on each other in a circle: c <- b <- c\n" },

  /* outputs */
  { METER HOUSE "[output log]\nplugin = csv\npath = log.csv\n",
    "p.ini:4: [output house] has no targets: add idx.NAME = VALUE\n"
    "p.ini:7: [output log] has no targets: add column.NAME = VALUE\n" },
  { METER HOUSE "idx.3\t23 = meter.heat_energy_e1\n",
    "p.ini:7: the name of a target holds a tab: write idx.NAME = VALUE\n" },
  { METER HOUSE ENERGY "idx.4.power = meter.power_e1\n",
    "p.ini:8: idx.4.power needs the target idx.4: add it\n" },
  { METER "[output house]\nplugin = domoticz\nurl = localhost:8080\n" ENERGY,
    "p.ini:6: url: must begin with http:// or https://\n" },
  { METER
    "[output house]\nplugin = domoticz\nurl = http://localhost:99999\n" ENERGY,
    "p.ini:6: url: is not a valid URL\n" },
  { METER
    "[output house]\nplugin = domoticz\nurl = http://me:top@localhost\n" ENERGY,
    "p.ini:6: url: holds a user name or password; give them as `username` "
    "and `password`\n" },
  { METER "[output house]\nplugin = domoticz\n"
          "url = http://localhost:8080/json.htm\n" ENERGY,
    "p.ini:6: url: must end before /json.htm\n" },
  { METER HOUSE "timeout = 0s\n" ENERGY,
    "p.ini:7: timeout: \"0s\" is not within 1ms..\n" },
  { METER "timeout = 0\n" HOUSE ENERGY,
    "p.ini:4: timeout: \"0\" is not within 1ms..\n" },
  { "[input old]\nplugin = replay\npath = old.cap\n" HOUSE
    "idx.323 = old.heat_energy_e1\n",
    "p.ini:4: [output house] would get the readings of a capture: [pipeline] "
    "must have a state_dir, or totals could be counted twice\n" },

  /* secrets */
  { METER HOUSE
    "username = me\npassword = hunter2\npassword_file = pw\n" ENERGY,
    "p.ini:8: warning: \"password\" is in a file that everybody can read: "
    "chmod o-r it, or use password_file\n"
    "p.ini:9: \"password\" and \"password_file\" are both given; the other one "
    "is in line 8\n" },
  { METER HOUSE "username = me\npassword_file = nothere\n" ENERGY,
    "p.ini:8: password_file: the file cannot be read: No such file or "
    "directory (its path is not shown, because it could be the password "
    "itself, which belongs in the file)\n" },
  { METER HOUSE "username = me\npassword_file = p.ini\n" ENERGY,
    "p.ini:8: password_file: the file holds more than one line\n" },
  { METER HOUSE "password = ${HOME}\n" ENERGY,
    "p.ini:7: password: `username` is missing; give the user that this "
    "password belongs to\n" },

  /* lines */
  { METER "capture = " X1000 X1000 X1000 X1000 X10 X10 X10 X10 X10 X10 X10 X10
          "1234567\n" SCREEN,
    "p.ini:4: the line has 4097 bytes, but at most 4096 are allowed: continue "
    "it in an indented line\n" },
  { METER "capture = m\xb3\n" SCREEN,
    "p.ini:4: bytes that are not UTF-8 in this line\n" },
  { METER "capture = \033[31m\n" SCREEN,
    "p.ini:4: a control character in this line\n" },
  { METER "capture = ${METERPIPE_UNSET}/log\n" SCREEN,
    "p.ini:4: the environment variable METERPIPE_UNSET is not set\n" },
  { METER "plugin ${METERPIPE_UNSET}\n" SCREEN,
    "p.ini:4: missing \"=\": a line is a [section], NAME = VALUE, or a "
    "comment\n" },
  { METER "retries: 2 = 3\n" SCREEN,
    "p.ini:4: a \":\" before the \"=\": write NAME = VALUE\n" },
  { METER "= 2\n" SCREEN, "p.ini:4: no name before the \"=\"\n" },
  { METER "capture = \"eye log\n" SCREEN,
    "p.ini:4: a value that begins with a double quote must end with one in the "
    "same line (write \\; for a ; after a blank)\n" },
  { "deadline = 20s\n" METER SCREEN,
    "p.ini:1: an option before the first section\n" },
  { "  deadline = 20s\n" METER SCREEN,
    "p.ini:1: an indented line continues the value above it, but there is no "
    "value above: begin it in the first column\n" },
  { METER "  retries = 3\n" HOUSE ENERGY,
    "p.ini:4: this line is indented, so it continues the value of \"device\" "
    "in line 3: if it is an option, begin it in the first column; if not, "
    "break that value at another place\n" },

  /* all at once, in the order of the lines */
  { "[pipeline]\ndedline = 20s\n"
    "[input meter]\nplugin = kmp\nbaud = 12\ndevice = d\n"
    "[output house]\nplugin = domoticz\nurl = house\nidx.4 = usgae\n"
    "[output screen]\nplugin = stdout\nformat = jsn\n"
    "[transform usage]\nplugin = subtract\nvalue = meter.volume_v1\n"
    "minus = house.323\n"
    "[transform ring]\nplugin = overwrite\nvalue = ring\n",
    "p.ini:2: unknown option \"dedline\"; the nearest is \"deadline\"\n"
    "p.ini:5: baud: \"12\" is not one of "
    "300|600|1200|2400|4800|9600|19200|38400|57600|115200\n"
    "p.ini:9: url: must begin with http:// or https://\n"
    "p.ini:10: idx.4: there is no stage \"usgae\"; the nearest is \"usage\"\n"
    "p.ini:13: format: \"jsn\" is not one of table|json|line; the nearest is "
    "\"json\"\n"
    "p.ini:20: the transforms depend on each other in a circle: ring <- "
    "ring\n" },
};

/* Every command checks the file before it opens anything. */
static const char *const commands[] = { "run", "check", "check --offline",
                                        "rebase" };

START_TEST(file_is_refused_with_place_and_remedy)
{
  const struct file_row *row = &files[_i];

  sandbox_write(sandbox, "p.ini", "%s", row->text);
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
    sandbox_run(sandbox, "%s -c p.ini", commands[i]);
    ck_assert_str_eq(sandbox_err(sandbox), row->said);
    ck_assert_str_eq(sandbox_out(sandbox), "");
    ck_assert_int_eq(sandbox_status(sandbox), 78);
    ck_assert(!sandbox_exists(sandbox, "p.db"));
  }
}
END_TEST

START_TEST(nul_byte_is_refused_with_its_line)
{
  sandbox_write(sandbox, "p.ini", METER "capture = a%cb\n" SCREEN, 0);
  ck_assert_int_eq(sandbox_run(sandbox, "run -c p.ini"), 78);
  ck_assert_str_eq(sandbox_err(sandbox), "p.ini:4: a NUL byte in this line\n");
}
END_TEST

START_TEST(unknown_plugin_message_names_the_searched_directories)
{
  char begin[512];

  ck_assert_ptr_nonnull(getenv("METERPIPE_PLUGIN_PATH"));
  snprintf(begin, sizeof(begin),
           "p.ini:2: there is no input plugin \"mbus-wireless\" in %s:",
           getenv("METERPIPE_PLUGIN_PATH"));
  sandbox_write(sandbox, "p.ini",
                "[input meter]\nplugin = mbus-wireless\n" SCREEN);
  ck_assert_int_eq(sandbox_run(sandbox, "run -c p.ini"), 78);
  ck_assert_msg(
    strncmp(sandbox_err(sandbox), begin, strlen(begin)) == 0 &&
      strstr(sandbox_err(sandbox), " (\"meterpipe plugins\" lists them)\n"),
    "%s", sandbox_err(sandbox));
}
END_TEST

static const struct {
  const char *path, *said;
  int status;
} unreadable[] = {
  { "nothere.ini", "nothere.ini: cannot be read: No such file or directory\n",
    78 },
  { ".", ".: cannot be read: Is a directory\n", 78 },
};

START_TEST(file_that_cannot_be_read_is_named)
{
  sandbox_run(sandbox, "check -c %s", unreadable[_i].path);
  ck_assert_str_eq(sandbox_err(sandbox), unreadable[_i].said);
  ck_assert_int_eq(sandbox_status(sandbox), unreadable[_i].status);
}
END_TEST

/* ---- Targets that only the output can check ---- */

static const struct {
  const char *target, *said;
} targets[] = {
  { "idx.heat = meter.heat_energy_e1\n",
    "error: house: idx.heat: is not an idx of Domoticz; an idx is a whole "
    "number without leading zeros (p.ini:8)\n" },
  { "idx.0323 = meter.heat_energy_e1\n",
    "error: house: idx.0323: is not an idx of Domoticz; an idx is a whole "
    "number without leading zeros (p.ini:8)\n" },
  { "idx.323.powr = meter.power_e1\n",
    "error: house: idx.323.powr: is not an idx of Domoticz; an idx is a whole "
    "number without leading zeros (p.ini:8)\n" },
};

START_TEST(invalid_target_is_reported_with_its_line)
{
  sandbox_write(sandbox, "p.ini", "%s", METER HOUSE ENERGY);
  ck_assert_int_eq(sandbox_run(sandbox, "check --offline -c p.ini"), 0);
  ck_assert_str_eq(sandbox_err(sandbox), "");

  sandbox_write(sandbox, "p.ini", "%s%s", METER HOUSE ENERGY,
                targets[_i].target);
  ck_assert_int_eq(sandbox_run(sandbox, "check --offline -c p.ini"), 78);
  ck_assert_str_eq(sandbox_err(sandbox), targets[_i].said);
}
END_TEST

/* ---- Allowed, but perhaps not meant ---- */

static const struct {
  const char *text, *said;
} doubtful[] = {
  /* another value is written to the usage's base */
  { METER "[transform t]\nplugin = subtract\nvalue = meter.volume_v1\n"
          "minus = house.323\n" HOUSE ENERGY "idx.4 = t\n",
    "warning: house: idx.323: is a base, but this pipeline does not write the "
    "same reading to it: the results are differences from its value, not "
    "usages; for usages, write that reading to it\n" },
  /* nothing is written to the usage's base */
  { METER "[transform t]\nplugin = subtract\nvalue = meter.volume_v1\n"
          "minus = house.323\n" HOUSE "idx.4 = t\n",
    "warning: house: idx.323: is a base, but this pipeline does not write the "
    "same reading to it: the results are differences from its value, not "
    "usages; for usages, write that reading to it\n" },
  { METER "[input cold]\nplugin = kmp\ndevice = elsewhere\n" HOUSE ENERGY,
    "warning: cold: no stage uses its values, so none is read: name one of its "
    "fields in a stage, or remove the input\n" },
  { METER HOUSE "username = me\npassword = hunter2\n" ENERGY,
    "p.ini:8: warning: \"password\" is in a file that everybody can read: "
    "chmod o-r it, or use password_file\n" },
  { METER HOUSE "username = me\npassword_file = pw\n" ENERGY,
    "p.ini:8: warning: password_file: everybody can read the file: chmod o-r "
    "it\n" },
  { METER HOUSE ENERGY "[pipeline]\ndeadline = 3999ms\n",
    "warning: deadline: is below 4 s, but some values are sent two seconds "
    "after the others: set it to 4s or more\n" },
};

START_TEST(check_warns_about_doubtful_settings)
{
  sandbox_write(sandbox, "pw", "hunter2\n");
  sandbox_write(sandbox, "p.ini", "%s", doubtful[_i].text);
  ck_assert_int_eq(sandbox_run(sandbox, "check --offline -c p.ini"), 0);
  ck_assert_str_eq(sandbox_err(sandbox), doubtful[_i].said);
}
END_TEST

static void
make_private(const char *name)
{
  char path[256];

  snprintf(path, sizeof(path), "%s/%s", sandbox_dir(sandbox), name);
  ck_assert_int_eq(chmod(path, 0640), 0);
}

START_TEST(password_in_a_private_file_causes_no_warning)
{
  sandbox_write(sandbox, "p.ini", "%s",
                METER HOUSE "username = me\npassword = hunter2\n" ENERGY);
  make_private("p.ini");
  ck_assert_int_eq(sandbox_run(sandbox, "check --offline -c p.ini"), 0);
  ck_assert_str_eq(sandbox_err(sandbox), "");
}
END_TEST

START_TEST(secret_file_is_found_beside_the_pipeline_file)
{
  sandbox_write(sandbox, "pw", "two\nlines\n");
  sandbox_write(sandbox, "p.ini", "%s",
                METER HOUSE "username = me\npassword_file = pw\n" ENERGY);
  sandbox_run(sandbox, "check --offline -c p.ini");
  ck_assert_str_eq(
    sandbox_err(sandbox),
    "p.ini:8: password_file: the file holds more than one line\n");
  sandbox_setenv(sandbox, "CREDENTIALS_DIRECTORY", "/nothere");
  sandbox_run(sandbox, "check --offline -c p.ini");
  ck_assert_str_eq(
    sandbox_err(sandbox),
    "p.ini:8: password_file: the file holds more than one line\n");
  sandbox_write(sandbox, "pw", "hunter2\n");
  make_private("pw");
  ck_assert_int_eq(sandbox_run(sandbox, "check --offline -c p.ini"), 0);
  ck_assert_str_eq(sandbox_err(sandbox), "");
}
END_TEST

/* ---- Captures ---- */

#define GJ_84 "< 40 3f 10 00 3c 08 04 43 00 01 48 f0 81 75 0d\n"

/* The wrong header is reported once, for all cycles and all columns that are
 * measured from the file. */
START_TEST(wrong_csv_header_is_reported_once)
{
  sandbox_write(sandbox, "old.cap", GJ_84 "\n" GJ_84 "\n" GJ_84);
  sandbox_write(sandbox, "log.csv", "time,other\n2026-11-22T10:00:00Z,1\n");
  sandbox_write(sandbox, "p.ini",
                "[input old]\nplugin = replay\npath = old.cap\n"
                "[transform t]\nplugin = subtract\nminus = log.energy\n"
                "value = old.heat_energy_e1\n"
                "[output log]\nplugin = csv\npath = log.csv\n"
                "column.energy = old.heat_energy_e1\ncolumn.usage = t\n");
  ck_assert_int_eq(sandbox_run(sandbox, "run -c p.ini"), 78);
  ck_assert_str_eq(
    sandbox_err(sandbox),
    "error: log: log.csv: its header is \"time,other\", but the columns of the "
    "pipeline are \"time,energy,usage\"; move the file away, or name the same "
    "columns\n");
}
END_TEST

START_TEST(replay_to_a_device_needs_a_state_or_dry_run)
{
  sandbox_write(sandbox, "old.cap", GJ_84);
  sandbox_write(sandbox, "p.ini", "%s",
                "[input old]\nplugin = replay\npath = old.cap\n" HOUSE
                "idx.323 = old.heat_energy_e1\n");
  ck_assert_int_eq(sandbox_run(sandbox, "run -n --offline -c p.ini"), 0);
  ck_assert_str_eq(sandbox_out(sandbox), "# 2026-11-22T10:00:00Z\n"
                                         "house.323 84.208 GJ\n");
  ck_assert_str_eq(sandbox_err(sandbox), "");

  sandbox_write(sandbox, "p.ini", "%s", METER HOUSE ENERGY);
  ck_assert_int_eq(sandbox_run(sandbox, "run --replay old.cap -c p.ini"), 64);
  ck_assert_str_eq(sandbox_err(sandbox),
                   "error: house: --replay would deliver old readings to it: "
                   "add -n to see what would be delivered\n");
  ck_assert_int_eq(
    sandbox_run(sandbox, "run -n --replay metre=old.cap -c p.ini"), 64);
  ck_assert_str_eq(sandbox_err(sandbox),
                   "error: --replay: there is no input \"metre\" in p.ini\n");
}
END_TEST

static TCase *
make_case(Suite *suite, const char *name)
{
  TCase *t = tcase_create(name);

  tcase_add_checked_fixture(t, set_up, tear_down);
  suite_add_tcase(suite, t);
  return t;
}

int
main(void)
{
  Suite *suite = suite_create("mistakes");
  TCase *t = make_case(suite, "file");

  tcase_add_loop_test(t, file_is_refused_with_place_and_remedy, 0,
                      ARRAY_SIZE(files));
  tcase_add_test(t, nul_byte_is_refused_with_its_line);
  tcase_add_test(t, unknown_plugin_message_names_the_searched_directories);
  tcase_add_loop_test(t, file_that_cannot_be_read_is_named, 0,
                      ARRAY_SIZE(unreadable));
  tcase_add_loop_test(t, invalid_target_is_reported_with_its_line, 0,
                      ARRAY_SIZE(targets));
  tcase_add_loop_test(t, check_warns_about_doubtful_settings, 0,
                      ARRAY_SIZE(doubtful));
  tcase_add_test(t, password_in_a_private_file_causes_no_warning);
  tcase_add_test(t, secret_file_is_found_beside_the_pipeline_file);
  tcase_add_test(t, wrong_csv_header_is_reported_once);
  tcase_add_test(t, replay_to_a_device_needs_a_state_or_dry_run);

  return run_suite(suite);
}
