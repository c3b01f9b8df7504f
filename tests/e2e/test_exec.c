/*
 * exec: values go to a command and come from one, whatever it is written in;
 * its exit status decides what becomes of them.
 */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/scene.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* From one run to the next; the first is at 2026-11-22T10:20:00Z. */
#define INTERVAL 1200

#define INPUT "[input meter]\nplugin = exec\ncommand = cat reading\n"

static struct scene *s;

static void
build(void)
{
  s = scene_new();
}

static void
leave(void)
{
  scene_free(s);
}

/* The pipeline "p.ini": the reader, and an output with OPTIONS. */
static void
write_pipeline(const char *options)
{
  scene_write(s, "p.ini",
              INPUT "[output hook]\nplugin = exec\n%s"
                    "value.energy = meter.energy\n",
              options);
}

/* The meter shows ENERGY, now by the scene's clock. */
static void
set_reading(const char *energy)
{
  time_t now = (time_t)scene_now(s);
  struct tm tm;
  char text[32];

  ck_assert_ptr_nonnull(gmtime_r(&now, &tm));
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
  scene_write(s, "reading",
              "{\"field\":\"energy\",\"value\":\"%s\",\"unit\":\"GJ\","
              "\"kind\":\"counter\",\"time\":\"%s\",\"serial\":\"6789\"}\n",
              energy, text);
}

/* The next run, with a reading. */
static void
run(const char *energy)
{
  scene_advance(s, INTERVAL);
  set_reading(energy);
  scene_run(s, "run -c p.ini");
}

static void
check(int status, const char *err)
{
  ck_assert_str_eq(scene_err(s), err);
  ck_assert_int_eq(scene_status(s), status);
}

/* FILE of the scene holds TEXT. */
static void
check_file(const char *file, const char *text)
{
  const char *have = scene_read(s, file);

  ck_assert_msg(have != NULL, "there is no %s", file);
  ck_assert_str_eq(have, text);
}

/* ---- What a command is given ------------------------------------------------
 */

START_TEST(record_is_exact_and_complete)
{
  scene_write(s, "p.ini",
              INPUT "[output hook]\nplugin = exec\nclass = append\n"
                    "command = sh -c 'cat >got'\n"
                    "value.energy = meter.energy\nvalue.flow = meter.flow\n"
                    "value.note = meter.note\nvalue.never = meter.never\n");
  scene_write(s, "reading",
              "{\"field\":\"energy\",\"value\":\"84.200\",\"unit\":\"GJ\","
              "\"kind\":\"counter\",\"time\":\"2026-11-22T11:00:00+01:00\"}\n"
              "{\"field\":\"flow\",\"value\":-0.50,\"unit\":\"m3/h\","
              "\"time\":\"2026-11-22T09:59:59.999Z\"}\r\n\n"
              "{\"field\":\"note\",\"text\":\"\\u201ehot\\u201c \\\\ \\\"\","
              "\"time\":\"2026-11-22T10:00:00Z\"}\n"
              "{\"field\":\"never\",\"value\":null}\n"
              "{\"serial\":\"6789\"}\n");
  scene_run(s, "run -c p.ini");
  check(EX_OK, "");
  check_file("got",
             "{\"id\":\"hook-1795341600000-1\","
             "\"time\":\"2026-11-22T10:00:00Z\",\"values\":{"
             "\"energy\":{\"value\":\"84.200\",\"unit\":\"GJ\","
             "\"kind\":\"counter\",\"time\":\"2026-11-22T10:00:00Z\","
             "\"serial\":\"6789\"},"
             "\"flow\":{\"value\":\"-0.50\",\"unit\":\"m3/h\","
             "\"kind\":\"gauge\",\"time\":\"2026-11-22T09:59:59Z\","
             "\"serial\":\"6789\"},"
             "\"note\":{\"value\":\"\342\200\236hot\342\200\234 \\\\ \\\"\","
             "\"kind\":\"text\",\"time\":\"2026-11-22T10:00:00Z\","
             "\"serial\":\"6789\"}}}\n");
}
END_TEST

/* It has three descriptors (ls opens the fourth), none of the 31 signals that a
 * program may use is ignored or blocked, and its group is its own. */
START_TEST(command_inherits_nothing_of_the_host)
{
  static const char script[] =
    "ls /proc/self/fd >got\n"
    "while read -r name bits; do\n"
    "  case $name in SigBlk:|SigIgn:)\n"
    "    echo $name $((0x$bits & 0x7fffffff)) >>got ;; esac\n"
    "done </proc/self/status\n"
    "read -r _ _ _ _ group _ </proc/self/stat\n"
    "[ \"$group\" = $$ ] && echo leads >>got\n";

  scene_write(s, "look.sh", "%s", script);
  write_pipeline("class = live\ncommand = sh look.sh\n");
  run("84.208");
  check(EX_OK, "");
  check_file("got", "0\n1\n2\n3\nSigBlk: 0\nSigIgn: 0\nleads\n");
}
END_TEST

