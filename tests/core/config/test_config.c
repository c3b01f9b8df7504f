/*
 * The pipeline file as a user writes it: the sections and entries read, and the
 * exact message for each mistake.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/config.h"
#include "core/config/config_file.h"
#include "lib/array.h"
#include "tests/core/config/problems_text.h"
#include "tests/support/run_suite.h"

/* Texts of ten, ninety, a hundred and a thousand bytes. */
#define X10 "xxxxxxxxxx"
#define X90 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X100 X90 X10
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100
#define X4000 X1000 X1000 X1000 X1000

/* Formats the parsed file as "[input meter]1 plugin=kmp:2 ..."; the numbers are
 * lines. */
static char *
dump(const struct config *config)
{
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);

  for (size_t i = 0; i < config->n_sections; i++) {
    const struct config_section *s = &config->sections[i];

    fprintf(out, "[%s%s%s]%u ", s->kind, *s->name ? " " : "", s->name, s->line);
    for (size_t k = 0; k < s->n_entries; k++)
      fprintf(out, "%s=%s:%u ", s->entries[k].key, s->entries[k].value,
              s->entries[k].line);
  }
  fclose(out);
  return text;
}

/* Like ck_assert_str_eq, for texts longer than libcheck can report. */
static void
assert_same(const char *got, const char *expected)
{
  size_t same = 0;

  while (got[same] && got[same] == expected[same])
    same++;
  ck_assert_msg(got[same] == expected[same],
                "from byte %zu: \"%.300s\", expected \"%.300s\"", same,
                got + same, expected + same);
}

/* Parses the LEN bytes at TEXT; compares the entries and the messages. */
static void
expect(const char *text, size_t len, const char *read, const char *said)
{
  struct problems problems;
  struct config *config = NULL;
  char *got;

  problems_init(&problems);
  config = config_parse("f.ini", text, len, &problems);
  got = problems_text(&problems);
  assert_same(got, said);
  free(got);
  if (read) {
    got = dump(config);
    assert_same(got, read);
    free(got);
  }
  config_free(config);
  problems_free(&problems);
}

