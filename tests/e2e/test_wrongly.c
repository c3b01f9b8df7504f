/*
 * Wrong command lines, and the exact messages.  Each message should name the
 * mistake and the remedy, before anything is opened.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

#define METER "[input meter]\nplugin = kmp\ndevice = nowhere\n"
#define HOUSE "[output house]\nplugin = domoticz\nurl = http://127.0.0.1:1\n"

static struct sandbox *sandbox;

static void
set_up(void)
{
  sandbox = sandbox_new();
  sandbox_write(sandbox, "p.ini", "%s",
                METER "[transform usage]\nplugin = subtract\n"
                      "value = meter.heat_energy_e1\nminus = house.323\n" HOUSE
                      "idx.323 = meter.heat_energy_e1\nidx.4 = usage\n");
  sandbox_write(sandbox, "plain.ini", "%s",
                METER "[output screen]\nplugin = stdout\n");
}

static void
tear_down(void)
{
  sandbox_free(sandbox);
}

#define USAGE_RUN                                                              \
  "Usage: meterpipe run [-c FILE] [-n [--offline]] [--replay "                 \
  "[INPUT=]FILE]... "                                                          \
  "[--every DURATION]\n"
#define USAGE_IMPORT                                                           \
  "Usage: meterpipe import [-d] DEVICE IDX:REGISTER:FUNCTION[:IDX2],... "      \
  "[--url URL] | 'CRONTAB LINE'\n"
#define NO_PLUGIN                                                              \
  " is not the name of a plugin: give the name first, then OPTION=VALUE "      \
  "(\"meterpipe plugins\" lists the names)\n"
#define WITHOUT_DASHES                                                         \
  "; options of the plugin have no dashes: write OPTION=VALUE\n"

static const struct {
  const char *args, *said;
} command_lines[] = {
  { "", "error: no command (\"meterpipe --help\" lists them)\n" },
  { "rnu", "error: there is no command \"rnu\"; the nearest is \"run\"\n" },
  { "frobnicate", "error: there is no command \"frobnicate\" (\"meterpipe "
                  "--help\" lists them)\n" },
  { "-c p.ini run",
    "error: \"-c\" comes before the command: write options after it\n" },
  { "import /dev/ttyUSB0", "error: an argument is missing\n" USAGE_IMPORT },
  { "- run", "error: there is no command \"-\" (\"meterpipe --help\" lists "
             "them)\n" },
  { "-V", "error: there is no option -V (\"meterpipe --help\" lists them)\n" },
  { "--verison run",
    "error: there is no option --verison; the nearest is --version\n" },
  { "--config=p.ini run", "error: \"--config=p.ini\" comes before the command: "
                          "write options after it\n" },
  { "-- run",
    "error: \"--\" comes before the command: write options after it\n" },

  /* import */
  { "import 323:60:0 /dev/ttyUSB0",
    "error: import: item 1 (column 1): \"/dev/ttyUSB0\": IDX is not a number "
    "from 1 to 4294967295\n" },
  { "import -d /dev/ttyUSB0", "error: an argument is missing\n" USAGE_IMPORT },
  { "import 323:60:0 -d", "error: the option -d needs a value\n" },
  { "import -d /dev/ttyUSB0 --port no 323:60:0",
    "error: the option --port needs a number, such as 8080\n" },
  { "import -d /dev/ttyUSB0 --test_kamstrup",
    "error: there is no option --test_kamstrup (\"meterpipe --help\" lists "
    "them)\n" },
  { "import /dev/ttyUSB0 323:60:0 --url localhost",
    "error: --url: \"localhost\" does not begin with http:// or https://\n" },
  { "import /dev/ttyUSB0 323",
    "error: import: item 1 (column 1): \"323\": not IDX:REGISTER:FUNCTION or "
    "IDX:REGISTER:FUNCTION:IDX2\n" },

  /* run and check */
  { "run p.ini", "error: \"p.ini\" is one argument too many; a pipeline file "
                 "is given as -c FILE\n" USAGE_RUN },
  { "run -c p.ini now", "error: \"now\" is one argument too many\n" USAGE_RUN },
  { "run --offline -c p.ini",
    "error: --offline needs -n: nothing can be delivered without contacting "
    "the outputs\n" USAGE_RUN },
  { "run -n --every 20m -c p.ini",
    "error: --every cannot be used with -n\n" USAGE_RUN },
  { "run --every 20 -c p.ini",
    "error: --every: \"20\" is not a duration, such as 20m or 90s\n" },
  { "run --offlnie", "error: there is no option --offlnie; the nearest is "
                     "--offline\n" },
  { "run --frobnicate=yes", "error: there is no option --frobnicate "
                            "(\"meterpipe --help\" lists them)\n" },
  { "run -nx", "error: there is no option -x (\"meterpipe --help\" lists "
               "them)\n" },
  { "run --dry-run=no", "error: the option --dry-run takes no value\n" },
  { "run -c", "error: the option --config needs a value\n" },
  { "run -c ''", "error: the option --config needs a value\n" },
  { "run --plugin-dir= -c p.ini",
    "error: the option --plugin-dir needs a value\n" },
  { "run --replay", "error: the option --replay needs a value\n" },
  { "run -n --replay meter= -c p.ini",
    "error: --replay: meter: no file is given\n" },
  { "run -n --replay meter=a --replay meter=b -c p.ini",
    "error: --replay: meter: two captures are given\n" },
  { "run -n --replay a --replay b -c p.ini",
    "error: --replay: all inputs: two captures are given\n" },
  { "run --every 1.5h",
    "error: --every: \"1.5h\" is not a duration, such as 20m or 90s\n" },
  { "run --every 0s",
    "error: --every: \"0s\" is not a duration, such as 20m or 90s\n" },
  { "run --json", "error: \"run\" takes no option --json\n" },
  { "check -n", "error: \"check\" takes no option --dry-run\n" },

  /* graph, status, rebase */
  { "graph house", "error: \"house\" is one argument too many; a pipeline file "
                   "is given as -c FILE\nUsage: meterpipe graph [-c FILE]\n" },
  { "graph --json", "error: \"graph\" takes no option --json\n" },
  { "status --jsn",
    "error: there is no option --jsn; the nearest is --json\n" },
  { "status --json=yes", "error: the option --json takes no value\n" },
  { "rebase -c plain.ini",
    "error: plain.ini: no transform can be rebased: none has a base (minus) "
    "that this pipeline writes\n" },
  { "rebase --all -c p.ini",
    "error: there is no option --all (\"meterpipe --help\" lists them)\n" },
  { "rebase usgae -c p.ini", "error: there is no transform \"usgae\" in p.ini; "
                             "the nearest is \"usage\"\n" },
  { "rebase meter -c p.ini",
    "error: meter: cannot be rebased: name a transform whose base (minus) this "
    "pipeline writes\n" },
  { "rebase usage other -c p.ini",
    "error: there is no transform \"other\" in p.ini\n" },

  /* plugins */
  { "plugins kmp csv", "error: \"csv\" is one argument too many\n"
                       "Usage: meterpipe plugins [NAME] | --new KIND NAME\n" },
  { "plugins --new input",
    "error: --new needs a kind, which is input, transform or output, and a "
    "name: meterpipe plugins --new output mine\n" },
  { "plugins --new inptu mine",
    "error: --new needs a kind, which is input, transform or output, and a "
    "name: meterpipe plugins --new output mine\n" },
  { "plugins --new input ../mine",
    "error: \"../mine\" cannot be a plugin's name: use a small letter, then "
    "small letters, digits and \"_\", 32 characters at most\n" },
  { "plugins cvs", "error: there is no plugin \"cvs\"; the nearest is "
                   "\"csv\"\n" },
  { "plugins frobnicate", "error: there is no plugin \"frobnicate\" "
                          "(\"meterpipe plugins\" lists them)\n" },

  /* probe, targets, conform: a plugin and its options */
  { "probe /dev/ttyUSB0", "error: \"/dev/ttyUSB0\"" NO_PLUGIN },
  { "probe device=ttyUSB0", "error: \"device\"" NO_PLUGIN },
  { "probe kmp --device=ttyUSB0",
    "error: there is no option --device" WITHOUT_DASHES },
  { "probe kmp --wach", "error: there is no option --wach; the nearest is "
                        "--watch\n" },
  { "probe kmp device=x --watch=5",
    "error: the option --watch takes no value\n" },
  { "probe -c p.ini meter", "error: \"probe\" takes no option --config\n" },
  { "probe kmp device = x",
    "command line: \"device\" is not an option: write OPTION=VALUE, without "
    "blanks\n"
    "command line: option \"device\" is missing: tty of the optical head, or "
    "tcp://HOST:PORT of a serial server; for example: device = TEXT\n" },
  { "probe stdout", "error: the plugin \"stdout\" is for a section [output "
                    "NAME], not for [input NAME]\n" },
  { "targets http://127.0.0.1", "error: \"http://127.0.0.1\"" NO_PLUGIN },
  { "targets domoticz --url=http://127.0.0.1",
    "error: \"targets\" takes no option --url\n" },
  { "targets domoticz url=127.0.0.1",
    "command line: url: must begin with http:// or https://\n" },
  { "targets kmp device=x", "error: the plugin \"kmp\" is for a section [input "
                            "NAME], not for [output NAME]\n" },
  { "conform", "error: an argument is missing\n"
               "Usage: meterpipe conform PLUGIN.so [OPTION=VALUE]...\n" },
  { "conform ./mine.so --device=4",
    "error: there is no option --device" WITHOUT_DASHES },
};