static const struct {
  const char *command;
  const char *words; /* as the command gets them */
} word_rows[] = {
  { "sh words.sh a  b", "<a><b>" },
  { "sh words.sh 'a  b' ''", "<a  b><>" },
  { "sh words.sh \"it's\" x", "<it's><x>" },
  { "sh words.sh a\\ b \\' '\\'", "<a b><'><\\>" },
  { "sh words.sh $HOME *.ini `x` >y", "<$HOME><*.ini><`x`><>y>" },
};

START_TEST(command_is_words_and_no_shell_reads_them)
{
  scene_write(s, "words.sh", "printf '<%%s>' \"$@\" >got\n");
  scene_write(s, "p.ini",
              INPUT "[output hook]\nplugin = exec\nclass = live\ncommand = %s\n"
                    "value.energy = meter.energy\n",
              word_rows[_i].command);
  run("84.208");
  check(EX_OK, "");
  check_file("got", word_rows[_i].words);
}
END_TEST

/* ---- The status is the acknowledgement
 * --------------------------------------- */

static const struct {
  const char *class;
  int status;      /* that the command ends with */
  int run_status;  /* of the run */
  const char *err; /* of the run */
  int again;       /* whether the record comes again in the next run */
} status_rows[] = {
  { "live", 0, EX_OK, "notice: hook: sh: a word\n", 0 },
  { "live", 75, EX_TEMPFAIL, "error: hook: sh: ended with status 75: a word\n",
    0 },
  { "live", 1, EX_UNAVAILABLE, "error: hook: sh: ended with status 1: a word\n",
    0 },
  { "append", 0, EX_OK, "notice: hook: sh: a word\n", 0 },
  { "append", 75, EX_TEMPFAIL,
    "error: hook: sh: ended with status 75: a word\n", 1 },
  { "append", 1, EX_UNAVAILABLE,
    "error: hook: sh: ended with status 1: a word\n", 1 },
  { "history", 0, EX_OK, "notice: hook: sh: a word\n", 0 },
  { "history", 75, EX_TEMPFAIL,
    "error: hook: sh: ended with status 75: a word\n", 1 },
  { "history", 1, EX_UNAVAILABLE,
    "error: hook: sh: ended with status 1: a word\n", 1 },
};

/* The ids of what came, a line each. */
#define IDS "sed 's/^{\"id\":\"\\([^\"]*\\).*/\\1/' >>got\n"

START_TEST(status_decides_what_becomes_of_a_record)
{
  const int queued = strcmp(status_rows[_i].class, "live") != 0;
  char options[128], want[256];

  snprintf(options, sizeof(options), "class = %s\ncommand = sh take.sh\n",
           status_rows[_i].class);
  write_pipeline(options);
  scene_write(s, "take.sh", IDS "echo a word >&2\nexit %d\n",
              status_rows[_i].status);
  run("84.208");
  check(status_rows[_i].run_status, status_rows[_i].err);
  scene_write(s, "take.sh", IDS);
  scene_remove(s, "got");
  run("84.300");
  ck_assert_int_eq(scene_status(s), EX_OK);
  snprintf(want, sizeof(want), "%s%s",
           status_rows[_i].again ? "hook-1795342800000-1\n" : "",
           queued ? "hook-1795344000000-2\n" : "");
  if (queued)
    check_file("got", want);
}
END_TEST

/* Class latest: only the newest value matters, and a delta covers the gap. */
START_TEST(refused_delta_is_in_the_next_one)
{
  scene_write(s, "p.ini",
              INPUT "[transform usage]\nplugin = subtract\n"
                    "value = meter.energy\nminus = hook.energy\n"
                    "[output hook]\nplugin = exec\nclass = latest\n"
                    "command = sh take.sh\n"
                    "value.energy = meter.energy\nvalue.usage = usage\n");
  scene_write(s, "take.sh", "cat >got\n");
  run("84.208");
  check(EX_OK, "");
  scene_write(s, "take.sh", "exit 75\n");
  run("84.300");
  check(EX_TEMPFAIL, "error: hook: sh: ended with status 75\n");
  scene_write(s, "take.sh",
              "sed 's/\"\\(time\\|serial\\|id\\)\":\"[^\"]*\",*//g' >got\n");
  run("84.350");
  ck_assert_int_eq(scene_status(s), EX_OK);
  check_file("got",
             "{\"values\":{\"energy\":{\"value\":\"84.350\",\"unit\":\"GJ\","
             "\"kind\":\"counter\",},\"usage\":{\"value\":\"0.142\","
             "\"unit\":\"GJ\",\"kind\":\"delta\",}}}\n");
}
END_TEST