static const struct {
  const char *text, *read;
} good[] = {
  { "", "" },
  { "\n\n# c\n; c\n   # c\n \t\n", "" },
  { "[pipeline]\n", "[pipeline]1 " },
  { "[input meter]\nplugin = kmp\n\n[output o]\nurl=x",
    "[input meter]1 plugin=kmp:2 [output o]4 url=x:5 " },
  /* the section of a program that is not installed beside this test */
  { "[report]\nany = x\n", "[report]1 any=x:2 " },
  /* empty sections and repeated keys of different sections */
  { "[input a]\n[input b]\nk = 1\n[input c]\nk = 1\n",
    "[input a]1 [input b]2 k=1:3 [input c]4 k=1:5 " },
  { "  \n[ \tinput\t a ]  ; comment\n", "[input a]2 " },
  { "[input abcdefghij-abcdefghij_ABCDEFGHIJ]\n",
    "[input abcdefghij-abcdefghij_ABCDEFGHIJ]1 " },
  /* Windows line ends and byte order mark */
  { "\xef\xbb\xbf[input a]\r\nk = v\r\n", "[input a]1 k=v:2 " },
  { "\xef\xbb\xbf", "" },
  /* comments */
  { "[input a]\nk = v ; c\nl = v;w\nm = v \\; w ; c\nn = ;c\no =;w\n",
    "[input a]1 k=v:2 l=v;w:3 m=v ; w:4 n=:5 o=;w:6 " },
  { "[input a]\nk = v # w\n", "[input a]1 k=v # w:2 " },
  { "[input a]\nk = v\t;c\n", "[input a]1 k=v:2 " },
  { "[input a]\nk = \\\\; \\x\n", "[input a]1 k=\\; \\x:2 " },
  /* equal signs and colons in values */
  { "[input a]\nk = a=b:c\n", "[input a]1 k=a=b:c:2 " },
  { "[input a]\nidx.3.power = v\n", "[input a]1 idx.3.power=v:2 " },
  { "[input a]\nK k = v\n", "[input a]1 K k=v:2 " },
  /* quotes keep outer blanks, and nothing else */
  { "[input a]\nk = \"  v \"\nl = \"\"\nm = a\"b\nn = \"\"q\"\"\n",
    "[input a]1 k=  v :2 l=:3 m=a\"b:4 n=\"q\":5 " },
  { "[input a]\nk = \"a \\; b\" ; c\n", "[input a]1 k=a ; b:2 " },
  /* continued values */
  { "[input a]\nk = a,\n  b, ; c\n\tc\nl = 1\n",
    "[input a]1 k=a,b,c:2 l=1:5 " },
  { "[input a]\nk =\n  a\n\n# c\n ; c\n  b\n", "[input a]1 k=ab:2 " },
  { "[input a]\nk = a\n  \" b \"\n  [c]\n", "[input a]1 k=a b [c]:2 " },
  { "[input a]\nk = a\n  \"b = c\"\n", "[input a]1 k=ab = c:2 " },
  /* variables */
  { "[input a]\nk = ${MP_T}/${MP_T}x\nl = $MP_T ${} ${9} ${a b} $ ${MP_T\n",
    "[input a]1 k=v ; \"w/v ; \"wx:2 l=$MP_T ${} ${9} ${a b} $ ${MP_T:3 " },
  { "[input a]\nk = $\n  {MP_T}\n", "[input a]1 k=${MP_T}:2 " },
  { "[input a]\nk = ${MP_EMPTY}\n", "[input a]1 k=:2 " },
  /* the longest line that inih gets, and one byte more */
  { "[input a]\nk=" X100 X90 "123456\r\n",
    "[input a]1 k=" X100 X90 "123456:2 " },
  { "[input a]\nk=" X100 X90 "1234567\r\n",
    "[input a]1 k=" X100 X90 "1234567:2 " },
  /* the longest line, and longer values; the key of a continued value may be
   * longer than inih keeps it */
  { "[input a]\nk=" X4000 X90 "1234\r\n", "[input a]1 k=" X4000 X90 "1234:2 " },
  { "[input a]\n" X100 " = a\n b\n", "[input a]1 " X100 "=ab:2 " },
  { "[input a]\n" X100 X90 "123456=" X1000 "\n b\n",
    "[input a]1 " X100 X90 "123456=" X1000 "b:2 " },
  { "[input a]\nk = " X100 "\n " X100 "\n " X100 "\n",
    "[input a]1 k=" X100 X100 X100 ":2 " },
  { "[input a]\nk = \n\t" X1000 ",\n \\; " X1000 "\nl = v ; " X1000 "\n",
    "[input a]1 k=" X1000 ",; " X1000 ":2 l=v:5 " },
  /* long values are quoted and expanded like others */
  { "[input a]\nk =\t\" " X1000 "${MP_T} \" ; c\n " X1000 "${MP_EMPTY}\n",
    "[input a]1 k= " X1000 "v ; \"w " X1000 ":2 " },
  /* UTF-8 */
  { "[input a]\nk = m\xc2\xb3 \xe2\x82\xac \xf0\x9f\x94\xa5\n",
    "[input a]1 k=m\xc2\xb3 \xe2\x82\xac \xf0\x9f\x94\xa5:2 " },
};

START_TEST(parses_valid_files)
{
  setenv("MP_T", "v ; \"w", 1);
  setenv("MP_EMPTY", "", 1);
  expect(good[_i].text, strlen(good[_i].text), good[_i].read, "");
}
END_TEST

/* ---- Long lines ---------------------------------------------------------- */

#define MAX_LINE 4096

/* Special characters, each after a letter and after a blank. */
static const char *const patterns[] = { "abc;", "ab ;", "abc#", "ab #" };

/* The places of a value in the file. */
static const struct {
  const char *before, *after;
} places[] = {
  { "k = ", "" },
  { "k = ", "\t; a # comment \\; ;" },
  { "k = \n \"", "\"" },
};

