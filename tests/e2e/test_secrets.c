/*
 * A planted password is nowhere but in the place where it was planted: not in
 * the messages of any command at any level, not in a file that the command
 * leaves, and not visible to the commands that it starts, whatever the server
 * answers.
 */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/support/domoticz_setup.h"
#include "tests/support/run_suite.h"

#define PASSWORD "pl4nted/s3cret+x"
#define TOKEN "pl4nted.s3cret_x"
#define LOGIN "username = me\npassword = " PASSWORD "\n"

/* Parts of the password and the token that are the same in plain text and in
 * URLs; and encodings of the password: base64, also after "me:", which is three
 * bytes; and MD5, which Domoticz stores. */
static const char *const forms[] = {
  "pl4nted",
  "s3cret",
  "cGw0bnRlZC9zM2NyZXQreA",
  "1d9980d78d983bf81af256abf3fd3fdf",
};

static struct domoticz_setup house;

static void
build(void)
{
  domoticz_setup_build(&house, DOMOTICZ_2026_3);
  domoticz_server_add(house.server, 323, "custom", "GJ");
  domoticz_server_set_login(house.server, "me", PASSWORD, true);
  domoticz_server_set_token(house.server, TOKEN);
  meter_set(house.meter, "60=84.208GJ");
  sandbox_write(house.sandbox, "pw", PASSWORD "\n");
  sandbox_write(house.sandbox, "token", TOKEN "\n");
  ck_assert_int_eq(symlink(getenv("METERPIPE_PLUGIN_PATH"),
                           domoticz_setup_text(&house, "{dir}/.libs")),
                   0);
}

/* Writes a pipeline with files of every kind, the server at URL with LOGIN, and
 * MORE sections. */
static void
write_pipeline(const char *url, const char *login, const char *more)
{
  sandbox_write(house.sandbox, "house.ini",
                "[pipeline]\nstate_dir = .\n[input meter]\nplugin = kmp\n"
                "device = %s\ntimeout = 2s\nretries = 0\n"
                "capture = heat.capture\n[output domoticz]\nplugin = domoticz\n"
                "url = %s\ntimeout = 2s\n%sidx.323 = meter.heat_energy_e1\n"
                "[output log]\nplugin = csv\npath = heat.csv\n"
                "column.energy = meter.heat_energy_e1\n%s",
                meter_path(house.meter), url, login, more);
}

static const char *
here(void)
{
  return domoticz_server_url(house.server);
}

static void
leave(void)
{
  domoticz_setup_leave(&house);
}

/* ---- The search for the password ----------------------------------------- */

static void
check_clean(const char *where, const char *bytes, size_t len)
{
  for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
    ck_assert_msg(!memmem(bytes, len, forms[i], strlen(forms[i])),
                  "the secret (%s) is in %s", forms[i], where);
}

static void
check_file(const char *path)
{
  char bytes[1 << 16];
  FILE *f = fopen(path, "r");
  size_t n;

  ck_assert_msg(f, "%s", path);
  n = fread(bytes, 1, sizeof(bytes), f);
  fclose(f);
  check_clean(path, bytes, n);
}

static int
check_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  const char *name = path + ftw->base;

  (void)st;
  if (type == FTW_F && strcmp(name, "house.ini") != 0 &&
      strcmp(name, "pw") != 0 && strcmp(name, "token") != 0)
    check_file(path);
  return 0;
}

/* Checks the output of the last run, and all files of the sandbox except those
 * where the password was planted. */
static void
check_nowhere(const char *args)
{
  char said[512];

  snprintf(said, sizeof(said), "what \"%s\" said", args);
  check_clean(said, sandbox_out(house.sandbox),
              strlen(sandbox_out(house.sandbox)));
  check_clean(said, sandbox_err(house.sandbox),
              strlen(sandbox_err(house.sandbox)));
  ck_assert_int_eq(nftw(sandbox_dir(house.sandbox), check_one, 8, FTW_PHYS), 0);
}

static int
run(const char *args)
{
  int status;

  domoticz_setup_wait(&house, 20);
  status = sandbox_run(house.sandbox, "%s", args);
  check_nowhere(args);
  return status;
}