START_TEST(command_that_cannot_be_run_is_told_by_name)
{
  write_pipeline("class = append\ncommand = no-such-program --token=abc\n");
  run("84.208");
  check(EX_CONFIG,
        "error: hook: no-such-program: cannot be run: No such file or "
        "directory\n");
  scene_write(s, "plain", "text\n");
  write_pipeline("class = append\ncommand = ./plain\n");
  run("84.300");
  check(EX_NOPERM, "error: hook: ./plain: cannot be run: Permission denied\n");
}
END_TEST

/* check tells it before the first run. */
START_TEST(check_finds_a_command_that_cannot_be_run)
{
  write_pipeline("class = append\ncommand = no-such-program --token=abc\n");
  scene_write(s, "reading", "%s", "");
  scene_run(s, "check -c p.ini");
  check(EX_CONFIG,
        "error: hook: no-such-program: cannot be run: No such file or "
        "directory\n");
  write_pipeline("class = append\ncommand = ./p.ini\n");
  scene_run(s, "check -c p.ini");
  check(EX_NOPERM, "error: hook: ./p.ini: cannot be run: Permission denied\n");
  write_pipeline("class = append\ncommand = /etc\n");
  scene_run(s, "check -c p.ini");
  check(EX_NOPERM, "error: hook: /etc: cannot be run: Permission denied\n");
  write_pipeline("class = append\ncommand = true\n");
  scene_run(s, "check -c p.ini");
  ck_assert_str_eq(scene_err(s), "");
  ck_assert_int_eq(scene_status(s), EX_OK);
  scene_write(s, "p.ini",
              "[input meter]\nplugin = exec\ncommand = no-such-program\n"
              "[output table]\nplugin = stdout\nfield.a = meter.a\n");
  scene_run(s, "check -c p.ini");
  check(EX_CONFIG,
        "error: meter: no-such-program: cannot be run: No such file or "
        "directory\n");
}
END_TEST

/* A megabyte of complaints is not a megabyte of mail, and does nothing to the
 * terminal of who reads it. */
START_TEST(complaints_are_bounded_and_clean)
{
  write_pipeline("class = append\ncommand = sh take.sh\n");
  scene_write(s, "take.sh",
              "yes complaint | head -n 200000 >&2\n"
              "printf 'the \\033[31mlast\\377\\n' >&2\nexit 1\n");
  run("84.208");
  check(EX_UNAVAILABLE,
        "error: hook: sh: ended with status 1: the ?[31mlast?\n");
  scene_write(s, "take.sh",
              "i=0\nwhile [ $i -lt 30 ]; do\n"
              "  i=$((i + 1)); echo \"$i \" >&2; done\n");
  run("84.300");
  ck_assert_ptr_nonnull(strstr(
    scene_err(s), "notice: hook: sh: complains in more than 20 lines, of which "
                  "these are the last\nnotice: hook: sh: 11 \n"));
  ck_assert_ptr_nonnull(strstr(scene_err(s), "sh: 30 \n"));
}
END_TEST

START_TEST(command_need_not_read_what_it_is_given)
{
  write_pipeline("class = append\ncommand = true\n");
  run("84.208");
  check(EX_OK, "");
}
END_TEST

/* ---- Time
 * ---------------------------------------------------------------------- */