/* Makes a value of PATTERN, repeated and rotated by SHIFT characters, that
 * takes LEN bytes in a file, and the text that is WRITTEN there.  Outer blanks
 * become an "x". */
static void
make_value(const char *pattern, size_t shift, size_t len, char *value,
           char *written)
{
  const char *first = written, *last = written + len - 1;

  while (written <= last) {
    char c = pattern[shift++ % strlen(pattern)];
    bool outer = written == first || written == last;

    if (c == ' ' && outer)
      c = 'x';
    if (c == ';' && (written == first || written[-1] == ' ')) {
      if (written == last)
        c = 'x';
      else
        *written++ = '\\';
    }
    *written++ = *value++ = c;
  }
  *value = *written = '\0';
}

/* Reads a value of every length of a line, of inih and ours, with a special
 * character at every position. */
START_TEST(keeps_special_characters_of_long_values)
{
  const char *pattern = patterns[_i % (int)ARRAY_SIZE(patterns)];
  const char *before = places[_i / (int)ARRAY_SIZE(patterns)].before;
  const char *after = places[_i / (int)ARRAY_SIZE(patterns)].after;
  const char *line = strchr(before, '\n') ? strchr(before, '\n') + 1 : before;
  char value[MAX_LINE + 1], written[MAX_LINE + 1];
  char text[MAX_LINE + 32], read[MAX_LINE + 32];

  for (size_t len = 150; len <= MAX_LINE; len += len < 400 ? 1 : 33)
    for (size_t shift = 0; shift < strlen(pattern); shift++) {
      make_value(pattern, shift, len - strlen(line) - strlen(after), value,
                 written);
      snprintf(text, sizeof(text), "[input a]\n%s%s%s\n", before, written,
               after);
      snprintf(read, sizeof(read), "[input a]1 k=%s:2 ", value);
      expect(text, strlen(text), read, "");
    }
}
END_TEST

/* ---- Mistakes ------------------------------------------------------------ */