/* ---- Messages when all is well ------------------------------------------- */

static const char *const ways[] = {
  LOGIN,
  "username = me\npassword_file = pw\n",
  "username = me\npassword = ${PW}\n",
  "token = " TOKEN "\n",
  "token_file = token\n",
};

static const struct {
  const char *args;
  int status;
} commands[] = {
  { "check -c house.ini", EX_OK },
  { "check -v -v -v -c house.ini", EX_OK },
  { "check --offline -v -c house.ini", EX_OK },
  { "run -n -v -v -c house.ini", EX_OK },
  { "run -n --offline -v -v -c house.ini", EX_OK },
  { "run -c house.ini", EX_OK },
  { "run -v -c house.ini", EX_OK },
  { "run -v -v -v -c house.ini", EX_OK },
  { "run -q -c house.ini", EX_OK },
  { "plugins", EX_OK },
  { "plugins -v -v domoticz", EX_OK },
  { "status -v -v -c house.ini", EX_OK },
  { "status --json -c house.ini", EX_OK },
  { "graph -c house.ini", EX_OK },
  { "rebase -v -v -c house.ini", EX_USAGE },
  { "targets -v -v -c house.ini domoticz", EX_OK },
  { "targets -v -v -c house.ini domoticz --create Heat:counter-GJ --yes",
    EX_OK },
};

START_TEST(no_command_prints_the_password)
{
  build();
  sandbox_setenv(house.sandbox, "PW", PASSWORD);
  write_pipeline(here(), ways[_i], "");
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
    ck_assert_msg(run(commands[i].args) == commands[i].status, "%s: %d\n%s",
                  commands[i].args, sandbox_status(house.sandbox),
                  sandbox_err(house.sandbox));
  ck_assert_str_eq(domoticz_server_get(house.server, 323), "84.208");
}
END_TEST

/* Commands that are typed by hand, with the password among their arguments. */
static const char *const by_hand[] = {
  "targets -v -v domoticz url={url} username=me password=" PASSWORD,
  "targets domoticz url={url} username=me password=" PASSWORD
  " --create Heat:counter-GJ --yes",
  "targets domoticz url={url} username=me password=" PASSWORD
  " password=" PASSWORD,
  "targets domoticz url={url} username=me pasword=" PASSWORD,
  "targets -v -v domoticz url={url} token=" TOKEN,
  "targets -v -v domoticz url={url} token=" PASSWORD,
  "targets domoticz url={url} token_file=" TOKEN,
  "targets domoticz url={url} token " TOKEN,
  "conform .libs/output_domoticz.so url={url} token=" TOKEN,
  "targets domoticz url={url} username=me password= " PASSWORD,
  "targets domoticz url={url} username=me password = " PASSWORD,
  "targets domoticz url={url} username=me password =" PASSWORD,
  "targets domoticz url={url} username=me password " PASSWORD,
  "targets domoticz url={url} password=" PASSWORD " timeout=soon",
  "targets domoticz url=http://me:" PASSWORD "@127.0.0.1",
  "targets domoticz url={url} password=correct " PASSWORD,
  "targets domoticz url={url} password=correct horse " PASSWORD,
  "targets password=" PASSWORD " domoticz url={url}",
  "targets domoticz url={url} --password=" PASSWORD,
  "targets -v -v domoticz url={url} username=me password_file=" PASSWORD,
  "conform .libs/output_domoticz.so url={url} password_file=" PASSWORD,
  "targets domoticz url={url} --password " PASSWORD,
  "probe domoticz url={url} password=" PASSWORD,
  "probe kmp device=/dev/null password=" PASSWORD " baud=x",
  "conform .libs/output_domoticz.so url={url} password=" PASSWORD,
  "conform .libs/output_domoticz.so url={url} password " PASSWORD,
  "conform .libs/output_domoticz.so url={url} password= " PASSWORD,
  "conform .libs/output_domoticz.so url={url} password=correct " PASSWORD,
  "conform .libs/output_domoticz.so url={url} pasword=" PASSWORD,
  "check password=" PASSWORD,
  "run --password=" PASSWORD,
  "targets domoticz password:" PASSWORD,
  "targets domoticz --password:" PASSWORD,
  "conform .libs/output_domoticz.so password:" PASSWORD,
  "conform .libs/output_domoticz.so password:" PASSWORD "=",
  "run password:" PASSWORD,
  "password=" PASSWORD,
  "import /dev/null 323:60:0 --url http://me:" PASSWORD "@127.0.0.1",
  "import /dev/null 323:60:0 --url me:" PASSWORD "@127.0.0.1",
  "import /dev/null 323:60:0 --url FTP://me:" PASSWORD "@127.0.0.1",
};