static int64_t
clock_ms(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The state of process PID; X: there is none. */
static char
process_state(int pid)
{
  char path[64], state = 'X';
  FILE *f;

  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  f = fopen(path, "r");
  if (f != NULL) {
    if (fscanf(f, "%*d %*s %c", &state) != 1)
      state = 'X';
    fclose(f);
  }
  return state;
}

/* A process whose number a script left in FILE is gone, or dead and not yet
 * taken care of by init; soon, as it was not waited for. */
static void
check_gone(const char *file)
{
  const char *text = scene_read(s, file);
  int64_t until = clock_ms() + 10000;
  char state;
  int pid;

  ck_assert_ptr_nonnull(text);
  pid = (int)strtol(text, NULL, 10);
  for (state = process_state(pid); clock_ms() < until && !strchr("XZ", state);
       state = process_state(pid))
    usleep(5000);
  ck_assert_msg(strchr("XZ", state) != NULL, "process %d is in state %c", pid,
                state);
}

static const char *const slow_scripts[] = {
  "sleep 60 & echo $! >pid\nwait\n",
  "trap '' TERM\nsleep 60 & echo $! >pid\nwait\nsleep 60\n",
  "echo $$ >pid\nkill -STOP $$\n",
};

START_TEST(whole_group_ends_at_the_timeout)
{
  int64_t begun = clock_ms();

  scene_write(s, "slow.sh", "%s", slow_scripts[_i]);
  write_pipeline("class = append\ncommand = sh slow.sh\ntimeout = 200ms\n");
  run("84.208");
  check(EX_TEMPFAIL, "error: hook: sh: was still running when its time was "
                     "over, and was ended\n");
  ck_assert_int_lt(clock_ms() - begun, 5000);
  check_gone("pid");
}
END_TEST

START_TEST(deadline_of_the_cycle_ends_the_command_too)
{
  int64_t begun = clock_ms();

  scene_write(s, "slow.sh", "sleep 60\n");
  scene_write(s, "p.ini",
              "[pipeline]\ndeadline = 500ms\n" INPUT
              "[output hook]\nplugin = exec\nclass = append\n"
              "command = sh slow.sh\nvalue.energy = meter.energy\n");
  run("84.208");
  check(EX_TEMPFAIL, "error: hook: sh: was still running when its time was "
                     "over, and was ended\n");
  ck_assert_int_lt(clock_ms() - begun, 5000);
}
END_TEST

START_TEST(what_a_command_leaves_behind_is_ended_and_not_waited_for)
{
  int64_t begun = clock_ms();

  scene_write(s, "leave.sh", "sleep 60 & echo $! >pid\n");
  write_pipeline("class = append\ncommand = sh leave.sh\n");
  run("84.208");
  check(EX_OK, "");
  ck_assert_int_lt(clock_ms() - begun, 5000);
  check_gone("pid");
}
END_TEST

/* What left the group lives on, and goes on writing: nobody waits for it. */
START_TEST(what_left_the_group_is_not_waited_for)
{
  int64_t begun = clock_ms();

  scene_write(s, "leave.sh", "setsid yes >&2 &\nsleep 0.1\n");
  write_pipeline("class = append\ncommand = sh leave.sh\n");
  run("84.208");
  ck_assert_int_eq(scene_status(s), EX_OK);
  ck_assert_int_lt(clock_ms() - begun, 5000);
}
END_TEST

START_TEST(signal_ends_the_run_and_the_command)
{
  scene_write(s, "slow.sh", "echo $$ >pid\nsleep 60\n");
  write_pipeline("class = append\ncommand = sh slow.sh\n");
  set_reading("84.208");
  scene_start(s, "run -c p.ini");
  for (int i = 0; i < 2000 && !scene_exists(s, "pid"); i++)
    usleep(5000);
  kill(scene_pid(s), SIGTERM);
  scene_wait(s);
  check(EX_TEMPFAIL, "error: hook: sh: the run was ended\n");
  check_gone("pid");
}
END_TEST

/* ---- Redelivery
 * ------------------------------------------------------------------ */

/* The host is killed after the command has taken the record, before it could
 * note that: the record comes again, and has the same id. */
START_TEST(record_comes_again_with_its_id_after_a_crash)
{
  scene_write(s, "take.sh", IDS "kill -9 $PPID\nsleep 60\n");
  write_pipeline("class = append\ncommand = sh take.sh\n");
  run("84.208");
  ck_assert_int_eq(scene_status(s), 128 + SIGKILL);
  check_file("got", "hook-1795342800000-1\n");
  scene_write(s, "take.sh", IDS);
  run("84.300");
  check(EX_OK, "");
  check_file("got", "hook-1795342800000-1\nhook-1795342800000-1\n"
                    "hook-1795344000000-2\n");
}
END_TEST

/* A state that was lost begins to count its rows anew; no id comes twice. */
START_TEST(ids_are_not_used_again_when_the_state_is_lost)
{
  scene_write(s, "take.sh", IDS);
  write_pipeline("class = append\ncommand = sh take.sh\n");
  run("84.208");
  scene_remove(s, "p.db");
  run("84.300");
  check(EX_OK, "");
  check_file("got", "hook-1795342800000-1\nhook-1795344000000-1\n");
}
END_TEST

/* ---- What the targets show
 * --------------------------------------------------------- */

#define SHOWN_PIPELINE                                                         \
  INPUT "[transform usage]\nplugin = subtract\nvalue = meter.energy\n"         \
        "minus = hook.energy\n"                                                \
        "[output hook]\nplugin = exec\nclass = latest\n"                       \
        "command = sh -c 'cat >got'\nfetch = sh show.sh\n"                     \
        "value.energy = meter.energy\nvalue.usage = usage\n"

/* What is shown counts as the last known value where there is no record. */
START_TEST(shown_value_is_the_first_base)
{
  scene_write(s, "p.ini", SHOWN_PIPELINE);
  scene_write(s, "show.sh",
              "cat >asked\n"
              "echo '{\"target\":\"energy\",\"value\":\"84.000\","
              "\"unit\":\"GJ\",\"updated\":\"monday\"}'\n"
              "echo '{\"target\":\"usage\",\"value\":null}'\n"
              "echo '{\"target\":\"of somebody else\",\"value\":\"1\"}'\n");
  run("84.208");
  check(EX_OK, "");
  check_file("asked", "{\"target\":\"energy\"}\n{\"target\":\"usage\"}\n");
  ck_assert_ptr_nonnull(
    strstr(scene_read(s, "got"), "\"usage\":{\"value\":\"0.208\""));
}
END_TEST

static const struct {
  const char *script;
  int status;
  const char *err;
} fetch_rows[] = {
  { "echo away >&2; exit 75", EX_TEMPFAIL,
    "error: hook: sh: ended with status 75: away\n" },
  { "exit 2", EX_UNAVAILABLE, "error: hook: sh: ended with status 2\n" },
  { "echo '{\"target\":\"energy\",\"value\":\"x\"}'", EX_TEMPFAIL,
    "error: hook: sh: line 1 of what it printed has a value that is no decimal "
    "number, such as \"17.50\"\n" },
  { "echo '{}'", EX_TEMPFAIL,
    "error: hook: sh: line 1 of what it printed has no target\n" },
  { "echo; echo nonsense", EX_TEMPFAIL,
    "error: hook: sh: line 2 of what it printed is no JSON object\n" },
};

START_TEST(nothing_is_sent_where_the_targets_could_not_be_asked)
{
  scene_write(s, "p.ini", SHOWN_PIPELINE);
  scene_write(s, "show.sh", "%s\n", fetch_rows[_i].script);
  run("84.208");
  check(fetch_rows[_i].status, fetch_rows[_i].err);
  ck_assert(!scene_exists(s, "got"));
}
END_TEST

/* ---- Mistakes in the pipeline file
 * --------------------------------------------------- */

static const struct {
  const char *options, *err;
} mistake_rows[] = {
  { "command = true\n",
    "p.ini:4: option \"class\" is missing: how it is delivered: see DELIVERY "
    "CLASSES in meterpipe-plugin(3); for example: class = live\n" },
  { "class = append\n",
    "p.ini:4: option \"command\" is missing: the program that delivers, and "
    "its "
    "arguments; no shell reads it; for example: command = TEXT\n" },
  { "command = true\nclass = apend\n",
    "p.ini:7: class: \"apend\" is none of live|latest|append|history; the "
    "nearest is \"append\"\n" },
  { "class = append\ncommand = sh -c 'exit\n",
    "p.ini:7: command: is no command: write PROGRAM ARGUMENT..., and close "
    "each "
    "quote\n" },
  { "class = append\ncommand = true\nfetch = ''\n",
    "p.ini:8: fetch: is no command: write PROGRAM ARGUMENT..., and close each "
    "quote\n" },
};

START_TEST(mistake_is_told_with_its_line)
{
  write_pipeline(mistake_rows[_i].options);
  scene_run(s, "check --offline -c p.ini");
  check(EX_CONFIG, mistake_rows[_i].err);
}
END_TEST

START_TEST(target_of_class_live_is_no_operand)
{
  scene_write(s, "p.ini",
              INPUT "[transform usage]\nplugin = subtract\n"
                    "value = meter.energy\nminus = hook.energy\n"
                    "[output hook]\nplugin = exec\nclass = live\n"
                    "command = true\nvalue.energy = meter.energy\n");
  scene_run(s, "check --offline -c p.ini");
  check(EX_CONFIG,
        "p.ini:7: minus: \"hook\" keeps no values (it is a live output), so it "
        "has no last known ones\n");
}
END_TEST

/* ---- Input
 * ---------------------------------------------------------------------------
 */

#define PRINTED "error: meter: sh: line 1 of what it printed "

static const struct {
  const char *script;
  int status;
  const char *out, *err;
} input_rows[] = {
  { "echo '{\"field\":\"a\",\"value\":\"1.50\",\"unit\":\"kW\"}'", EX_OK,
    "meter.a 1.50 kW\n", "" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'\n"
    "echo '{\"field\":\"a\",\"value\":\"2\"}'",
    EX_OK, "meter.a 2\n", "" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'; echo look >&2", EX_OK,
    "meter.a 1\n", "notice: meter: sh: look\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'; echo asleep >&2; exit 75",
    EX_TEMPFAIL, "", "error: meter: sh: ended with status 75: asleep\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\"}'; exit 1", EX_IOERR, "",
    "error: meter: sh: ended with status 1\n" },
  { "kill -9 $$", EX_PROTOCOL, "",
    "error: meter: sh: was ended by signal 9\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1e3\"}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of what it printed has a value that is no "
    "decimal "
    "number, such as \"17.50\"\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"kind\":\"sum\"}'", EX_PROTOCOL,
    "",
    "error: meter: sh: line 1 of what it printed has a kind that is none of "
    "counter, gauge and delta\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"time\":\"now\"}'", EX_PROTOCOL,
    "",
    "error: meter: sh: line 1 of what it printed has a time that is not "
    "written "
    "as 2026-11-22T10:00:00Z\n" },
  { "echo '{\"field\":\"A b\",\"value\":\"1\"}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of what it printed has a field whose name is not "
    "made of a-z, 0-9, _ . and -\n" },
  { "echo '{\"value\":\"1\"}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of what it printed has no field\n" },
  { "echo '{\"field\":\"a\",\"value\":[1]}'", EX_PROTOCOL, "",
    "error: meter: sh: line 1 of what it printed holds a value that is no "
    "text, "
    "number, true, false or null\n" },
  { "printf '{\"field\":\"a\",\"text\":\"\\377\"}'", EX_PROTOCOL, "",
    PRINTED "is not UTF-8\n" },
  { "printf '{\"field\":\"a\",\"text\":\"%s\"}' '\\u001b[31m'", EX_PROTOCOL, "",
    PRINTED "has a text with line ends or other control characters\n" },
  { "printf '{\"field\":\"a\",\"text\":\"%s\"}' '\\ud800'", EX_PROTOCOL, "",
    PRINTED "holds a text that is no JSON string\n" },
  { "printf '{\"field\":\"a\",\"value\":\"1\"}\\0{}\\n'", EX_PROTOCOL, "",
    "error: meter: sh: printed a NUL byte: nothing of it counts\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"value\":\"2\"}'", EX_PROTOCOL, "",
    PRINTED "has a member twice\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\",\"text\":\"x\"}'", EX_PROTOCOL, "",
    PRINTED "has a value and a text\n" },
  { "echo '{\"field\":\"a\",\"vlaue\":\"1\"}'", EX_PROTOCOL, "",
    PRINTED "has neither value nor text; null says that it is missing\n" },
  { "echo '{\"field\":\"a\",\"value\":NaN}'", EX_PROTOCOL, "",
    PRINTED "holds a value that is no text, number, true, false or null\n" },
  { "echo '{\"field\":\"a\",\"value\":1e999999}'", EX_PROTOCOL, "",
    PRINTED "has a value that is no decimal number, such as \"17.50\"\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\","
    "\"time\":\"2026-11-22T10:00:00\"}'",
    EX_PROTOCOL, "",
    PRINTED "has a time that is not written as 2026-11-22T10:00:00Z\n" },
  { "echo '{\"field\":\"a\",\"value\":\"1\","
    "\"time\":\"0001-01-01T00:00:00Z\"}'",
    EX_PROTOCOL, "",
    PRINTED "has a time before 1970: leave it out, and it is now\n" },
  { "printf '{\"field\":\"a\",\"value\":\"1\"}\\n{\"field\":\"b\",\"val'",
    EX_PROTOCOL, "",
    "error: meter: sh: line 2 of what it printed holds a text that is no JSON "
    "string\n" },
  { "yes '{\"field\":\"a\",\"value\":\"1\"}' | head -c 5000000", EX_PROTOCOL,
    "", "error: meter: sh: printed more than 4 MiB: nothing of it counts\n" },
  { ":", EX_OK, "", "" },
};

START_TEST(lines_of_a_command_are_values)
{
  scene_write(s, "read.sh", "%s\n", input_rows[_i].script);
  scene_write(s, "p.ini",
              "[input meter]\nplugin = exec\ncommand = sh read.sh\n"
              "[output table]\nplugin = stdout\nformat = line\n");
  scene_run(s, "run -c p.ini");
  check(input_rows[_i].status, input_rows[_i].err);
  ck_assert_str_eq(scene_out(s), input_rows[_i].out);
}
END_TEST

/* What somebody wants by name and is not printed is told; null is an answer. */
START_TEST(wanted_field_that_is_not_printed_is_told)
{
  scene_write(s, "p.ini",
              INPUT "[output table]\nplugin = stdout\nformat = line\n"
                    "field.a = meter.a\nfield.b = meter.b\n"
                    "field.c = meter.c\n");
  scene_write(s, "reading",
              "{\"field\":\"a\",\"value\":\"1\"}\n"
              "{\"field\":\"b\",\"value\":null}\n"
              "{\"field\":\"C\",\"value\":\"1\"}\n");
  scene_run(s, "run -c p.ini");
  check(EX_PROTOCOL, "error: meter: cat: line 3 of what it printed has a field "
                     "whose name is not made of a-z, 0-9, _ . and -\n");
  scene_write(s, "reading",
              "{\"field\":\"a\",\"value\":\"1\"}\n"
              "{\"field\":\"b\",\"value\":null}\n");
  scene_run(s, "run -c p.ini");
  ck_assert_ptr_nonnull(
    strstr(scene_err(s), "error: meter: c: cat did not print it\n"));
  ck_assert_ptr_null(strstr(scene_err(s), "meter: b"));
  ck_assert_int_eq(scene_status(s), EX_DATAERR);
  ck_assert_str_eq(scene_out(s), "a 1\n");
}
END_TEST

START_TEST(slow_reader_is_ended_and_the_others_count)
{
  scene_write(s, "p.ini",
              INPUT "[input slow]\nplugin = exec\ncommand = sleep 60\n"
                    "timeout = 100ms\n"
                    "[output table]\nplugin = stdout\nformat = line\n");
  run("84.208");
  check(EX_PROTOCOL, "error: slow: sleep: was still running when its time was "
                     "over, and was ended\n");
  ck_assert_str_eq(scene_out(s), "meter.energy 84.208 GJ\n");
}
END_TEST

/* ---- The examples
 * -------------------------------------------------------------------- */

static const char *
example(const char *name)
{
  static char path[1024];
  const char *srcdir = getenv("srcdir");
  char *real;

  snprintf(path, sizeof(path), "%s/examples/exec/%s", srcdir ? srcdir : ".",
           name);
  real = realpath(path, NULL);
  ck_assert_msg(real != NULL, "%s is not there", path);
  snprintf(path, sizeof(path), "%s", real);
  free(real);
  return path;
}

static void
write_example_output(const char *class, const char *script,
                     const char *argument)
{
  char options[1200];

  snprintf(options, sizeof(options), "class = %s\ncommand = %s %s\n", class,
           example(script), argument);
  write_pipeline(options);
}

/* A web hook that answers with a status, and keeps what it was sent last. */
static struct hook {
  int fd;
  int port;
  int status;
  char body[2048];
  pthread_t thread;
} hook;

static void
answer_one(int fd)
{
  char request[4096], reply[128];
  size_t len = 0;
  const char *body = NULL, *length;
  size_t wanted = sizeof(request);

  while (len < sizeof(request) - 1 && (!body || strlen(body) < wanted)) {
    ssize_t n = read(fd, request + len, sizeof(request) - 1 - len);

    if (n <= 0)
      break;
    len += (size_t)n;
    request[len] = '\0';
    body = strstr(request, "\r\n\r\n");
    length = strstr(request, "Content-Length: ");
    if (!body || !length)
      continue;
    body += 4;
    wanted = strtoul(length + strlen("Content-Length: "), NULL, 10);
  }
  snprintf(hook.body, sizeof(hook.body), "%s", body ? body : "");
  snprintf(reply, sizeof(reply),
           "HTTP/1.1 %d Answer\r\nContent-Length: 0\r\n"
           "Connection: close\r\n\r\n",
           hook.status);
  if (write(fd, reply, strlen(reply)) < 0)
    perror("hook");
  close(fd);
}

static void *
serve(void *unused)
{
  int fd;

  (void)unused;
  for (fd = accept(hook.fd, NULL, NULL); fd >= 0;
       fd = accept(hook.fd, NULL, NULL))
    answer_one(fd);
  return NULL;
}

static void
start_hook(void)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof(address);

  memset(&hook, 0, sizeof(hook));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  hook.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(hook.fd, 0);
  ck_assert_int_eq(bind(hook.fd, (struct sockaddr *)&address, size), 0);
  ck_assert_int_eq(listen(hook.fd, 8), 0);
  ck_assert_int_eq(getsockname(hook.fd, (struct sockaddr *)&address, &size), 0);
  hook.port = ntohs(address.sin_port);
  ck_assert_int_eq(pthread_create(&hook.thread, NULL, serve, NULL), 0);
}