static const struct {
  const char *text, *said;
} bad[] = {
  { "[inptu a]\n",
    "f.ini:1: unknown section \"inptu\"; the nearest is \"input\"\n" },
  { "[Input a]\n",
    "f.ini:1: unknown section \"Input\"; the nearest is \"input\"\n" },
  { "[meter]\n", "f.ini:1: unknown section \"meter\": there are [pipeline], "
                 "[fleet], [input NAME], "
                 "[transform NAME] and [output NAME]\n" },
  { "[]\n", "f.ini:1: unknown section \"\": there are [pipeline], [fleet], "
            "[input NAME], "
            "[transform NAME] and [output NAME]\n" },
  { "[input]\n", "f.ini:1: the section has no name: write [input NAME]\n" },
  { "[pipeline a]\n", "f.ini:1: [pipeline] takes no name, but has \"a\"\n" },
  { "[input a b]\n", "f.ini:1: \"a b\" cannot be a name: use 1 to 32 of the "
                     "characters A-Z a-z 0-9 _ -\n" },
  { "[input a.b]\n", "f.ini:1: \"a.b\" cannot be a name: use 1 to 32 of the "
                     "characters A-Z a-z 0-9 _ -\n" },
  { "[input abcdefghij-abcdefghij_ABCDEFGHIJ0]\n",
    "f.ini:1: \"abcdefghij-abcdefghij_ABCDEFGHIJ0\" cannot be a name: use 1 to "
    "32 of the characters A-Z a-z 0-9 _ -\n" },
  { "[input a\n", "f.ini:1: a heading that does not end with \"]\"\n" },
  { "[input a] b\n", "f.ini:1: a heading that does not end with \"]\"\n" },
  { "[input a]\n\n[output a]\n",
    "f.ini:3: the name \"a\" is already used by [input a] in line 1\n" },
  { "[input a]\n[input a]\n",
    "f.ini:2: the name \"a\" is already used by [input a] in line 1\n" },
  { "[pipeline]\n[pipeline]\n",
    "f.ini:2: [pipeline] is given twice; first in line 1\n" },
  { "[input a]\nk = 1\n  2\nk = 3\n  4\n",
    "f.ini:4: option \"k\" is given twice; first in line 2\n" },
  { "k = 1\n", "f.ini:1: an option before the first section\n" },
  { "[input a]\npassword hunter2\n  more\n",
    "f.ini:2: missing \"=\": a line is a [section], NAME = VALUE, or a "
    "comment\n" },
  { "[input a]\n= v\n", "f.ini:2: no name before the \"=\"\n" },
  { "[input a]\nk: v\n",
    "f.ini:2: missing \"=\": a line is a [section], NAME = "
    "VALUE, or a comment\n" },
  { "[input a]\nk: v = w\n",
    "f.ini:2: a \":\" before the \"=\": write NAME = VALUE\n" },
  { "  [input a]\n",
    "f.ini:1: an indented line continues the value above it, but there is no "
    "value above: begin it in the first column\n" },
  { "[input a]\n  k = v\n  l = w\n",
    "f.ini:2: an indented line continues the value above it, but there is no "
    "value above: begin it in the first column\n" },
  { "[input a]\nk = v\n  l = w\n",
    "f.ini:3: this line is indented, so it continues the value of \"k\" in "
    "line 2: if it is an option, begin it in the first column; if not, break "
    "that value at another place\n" },
  { "[input a]\nk = v\n\tPassword = hunter2\n  more\nm = n\nno\n",
    "f.ini:3: this line is indented, so it continues the value of \"k\" in "
    "line 2: if it is an option, begin it in the first column; if not, break "
    "that value at another place\n"
    "f.ini:6: missing \"=\": a line is a [section], NAME = VALUE, or a "
    "comment\n" },
  { "[input a]\nk = \"v\n",
    "f.ini:2: a value that begins with a double quote must end with one in the "
    "same line (write \\; for a ; after a blank)\n" },
  { "[input a]\nk = \"\n",
    "f.ini:2: a value that begins with a double quote must end with one in the "
    "same line (write \\; for a ; after a blank)\n" },
  { "[input a]\nk = \"a ; b\"\n",
    "f.ini:2: a value that begins with a double quote must end with one in the "
    "same line (write \\; for a ; after a blank)\n" },
  { "[input a]\nk=" X4000 X90 "12345\n",
    "f.ini:2: the line has 4097 bytes, but at most 4096 are allowed: continue "
    "it in an indented line\n" },
  { "[input a]\n" X100 X90 "1234567=" X100 "\n  more\n",
    "f.ini:2: 197 bytes before the \"=\", but at most 196 are allowed: write "
    "NAME = VALUE\n" },
  { "[input a]\nk = 1\n" X4000 X100 "\n  more\nl: 2\n",
    "f.ini:3: the line has 4100 bytes, but at most 4096 are allowed: continue "
    "it in an indented line\n"
    "f.ini:5: missing \"=\": a line is a [section], NAME = VALUE, or a "
    "comment\n" },
  { "[input a]\nk = \xff\n",
    "f.ini:2: bytes that are not UTF-8 in this line\n" },
  { "# \xe9t\xe9\n", "f.ini:1: bytes that are not UTF-8 in this line: save the "
                     "file as UTF-8\n" },
  { "[input a]\nk = \xc0\xaf\n",
    "f.ini:2: bytes that are not UTF-8 in this line\n" },
  { "[input a]\nk = \xed\xa0\x80\n",
    "f.ini:2: bytes that are not UTF-8 in this line\n" },
  { "[input a]\nk = \xf4\x90\x80\x80\n",
    "f.ini:2: bytes that are not UTF-8 in this line\n" },
  { "[input a]\nk = \xe2\x82\n",
    "f.ini:2: bytes that are not UTF-8 in this line\n" },
  { "[input a]\nk = \x1b[31m\n",
    "f.ini:2: a control character in this line\n" },
  { "[input a]\nk = a\rb\n", "f.ini:2: a control character in this line\n" },
  { "[input a]\nk = a\x7f\n", "f.ini:2: a control character in this line\n" },
  { "[input \u202ea]\n", /* reverses the text direction: not printed */
    "f.ini:1: \"???a\" cannot be a name: use 1 to 32 of the characters A-Z a-z "
    "0-9 _ -\n" },
  { "[input a]\nk = \xc2\x80\n",
    "f.ini:2: a control character in this line\n" },
  { "[input a]\nk = \xc2\x9f\n",
    "f.ini:2: a control character in this line\n" },
  /* all mistakes are reported, and the other entries of a faulty section are
   * still checked */
  { "[x]\nno\nk = 1\n  2\nk = 3\n[input a]\nno\n",
    "f.ini:1: unknown section \"x\": there are [pipeline], [fleet], [input "
    "NAME], "
    "[transform NAME] and [output NAME]\n"
    "f.ini:2: missing \"=\": a line is a [section], NAME = VALUE, or a "
    "comment\n"
    "f.ini:7: missing \"=\": a line is a [section], NAME = VALUE, or a "
    "comment\n" },
};