START_TEST(failing_command_lines_hide_the_password)
{
  build();
  write_pipeline(here(), LOGIN, "");
  domoticz_setup_wait(&house, 20);
  sandbox_run(house.sandbox, "%s", domoticz_setup_text(&house, by_hand[_i]));
  check_nowhere(by_hand[_i]);
}
END_TEST

/* ---- Mistakes in the pipeline file --------------------------------------- */

/* 800 bytes. */
#define LONG                                                                   \
  LONG_TENTH LONG_TENTH LONG_TENTH LONG_TENTH LONG_TENTH LONG_TENTH LONG_TENTH \
    LONG_TENTH LONG_TENTH LONG_TENTH
#define LONG_TENTH PASSWORD PASSWORD PASSWORD PASSWORD PASSWORD

static const struct {
  const char *login, *said;
} faulty[] = {
  { "username = me\npasword = " PASSWORD "\n",
    "unknown option \"pasword\"; the nearest is \"password\"" },
  { "username = me\npassword " PASSWORD "\n", "missing \"=\"" },
  { "username = me\npassword: " PASSWORD "\n", "missing \"=\"" },
  { "username = me\n= " PASSWORD "\n", "no name before the \"=\"" },
  { "username = me\npassword = \"" PASSWORD "\n", "double quote" },
  { LOGIN "password = " PASSWORD "\n", "is given twice" },
  { LOGIN "password_file = pw\n", "are both given" },
  { "token = pl4nted s3cret\n",
    "a character that an access token cannot have" },
  { "username = me\ntoken = " TOKEN "\n", "`username` is set, too" },
  { "token = " TOKEN "\ntoken_file = pw\n", "are both given" },
  { "tokens = " TOKEN "\n", "unknown option \"tokens\"; the nearest is" },
  { LOGIN "tls_verify = soon\n", "\"soon\" is not yes or no" },
  { "password = " PASSWORD "\n", "`username` is missing" },
  { "username = me\npassword = " PASSWORD "\x01\n", "a control character" },
  { "username = me\npassword = x\ncGw0bnRlZC9zM2NyZXQreA==\n",
    "indent the line" },
  { "username = me\npassword = x" LONG LONG LONG LONG LONG LONG "\n",
    "at most 4096 are allowed" },
  { "username = me\npassword x" LONG " = x\n", "at most 196 are allowed" },
  { "username = me\npassword_file = two-lines\n", "holds more than one line" },
  { "username = me\npassword_file = none\n", "No such file" },
  { "username = me\npassword_file = .\n", "Is a directory" },
  { "username = me\n[output " PASSWORD "\n", "does not end with \"]\"" },
};

START_TEST(config_errors_hide_the_password)
{
  build();
  write_pipeline(here(), faulty[_i].login, "");
  sandbox_write(house.sandbox, "pw",
                "x\n"); /* the other option has the secret */
  sandbox_write(house.sandbox, "two-lines", "a\nb\n");
  ck_assert_int_eq(run("check -v -v --offline -c house.ini"), EX_CONFIG);
  ck_assert_msg(strstr(sandbox_err(house.sandbox), faulty[_i].said), "%s",
                sandbox_err(house.sandbox));
  ck_assert_int_eq(run("run -v -v -c house.ini"), EX_CONFIG);
}
END_TEST