static void
stop_hook(void)
{
  shutdown(hook.fd, SHUT_RDWR);
  close(hook.fd);
  pthread_join(hook.thread, NULL);
}

static const struct {
  int answer, status;
  const char *end; /* of the script; NULL: nothing is said */
} hook_rows[] = {
  { 200, EX_OK, NULL },
  { 204, EX_OK, NULL },
  { 503, EX_TEMPFAIL, "75: the web hook answered with 503" },
  { 404, EX_UNAVAILABLE, "1: the web hook answered with 404" },
};

START_TEST(example_posts_to_a_web_hook)
{
  char url[64], err[2048];

  start_hook();
  hook.status = hook_rows[_i].answer;
  snprintf(url, sizeof(url), "http://127.0.0.1:%d/hook", hook.port);
  write_example_output("history", "webhook.sh", url);
  run("84.208");
  stop_hook();
  err[0] = '\0';
  if (hook_rows[_i].end)
    snprintf(err, sizeof(err), "error: hook: %s: ended with status %s\n",
             example("webhook.sh"), hook_rows[_i].end);
  check(hook_rows[_i].status, err);
  ck_assert_str_eq(hook.body,
                   "{\"id\":\"hook-1795342800000-1\","
                   "\"time\":\"2026-11-22T10:20:00Z\",\"values\":{\"energy\":"
                   "{\"value\":\"84.208\",\"unit\":\"GJ\","
                   "\"kind\":\"counter\",\"time\":\"2026-11-22T10:20:00Z\","
                   "\"serial\":\"6789\"}}}");
}
END_TEST