START_TEST(wrong_command_line_is_refused_with_a_hint)
{
  sandbox_run(sandbox, "%s", command_lines[_i].args);
  ck_assert_str_eq(sandbox_err(sandbox), command_lines[_i].said);
  ck_assert_str_eq(sandbox_out(sandbox), "");
  ck_assert_int_eq(sandbox_status(sandbox), 64);
  ck_assert(!sandbox_exists(sandbox, "p.db"));
}
END_TEST

static const struct {
  const char *args, *first; /* line of standard output */
} shown[] = {
  { "--help", "Usage: meterpipe COMMAND [OPTION]...\n" },
  { "-h", "Usage: meterpipe COMMAND [OPTION]...\n" },
  { "--version", "meterpipe " },
  { "run --help", USAGE_RUN },
  { "run -c nothere.ini --help", USAGE_RUN },
  { "check --version", "meterpipe " },
};

START_TEST(help_and_version_go_to_standard_output)
{
  sandbox_run(sandbox, "%s", shown[_i].args);
  ck_assert_int_eq(
    strncmp(sandbox_out(sandbox), shown[_i].first, strlen(shown[_i].first)), 0);
  ck_assert_str_eq(sandbox_err(sandbox), "");
  ck_assert_int_eq(sandbox_status(sandbox), 0);
}
END_TEST