/* The lines of a pipeline; each slip is inserted below each line. */
static const char *const lines[] = {
  "state_dir = .",
  "plugin = kmp",
  "device = /dev/null",
  "fields = heat_energy_e1, volume_v1",
  "baud = 1200",
  "retries = 0",
  "capture = heat.capture",
  "value = meter.heat_energy_e1",
  "minus = domoticz.323",
  "plugin = domoticz",
  "url = http://127.0.0.1:1",
  "timeout = 2s",
  "username = me",
  "password = x",
  "ca_file = ca.pem",
  "idx.323 = meter.heat_energy_e1",
  "path = heat.csv",
  "line_end = lf",
  "column.energy = meter.heat_energy_e1",
  "class = live",
  "command = no-such-command",
  "value.e = meter.heat_energy_e1",
};

static const char *const slips[] = {
  "  password = " PASSWORD, "\tpassword=" PASSWORD,   "  password: " PASSWORD,
  "  password " PASSWORD,   "  Password = " PASSWORD, "  " PASSWORD,
  "  pl4nted=s3cret",
};

static const char *const told[] = {
  "check -v -v --offline -c house.ini",
  "run -v -v -c house.ini",
  "run -n --offline -v -v -c house.ini",
  "graph -c house.ini",
  "status -v -v -c house.ini",
  "rebase -v -v -c house.ini domoticz.323",
  "targets -v -v -c house.ini domoticz",
};

/* Writes a pipeline with SLIP below LINE. */
static void
write_slip(const char *line, const char *slip)
{
  static const char sections[] =
    "[pipeline]\n%0[input meter]\n%1%2%3%4%5%6[transform usage]\n"
    "plugin = subtract\n%7%8[output domoticz]\n%9%a%b%c%d%e%f"
    "[output log]\nplugin = csv\n%g%h%i[output hook]\nplugin = exec\n%j%k%l";
  static const char digits[] = "0123456789abcdefghijkl";
  char text[4096];
  size_t len = 0;

  for (const char *p = sections; *p; p++) {
    const char *of = *p == '%' ? lines[strchr(digits, *++p) - digits] : NULL;

    if (!of)
      len += (size_t)snprintf(text + len, sizeof(text) - len, "%c", *p);
    else
      len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n%s%s", of,
                              of == line ? slip : "", of == line ? "\n" : "");
  }
  sandbox_write(house.sandbox, "house.ini", "%s", text);
}

START_TEST(wrongly_indented_lines_hide_the_password)
{
  build();
  for (size_t i = 0; i < ARRAY_SIZE(slips); i++) {
    write_slip(lines[_i], slips[i]);
    for (size_t k = 0; k < (i == 0 ? ARRAY_SIZE(told) : 2); k++)
      run(told[k]);
    if (strchr(slips[i], '='))
      ck_assert_msg(strstr(sandbox_err(house.sandbox), "is indented, so it"),
                    "%s\n%s\n%s", lines[_i], slips[i],
                    sandbox_err(house.sandbox));
  }
}
END_TEST

/* The password in an option for something else, or in a form that means
 * something else. */
static const struct {
  const char *login, *said;
} misplaced[] = {
  { "username = me\npassword_file = " PASSWORD "\n",
    "password_file: the file cannot be read" },
  { "username = me\npassword_file = s3cret\n", "password_file: the file" },
  { "username = me\npassword_file = pl4nted-two\n",
    "password_file: the file holds more than one line" },
  { "username = me\npassword_file = pl4nted-open\nurl2 = x\n",
    "everybody can read the file" },
  { "username = me\npassword = a${s3cret}c\n", "in the value is not set" },
  { "username = me\npassword = ${pl4nted}\n", "in the value is not set" },
  { "username = me\npasword = ${pl4nted}\n", "in the value is not set" },
  { "username = me\npassword_file = ${pl4nted}\n", "in the value is not set" },
  { "username = me\npassword = a\n  b${pl4nted}\n", "in the value is not set" },
  { "username = me\npassword = ${s3cret_bad}\n",
    "in the value holds a control" },
  { "username = me\npassword = first\ns3cret=rest\n",
    "whose name is not shown" },
  { "username = me\npassword = \"first\n  " PASSWORD "\n", "double quote" },
  { "ca_file = ${MISSING}\n", "environment variable MISSING is not set" },
};