#define JOURNAL_LINE(time, row, clock, energy)                                 \
  "{\"id\":\"hook-" time "-" row "\",\"time\":\"2026-11-22T" clock "Z\","      \
  "\"values\":{\"energy\":{\"value\":\"" energy "\",\"unit\":\"GJ\","          \
  "\"kind\":\"counter\",\"time\":\"2026-11-22T" clock "Z\","                   \
  "\"serial\":\"6789\"}}}\n"

/* The journal has the record already, or a part of it, when it comes again. */
START_TEST(example_journal_has_each_record_once)
{
  static const char first[] =
    JOURNAL_LINE("1795342800000", "1", "10:20:00", "84.208");

  scene_write(s, "take.sh", "cat >journal\nkill -9 $PPID\nsleep 60\n");
  write_pipeline("class = append\ncommand = sh take.sh\n");
  run("84.208");
  check_file("journal", first);
  scene_write(s, "journal", "%.*s",
              (int)(_i == 0 ? strlen(first) : strlen(first) / 2), first);
  write_example_output("append", "journal.py", "journal");
  run("84.300");
  check(EX_OK, "");
  check_file("journal",
             JOURNAL_LINE("1795342800000", "1", "10:20:00", "84.208")
               JOURNAL_LINE("1795344000000", "2", "10:40:00", "84.300"));
}
END_TEST