START_TEST(help_names_every_command)
{
  static const char *const names[] = { "run",    "check",   "graph", "status",
                                       "rebase", "plugins", "probe", "targets",
                                       "import", "conform", "kmp" };
  char line[64];

  sandbox_run(sandbox, "--help");
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    snprintf(line, sizeof(line), "\n  %s ", names[i]);
    ck_assert_msg(strstr(sandbox_out(sandbox), line), "%s", names[i]);
  }
}
END_TEST

/* The help of a command lists only the options that the command takes. */
START_TEST(help_of_a_command_lists_only_its_options)
{
  sandbox_run(sandbox, "check --help");
  ck_assert_ptr_nonnull(strstr(sandbox_out(sandbox), "\n      --offline "));
  ck_assert_ptr_nonnull(strstr(sandbox_out(sandbox), "\n  -v, --verbose "));
  ck_assert_ptr_null(strstr(sandbox_out(sandbox), "--replay"));
}
END_TEST

/* ---- Standard error ---- */

/* In the journal each line begins with its priority; elsewhere it does not. */
START_TEST(journal_gets_priorities)
{
  char path[512], stream[64];
  struct stat st;

  sandbox_write(sandbox, "log", "%s", "");
  snprintf(path, sizeof(path), "%s/log", sandbox_dir(sandbox));
  ck_assert_int_eq(stat(path, &st), 0);
  sandbox_set_stderr(sandbox, path);
  for (unsigned other = 0; other < 2; other++) {
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
             (uintmax_t)st.st_ino + other);
    sandbox_setenv(sandbox, "JOURNAL_STREAM", stream);
    ck_assert_int_eq(sandbox_run(sandbox, "plugins cvs"), 64);
    ck_assert_ptr_nonnull(strstr(sandbox_read(sandbox, "log"),
                                 other ? "error: there is no plugin"
                                       : "<3>error: there is no plugin"));
    ck_assert_int_eq(strncmp(sandbox_read(sandbox, "log"), "<3>", 3) == 0,
                     !other);
  }
}
END_TEST