START_TEST(misplaced_password_is_not_printed)
{
  build();
  sandbox_setenv(house.sandbox, "s3cret_bad", "a\001b");
  sandbox_write(house.sandbox, "pl4nted-two", "a\nb\n");
  sandbox_write(house.sandbox, "pl4nted-open", "a\n");
  ck_assert_int_eq(
    chmod(domoticz_setup_text(&house, "{dir}/pl4nted-open"), 0644), 0);
  write_pipeline(here(), misplaced[_i].login, "");
  ck_assert_int_eq(run("check -v -v --offline -c house.ini"), EX_CONFIG);
  ck_assert_msg(strstr(sandbox_err(house.sandbox), misplaced[_i].said), "%s",
                sandbox_err(house.sandbox));
  ck_assert_int_eq(run("run -v -v -c house.ini"), EX_CONFIG);
}
END_TEST

/* ---- Answers of the server ----------------------------------------------- */

static const struct {
  enum domoticz_fault fault;
  long arg;
} troubles[] = {
  { DOMOTICZ_STATUS, 401 },      { DOMOTICZ_STATUS, 403 },
  { DOMOTICZ_STATUS, 500 },      { DOMOTICZ_STATUS, 404 },
  { DOMOTICZ_CUT_BEFORE, 0 },    { DOMOTICZ_CUT_AFTER, 10 },
  { DOMOTICZ_RESET_BEFORE, 0 },  { DOMOTICZ_DELAY, 60000 },
  { DOMOTICZ_ERR, 0 },           { DOMOTICZ_GARBAGE, 0 },
  { DOMOTICZ_HTML, 0 },          { DOMOTICZ_HALF, 0 },
  { DOMOTICZ_WRONG_LENGTH, 10 }, { DOMOTICZ_REDIRECT, 0 },
};

/* Runs all commands that ask the server, while it is in trouble. */
static void
ask(void)
{
  ck_assert_int_ne(run("check -v -v -v -c house.ini"), EX_OK);
  ck_assert_int_ne(run("run -v -v -v -c house.ini"), EX_OK);
  run("targets -v -v -c house.ini domoticz");
  ck_assert_int_eq(run("status -v -v -c house.ini"), EX_OK);
}

START_TEST(server_errors_hide_the_password)
{
  build();
  write_pipeline(here(), LOGIN, "");
  domoticz_server_fault(house.server, troubles[_i].fault, NULL, 0, 0,
                        troubles[_i].arg);
  ask();
}
END_TEST

/* URLs other than the server's: nothing listens, an unknown name, a login in
 * it. */
static const char *const elsewhere[] = {
  "http://127.0.0.1:1",
  "http://nowhere.invalid",
  "http://me:" PASSWORD "@127.0.0.1:1",
  "https://127.0.0.1:1",
};

START_TEST(wrong_addresses_hide_the_password)
{
  build();
  write_pipeline(elsewhere[_i], LOGIN, "");
  ck_assert_int_ne(run("check -v -v -v -c house.ini"), EX_OK);
  ck_assert_int_ne(run("run -v -v -v -c house.ini"), EX_OK);
}
END_TEST

START_TEST(tls_errors_hide_the_password)
{
  char url[64];

  build();
  snprintf(url, sizeof(url), "https%s", here() + strlen("http"));
  write_pipeline(url, LOGIN, "");
  ask();
}
END_TEST

/* Answers of a server that tries to get the password into a log; the password
 * replaces each @. */
#define OK "HTTP/1.1 200 OK\r\n"
#define END "Connection: close\r\n\r\n"
static const char *const echoes[] = {
  "HTTP/1.1 401 Unauthorized @\r\n" END "@",
  "HTTP/1.1 403 @\r\nX-Echo: @\r\n" END,
  "HTTP/1.1 302 @\r\nLocation: http://me:@:1/\r\n" END,
  "HTTP/1.1 500 @\r\n" END "@",
  "@\r\n\r\n@",
  OK END "<html>@</html>",
  OK END "{\"status\":\"@\",\"title\":\"@\"}",
  OK END "{\"status\":\"ERR\",\"message\":\"@\",\"error\":\"@\"}",
  OK END "{\"status\":\"OK\",\"ActTime\":\"@\",\"result\":\"@\"}",
  OK "Set-Cookie: @\r\nContent-Encoding: @\r\n" END "{}",
  OK "Transfer-Encoding: @\r\n" END "@",
};