START_TEST(reports_each_mistake_with_its_line)
{
  expect(bad[_i].text, strlen(bad[_i].text), NULL, bad[_i].said);
}
END_TEST

START_TEST(refuses_nul_bytes)
{
  static const char inside[] = "[input a]\nk = v\0w\nl = 1\n";
  static const char utf16[] = "\xff\xfe[\0i\0\n\0";

  expect(inside, sizeof(inside) - 1, "[input a]1 l=1:3 ",
         "f.ini:2: a NUL byte in this line\n");
  expect(utf16, 6, "",
         "f.ini:1: bytes that are not UTF-8 in this line: save the file as "
         "UTF-8\n");
}
END_TEST

START_TEST(invalid_section_is_dropped_and_others_are_kept)
{
  /* a misspelt kind, an unknown kind, and a name used twice */
  static const char text[] = "[input a]\nk = 1\n[inptu b]\nk = 2\n[else c]\n"
                             "k = 3\n[output a]\nk = 4\n";
  struct problems problems;
  struct config *config;
  char *got;

  problems_init(&problems);
  config = config_parse("f.ini", text, strlen(text), &problems);
  ck_assert_uint_eq(problems_errors(&problems), 3);
  ck_assert(config->lost_section);
  got = dump(config);
  ck_assert_str_eq(got, "[input a]1 k=1:2 [input b]3 k=2:4 [output a]7 k=4:8 ");
  free(got);
  config_free(config);
  problems_free(&problems);
}
END_TEST

START_TEST(marks_clear_text_values_and_broken_values)
{
  static const char text[] = "[input a]\nenv = ${MP_T}\nboth = a${MP_T}\n"
                             "clear = a\nbroken = \"\n"
                             "unset = a${MP_UNSET}\n"
                             "long = a\n  b\n  ABC=d\n  e==\n";
  const struct config_section *s;
  struct problems problems;
  struct config *config;

  setenv("MP_T", "v", 1);
  unsetenv("MP_UNSET");
  problems_init(&problems);
  config = config_parse("f.ini", text, strlen(text), &problems);
  s = &config->sections[0];
  ck_assert(!config_find(s, "env")->in_clear);
  ck_assert(config_find(s, "both")->in_clear);
  ck_assert(config_find(s, "clear")->in_clear);
  ck_assert(!config_find(s, "clear")->broken);
  ck_assert(config_find(s, "broken")->broken);
  ck_assert(config_find(s, "unset")->broken);
  ck_assert_str_eq(config_find(s, "unset")->variable, "MP_UNSET");
  ck_assert_uint_eq(config_find(s, "unset")->continued, 0);
  ck_assert_uint_eq(config_find(s, "long")->continued, 8);
  ck_assert_str_eq(config_find(s, "long")->value, "abABC=de==");
  ck_assert_ptr_null(config_find(s, "none"));
  config_free(config);
  problems_free(&problems);
}
END_TEST

/* ---- Files --------------------------------------------------------------- */

static char path[] = "test_config.XXXXXX";