/* ---- plugins ---- */

START_TEST(plugins_command_lists_options_and_fields)
{
  const char *dir = getenv("METERPIPE_PLUGIN_PATH");

  ck_assert_ptr_nonnull(dir);
  if (!sandbox_has_installed(sandbox))
    ck_assert_int_eq(sandbox_run(sandbox, "plugins kmp"), 64);
  ck_assert_int_eq(sandbox_run(sandbox, "plugins kmp --plugin-dir %s", dir), 0);
  ck_assert_str_eq(sandbox_err(sandbox), "");
  ck_assert_ptr_nonnull(strstr(sandbox_out(sandbox), "\n\nFields:\n"));
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(sandbox), "\n  60     heat_energy_e1  "));
  ck_assert_int_eq(sandbox_run(sandbox, "plugins %s/output_exec.so", dir), 0);
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(sandbox), "\ndelivery: set by the option \"class\"\n"));
  sandbox_run(sandbox, "plugins %s/output_prometheus.so", dir);
  ck_assert_ptr_nonnull(strstr(sandbox_out(sandbox),
                               "\n\nOptions of a target, metric.NAME.OPTION:\n"
                               "  name          text\n"));
  sandbox_run(sandbox, "plugins %s/output_webhook.so", dir);
  ck_assert_ptr_nonnull(
    strstr(sandbox_out(sandbox), "\n  header.NAME   secret\n"));
}
END_TEST

/* out_of_tree.sh compiles the new plugin and checks its contract. */
START_TEST(new_plugin_template_overwrites_nothing)
{
  ck_assert_int_eq(sandbox_run(sandbox, "plugins --new output mine"), 0);
  ck_assert_str_eq(sandbox_err(sandbox), "");
  ck_assert_str_eq(
    sandbox_out(sandbox),
    "mine/output_mine.c, Makefile, try.ini: cd mine && make try\n");
  ck_assert_ptr_nonnull(
    strstr(sandbox_read(sandbox, "mine/output_mine.c"), "\"mine\""));
  ck_assert_ptr_nonnull(strstr(sandbox_read(sandbox, "mine/Makefile"),
                               "PLUGIN = output_mine.so\n"));
  sandbox_write(sandbox, "mine/output_mine.c", "my work\n");
  ck_assert_int_eq(sandbox_run(sandbox, "plugins --new output mine"), 73);
  ck_assert_str_eq(sandbox_err(sandbox),
                   "error: mine: cannot create the directory: File exists\n");
  ck_assert_str_eq(sandbox_read(sandbox, "mine/output_mine.c"), "my work\n");
}
END_TEST