/* Answers every request with ECHO; @ is the password and the base64 of the
 * login, in turn. */
static void
serve_echo(int listener, const char *echo)
{
  static const char *const answers[] = { PASSWORD,
                                         "bWU6cGw0bnRlZC9zM2NyZXQreA==" };
  char request[4096];

  for (unsigned n = 0;; n++) {
    int fd = accept(listener, NULL, NULL);
    FILE *answer = fd < 0 ? NULL : fdopen(fd, "w");

    if (!answer || read(fd, request, sizeof(request)) <= 0)
      _exit(0);
    for (const char *p = echo; *p; p++)
      if (*p == '@')
        fputs(answers[n % 2], answer);
      else
        putc(*p, answer);
    fclose(answer);
  }
}

static pid_t
start_echo(const char *echo, unsigned *ret_port)
{
  struct sockaddr_in addr = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pid_t pid;

  ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, len), 0);
  ck_assert_int_eq(listen(fd, 8), 0);
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
  *ret_port = ntohs(addr.sin_port);
  pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0)
    serve_echo(fd, echo);
  close(fd);
  return pid;
}

START_TEST(password_echoed_by_the_server_is_not_printed)
{
  unsigned port;
  pid_t pid = start_echo(echoes[_i], &port);
  char url[64];

  build();
  snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
  write_pipeline(url, LOGIN, "");
  ask();
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* ---- Remains of a run, and other processes ------------------------------- */

/* Returns FILE of the running program's /proc directory, read into BUF, after
 * checking that it does not contain the password. */
static const char *
about_process(char *buf, size_t size, const char *file)
{
  char path[64];
  ssize_t n;
  int fd;

  snprintf(path, sizeof(path), "/proc/%ld/%s", (long)sandbox_pid(house.sandbox),
           file);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  n = fd < 0 ? -1 : read(fd, buf, size - 1);
  ck_assert_msg(n >= 0, "%s", path);
  close(fd);
  check_clean(path, buf, (size_t)n);
  buf[n] = '\0';
  return buf;
}

static bool
server_was_asked(void)
{
  return domoticz_server_requests(house.server) > 0;
}

static void
allow_cores(void)
{
  struct rlimit limit;

  ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ck_assert_int_eq(setrlimit(RLIMIT_CORE, &limit), 0);
}

/* Signals that end a run while it waits in the middle of a request. */
static const int ends[] = { SIGKILL, SIGABRT, SIGSEGV, SIGTERM };

START_TEST(killed_run_leaves_no_trace_of_the_password)
{
  char buf[8192];

  build();
  allow_cores();
  write_pipeline(here(), LOGIN, "");
  domoticz_server_fault(house.server, DOMOTICZ_DELAY, NULL, 0, 0, 60000);
  sandbox_start(house.sandbox, "run -v -v -c house.ini");
  domoticz_setup_wait_for(server_was_asked);
  about_process(buf, sizeof(buf), "cmdline");
  about_process(buf, sizeof(buf), "environ");
  about_process(buf, sizeof(buf), "limits");
  ck_assert_msg(strstr(buf, "Max core file size        1 ") ||
                  strstr(buf, "Max core file size        0 "),
                "%s", buf);
  kill(sandbox_pid(house.sandbox), ends[_i]);
  ck_assert_int_ne(sandbox_wait(house.sandbox), EX_OK);
  check_nowhere("run, killed");
}
END_TEST

START_TEST(run_without_a_password_may_dump_core)
{
  char buf[8192];

  build();
  allow_cores();
  write_pipeline(here(), "", "");
  domoticz_server_fault(house.server, DOMOTICZ_DELAY, NULL, 0, 0, 60000);
  sandbox_start(house.sandbox, "run -c house.ini");
  domoticz_setup_wait_for(server_was_asked);
  about_process(buf, sizeof(buf), "limits");
  ck_assert_ptr_null(strstr(buf, "Max core file size        1 "));
  kill(sandbox_pid(house.sandbox), SIGTERM);
  sandbox_wait(house.sandbox);
}
END_TEST

/* Returns whether the process is the program itself.  Otherwise it is an
 * emulator, whose own arguments are in the list of processes. */
static bool
is_program_itself(void)
{
  char link[64], exe[4096];
  ssize_t n;

  snprintf(link, sizeof(link), "/proc/%ld/exe",
           (long)sandbox_pid(house.sandbox));
  n = readlink(link, exe, sizeof(exe) - 1);
  ck_assert_int_ge(n, 0);
  exe[n] = '\0';
  return strcmp(strrchr(exe, '/'), "/meterpipe") == 0;
}

START_TEST(password_is_hidden_in_the_process_list)
{
  char buf[8192];

  build();
  write_pipeline(here(), "", "");
  domoticz_server_fault(house.server, DOMOTICZ_DELAY, NULL, 0, 0, 60000);
  sandbox_start(house.sandbox,
                "targets domoticz url=%s username=me password=" PASSWORD,
                domoticz_server_url(house.server));
  domoticz_setup_wait_for(server_was_asked);
  if (is_program_itself())
    about_process(buf, sizeof(buf), "cmdline");
  kill(sandbox_pid(house.sandbox), SIGTERM);
  sandbox_wait(house.sandbox);
}
END_TEST

START_TEST(exec_commands_do_not_receive_the_password)
{
  build();
  sandbox_write(house.sandbox, "hook",
                "#!/bin/sh\ncat /proc/self/environ /proc/$$/cmdline "
                "/proc/$PPID/cmdline - >seen\n");
  write_pipeline(here(),
                 _i == 0 ? LOGIN : "username = me\npassword_file = pw\n",
                 "[output hook]\nplugin = exec\nclass = live\n"
                 "command = sh hook\nvalue.e = meter.heat_energy_e1\n");
  ck_assert_msg(run("run -v -v -c house.ini") == EX_OK, "%s",
                sandbox_err(house.sandbox));
  ck_assert(sandbox_exists(house.sandbox, "seen"));
}
END_TEST

/* A damaged state is reported and kept, without the password in it. */
START_TEST(damaged_state_does_not_contain_the_password)
{
  build();
  write_pipeline(here(), LOGIN, "");
  ck_assert_int_eq(run("run -c house.ini"), EX_OK);
  sandbox_write(house.sandbox, "house.db",
                "no database at all, but long enough");
  ck_assert_int_ne(run("status -v -v -c house.ini"), EX_OK);
  ck_assert_int_eq(run("run -v -v -c house.ini"), EX_DATAERR);
}
END_TEST

static TCase *
add_tests(TCase *t)
{
  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, no_command_prints_the_password, 0,
                      (int)ARRAY_SIZE(ways));
  tcase_add_loop_test(t, failing_command_lines_hide_the_password, 0,
                      (int)ARRAY_SIZE(by_hand));
  tcase_add_loop_test(t, config_errors_hide_the_password, 0,
                      (int)ARRAY_SIZE(faulty));
  tcase_add_loop_test(t, wrongly_indented_lines_hide_the_password, 0,
                      (int)ARRAY_SIZE(lines));
  tcase_add_loop_test(t, misplaced_password_is_not_printed, 0,
                      (int)ARRAY_SIZE(misplaced));
  tcase_add_loop_test(t, server_errors_hide_the_password, 0,
                      (int)ARRAY_SIZE(troubles));
  tcase_add_loop_test(t, wrong_addresses_hide_the_password, 0,
                      (int)ARRAY_SIZE(elsewhere));
  tcase_add_test(t, tls_errors_hide_the_password);
  tcase_add_loop_test(t, password_echoed_by_the_server_is_not_printed, 0,
                      (int)ARRAY_SIZE(echoes));
  tcase_add_loop_test(t, killed_run_leaves_no_trace_of_the_password, 0,
                      (int)ARRAY_SIZE(ends));
  tcase_add_test(t, run_without_a_password_may_dump_core);
  tcase_add_test(t, password_is_hidden_in_the_process_list);
  tcase_add_loop_test(t, exec_commands_do_not_receive_the_password, 0, 2);
  tcase_add_test(t, damaged_state_does_not_contain_the_password);
  return t;
}

int
main(void)
{
  Suite *s = suite_create("secrets");

  suite_add_tcase(s, add_tests(tcase_create("secrets")));
  return run_suite(s);
}