static void
make_file(void)
{
  int fd;

  memcpy(path + strlen(path) - 6, "XXXXXX", 6);
  fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(write(fd, "[pipeline]\n", 11), 11);
  close(fd);
}

static void
remove_file(void)
{
  unlink(path);
}

static int
load(const char *name, char **ret_said, bool *ret_readable)
{
  struct problems problems;
  struct config *config = NULL;
  struct config_file file;
  int code;

  problems_init(&problems);
  code = config_file_read(name, &problems, &file);
  if (code == MP_OK) {
    config = config_file_parse(&file, &problems);
    config_file_clear(&file);
  }
  *ret_said = problems_text(&problems);
  if (ret_readable)
    *ret_readable = config && config->world_readable;
  config_free(config);
  problems_free(&problems);
  return code;
}

START_TEST(config_records_whether_all_users_can_read_the_file)
{
  bool readable;
  char *said;

  chmod(path, 0600);
  ck_assert_int_eq(load(path, &said, &readable), MP_OK);
  ck_assert(!readable);
  ck_assert_str_eq(said, "");
  free(said);
  chmod(path, 0644);
  ck_assert_int_eq(load(path, &said, &readable), MP_OK);
  ck_assert(readable);
  free(said);
}
END_TEST

START_TEST(missing_or_irregular_file_is_a_config_error)
{
  char *said;

  ck_assert_int_eq(load("no-such-file.ini", &said, NULL), MP_ECONFIG);
  ck_assert_str_eq(said, "no-such-file.ini: cannot be read: No such file or "
                         "directory\n");
  free(said);
  ck_assert_int_eq(load(".", &said, NULL), MP_ECONFIG);
  ck_assert_str_eq(said, ".: cannot be read: Is a directory\n");
  free(said);
  ck_assert_int_eq(load("/dev/zero", &said, NULL), MP_ECONFIG);
  ck_assert_str_eq(said, "/dev/zero: cannot be read: File too large\n");
  free(said);
}
END_TEST

START_TEST(unreadable_file_is_a_permission_error)
{
  char *said;

  if (geteuid() == 0)
    return; /* root may read every file */
  chmod(path, 0);
  ck_assert_int_eq(load(path, &said, NULL), MP_EPERM);
  free(said);
}
END_TEST

START_TEST(large_file_is_parsed_and_its_problems_are_capped)
{
  static const char lines[] = "[x]\nk = 1\n y\nk\n";
  size_t n = 60000, len = strlen(lines);
  char *text = malloc(n * len);
  struct problems problems;
  struct config *config;

  for (size_t i = 0; i < n; i++)
    memcpy(text + i * len, lines, len);
  problems_init(&problems);
  config = config_parse("f", text, n * len, &problems);
  ck_assert_uint_eq(problems_errors(&problems), 2 * n);
  ck_assert_uint_eq(problems.n, PROBLEMS_MAX);
  config_free(config);
  problems_free(&problems);
  free(text);
}
END_TEST