/* More options than there is room for. */
static const struct {
  unsigned n;
  const char *args, *each, *said;
} many[] = {
  { 33, "run -n", " --replay=m%u=a",
    "error: --replay is given more than 32 times\n" },
  { 65, "targets domoticz", " --create=a%u:b",
    "error: more than 64 --create\n" },
};

START_TEST(option_that_is_given_too_often_is_refused)
{
  char args[2048];
  size_t len = (size_t)snprintf(args, sizeof(args), "%s", many[_i].args);

  for (unsigned i = 0; i < many[_i].n; i++) {
    const char *word = strchr(many[_i].each, '%');

    len +=
      (size_t)snprintf(args + len, sizeof(args) - len, "%.*s%u%s",
                       (int)(word - many[_i].each), many[_i].each, i, word + 2);
    ck_assert_uint_lt(len, sizeof(args));
  }
  sandbox_run(sandbox, "%s", args);
  ck_assert_str_eq(sandbox_err(sandbox), many[_i].said);
  ck_assert_int_eq(sandbox_status(sandbox), 64);
}
END_TEST

START_TEST(list_that_cannot_be_written_is_an_error)
{
  sandbox_set_stdout(sandbox, "/dev/full");
  ck_assert_int_eq(sandbox_run(sandbox, "plugins"), 74);
  ck_assert_str_eq(sandbox_err(sandbox),
                   "error: standard output: cannot be written\n");
}
END_TEST

/* import takes the names of registers from the input plugin. */
START_TEST(import_needs_the_kmp_plugin)
{
  static const char begin[] = "error: there is no input plugin \"kmp\" in "
                              "/nowhere:";

  if (sandbox_has_installed(sandbox))
    return;
  ck_assert_int_eq(sandbox_run(sandbox, "import /dev/ttyUSB0 323:60:0"), 78);
  ck_assert_int_eq(strncmp(sandbox_err(sandbox), begin, strlen(begin)), 0);
  ck_assert_str_eq(sandbox_out(sandbox), "");
}
END_TEST

/* On a machine that has a pipeline file in the default place, nothing is
 * tested. */
START_TEST(missing_default_file_has_its_own_message)
{
  char path[256], said[512];
  const char *text;

  sandbox_run(sandbox, "check --help");
  text = strstr(sandbox_out(sandbox), "(default ");
  ck_assert_ptr_nonnull(text);
  ck_assert_int_eq(sscanf(text, "(default %255[^)])", path), 1);
  if (access(path, F_OK) != 0) {
    ck_assert_int_eq(sandbox_run(sandbox, "check"), 78);
    snprintf(said, sizeof(said),
             "%s: there is no pipeline file yet: write one (meterpipe.ini(5) "
             "says how), or name one with -c FILE\n",
             path);
    ck_assert_str_eq(sandbox_err(sandbox), said);
  }
  ck_assert_int_eq(sandbox_run(sandbox, "check -c nothere.ini"), 78);
  ck_assert_str_eq(sandbox_err(sandbox),
                   "nothere.ini: cannot be read: No such file "
                   "or directory\n");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("wrongly");
  TCase *t = tcase_create("command line");

  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_loop_test(t, wrong_command_line_is_refused_with_a_hint, 0,
                      ARRAY_SIZE(command_lines));
  tcase_add_loop_test(t, help_and_version_go_to_standard_output, 0,
                      ARRAY_SIZE(shown));
  tcase_add_test(t, help_names_every_command);
  tcase_add_test(t, help_of_a_command_lists_only_its_options);
  tcase_add_test(t, journal_gets_priorities);
  tcase_add_test(t, plugins_command_lists_options_and_fields);
  tcase_add_test(t, new_plugin_template_overwrites_nothing);
  tcase_add_test(t, missing_default_file_has_its_own_message);
  tcase_add_loop_test(t, option_that_is_given_too_often_is_refused, 0,
                      ARRAY_SIZE(many));
  tcase_add_test(t, list_that_cannot_be_written_is_an_error);
  tcase_add_test(t, import_needs_the_kmp_plugin);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