static const struct {
  const char *count, *out;
  int status;
} temperature_rows[] = {
  { "21500\n", "room.temperature 21.500 \302\260C\n", EX_OK },
  { "-5\n", "room.temperature -0.005 \302\260C\n", EX_OK },
  { "", "", EX_TEMPFAIL },
};

START_TEST(example_reads_a_temperature)
{
  scene_write(s, "sensor", "%s", temperature_rows[_i].count);
  scene_write(s, "p.ini",
              "[input room]\nplugin = exec\ncommand = %s sensor\n"
              "[output table]\nplugin = stdout\nformat = line\n",
              example("temperature.sh"));
  scene_run(s, "run -c p.ini");
  ck_assert_int_eq(scene_status(s), temperature_rows[_i].status);
  ck_assert_str_eq(scene_out(s), temperature_rows[_i].out);
}
END_TEST

static bool
has_program(const char *name)
{
  char command[64];

  snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
  return system(command) == 0;
}

static Suite *
exec_suite(void)
{
  Suite *suite = suite_create("exec");
  TCase *tc = tcase_create("command");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, record_is_exact_and_complete);
  tcase_add_test(tc, command_inherits_nothing_of_the_host);
  tcase_add_loop_test(tc, command_is_words_and_no_shell_reads_them, 0,
                      ARRAY_SIZE(word_rows));
  tcase_add_loop_test(tc, status_decides_what_becomes_of_a_record, 0,
                      ARRAY_SIZE(status_rows));
  tcase_add_test(tc, refused_delta_is_in_the_next_one);
  tcase_add_test(tc, command_that_cannot_be_run_is_told_by_name);
  tcase_add_test(tc, check_finds_a_command_that_cannot_be_run);
  tcase_add_test(tc, complaints_are_bounded_and_clean);
  tcase_add_test(tc, command_need_not_read_what_it_is_given);
  tcase_add_loop_test(tc, whole_group_ends_at_the_timeout, 0,
                      ARRAY_SIZE(slow_scripts));
  tcase_add_test(tc, deadline_of_the_cycle_ends_the_command_too);
  tcase_add_test(tc, what_a_command_leaves_behind_is_ended_and_not_waited_for);
  if (has_program("setsid"))
    tcase_add_test(tc, what_left_the_group_is_not_waited_for);
  tcase_add_test(tc, signal_ends_the_run_and_the_command);
  tcase_add_test(tc, record_comes_again_with_its_id_after_a_crash);
  tcase_add_test(tc, ids_are_not_used_again_when_the_state_is_lost);
  tcase_add_test(tc, shown_value_is_the_first_base);
  tcase_add_loop_test(tc, nothing_is_sent_where_the_targets_could_not_be_asked,
                      0, ARRAY_SIZE(fetch_rows));
  tcase_add_loop_test(tc, mistake_is_told_with_its_line, 0,
                      ARRAY_SIZE(mistake_rows));
  tcase_add_test(tc, target_of_class_live_is_no_operand);
  tcase_add_loop_test(tc, lines_of_a_command_are_values, 0,
                      ARRAY_SIZE(input_rows));
  tcase_add_test(tc, wanted_field_that_is_not_printed_is_told);
  tcase_add_test(tc, slow_reader_is_ended_and_the_others_count);
  tcase_add_loop_test(tc, example_reads_a_temperature, 0,
                      ARRAY_SIZE(temperature_rows));
  if (has_program("curl"))
    tcase_add_loop_test(tc, example_posts_to_a_web_hook, 0,
                        ARRAY_SIZE(hook_rows));
  if (has_program("python3"))
    tcase_add_loop_test(tc, example_journal_has_each_record_once, 0, 2);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  SRunner *runner = srunner_create(exec_suite());
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