/* No pipeline file written by hand reaches these limits. */
START_TEST(number_of_sections_and_options_is_limited)
{
  static const struct {
    const char *head, *before, *after, *said;
  } rows[] = {
    { "", "[input a", "]\n", "f.ini:100001: more than 100000 sections\n" },
    { "[input a]\n", "k", " = 1\n",
      "f.ini:100002: more than 100000 options in a section\n" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    char *text, *got;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    struct problems problems;
    struct config *config;

    ck_assert_ptr_nonnull(f);
    fputs(rows[i].head, f);
    for (int n = 1; n <= 100001; n++)
      fprintf(f, "%s%d%s", rows[i].before, n, rows[i].after);
    ck_assert_int_eq(fclose(f), 0);
    problems_init(&problems);
    config = config_parse("f.ini", text, len, &problems);
    got = problems_text(&problems);
    ck_assert_str_eq(got, rows[i].said);
    free(got);
    config_free(config);
    problems_free(&problems);
    free(text);
  }
}
END_TEST

START_TEST(value_can_have_any_number_of_lines)
{
  static const char head[] = "[input a]\nk = v\n", line[] = " w\n";
  size_t n = 200000;
  char *text = malloc(strlen(head) + n * strlen(line));
  struct problems problems;
  struct config *config;

  memcpy(text, head, strlen(head));
  for (size_t i = 0; i < n; i++)
    memcpy(text + strlen(head) + i * strlen(line), line, strlen(line));
  problems_init(&problems);
  config = config_parse("f", text, strlen(head) + n * strlen(line), &problems);
  ck_assert_uint_eq(strlen(config->sections[0].entries[0].value), n + 1);
  config_free(config);
  problems_free(&problems);
  free(text);
}
END_TEST

START_TEST(config_can_be_built_without_a_file)
{
  struct config *config = config_new("command line");
  struct config_entry entry = { .key = "device", .line = 7 };
  char *got;

  ck_assert_ptr_nonnull(config);
  config_add_section(config, "input", "meter", 0);
  config_add_entry(config, &entry, "/dev/x=y", 6);
  got = dump(config);
  ck_assert_str_eq(got, "[input meter]0 device=/dev/x:7 ");
  free(got);
  config_free(config);
}
END_TEST

/* ---- Problems ------------------------------------------------------------ */

START_TEST(problems_are_sorted_by_file_line_and_arrival)
{
  struct problems problems;
  char *got;

  problems_init(&problems);
  problems_add(&problems, "b", 9, "first %d", 1);
  problems_add(&problems, "b", 3, "second");
  problems_warn(&problems, "b", 9, "third");
  problems_add(&problems, "a", 1, "fourth");
  problems_add(&problems, "b", 0, "fifth");
  ck_assert_uint_eq(problems_errors(&problems), 4);
  got = problems_text(&problems);
  ck_assert_str_eq(got, "b: fifth\n"
                        "b:3: second\n"
                        "b:9: first 1\n"
                        "b:9: warning: third\n"
                        "a:1: fourth\n");
  free(got);
  problems_free(&problems);
}
END_TEST

START_TEST(problems_beyond_the_limit_are_counted)
{
  struct problems problems;
  char *got;

  problems_init(&problems);
  for (unsigned i = 0; i < PROBLEMS_MAX + 2; i++)
    problems_add(&problems, "f", i, "x");
  ck_assert_uint_eq(problems_errors(&problems), PROBLEMS_MAX + 2);
  got = problems_text(&problems);
  ck_assert_ptr_nonnull(strstr(got, "\nand 2 more problems\n"));
  free(got);
  problems_free(&problems);
}
END_TEST

int
main(void)
{
  Suite *s = suite_create("config");
  TCase *text = tcase_create("text"), *files = tcase_create("files");

  tcase_add_loop_test(text, parses_valid_files, 0, (int)ARRAY_SIZE(good));
  tcase_add_loop_test(text, keeps_special_characters_of_long_values, 0,
                      (int)(ARRAY_SIZE(patterns) * ARRAY_SIZE(places)));
  tcase_add_loop_test(text, reports_each_mistake_with_its_line, 0,
                      (int)ARRAY_SIZE(bad));
  tcase_add_test(text, refuses_nul_bytes);
  tcase_add_test(text, invalid_section_is_dropped_and_others_are_kept);
  tcase_add_test(text, marks_clear_text_values_and_broken_values);
  tcase_add_test(text, large_file_is_parsed_and_its_problems_are_capped);
  tcase_add_test(text, number_of_sections_and_options_is_limited);
  tcase_add_test(text, value_can_have_any_number_of_lines);
  tcase_add_test(text, config_can_be_built_without_a_file);
  tcase_add_test(text, problems_are_sorted_by_file_line_and_arrival);
  tcase_add_test(text, problems_beyond_the_limit_are_counted);
  suite_add_tcase(s, text);
  tcase_add_checked_fixture(files, make_file, remove_file);
  tcase_add_test(files, config_records_whether_all_users_can_read_the_file);
  tcase_add_test(files, missing_or_irregular_file_is_a_config_error);
  tcase_add_test(files, unreadable_file_is_a_permission_error);
  suite_add_tcase(s, files);
  return run_suite(s);
}
